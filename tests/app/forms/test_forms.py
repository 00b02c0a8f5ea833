"""Forms built from spec classes: an editor for each field, bounds, errors and changes."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app.document import Document
from app.forms import KindForm, NumberEditor, OptionalEditor, SpecForm, bind, defaults_of, fields_of
from app.forms.editors.folder import FolderEditor
from app.forms.editors.kind_list import KindListEditor
from app.forms.editors.number import number_text
from app.forms.editors.number_mapping import NumberMappingEditor
from app.forms.editors.task_weights import WeightsEditor
from app.forms.field_shapes import (
    CheckList,
    Choice,
    FieldShape,
    Flag,
    KeywordOr,
    KindList,
    Kinds,
    Nested,
    Number,
    NumberList,
    OptionalValue,
    Shape,
    Text,
    TextList,
    Unknown,
    Weights,
    initial,
)
from app.task_references import task_names
from app.widgets import ToolButton, WeightSlider
from mtl_core.spec import (
    Averaging,
    Dataset,
    HardSharing,
    ImageInput,
    InitialWeights,
    Layer,
    MulticlassTask,
    Optimizer,
    Problem,
    Sampling,
    Schedule,
    Spec,
    StratifiedSplit,
    Task,
    TrainingSpec,
    Weighting,
    members,
)
from mtl_core.spec.fusion import Fusion
from mtl_core.spec.layers import Pretrained
from mtl_core.spec.layers.convolutions import Conv2d

EVERY = [
    *(
        member
        for union in (Layer, Task, Dataset, Weighting, Optimizer, Schedule, Sampling, Averaging, InitialWeights, Fusion)
        for member in members(union)
    ),
    StratifiedSplit,
    TrainingSpec,
    HardSharing,
]


def other_value(shape: Shape, default: Any) -> Any:
    """A value within bounds that is not the default."""
    match shape:
        case Number(integer=integer, low=low, high=high):
            middle = (low or 0) + 3 if high is None or high - (low or 0) > 3 else ((low or 0) + high) / 2
            value = int(middle) if integer else float(middle) * 0.9871
            return value + 1 if value == default else value
        case Flag():
            return not default
        case Text():
            return "가, b"
        case TextList():
            return ["한글", 'with, comma and "quotes"']
        case NumberList(integer):
            return [2, 5] if integer else [0.25, 3.0]
        case Choice(values):
            return next((v for v in values if v != default), values[0])
        case CheckList(values):
            return [values[-1]]
        case KeywordOr(_, other):
            return other_value(other, default)
        case OptionalValue(inner):
            return other_value(inner, initial(inner))
        case Kinds(classes):
            return other_data(classes[-1])
        case KindList(classes):
            return [other_data(classes[0]), other_data(classes[-1])]
        case Nested(spec):
            return other_data(spec)
        case Weights():
            return {"left": 0.25, "right": 3.5}
        case Unknown():
            return default


def other_data(spec: type[Spec]) -> dict[str, Any]:
    return {**defaults_of(spec), **{f.name: other_value(f.shape, f.default) for f in fields_of(spec)}}


@pytest.fixture
def document(qapp: QApplication) -> Document:
    return Document()


@pytest.mark.parametrize("spec", EVERY, ids=lambda spec: spec.__name__)
def test_every_kind_has_a_form_that_round_trips_its_data(qtbot: QtBot, spec: type[Spec]) -> None:
    form = SpecForm(spec, "here")
    qtbot.addWidget(form)
    told: list[object] = []
    form.valueChanged.connect(told.append)
    for data in (defaults_of(spec), other_data(spec), defaults_of(spec)):
        form.setValue(data)
        assert {name: form.value()[name] for name in data} == data
    assert told == []


@pytest.mark.parametrize("spec", EVERY, ids=lambda spec: spec.__name__)
def test_every_editor_is_named_after_its_path(qtbot: QtBot, spec: type[Spec]) -> None:
    form = SpecForm(spec, "here")
    qtbot.addWidget(form)
    for field in fields_of(spec):
        if field.name in form.editors:
            editor = form.editors[field.name]
            assert editor.objectName().removeprefix("form:") == f"here.{field.name}"
            assert editor.accessibleName()
            assert editor.toolTip() == field.help
        else:
            assert field.hidden or isinstance(field.shape, Unknown)


def test_only_what_a_page_of_its_own_edits_is_left_out() -> None:
    left_out = {
        (spec, f.name) for spec in EVERY for f in fields_of(spec) if isinstance(f.shape, Unknown) and not f.hidden
    }
    assert {name for _, name in left_out} == {"inputs", "types", "missing", "date_features", "layers"}
    assert {spec for spec, name in left_out if name != "layers"} == set(members(Dataset))


@pytest.mark.parametrize(
    "union", [Layer, Task, Dataset, Weighting, Optimizer, Schedule, Sampling, Averaging, InitialWeights, Fusion]
)
def test_a_union_offers_every_kind_with_its_help(qtbot: QtBot, union: Any) -> None:
    form = KindForm(members(union), "part")
    qtbot.addWidget(form)
    assert form.combo.count() == len(members(union))
    for spec in members(union):
        data = other_data(spec)
        form.setValue(data)
        assert form.value() == data
        assert form.help.text() == spec.help()
        assert form.combo.currentText() == spec.title


def test_another_kind_keeps_what_was_changed_and_takes_its_own_defaults(qtbot: QtBot) -> None:
    form = KindForm(members(Optimizer), "training.optimizer")
    qtbot.addWidget(form)
    edits: list[tuple[str, Any]] = []
    form.edited.connect(lambda path, value, _label: edits.append((path, value)))
    form.setValue({**defaults_of(members(Optimizer)[2]), "weight_decay": 0.3})
    choose(form.combo, "SGD")
    assert edits == [("training.optimizer", form.value())]
    assert form.value()["weight_decay"] == 0.3
    assert form.value()["lr"] == 0.01


def choose(combo: QComboBox, text: str) -> None:
    index = combo.findText(text)
    combo.setCurrentIndex(index)
    combo.activated.emit(index)


@pytest.fixture
def rate(qtbot: QtBot) -> NumberEditor:
    editor = NumberEditor(Number(False, 0, 100, low_open=True, log=True))
    qtbot.addWidget(editor)
    editor.setValue(1e-3)
    return editor


def test_a_number_is_shown_as_a_person_writes_it() -> None:
    assert [number_text(v) for v in (20, 0.001, 1e-5, 1.0, 0.1 + 0.2, 2**32 - 1)] == [
        "20",
        "0.001",
        "1e-05",
        "1",
        "0.3",
        "4294967295",
    ]


def test_a_log_scale_steps_by_round_factors(rate: NumberEditor) -> None:
    seen = []
    for _ in range(4):
        rate.stepBy(1)
        seen.append(rate.value())
    rate.stepBy(-8)
    assert seen == [0.002, 0.005, 0.01, 0.02]
    assert rate.value() == 5e-5
    width = NumberEditor(Number(True, 1, 1000, log=True))
    width.setValue(48)
    width.stepBy(1)
    assert width.value() == 64
    width.stepBy(-7)
    assert width.value() == 1
    width.deleteLater()


def test_typing_announces_only_what_is_in_bounds(qtbot: QtBot, rate: NumberEditor) -> None:
    told: list[object] = []
    rate.valueChanged.connect(told.append)
    rate.selectAll()
    qtbot.keyClicks(rate, "0.02x5")
    assert told == [0.02, 0.025]
    rate.selectAll()
    qtbot.keyClicks(rate, "500")
    assert told[2:] == [5, 50, 0.001]
    qtbot.keyClick(rate, Qt.Key.Key_Return)
    assert rate.text() == "0.001"


def test_a_number_keeps_its_exact_value(rate: NumberEditor) -> None:
    rate.setValue(0.1 + 0.2)
    assert rate.value() == 0.1 + 0.2


def test_the_wheel_belongs_to_the_page(qtbot: QtBot, rate: NumberEditor) -> None:
    form = KindForm(members(Schedule))
    qtbot.addWidget(form)
    for field in (rate, form.combo):
        before = field.value()
        event = QWheelEvent(
            QPointF(5, 5),
            QPointF(5, 5),
            QPoint(0, 120),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(field, event)
        assert not event.isAccepted()
        assert field.value() == before
        assert field.focusPolicy() == Qt.FocusPolicy.StrongFocus


def test_a_problem_stands_at_its_field(qtbot: QtBot) -> None:
    form = SpecForm(TrainingSpec, "training")
    qtbot.addWidget(form)
    form.show_problems(
        [Problem("training.optimizer.lr", "must be greater than 0", "0"), Problem("model.shared", "none")]
    )
    shown = [e.text() for e in form.findChildren(QWidget) if e.property("role") == "error" and e.text()]  # type: ignore[attr-defined]
    assert shown == ["Must be greater than 0 (found 0)."]
    form.show_problems([])
    assert not [e for e in form.findChildren(QWidget) if e.property("role") == "error" and e.text()]  # type: ignore[attr-defined]


def test_a_bound_form_edits_the_document_and_follows_undo(qtbot: QtBot, document: Document) -> None:
    form = SpecForm(TrainingSpec, "training")
    qtbot.addWidget(form)
    bind(form, document)
    epochs = form.findChild(NumberEditor, "training.epochs")
    assert isinstance(epochs, NumberEditor)
    epochs.selectAll()
    qtbot.keyClicks(epochs, "123")
    assert document.get("training.epochs") == 123
    assert document.undo_stack.count() == 1
    stopping = form.findChild(QWidget, "training.early_stopping.on")
    assert stopping is not None
    qtbot.keyClick(stopping, Qt.Key.Key_Space)
    assert document.get("training.early_stopping") == {"patience": 10, "min_delta": 0.0}
    patience = form.findChild(NumberEditor, "training.early_stopping.patience")
    assert isinstance(patience, NumberEditor)
    patience.stepBy(1)
    assert document.get("training.early_stopping.patience") == 11
    for _ in range(3):
        document.undo_stack.undo()
    assert epochs.value() == 20
    assert form.value()["early_stopping"] is None


def test_numbers_by_task_have_a_slider_for_every_task(qtbot: QtBot, document: Document) -> None:
    document.set("weighting", {"kind": "upgrad"})
    form = KindForm(members(Weighting), "weighting")
    qtbot.addWidget(form)
    bind(form, document)
    (editor,) = form.findChildren(WeightsEditor)
    assert len(editor.findChildren(WeightSlider)) == len(task_names(document.data))
    editor.findChildren(WeightSlider)[0].valueChanged.emit(3.0)
    assert document.get("weighting.preference") == {task_names(document.data)[0]: 3.0}


def test_a_document_outlives_the_forms_on_it(qtbot: QtBot, document: Document) -> None:
    form = SpecForm(TrainingSpec, "training")
    bind(form, document)
    form.deleteLater()
    qtbot.waitUntil(lambda: not isValid(form))
    document.set("training.epochs", 3)


def test_shapes_are_read_from_annotations() -> None:
    shapes = {f.name: f for f in fields_of(TrainingSpec)}
    assert shapes["epochs"] == FieldShape(
        "epochs", "Epochs", "Passes over the training rows.", Number(True, 1, 1_000_000), "epochs"
    )
    assert shapes["grad_clip"].shape == OptionalValue(Number(False, 0, low_open=True))
    assert shapes["checkpoint_seconds"].advanced


def test_numbers_by_name_are_typed_and_nonsense_is_left_to_the_spec(qtbot: QtBot) -> None:
    editor = NumberMappingEditor()
    qtbot.addWidget(editor)
    editor.setValue({"a b": 2.0, "c": 0.5})
    assert editor.text() == "a b=2, c=0.5"
    editor.setText("a b=2, c=1e-3,")
    assert editor.value() == {"a b": 2.0, "c": 0.001}
    for nonsense in ("a", "a=x", "=3"):
        editor.setText(nonsense)
        assert editor.value() == nonsense


def test_class_weights_are_equal_balanced_or_given(qtbot: QtBot) -> None:
    form = SpecForm(MulticlassTask, "tasks[0]", only=("class_weights",))
    qtbot.addWidget(form)
    for value in ("balanced", {"b": 2.0}, "equal"):
        form.setValue({"class_weights": value})
        assert form.value()["class_weights"] == value


def test_a_folder_is_typed_or_chosen(
    qtbot: QtBot, document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document.set("model.shared", [{"kind": "pretrained", "path": str(tmp_path)}])
    form = SpecForm(Pretrained, "model.shared[0]")
    qtbot.addWidget(form)
    bind(form, document)
    editor = form.findChild(FolderEditor, "model.shared[0].path")
    assert isinstance(editor, FolderEditor)
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *words: asked.append(words) or "/models/vit")
    editor.choose.click()
    assert asked == [(editor, "Choose a folder", str(tmp_path))]
    assert document.get("model.shared[0].path") == "/models/vit"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    editor.choose.click()
    editor.line.end(False)
    qtbot.keyClicks(editor.line, "2")
    assert document.get("model.shared[0].path") == "/models/vit2"


def test_the_unit_of_what_may_be_off_is_shown_while_it_is_on(qtbot: QtBot) -> None:
    form = SpecForm(TrainingSpec, "training", only=("compare_gradients",))
    qtbot.addWidget(form)
    form.show()
    editor = form.editors["compare_gradients"]
    assert isinstance(editor, OptionalEditor)

    def steps_shown() -> bool:
        return any(label.isVisible() and label.text() == "steps" for label in form.findChildren(QLabel))

    assert not steps_shown()
    editor.setValue(20)
    assert steps_shown()
    editor.box.click()
    assert editor.value() is None
    assert not steps_shown()


def test_a_task_that_keeps_its_place_keeps_its_slider(qtbot: QtBot) -> None:
    editor = WeightsEditor()
    qtbot.addWidget(editor)
    editor.set_names(["a", "b", "c"])
    editor.setValue({"a": 2.0, "c": 3.0})
    first, _second, third = editor.findChildren(WeightSlider)
    editor.set_names(["a", "new", "c"])
    column = editor.layout()
    assert column is not None
    sliders = [column.itemAt(index).widget() for index in range(column.count())]
    assert (sliders[0], sliders[2]) == (first, third)
    assert [slider.value() for slider in sliders] == [2.0, 1.0, 3.0]
    editor.set_names(["c", "a"])
    assert [slider.value() for slider in editor.findChildren(WeightSlider)] == [3.0, 2.0]


def test_a_list_of_kinds_is_added_to_edited_and_shortened(qtbot: QtBot) -> None:
    form = SpecForm(ImageInput, "dataset.inputs.picture")
    qtbot.addWidget(form)
    edits: list[tuple[str, Any]] = []
    form.edited.connect(lambda path, value, _label: edits.append((path, value)))
    editor = form.editors["augmentation"]
    assert isinstance(editor, KindListEditor)
    for action in editor.add.menu().actions()[:2]:
        action.trigger()
    path = "dataset.inputs.picture.augmentation"
    assert edits[-1][0] == path
    assert [part["kind"] for part in edits[-1][1]] == ["random_crop", "horizontal_flip"]
    flip = form.findChild(SpecForm, f"form:{path}[1]")
    assert flip is not None
    flip.edited.emit(f"{path}[1].p", 0.25, "P")
    assert edits[-1] == (f"{path}[1].p", 0.25)
    remove = form.findChild(ToolButton, f"{path}[0]:remove")
    assert remove is not None
    remove.click()
    assert [part["kind"] for part in edits[-1][1]] == ["horizontal_flip"]
    form.setValue({"augmentation": [{"kind": "cutout", "p": 0.5, "size": 0.2}]})
    assert form.value()["augmentation"] == [{"kind": "cutout", "p": 0.5, "size": 0.2}]


def test_labels_stand_above_their_editors_where_there_is_no_room_beside_them(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    form = SpecForm(Conv2d, "model.shared[0]", parent=parent)
    form.resize(600, 400)
    parent.show()
    editor = form.editors["out_channels"]
    label = next(one for one in form.findChildren(QLabel) if one.buddy() is editor)

    def is_beside() -> bool:
        return editor.mapTo(form, QPoint()).x() > label.mapTo(form, QPoint()).x()

    assert is_beside()
    form.resize(form.minimumSizeHint().width(), 800)
    qtbot.waitUntil(lambda: not is_beside())
    form.resize(600, 400)
    qtbot.waitUntil(is_beside)
