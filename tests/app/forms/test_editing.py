"""Mouse, keyboard and wheel on every field of the window."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QLocale, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QSlider, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.document import Document
from app.forms import NumberEditor, SpecForm, bind
from app.forms.editor_factory import make_editor
from app.forms.editors.task_weights import WeightsEditor
from app.forms.field_shapes import KeywordOr, Number, NumberList, OptionalValue, Shape, Text, TextList, Weights
from app.widgets import DoubleSpinBox, NumberField, SpinBox, TextField, WeightSlider
from mtl_core.spec import TrainingSpec

LEFT = Qt.MouseButton.LeftButton
POSITIVE = Number(False, 0, 1000, low_open=True)


def _split_share() -> DoubleSpinBox:
    spin = DoubleSpinBox()
    spin.setRange(0, 1000)
    spin.setSuffix(" %")
    return spin


def _whole() -> SpinBox:
    spin = SpinBox()
    spin.setRange(0, 1000)
    return spin


def _of(shape: Shape) -> Callable[[], QWidget]:
    return lambda: make_editor(shape)


NUMBERS: dict[str, Callable[[], QWidget]] = {
    "a number": _of(POSITIVE),
    "a learning rate": _of(Number(False, 0, 1000, low_open=True, log=True)),
    "a whole number": _of(Number(True, 1, 1000)),
    "a word or a number": _of(KeywordOr(("same",), Number(True, 0, 1000))),
    "an optional number": _of(OptionalValue(POSITIVE)),
    "the number of a slider": lambda: WeightSlider("left"),
    "a share": _split_share,
    "a seed": _whole,
}
NUMBER_KINDS = pytest.mark.parametrize("make", NUMBERS.values(), ids=NUMBERS.keys())


@pytest.fixture
def show(qtbot: QtBot) -> Iterator[Callable[[QWidget], QWidget]]:
    """Puts a widget and another field into a window of their own that has the focus."""
    windows: list[QWidget] = []

    def shown(widget: QWidget) -> QWidget:
        window = QWidget()
        windows.append(window)
        column = QVBoxLayout(window)
        column.addWidget(widget)
        column.addWidget(QLineEdit(objectName="next"))
        qtbot.addWidget(window)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        return widget

    yield shown
    windows.clear()


def field_of(editor: QWidget) -> NumberField:
    """The number field of an editor, with 12 in it."""
    if isinstance(editor, NumberField):
        editor.setValue(12)
        return editor
    editor.setValue(12)  # type: ignore[attr-defined]
    (field,) = editor.findChildren(NumberField)
    return field


def next_of(field: QWidget) -> QLineEdit:
    found = field.window().findChild(QLineEdit, "next")
    assert isinstance(found, QLineEdit)
    return found


def point_in(line: QLineEdit, place: int) -> QPoint:
    """Where the character at ``place`` of the text stands."""
    line.setCursorPosition(place)
    return line.cursorRect().center()


@NUMBER_KINDS
def test_a_double_click_selects_the_whole_number(
    make: Callable[[], QWidget], show: Callable[[QWidget], QWidget]
) -> None:
    editor = show(make())
    field = field_of(editor)
    line = field.lineEdit()
    end = line.text().find("2")
    for place in (0, end):
        field.setValue(12)
        here = point_in(line, place)
        QTest.mouseClick(line, LEFT, pos=here)
        QTest.mouseDClick(line, LEFT, pos=here)
        QTest.mouseMove(line, here + QPoint(3, 1))
        assert line.selectedText() == line.text()
        QTest.keyClicks(field, "7")
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert field.value() == 7


@NUMBER_KINDS
def test_a_triple_click_selects_the_whole_number(
    make: Callable[[], QWidget], show: Callable[[QWidget], QWidget]
) -> None:
    field = field_of(show(make()))
    line, here = field.lineEdit(), point_in(field.lineEdit(), 1)
    QTest.mouseDClick(line, LEFT, pos=here)
    QTest.mousePress(line, LEFT, pos=here)
    assert line.selectedText() == line.text()


@NUMBER_KINDS
def test_tab_selects_the_whole_number_and_keeps_what_was_typed(
    make: Callable[[], QWidget], show: Callable[[QWidget], QWidget]
) -> None:
    field = field_of(show(make()))
    next_of(field).setFocus(Qt.FocusReason.OtherFocusReason)
    QTest.keyClick(next_of(field), Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    if not field.hasFocus():
        field.setFocus(Qt.FocusReason.TabFocusReason)
    assert field.lineEdit().selectedText() == field.lineEdit().text()
    QTest.keyClicks(field, "8")
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert not field.hasFocus()
    assert field.value() == 8


@NUMBER_KINDS
@pytest.mark.parametrize("text", ["1000000000", "-5", "0,5", "1,000", "", "1.2.3", "e"])
def test_what_is_no_number_in_bounds_is_refused_in_words(
    make: Callable[[], QWidget], show: Callable[[QWidget], QWidget], text: str
) -> None:
    field = field_of(show(make()))
    refusals: list[str] = []
    field.refused.connect(refusals.append)
    field.setFocus()
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert refusals[-1].endswith("stays.")
    assert field.value() == 12
    assert field.property("invalid")
    field.selectAll()
    QTest.keyClicks(field, "9")
    assert not field.property("invalid")


@NUMBER_KINDS
def test_escape_gives_the_number_from_before_back(
    make: Callable[[], QWidget], show: Callable[[QWidget], QWidget]
) -> None:
    field = field_of(show(make()))
    before = field.lineEdit().text()
    field.setFocus()
    for text in ("3", "9999999999", "0,"):
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Escape)
        assert (field.value(), field.lineEdit().text()) == (12, before)
        assert not field.property("invalid")


@NUMBER_KINDS
@pytest.mark.parametrize("language", [QLocale.Language.German, QLocale.Language.Korean, QLocale.Language.Arabic])
def test_the_locale_does_not_change_a_number(
    make: Callable[[], QWidget], show: Callable[[QWidget], QWidget], language: QLocale.Language
) -> None:
    usual = QLocale()
    QLocale.setDefault(QLocale(language))
    try:
        field = field_of(show(make()))
        text = "7" if field.shape.integer else "7.5"
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert field.value() == float(text)
    finally:
        QLocale.setDefault(usual)


@NUMBER_KINDS
def test_a_number_pasted_with_spaces_between_thousands_is_read(
    make: Callable[[], QWidget], show: Callable[[QWidget], QWidget]
) -> None:
    field = field_of(show(make()))
    field.shape = Number(field.shape.integer, 0, 100_000)
    QGuiApplication.clipboard().setText("8\u2009192")
    field.setFocus()
    field.selectAll()
    field.lineEdit().paste()
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.value() == 8192
    QGuiApplication.clipboard().clear()


def test_the_wheel_leaves_every_field_without_focus_alone(qtbot: QtBot, show: Callable[[QWidget], QWidget]) -> None:
    shapes = (POSITIVE, KeywordOr(("same", "valid"), Number(True, 0, 9)), OptionalValue(POSITIVE), Weights())
    host = QWidget()
    column = QVBoxLayout(host)
    for shape in shapes:
        editor: Any = make_editor(shape)
        if isinstance(editor, WeightsEditor):
            editor.set_names(["left", "right"])
        column.addWidget(editor)
    for spin in (_split_share(), _whole()):
        column.addWidget(spin)
    show(host)
    next_of(host).setFocus()
    turned = [w for kind in (QAbstractSpinBox, QComboBox, QSlider) for w in host.findChildren(kind)]
    assert len(turned) > 8
    for widget in turned:
        before = widget.currentIndex() if isinstance(widget, QComboBox) else widget.value()  # type: ignore[attr-defined]
        place, turn = QPointF(5, 5), QPoint(0, 120)
        keys, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(place, place, turn, turn, Qt.MouseButton.NoButton, keys, phase, False)
        QApplication.sendEvent(widget, event)
        after = widget.currentIndex() if isinstance(widget, QComboBox) else widget.value()  # type: ignore[attr-defined]
        assert after == before


@pytest.mark.parametrize(
    ("shape", "value", "typed", "expected"),
    [
        (NumberList(integer=False), [0.25, 3.5], "7", [7.0, 3.5]),
        (NumberList(integer=True), [10, 15], "7", [7, 15]),
        (TextList(), ["a b", "c"], "x", ["x b", "c"]),
        (Text(), "left", "x", "x"),
    ],
)
def test_a_double_click_in_a_list_selects_one_value(
    show: Callable[[QWidget], QWidget], shape: Shape, value: Any, typed: str, expected: Any
) -> None:
    editor: Any = show(make_editor(shape))
    editor.setValue(value)
    QTest.mouseDClick(editor, LEFT, pos=point_in(editor, 1))
    QTest.keyClicks(editor, typed)
    assert editor.value() == expected


@pytest.mark.parametrize("shape", [NumberList(integer=True), TextList(), Text(), Text(folder=True)])
def test_escape_gives_the_text_from_before_back(show: Callable[[QWidget], QWidget], shape: Shape) -> None:
    editor: Any = show(make_editor(shape))
    editor.setValue([1, 2] if isinstance(shape, NumberList) else ["ab"] if isinstance(shape, TextList) else "ab")
    before, values = editor.value(), list[object]()
    editor.valueChanged.connect(values.append)
    line = editor if isinstance(editor, TextField) else editor.findChild(TextField)
    line.setFocus()
    line.end(False)
    QTest.keyClicks(line, "9")
    assert values[-1] != before
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert values[-1] == editor.value() == before


@pytest.mark.parametrize("shape", [TextList(), Text(), Text(folder=True)])
def test_a_long_text_is_shown_from_its_beginning(show: Callable[[QWidget], QWidget], shape: Shape) -> None:
    editor: Any = show(make_editor(shape))
    editor.setValue(["a long text " * 30] if isinstance(shape, TextList) else "a long text " * 30)
    line = editor if isinstance(editor, TextField) else editor.findChild(TextField)
    assert line.cursorPosition() == 0


def test_numbers_by_name_are_shown_with_all_their_digits(show: Callable[[QWidget], QWidget]) -> None:
    editor: Any = show(make_editor(KeywordOr(("equal",), Weights())))
    editor.setValue({"a": 1234567.5, "b": 0.5})
    assert editor.value() == {"a": 1234567.5, "b": 0.5}
    assert editor.other.text() == "a=1234567.5, b=0.5"


def test_a_form_says_at_the_field_why_a_number_is_refused(qtbot: QtBot, qapp: QApplication) -> None:
    document = Document()
    form = SpecForm(TrainingSpec, "training", only=("epochs",))
    qtbot.addWidget(form)
    bind(form, document)
    form.show()
    epochs = form.findChild(NumberEditor, "training.epochs")
    assert isinstance(epochs, NumberEditor)
    epochs.selectAll()
    QTest.keyClicks(epochs, "2.5")
    QTest.keyClick(epochs, Qt.Key.Key_Return)
    error = form.findChildren(QWidget)
    words = [w.text() for w in error if w.property("role") == "error"]  # type: ignore[attr-defined]
    assert words == ["2.5 is not a whole number. 20 stays."]
    assert document.get("training.epochs") == 20
    epochs.selectAll()
    QTest.keyClicks(epochs, "30")
    words = [w.text() for w in form.findChildren(QWidget) if w.property("role") == "error"]  # type: ignore[attr-defined]
    assert words == [""]
    assert document.get("training.epochs") == 30
