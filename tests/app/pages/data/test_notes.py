"""The Data page's notes on how the data are read, and what follows an edit or a file that moved."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QMenu, QSplitter, QWidget
from pytestqt.qtbot import QtBot

from app.pages.data import DataPage
from app.pages.data.cards.image_grid import ImageGrid
from app.pages.data.cards.notes_list import NotesList
from app.pages.data.problem_text import problem_text
from app.pages.data.view_state import about_column
from app.session import Session
from app.tables import PreviewModel
from app.widgets import Banner, InlineError, LinkButton
from mtl_core.spec import DataNote, Problem
from tests.app.pages.data.conftest import PatientWorker, describe
from tests.app.pages.data.synthetic_sets import COLUMNS, categorical, numeric, table

NOTES = tuple(DataNote(place="column", name=f"c{i}", what=f"Column 'c{i}' is odd.", fix="Mend it.") for i in range(4))


@pytest.fixture
def opened(page: DataPage, worker: PatientWorker) -> DataPage:
    page.loader.open_file(Path("/x/houses.csv"))
    worker.answer(table())
    return page


def notice(page: DataPage) -> Banner | None:
    return next((one for one in page.findChildren(Banner, "data-notice") if one.isVisibleTo(page)), None)


def test_notes_about_columns_and_labels_are_shown_a_few_at_first(page: DataPage, worker: PatientWorker) -> None:
    page.loader.open_file(Path("/x/houses.csv"))
    worker.answer(table().model_copy(update={"notes": NOTES}))
    text, more = page.findChild(QLabel, "data-notes"), page.findChild(LinkButton, "all-data-notes")
    assert text is not None
    assert more is not None
    assert text.text() == "• Column 'c0' is odd. Mend it."
    assert more.text() == "Show all 4 notes about the data"
    more.click()
    assert text.text().count("•") == 4
    more.click()
    assert text.text().count("•") == 1


def test_the_same_note_of_columns_and_labels_is_shown_once(qtbot: QtBot) -> None:
    notes = NotesList()
    qtbot.addWidget(notes)
    notes.show_notes((*NOTES[:1], *NOTES[:1]))
    assert not notes.more.isVisibleTo(notes)
    notes.show_notes(())
    assert not notes.isVisibleTo(notes.parentWidget() or notes)


def test_reading_an_input_as_text_says_what_else_changed_and_can_be_undone(opened: DataPage, session: Session) -> None:
    before = session.document.data
    opened.edits.set_type("도시", "text")
    said = notice(opened)
    assert said is not None
    assert said.label.text() == (
        "The model reads 2 inputs now (table, 도시): each has its own layers, and a fusion joins them."
    )
    next(link for link in said.findChildren(LinkButton) if link.text() == "Undo").click()
    assert session.document.data == before
    assert notice(opened) is None


def test_reading_an_ignored_column_as_text_says_nothing(opened: DataPage) -> None:
    opened.edits.set_type("id", "text")
    assert notice(opened) is None


@pytest.mark.parametrize("where", ["/y/houses.csv", "/x/copy.csv"])
def test_a_table_of_the_same_columns_elsewhere_keeps_the_experiment(
    opened: DataPage, session: Session, worker: PatientWorker, where: str
) -> None:
    opened.edits.set_role("rooms", "ignore")
    opened.edits.rename_task(0, "what it costs")
    session.document.set("training.monitor", "what it costs")
    before = session.document.data
    opened.loader.open_file(Path(where))
    worker.answer(table(Path(where).name))
    after = session.document.data
    assert after["dataset"] == {**before["dataset"], "path": where}
    assert {key: after[key] for key in ("tasks", "model", "training")} == {
        key: before[key] for key in ("tasks", "model", "training")
    }
    assert after["name"] == Path(where).name
    session.document.undo_stack.undo()
    assert session.document.data == before


def test_a_table_of_other_columns_begins_anew(opened: DataPage, session: Session, worker: PatientWorker) -> None:
    opened.edits.set_role("rooms", "ignore")
    opened.loader.open_file(Path("/y/houses.csv"))
    worker.answer(table(columns=(*COLUMNS, numeric("garden"))))
    assert session.document.data["dataset"]["inputs"] == ["area", "rooms", "도시", "garden"]


def test_what_the_file_says_stands_behind_auto(page: DataPage, session: Session, worker: PatientWorker) -> None:
    page.loader.open_file(Path("/x/houses.csv"))
    info = table(columns=(numeric("area", decimal=","), *COLUMNS[1:]))
    worker.answer(info.model_copy(update={"delimiter": ";", "encoding": "cp1252"}))
    boxes = [page.findChild(QComboBox, f"file-{name}") for name in ("delimiter", "encoding", "decimal")]
    assert [box.currentText() for box in boxes if box] == ["auto: semicolon", "auto: cp1252", "auto: comma"]
    decimal = boxes[2]
    assert decimal is not None
    decimal.setCurrentIndex(decimal.findData("."))
    decimal.activated.emit(decimal.currentIndex())
    asked = worker.asked()["dataset"]
    assert (asked["decimal"], asked["delimiter"], asked["encoding"]) == (".", None, None)


def test_what_counts_as_missing_is_shown_and_set_in_the_menu_of_a_column(
    page: DataPage, session: Session, worker: PatientWorker
) -> None:
    page.loader.open_file(Path("/x/houses.csv"))
    grade = categorical("grade", "mild", "R&D", missing_texts=(("None", 7), ("", 2)))
    known = table(columns=(*COLUMNS, grade.model_copy(update={"missing": 9})))
    worker.answer(known)
    info = page.edits.column("grade")
    assert info is not None
    assert about_column(info) == "grade\n2 different values\n9 missing ('None' 7, empty 2)"
    assert entries(page, "grade") == {"None (7 cells)": True, "mild (10 cells)": False, "R&&D (10 cells)": False}
    press(page, "grade", "None (7 cells)")
    describe(session, known)
    assert session.document.data["dataset"]["missing"] == {"grade": []}
    press(page, "grade", "mild (10 cells)")
    describe(session, known)
    assert session.document.data["dataset"]["missing"] == {"grade": ["None", "mild"]}
    press(page, "grade", "As usual (NA, None, ?, - …)")
    assert session.document.data["dataset"]["missing"] == {}


def inside(page: DataPage, column: str) -> QMenu:
    menu = page.column_menu(column)
    assert menu is not None
    return next(one for one in menu.findChildren(QMenu) if one.title() == "Count as missing")


def entries(page: DataPage, column: str) -> dict[str, bool]:
    return {action.text(): action.isChecked() for action in inside(page, column).actions() if action.isCheckable()}


def press(page: DataPage, column: str, text: str) -> None:
    next(action for action in inside(page, column).actions() if action.text() == text).trigger()


def test_without_a_task_images_offer_those_that_suggest_themselves(page: DataPage, session: Session) -> None:
    page.edits.remove_task(1)
    page.edits.remove_task(0)
    error = next(one for one in page.findChildren(InlineError) if one.label.text() == "Nothing is predicted yet.")
    assert error.link.text() == "Add left, right"
    error.link.click()
    assert [task["name"] for task in session.document.data["tasks"]] == ["left", "right"]


def test_images_are_as_large_as_leaves_room_for_all(qtbot: QtBot) -> None:
    grid = ImageGrid()
    qtbot.addWidget(grid)
    grid.show_images([[[0, 255], [255, 0]]] * 24)
    grid.resize(1500, 600)
    grid.show()
    columns = grid._columns()
    rows = -(-24 // columns)
    assert rows * grid._row_height(grid._side(1500, columns)) <= 600
    fewer = -(-24 // (columns - 1))
    assert fewer * grid._row_height(grid._side(1500, columns - 1)) > 600


def test_the_page_is_divided_as_it_was_left(page: DataPage, session: Session, qtbot: QtBot) -> None:
    parts = page.findChild(QSplitter, "data-parts")
    assert parts is not None
    page.resize(1180, 1000)
    parts.setSizes([560, 340])
    share = parts.sizes()[0] / sum(parts.sizes())
    page.hide()
    again = DataPage(session)
    qtbot.addWidget(again)
    again.resize(1180, 1000)
    again.show()
    other = again.findChild(QSplitter, "data-parts")
    assert other is not None
    assert other.sizes()[0] / sum(other.sizes()) == pytest.approx(share, abs=0.03)


def test_a_long_name_of_a_task_shows_its_beginning(opened: DataPage) -> None:
    opened.edits.rename_task(0, "a very long name of a task that no field can show as a whole")
    fields = [field for field in opened.findChildren(QLineEdit) if field.text().startswith("a very long")]
    assert fields[0].cursorPosition() == 0


@pytest.mark.parametrize(
    ("text", "column", "shown"),
    [
        ("0.125730221093", numeric("x"), "0.12573"),
        ("1234567.891", numeric("x"), "1.23457e+06"),
        ("1234567", numeric("x", whole=True), "1234567"),
        ("2020-01-31 06:30:00", numeric("x", dates="ymd"), "2020-01-31 06:30:00"),
        ("0.125730221093", categorical("x", "a"), "0.125730221093"),
    ],
)
def test_numbers_are_shown_to_six_digits_and_whole_in_the_tooltip(text: str, column: Any, shown: str) -> None:
    from PySide6.QtCore import Qt

    model = PreviewModel()
    model.show((column,), ((text,),))
    assert model.data(model.index(0, 0)) == shown
    assert model.data(model.index(0, 0), Qt.ItemDataRole.ToolTipRole) == text


def test_a_file_that_is_not_there_is_said_in_one_sentence() -> None:
    assert problem_text(Problem("dataset.path", "there is no such file", "/x/a.csv")) == "There is no file /x/a.csv."


def test_the_button_for_files_keeps_its_place_below_an_error(opened: DataPage, worker: PatientWorker) -> None:
    button, error = opened.findChild(QWidget, "open-data"), opened.findChild(InlineError, "source-error")
    assert button is not None
    assert error is not None
    opened._source.layout().activate()  # type: ignore[union-attr]
    before = button.geometry()
    error.set_error("One line of an error.")
    opened._source.layout().activate()  # type: ignore[union-attr]
    assert button.geometry().bottom() <= before.bottom()
    assert error.geometry().bottom() <= button.geometry().top()
