"""The card of the split: its kinds, the columns that divide the rows, and what is wrong with them."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QWidget

from app.forms.editors.column import ColumnEditor
from app.pages.data import DataPage
from app.session import Session
from mtl_core.spec import InputError
from tests.app.pages.data.conftest import PatientWorker, describe
from tests.app.pages.data.synthetic_sets import table


@pytest.fixture
def opened(page: DataPage, worker: PatientWorker) -> DataPage:
    page.loader.open_file(Path("/x/houses.csv"))
    worker.answer(table())
    return page


def choose_kind(page: DataPage, title: str) -> None:
    combo = page.findChild(QComboBox, "dataset.split.kind")
    combo.setCurrentIndex(combo.findText(title))
    combo.activated.emit(combo.currentIndex())


def choose_column(page: DataPage, name: str, setting: str = "column") -> ColumnEditor:
    editor: ColumnEditor = page.findChild(ColumnEditor, f"dataset.split.{setting}")
    editor.setCurrentIndex(editor.findText(name))
    editor.activated.emit(editor.currentIndex())
    return editor


def is_shown(page: DataPage, name: str) -> bool:
    return page.findChild(QWidget, name).isVisibleTo(page)


def test_a_column_that_divides_the_rows_is_no_input_and_that_is_one_step_of_undo(
    opened: DataPage, session: Session
) -> None:
    document = session.document
    before = document.data["dataset"]["inputs"]
    choose_kind(opened, "By group")
    assert [problem.path for problem in document.problems] == ["dataset.split.column"]
    assert is_shown(opened, "split-train")
    editor = choose_column(opened, before[0])
    assert [editor.itemText(i) for i in range(editor.count())] == [column.name for column in table().columns]
    assert document.data["dataset"]["split"]["column"] == before[0]
    assert document.data["dataset"]["inputs"] == before[1:]
    assert document.valid
    document.undo_stack.undo()
    assert document.data["dataset"]["inputs"] == before


def test_folds_have_no_shares_and_a_seed_and_their_groups_can_be_left_out(opened: DataPage, session: Session) -> None:
    choose_kind(opened, "K-fold")
    assert not is_shown(opened, "split-train")
    assert is_shown(opened, "split-seed")
    assert is_shown(opened, "dataset.split.folds")
    first = session.document.data["dataset"]["inputs"][0]
    choose_column(opened, first, "group")
    assert first not in session.document.data["dataset"]["inputs"]
    choose_column(opened, "None", "group")
    assert session.document.data["dataset"]["split"]["group"] == ""


def test_a_split_by_time_has_no_seed_and_keeps_the_shares(opened: DataPage, session: Session) -> None:
    session.document.set_many({"dataset.split.train": 0.6, "dataset.split.val": 0.25})
    choose_kind(opened, "By time")
    assert not is_shown(opened, "split-seed")
    assert session.document.data["dataset"]["split"]["train"] == 0.6


def test_what_the_data_say_against_a_split_stands_at_its_column(opened: DataPage, session: Session) -> None:
    choose_kind(opened, "By time")
    editor = choose_column(opened, table().columns[0].name)
    session.model_error = InputError("dataset.split.column", "must be a column of dates or numbers", found="'city'")
    session.modelInfoChanged.emit()
    assert "dates or numbers" in editor.parentWidget().error.label.text()


def test_another_data_set_does_not_take_the_column_of_the_split_along(
    opened: DataPage, session: Session, worker: PatientWorker
) -> None:
    choose_kind(opened, "By group")
    choose_column(opened, table().columns[0].name)
    opened.loader.open_file(Path("/x/other.csv"))
    worker.answer(table().model_copy(update={"columns": table().columns[1:], "title": "other.csv"}))
    assert session.document.data["dataset"]["split"]["kind"] == "stratified"


def test_data_with_a_split_of_their_own_show_its_rows_and_no_shares_to_edit(
    page: DataPage, session: Session, worker: PatientWorker
) -> None:
    page.loader.open_folder(Path("/x/mnist"))
    worker.answer(table().model_copy(update={"split_rows": (85, 0, 15)}))
    texts = [label.text() for label in page._split._rows]
    assert texts == ["70", "15", "15"]
    assert not is_shown(page, "split-train")
    assert is_shown(page, "split-seed")
    describe(session, table())
    assert is_shown(page, "split-train")
