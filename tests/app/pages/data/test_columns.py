"""The tables of all columns and of samples, and the card of inputs by name, on the Data page.

Covers: app/pages/data/cards/columns_table.py, app/pages/data/cards/inputs_card.py, app/pages/data/cards/input_list.py,
app/pages/data/cards/samples_table.py.
"""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.pages.data import DataPage
from app.pages.data.cards.columns_table import Cell, ColumnsTable, format_share
from app.pages.data.cards.inputs_card import InputsCard
from app.pages.data.cards.samples_table import SamplesTable
from app.pages.data.cards.tasks_card import TasksCard
from app.pages.data.view_state import column_views, date_notes
from app.session import Session
from app.widgets import InlineError
from mtl_core.protocol.samples import InputSamples, SampleRows
from mtl_core.spec import DataNote, DatasetInfo, InputError
from mtl_core.tabular.arrays import NO_ARRAYS
from tests.app.pages.data.conftest import PatientWorker, describe
from tests.app.pages.data.synthetic_sets import categorical, numeric, table, texts
from tests.app.pages.model.test_model_page import model_info


def with_title() -> DatasetInfo:
    """A table with a column of texts, with one of gaps, and with a note about the column of numbers of rows."""
    note = DataNote(place="column", name="id", what="Column 'id' is best ignored: it counts the rows.")
    gaps = numeric("gaps").model_copy(update={"missing": 37})
    title = texts().columns[0].model_copy(update={"name": "title", "suggested": "ignore"})
    info = table(columns=(*table().columns, title, gaps))
    return info.model_copy(update={"notes": (note,)})


@pytest.fixture
def opened(page: DataPage, worker: PatientWorker) -> DataPage:
    """The page with the table of columns of a file."""
    page.loader.open_file(Path("/x/houses.csv"))
    worker.answer(with_title())
    page._preview.switch.setCurrentIndex(1)
    return page


def cells(page: DataPage, column: str) -> list[str]:
    """The texts of the row of a column."""
    return [str(index.data()) for index in indices(page, column)]


def indices(page: DataPage, column: str) -> list:
    model = columns_table(page).columns
    row = next(row for row in range(model.rowCount()) if model.index(row, 0).data() == column)
    return [model.index(row, cell) for cell in Cell]


def columns_table(page: DataPage) -> ColumnsTable:
    found = page.findChild(ColumnsTable, "data-columns")
    assert found is not None
    return found


def inputs_card(page: DataPage) -> InputsCard:
    found = page.findChild(InputsCard, "inputs-card")
    assert found is not None
    return found


def choose(page: DataPage, qtbot: QtBot, column: str, cell: Cell, text: str) -> None:
    """Click a cell and an entry of its menu."""
    view = columns_table(page)
    index = indices(page, column)[cell]
    view.scrollTo(index)
    place = view.visualRect(index).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    action = next(action for action in menu.actions() if action.text() == text)
    action.trigger()
    menu.close()


def test_each_column_says_how_it_is_read_and_used(opened: DataPage) -> None:
    assert cells(opened, "area") == ["area", "Numeric", "Input", "table", "0 %", "90", "", ""]
    assert cells(opened, "price")[:4] == ["price", "Numeric", "Target", "price · Regression"]
    assert cells(opened, "id")[1:4] == ["Numeric", "Ignored", "—"]
    assert cells(opened, "id")[Cell.WARNING] == "Best ignored: it counts the rows."
    assert cells(opened, "gaps")[Cell.MISSING] == "37 %"


def test_a_text_becomes_an_input_by_clicking_and_its_settings_get_a_form(
    opened: DataPage, session: Session, qtbot: QtBot
) -> None:
    assert not inputs_card(opened).isVisible()
    before = session.document.data
    choose(opened, qtbot, "title", Cell.USE, "New text input")
    card = inputs_card(opened)
    assert card.isVisible()
    assert cells(opened, "title")[1:4] == ["Text", "Input", "title"]
    assert [card.list.item(row).toolTip() for row in range(2)] == [
        "table: Table · area, rooms, 도시, gaps",
        "title: Text · title",
    ]
    assert card.subtitle.text() == "2 inputs"
    card.list.select("title")
    assert card.form is not None
    card.form.editors["max_length"].setValue(32)
    card.form.edited.emit("dataset.inputs.title.max_length", 32, "Max length")
    assert session.document.get("dataset.inputs.title.max_length") == 32
    card.name.setText("headline")
    card.name.editingFinished.emit()
    assert list(session.document.get("model.inputs")) == ["table", "headline"]
    assert session.document.valid
    card.remove.click()
    assert session.document.get("dataset.inputs")[:2] == ["area", "rooms"]
    assert not card.isVisible()
    for _ in range(4):
        session.document.undo_stack.undo()
    assert session.document.data == before


def test_roles_types_kinds_and_inputs_are_chosen_in_the_cells(opened: DataPage, session: Session, qtbot: QtBot) -> None:
    choose(opened, qtbot, "rooms", Cell.USE, "New table input")
    choose(opened, qtbot, "area", Cell.USE, "rooms")
    assert session.document.get("dataset.inputs.rooms.columns") == ["area", "rooms"]
    choose(opened, qtbot, "도시", Cell.ROLE, "Target")
    assert cells(opened, "도시")[Cell.USE] == "도시 · Multiclass"
    choose(opened, qtbot, "도시", Cell.USE, "Ordinal")
    assert session.document.get("tasks[2].kind") == "ordinal"
    choose(opened, qtbot, "id", Cell.TYPE, "Read as categories")
    assert session.document.get("dataset.types") == {"id": "categorical"}
    assert session.document.valid


def test_return_opens_the_menu_of_the_current_cell(opened: DataPage, qtbot: QtBot) -> None:
    view, asked = columns_table(opened), list[tuple[str, object]]()
    view.menuRequested.disconnect()
    view.menuRequested.connect(lambda name, cell, _at: asked.append((name, cell)))
    for cell in (Cell.ROLE, Cell.MISSING):
        view.setCurrentIndex(indices(opened, "area")[cell])
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert asked == [("area", Cell.ROLE)]


def test_thousands_of_columns_take_one_edit_at_once(opened: DataPage, session: Session) -> None:
    many = table(columns=(*(numeric(f"x{i}") for i in range(3000)), categorical("sold", "yes", "no")))
    describe(session, many.model_copy(update={"inputs": ()}))
    opened.edits.set_all("input")
    assert len(session.document.get("dataset.inputs")) == 3000
    assert columns_table(opened).columns.rowCount() == 3001


def test_a_folder_that_is_dropped_is_opened_with_layers_for_its_images(
    page: DataPage, session: Session, worker: PatientWorker, tmp_path: Path
) -> None:
    drop = QMimeData()
    drop.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    page.dropEvent(QDropEvent(QPointF(5, 5), copy, drop, left, none))
    assert worker.asked()["dataset"]["kind"] == "image_folder"
    image = texts().columns[0].model_copy(update={"name": "image"})
    columns = (image, categorical("class", "cat", "dog", suggested="target"))
    tasks = ({"name": "class", "kind": "multiclass", "target": "class"},)
    worker.answer(table("pets", columns).model_copy(update={"inputs": ("image",), "tasks": tasks}))
    assert session.document.get("dataset.inputs.image.size") == [64, 64]
    session.document.set("dataset.inputs", None)  # as a spec file may have it
    card = inputs_card(page)
    assert card.form is not None
    card.form.edited.emit("dataset.inputs.image.size", [32, 48], "Size")
    assert session.document.get("dataset.inputs.image.column") == "image"
    assert session.document.get("dataset.inputs.image.size") == [32, 48]
    assert session.document.problems == []
    assert session.document.get("model.shared[0].kind") == "conv2d"
    assert session.document.valid
    assert inputs_card(page).isVisible()


@pytest.mark.parametrize(
    ("rule", "shown"), [(NO_ARRAYS, "ust hold files of these kinds"), ("is no whole file of arrays", "s no whole file")]
)
def test_a_folder_without_images_is_read_as_arrays_before_it_is_refused(
    page: DataPage, session: Session, worker: PatientWorker, tmp_path: Path, rule: str, shown: str
) -> None:
    page.loader.open_folder(tmp_path)
    worker.refuse(InputError("dataset.path", "must hold files of these kinds: .png"))
    assert worker.asked()["dataset"]["kind"] == "arrays"
    assert page.loader.dataset_being_read
    worker.refuse(InputError("dataset.path", rule))
    error = page.findChild(InlineError, "source-error")
    assert error is not None
    assert shown in error.label.text()
    page.loader.open_folder(tmp_path)
    worker.refuse(InputError("dataset.path", "must hold files of these kinds: .png"))
    worker.answer(table("digits", (numeric("x"), categorical("kind", "a", "b", suggested="target"))))
    assert session.document.get("dataset.kind") == "arrays"
    assert session.document.get("dataset.path") == str(tmp_path)


@pytest.mark.parametrize(("share", "text"), [(0, "0 %"), (0.001, "<1 %"), (0.126, "13 %"), (1, "100 %")])
def test_shares_of_cells_are_short(share: float, text: str) -> None:
    assert format_share(share) == text


def test_a_cell_without_a_menu_opens_none(opened: DataPage, qtbot: QtBot) -> None:
    assert opened.column_menu("nothing such") is None
    opened._open_cell_menu("nothing such", Cell.USE, QPoint())


def test_samples_are_asked_for_while_they_are_shown(opened: DataPage, session: Session, worker: PatientWorker) -> None:
    asked = len([kind for kind, *_ in worker.asks if kind == "samples"])
    opened._preview.switch.setCurrentIndex(2)
    samples = SampleRows(
        rows=2,
        inputs={
            "picture": InputSamples(kind="image", images=(((0xFF0000,) * 3,) * 2, None), color=True),
            "text": InputSamples(kind="text", texts=("the ▢ cook", None)),
        },
        labels={"price": ("3", "")},
    )
    worker.answer(samples, "samples")
    view = opened.findChild(SamplesTable, "data-samples")
    assert view is not None
    assert view.isVisible()
    model = view.samples
    titles = [model.headerData(at, Qt.Orientation.Horizontal) for at in range(model.columnCount())]
    assert titles == ["picture (image)", "text", "price (label)"]
    assert [[model.index(row, at).data() for at in range(3)] for row in range(2)] == [
        ["", "the ▢ cook", "3"],
        ["—", "—", "—"],
    ]
    view.grab()
    session.document.set("training.epochs", 3)
    session.document.set("dataset.inputs", [])
    assert not view.isVisible()
    session.document.undo_stack.undo()
    worker.refuse(InputError("dataset", "cannot be read"), "samples")
    assert "cannot be read" in opened._preview._no_samples.text.text().lower()
    assert len([kind for kind, *_ in worker.asks if kind == "samples"]) == asked + 2


def test_labels_that_tasks_have_in_common_are_told(opened: DataPage, session: Session, worker: PatientWorker) -> None:
    common = {"price": {"price": 80, "sold": 30}, "sold": {"price": 30, "sold": 50}}
    session.model_info = model_info().model_copy(update={"common_labels": common, "complete_rows": 30})
    session.modelInfoChanged.emit()
    tasks = opened.findChild(TasksCard, "tasks-card")
    assert tasks is not None
    assert tasks.subtitle.full_text() == "2 tasks · 30 rows with all labels"
    assert tasks.boxes[0]._target.toolTip() == "30 rows with a label of sold too"


def test_a_new_table_begins_with_the_parts_of_its_dates_that_vary_and_says_so(
    page: DataPage, session: Session, worker: PatientWorker
) -> None:
    page.loader.open_file(Path("/x/homes.csv"))
    parts = ("year", "month", "elapsed")
    dates = (
        numeric("built", dates="ymd", date_parts=parts),
        numeric("day", dates="ymd", date_parts=("elapsed",)),
        numeric("sale", dates="ymd", date_parts=parts, suggested="target"),
    )
    worker.answer(table(columns=(*table().columns, *dates)))
    assert session.document.get("dataset.date_features") == {"built": list(parts)}
    assert session.document.valid
    assert page.info is not None  # without another question
    said = [note.what for note in date_notes(session.document.data, page.info)]
    assert said == ["Column 'built': as an input each date becomes year, month, days since 1970-01-01."]
    views = {view.name: view.about for view in column_views(session.document.data, page.info)}
    assert "dates, as year, month, days since 1970-01-01" in views["built"]
    assert "dates, as days since 1970-01-01" in views["day"]


def test_parts_of_a_date_are_chosen_in_the_menu_of_its_column(
    page: DataPage, session: Session, worker: PatientWorker
) -> None:
    page.loader.open_file(Path("/x/houses.csv"))
    info = table(columns=(*table().columns, numeric("built", dates="ymd"), numeric("noon", dates="time")))
    worker.answer(info)
    before = session.document.data

    def parts(column: str) -> dict[str, QAction]:
        menu = page.column_menu(column)
        assert menu is not None
        submenus = [found for action in menu.actions() if (found := action.menu()) and "Parts of" in action.text()]
        return {action.text(): action for submenu in submenus for action in submenu.actions()}

    assert parts("area") == {}
    assert list(parts("noon")) == ["Hour of the day", "Time of day, as a number"]
    assert list(parts("built")) == ["Year", "Month", "Weekday", "Hour of the day", "Time elapsed, in days"]
    assert not parts("built")["Time elapsed, in days"].isEnabled()
    parts("built")["Month"].trigger()
    assert session.document.get("dataset.date_features") == {"built": ["month", "elapsed"]}
    describe(session, info)
    parts("built")["Time elapsed, in days"].trigger()
    assert session.document.get("dataset.date_features") == {"built": ["month"]}
    describe(session, info)
    assert session.document.valid
    page.edits.set_type("built", "categorical")
    assert not session.document.get("dataset.date_features")
    for _ in range(3):
        session.document.undo_stack.undo()
    assert session.document.data == before
