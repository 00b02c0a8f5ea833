"""The Model page: sharing scheme, shared layers, task layers and diagram."""

from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.document import Document
from app.pages.model import ModelPage
from app.pages.model.diagram_layout import plan_of, summary
from app.pages.model.templates import TEMPLATES, template_settings
from app.session import Session
from app.settings import Settings
from mtl_core.architectures import describe_model
from mtl_core.datasets.preparation import load
from mtl_core.spec import DatasetInfo, DeviceInfo, LayerInfo, ModelInfo, load_preset, spec_from_data
from tests.app.pages.data.synthetic_sets import images, texts


class FakeSession(QObject):
    message = Signal(str)
    modelInfoChanged = Signal()
    datasetInfoChanged = Signal()
    devicesChanged = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.devices: list[DeviceInfo] = []
        self.document = Document(self)
        self.document.load_spec(load_preset("multidigits"))
        self.model_info: ModelInfo | None = None
        self.model_error: Exception | None = None
        self.dataset_info: DatasetInfo | None = None
        self.said: list[str] = []

    def show_message(self, text: str) -> None:
        self.said.append(text)

    def answer(self, info: ModelInfo) -> None:
        self.model_info = info
        self.modelInfoChanged.emit()


def layer(path: str, kind: str, title: str, shape: tuple[int, ...] | None, **values: Any) -> LayerInfo:
    return LayerInfo(path=path, kind=kind, title=title, output_shape=shape, **values)


def model_info(error: str | None = None) -> ModelInfo:
    return ModelInfo(
        input_shapes={"image": (1, 16, 16)},
        encoders={},
        fusion=None,
        fused_shape=(1, 16, 16),
        shared=(
            layer("model.shared[0]", "conv2d", "Conv2d", (32, 16, 16), parameters=320),
            layer("model.shared[1]", "relu", "ReLU", (32, 16, 16)),
            layer("model.shared[2]", "flatten", "Flatten", (8192,)),
        ),
        heads={
            "left": (layer("model.heads.left[0]", "linear", "Linear", None if error else (64,), error=error),),
            "right": (),
        },
        outputs={
            "left": layer("model.heads.left", "linear", "Linear", (10,), detail="10 classes", parameters=680),
            "right": layer("model.heads.right", "linear", "Linear", (10,), detail="10 classes"),
        },
        parameters=1000,
        shared_parameters=320,
    )


@pytest.fixture
def session(qapp: QApplication, tmp_path: Path) -> FakeSession:
    return FakeSession(Settings(tmp_path))


@pytest.fixture
def page(qtbot: QtBot, session: FakeSession) -> ModelPage:
    found = ModelPage(cast(Session, session))
    qtbot.addWidget(found)
    found.resize(1188, 726)
    found.show()
    qtbot.waitExposed(found)
    return found


def test_the_page_stands_before_the_worker_has_answered(page: ModelPage, session: FakeSession) -> None:
    assert len(page.shared.layers.rows) == 9
    assert list(page.tasks.lists) == ["left", "right"]
    assert page.diagram.placeholder.isVisible()
    session.model_error = ValueError("the data cannot be read")
    session.modelInfoChanged.emit()
    assert page.diagram.placeholder.text.text() == "the data cannot be read"
    assert page.problems.isVisible()


def test_an_answer_fills_shapes_output_layer_diagram_and_header(page: ModelPage, session: FakeSession) -> None:
    session.answer(model_info())
    assert page.shared.layers.rows[0].line.shape.full_text() == "32×16×16"
    assert page.tasks.output.title.full_text() == "Output: Linear 10"
    assert page.tasks.output.shape.full_text() == "10 classes"
    assert page.diagram.subtitle.full_text() == "1.0 k parameters · 32 % shared"
    assert page.diagram.view.isVisible()
    assert not page.problems.isVisible()


def test_an_output_layer_that_cannot_be_built_says_why_below_it(page: ModelPage, session: FakeSession) -> None:
    info = model_info()
    left = info.outputs["left"].model_copy(update={"error": "The task predicts at every token."})
    session.answer(info.model_copy(update={"outputs": {**info.outputs, "left": left}}))
    assert page.tasks.output_error.label.text() == "The task predicts at every token."
    page.tasks.show_task("right")
    assert page.tasks.output_error.isHidden()


def test_problems_are_counted_in_the_header(page: ModelPage, session: FakeSession) -> None:
    session.answer(model_info("takes images"))
    assert page.problems.text() == "1 problem"
    assert "takes images" in page.problems.toolTip()
    session.answer(model_info())
    assert not page.problems.isVisible()


def test_the_count_of_problems_opens_one_layer_after_the_other(
    page: ModelPage, session: FakeSession, qtbot: QtBot
) -> None:
    info = model_info("takes images")
    faulty = info.problems[0].path
    left = info.heads["left"][0].model_copy(update={"error": "too wide"})
    session.answer(info.model_copy(update={"heads": {**info.heads, "left": (left, *info.heads["left"][1:])}}))
    opened = []
    for click in (
        lambda: qtbot.mouseClick(page.problems, Qt.MouseButton.LeftButton),
        lambda: qtbot.keyClick(page.problems, Qt.Key.Key_Return),
        lambda: qtbot.keyClick(page.problems, Qt.Key.Key_Space),
    ):
        click()
        lists = (*page.shared.lists(), *page.tasks.lists.values())
        opened += [layers.rows[layers.open_index].path for layers in lists if layers.open_index >= 0]
    assert opened == [faulty, left.path, faulty]


def test_the_last_answer_stays_while_the_next_is_awaited(page: ModelPage, session: FakeSession) -> None:
    session.answer(model_info())
    session.model_info = None
    session.modelInfoChanged.emit()
    assert page.diagram.view.isVisible()


def test_a_box_of_the_diagram_opens_its_layer(page: ModelPage, session: FakeSession) -> None:
    session.answer(model_info())
    page.diagram.view.boxClicked.emit("model.heads.right[1]")
    assert page.tasks.task == "right"
    assert page.tasks.lists["right"].open_index == 1
    page.diagram.view.boxClicked.emit("model.shared[2]")
    assert page.shared.layers.open_index == 2
    assert page.tasks.lists["right"].open_index == -1
    page.diagram.view.boxClicked.emit("model.heads.left")
    assert page.tasks.task == "left"


def test_clicking_the_picture_tells_the_layer(qtbot: QtBot, page: ModelPage, session: FakeSession) -> None:
    session.answer(model_info())
    view = page.diagram.view
    plan = view.plan
    assert plan is not None
    box = plan.boxes[1]
    place = view.mapFromScene(box.center, box.y + box.height / 2)
    with qtbot.waitSignal(view.boxClicked) as clicked:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert clicked.args == ["model.shared[0]"]


def test_tabs_follow_the_tasks(page: ModelPage, session: FakeSession) -> None:
    session.document.set("tasks[0].name", "a.b & c")
    session.document.set("tasks[0].name", "왼쪽 & c")
    assert list(page.tasks.lists) == ["왼쪽 & c", "right"]
    assert len(page.tasks.lists["왼쪽 & c"].rows) == 2
    session.document.remove("tasks[1]")
    assert list(page.tasks.lists) == ["왼쪽 & c"]
    session.document.undo_stack.setIndex(0)
    assert list(page.tasks.lists) == ["left", "right"]


def test_a_layer_is_added_to_the_task_whose_tab_is_shown(page: ModelPage, session: FakeSession) -> None:
    page.tasks.tabs.setCurrentIndex(1)
    page.tasks.lists[page.tasks.task].add("tanh")
    assert [layer["kind"] for layer in session.document.get("model.heads.right")] == ["linear", "relu", "tanh"]
    assert len(session.document.get("model.heads.left")) == 2


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.name)
def test_every_template_is_a_valid_model(template: Any) -> None:
    document = Document()
    document.set_many(template_settings(template, ["left", "right"], image=True))
    assert document.problems == []
    assert spec_from_data(document.data).model.heads.keys() == {"left", "right"}


def test_templates_are_offered_for_the_kind_of_input(page: ModelPage, session: FakeSession) -> None:
    session.dataset_info = texts()
    session.document.load_spec(load_preset("sentences"))
    assert offered_templates(page) == {template.name for template in TEMPLATES if template.reads == "text"}


def offered_templates(page: ModelPage) -> set[str]:
    page.templates.menu().aboutToShow.emit()
    return {action.data() for action in page.templates.menu().actions() if action.isEnabled() and action.data()}


def test_templates_without_a_map_are_not_offered_where_a_task_predicts_pixels(
    page: ModelPage, session: FakeSession
) -> None:
    session.dataset_info = images()
    assert "mlp-small" in offered_templates(page)
    session.document.set("tasks", [{"name": "mask", "kind": "segmentation", "target": "mask"}])
    assert offered_templates(page) == {template.name for template in TEMPLATES if template.reads == "image"}


def test_a_task_whose_layers_give_no_map_is_mended_by_a_template(page: ModelPage, session: FakeSession) -> None:
    session.document.set("tasks", [{"name": "mask", "kind": "segmentation", "target": "mask"}])
    info = model_info()
    output = layer("model.heads.mask", "conv2d", "Conv2d", None, error="64 features arrive.")
    session.answer(info.model_copy(update={"heads": {"mask": ()}, "outputs": {"mask": output}}))
    assert page.tasks.output_error.label.text() == "64 features arrive."
    page.tasks.output_error.link.click()
    assert session.document.get("model.heads.mask[0].kind") == "tokens_to_image"
    assert session.document.get("model.shared[0].kind") == "patch_embedding"


@pytest.mark.parametrize("template", [t for t in TEMPLATES if t.reads == "text"], ids=lambda t: t.name)
def test_a_template_for_texts_leaves_tags_every_position(page: ModelPage, session: FakeSession, template: Any) -> None:
    session.document.load_spec(load_preset("sentences"))
    page.apply(template)
    assert session.document.problems == []
    assert session.document.get("model.heads.tags") == []
    assert session.document.get("model.heads.topic") != []
    targets = load(session.document.spec.dataset, session.document.spec.tasks).targets
    assert describe_model(session.document.spec.model, {"text": (14,)}, targets).problems == ()


def test_a_template_is_one_step_of_undo(page: ModelPage, session: FakeSession) -> None:
    before = session.document.data
    page.apply(TEMPLATES[1])
    assert session.document.data != before
    assert session.said
    session.document.undo_stack.undo()
    assert session.document.data == before


def test_the_plan_has_a_trunk_and_a_column_per_task() -> None:
    plan = plan_of(model_info())
    assert [box.title for box in plan.boxes] == ["image", "Conv2d · ReLU", "Flatten", "Linear", "left", "right"]
    assert [box.task for box in plan.boxes] == [-1, -1, -1, 0, 0, 1]
    assert sorted(plan.links) == [(0, 1), (1, 2), (2, 3), (2, 5), (3, 4)]
    assert plan.boxes[1].detail == "32×16×16 · 320"
    assert plan.boxes[4].x == plan.boxes[3].x < plan.boxes[5].x
    for one in plan.boxes:
        for two in plan.boxes:
            apart = one.x + one.width <= two.x or two.x + two.width <= one.x
            apart |= one.y + one.height <= two.y or two.y + two.height <= one.y
            assert one is two or apart
    assert max(box.x + box.width for box in plan.boxes) <= plan.width


def test_the_layers_of_a_block_stand_above_it_and_its_skip_passes_them_by() -> None:
    inner = (
        layer("model.shared[1].layers[0]", "linear", "Linear", (8,), parameters=72),
        layer("model.shared[1].layers[1]", "relu", "ReLU", (8,)),
        layer("model.shared[1].layers[2]", "dropout", "Dropout", (8,)),
    )
    block = layer("model.shared[1]", "residual", "Residual block", (8,), parameters=72, layers=inner)
    before = layer("model.shared[0]", "linear", "Linear", (8,), parameters=72)
    plan = plan_of(model_info().model_copy(update={"shared": (before, block), "stages": (0, 1), "tail": 2}))
    titles = [box.title for box in plan.boxes[1:5]]
    assert titles == ["Linear", "Linear · ReLU", "Dropout", "+ Residual block"]
    assert plan.boxes[4].paths == ("model.shared[1]",)
    assert plan.skips == ((2, 4),)
    wrong = block.model_copy(update={"layers": (inner[0].model_copy(update={"error": "does not fit"}), *inner[1:])})
    failed = plan_of(model_info().model_copy(update={"shared": (before, wrong)}))
    assert [box.error for box in failed.boxes[1:6]] == [False, True, False, False, True]


def test_a_model_without_parameters_has_a_summary() -> None:
    empty = model_info().model_copy(update={"parameters": 0, "shared_parameters": 0})
    assert summary(empty) == "no parameters"
    wrong = empty.shared[0].model_copy(update={"error": "does not fit"})
    assert summary(empty.model_copy(update={"shared": (wrong,)})) == ""


def test_while_the_engine_starts_the_diagram_says_so(page: ModelPage, session: FakeSession) -> None:
    assert "engine is starting" in page.diagram.placeholder.text.text()
    session.devices = [DeviceInfo(name="cpu", label="CPU")]
    session.devicesChanged.emit()
    assert page.diagram.placeholder.text.text() == "The model is being built."


def test_the_widths_of_the_cards_are_remembered(page: ModelPage, session: FakeSession, qtbot: QtBot) -> None:
    page._cards.setSizes([500, 300, 300])
    page._cards.splitterMoved.emit(page._cards.sizes()[0], 1)  # as a person who drags does
    wanted = page._cards.sizes()
    page.hide()
    again = ModelPage(cast(Session, session))
    qtbot.addWidget(again)
    again.resize(page.size())
    again.show()
    assert again._cards.sizes() == wanted
