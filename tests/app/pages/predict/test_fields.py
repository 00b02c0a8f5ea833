"""The fields of a form: what they show, what they give, and when they say that they changed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.jobs import StoreService
from app.pages.predict.fields import CategoryEditor, FileEditor, LineEditor, NumberEditor, TextEditor, make_editor
from app.pages.predict.row_form import RowForm
from mtl_core.protocol.predictions import Cell, FieldKind, InputField, PredictionForm


@pytest.mark.parametrize(
    ("kind", "editor", "value"),
    [
        ("number", NumberEditor, 2.5),
        ("category", CategoryEditor, "blue"),
        ("date", LineEditor, "2021-03-04"),
        ("text", TextEditor, "a dog\nbarks"),
        ("sound", FileEditor, "/x/bark.wav"),
    ],
)
def test_a_field_gives_what_it_was_given_without_a_signal(
    qtbot: QtBot, store: StoreService, kind: FieldKind, editor: type, value: Cell
) -> None:
    field = make_editor(InputField(column="c", input="table", kind=kind, categories=("red",)), store)
    qtbot.addWidget(field)
    assert isinstance(field, editor)
    changes: list[bool] = []
    field.changed.connect(lambda: changes.append(True))
    for shown in (value, None, value):
        field.show_value(shown)
        assert field.value == shown
    assert changes == []


def test_a_slider_covers_the_range_and_a_number_may_leave_it(qtbot: QtBot, store: StoreService) -> None:
    field = make_editor(InputField(column="c", input="t", kind="number", low=0.0, high=50.0, whole=True), store)
    assert isinstance(field, NumberEditor)
    qtbot.addWidget(field)
    field.show_value(25.0)
    assert field.slider.value() == 500
    with qtbot.waitSignal(field.changed):
        field.slider.setValue(333)
    assert field.value == 17
    field.show_value(1e6)
    assert (field.slider.value(), field.value) == (1000, 1e6)
    with qtbot.waitSignal(field.changed):
        field.without.click()
    assert field.value is None
    assert not field.number.isEnabled()


def test_a_picture_is_shown_and_a_file_that_is_none_is_not(
    qtbot: QtBot, wait: Callable[[Callable[[], object]], None], store: StoreService, tmp_path: Path
) -> None:
    picture = QImage(40, 20, QImage.Format.Format_RGB32)
    picture.fill(0xFF8800)
    assert picture.save(str(tmp_path / "a.png"))
    field = make_editor(InputField(column="c", input="picture", kind="image"), store)
    assert isinstance(field, FileEditor)
    qtbot.addWidget(field)
    field.show_value(str(tmp_path / "a.png"))
    wait(lambda: not field.preview.isHidden())
    assert field.preview.pixmap().width() == 2 * field.preview.pixmap().height()
    field.show_value(str(tmp_path / "none.png"))
    wait(field.preview.isHidden)


def test_a_form_of_many_columns_shows_some_and_keeps_the_values_of_all(qtbot: QtBot, store: StoreService) -> None:
    fields = tuple(InputField(column=f"c{i}", input="t", kind="number", low=0.0, high=1.0) for i in range(70))
    form = RowForm(store)
    qtbot.addWidget(form)
    values: dict[str, Cell] = {field.column: 0.5 for field in fields}
    form.show_form(PredictionForm(fields=fields), values)
    assert (len(form.editors), form.values) == (30, values)
    form.more.click()
    form.more.click()
    assert len(form.editors) == 70
    assert form.more.isHidden()
    editor = form.editors["c69"]
    assert isinstance(editor, NumberEditor)
    with qtbot.waitSignal(form.changed):
        editor.slider.setValue(1000)
    assert form.values["c69"] == 1.0
    form.show_values(values)
    assert form.values == values
    assert editor.value == 0.5
