"""The Data page: data sets, preview, roles, tasks and split."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.pages.data import DataPage
from app.pages.data.cards.source_card import SourceCard
from app.pages.data.cards.tasks_card import TaskBox, TasksCard
from app.plots import BarPlot, Histogram
from app.session import Session
from app.widgets import DoubleSpinBox, InlineError, LinkButton
from mtl_core.protocol.work_progress import WorkProgress
from mtl_core.spec import InputError, LayerInfo, ModelInfo, TextSpec, single_task, spec_to_data
from mtl_core.spec.table_defaults import table_numeric_inputs
from mtl_core.tabular.readers.formats import FORMATS, SUFFIXES
from mtl_core.tabular.readers.table_format import TableFormat
from tests.app.pages.data.conftest import PatientWorker, describe
from tests.app.pages.data.synthetic_sets import images, table, texts


def pick(page: DataPage, name: str, text: str) -> None:
    """Choose an entry of a box as a person does."""
    box = page.findChild(QComboBox, name)
    assert box is not None, name
    place = box.findText(text)
    assert place >= 0, [box.itemText(i) for i in range(box.count())]
    box.setCurrentIndex(place)
    box.activated.emit(place)


def shown(page: DataPage, kind: type[Any], name: str) -> bool:
    widget = page.findChild(kind, name)
    return widget is not None and bool(widget.isVisible())


@pytest.fixture
def opened(page: DataPage, worker: PatientWorker) -> DataPage:
    """The page after a file has been opened."""
    page.loader.open_file(Path("/x/houses.csv"))
    worker.answer(table())
    return page


def test_images_are_shown_with_a_task_for_each_digit(page: DataPage) -> None:
    assert shown(page, QWidget, "example-images")
    assert page.findChild(QLineEdit, "task-name-left") is not None
    assert page.findChild(BarPlot, "distribution-right") is not None


def test_other_data_replace_edited_tasks_only_when_that_is_allowed(
    page: DataPage, session: Session, worker: PatientWorker
) -> None:
    asked: list[str] = []
    session.confirm_replace = lambda what: bool(asked.append(what))
    page.loader.choose_bundled("iris")  # nothing was edited
    worker.answer(table("Iris"))
    page.loader.choose_bundled("wine")  # what Iris brought is nobody's work
    worker.answer(table("Wine"))
    session.document.set("training.epochs", 3)  # which stays
    page.loader.choose_bundled("iris")
    worker.answer(table("Iris"))
    assert asked == []
    session.document.set("tasks[0].name", "mine")
    kept = session.document.data
    asks = len(worker.asks)
    drop = QMimeData()
    drop.setUrls([QUrl.fromLocalFile("/x/houses.csv")])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    page.dropEvent(QDropEvent(QPointF(5, 5), copy, drop, left, none))
    page.loader.open_file(Path("/x/other.csv"))
    page.loader.choose_bundled("wine")
    assert asked == [
        f"{name} brings other tasks, and other layers where these cannot read it."
        for name in ("houses.csv", "other.csv", "Wine")
    ]
    assert (session.document.data, len(worker.asks)) == (kept, asks)
    sets = page.findChild(QListWidget, "data-sets")
    assert sets is not None
    assert sets.currentItem().text() == "Iris"
    session.confirm_replace = lambda _what: True
    page.loader.choose_bundled("wine")
    worker.answer(table("Wine"))
    assert session.document.get("dataset.name") == "wine"


def test_a_chosen_set_replaces_data_tasks_and_model_in_one_step(
    page: DataPage, session: Session, worker: PatientWorker, qtbot: QtBot
) -> None:
    sets = page.findChild(QListWidget, "data-sets")
    assert sets is not None
    item = sets.findItems("Houses", Qt.MatchFlag.MatchExactly)[0]
    qtbot.mouseClick(sets.viewport(), Qt.MouseButton.LeftButton, pos=sets.visualItemRect(item).center())
    assert worker.asked()["dataset"]["name"] == "houses"
    assert session.document.data["dataset"]["name"] == "multidigits"
    worker.answer(table("Houses"))
    assert session.document.data["dataset"]["name"] == "houses"
    assert session.document.valid
    session.document.undo_stack.undo()
    assert session.document.data["dataset"]["name"] == "multidigits"
    assert not session.document.undo_stack.canUndo()


def test_sentences_are_shown_as_rows_with_how_often_each_tag_stands(
    page: DataPage, session: Session, worker: PatientWorker
) -> None:
    page.loader.choose_bundled("sentences")
    worker.answer(texts())
    assert session.document.valid
    assert shown(page, QWidget, "data-preview")
    assert page.findChild(BarPlot, "distribution-tags") is not None
    box = page.findChild(QComboBox, "kind-of-tags")
    assert box is not None
    assert box.currentText() == "Tagging"


def test_an_input_read_as_text_becomes_an_input_of_its_own_and_back(opened: DataPage, session: Session) -> None:
    before = session.document.data
    opened.edits.set_type("도시", "text")
    data = session.document.data
    assert data["dataset"]["types"] == {"도시": "text"}
    assert [value["kind"] for value in data["dataset"]["inputs"].values()] == ["table", "text"]
    assert data["model"]["inputs"]["도시"][0]["kind"] == "embedding"
    assert session.document.valid
    describe(session, table())
    opened.edits.set_type("도시", "categorical")
    assert session.document.data["dataset"]["inputs"] == ["area", "rooms", "도시"]
    assert session.document.valid
    session.document.undo_stack.undo()
    session.document.undo_stack.undo()
    assert session.document.data == before


def test_while_a_file_is_read_the_page_says_so(page: DataPage, worker: PatientWorker) -> None:
    page.loader.open_file(Path("/x/houses.csv"))
    assert shown(page, QProgressBar, "reading-data")
    worker.answer(table())
    assert not shown(page, QProgressBar, "reading-data")


def test_a_file_of_arrays_with_pictures_is_an_image_input(
    page: DataPage, session: Session, worker: PatientWorker
) -> None:
    page.loader.open_file(Path("/x/digits.npz"))
    assert worker.asked()["dataset"]["kind"] == "arrays"
    worker.answer(images().model_copy(update={"name": "digits.npz", "pictures": ("x",)}))
    assert session.document.data["dataset"]["inputs"] == {"image": {"kind": "image", "column": "x"}}
    assert session.document.valid
    assert not shown(page, QWidget, "file-options")


def test_progress_is_shown_and_reading_can_be_given_up(page: DataPage, session: Session, worker: PatientWorker) -> None:
    before = session.document.data
    page.loader.open_file(Path("/x/houses.csv"))
    worker.progressed.emit("data-page", WorkProgress("Reading houses.csv", 0.25))
    bar, cancel = page.findChild(QProgressBar, "reading-data"), page.findChild(QPushButton, "cancel-reading")
    assert bar is not None
    assert cancel is not None
    assert bar.value() == 25
    cancel.click()
    assert not shown(page, QProgressBar, "reading-data")
    assert not cancel.isVisible()
    worker.answer(table())
    assert session.document.data is before


def test_some_rows_of_a_large_file_are_shown_until_all_are_read(
    page: DataPage, session: Session, worker: PatientWorker
) -> None:
    page.loader.open_file(Path("/x/houses.csv"))
    worker.answer(table().model_copy(update={"sample": 10}))
    assert session.document.data["dataset"]["path"] == "/x/houses.csv"
    assert worker.asked()["preview"] is False
    assert shown(page, QProgressBar, "reading-data")
    describe(session, table())
    assert not shown(page, QProgressBar, "reading-data")


def test_a_file_that_cannot_be_read_leaves_the_experiment_alone(
    page: DataPage, session: Session, worker: PatientWorker
) -> None:
    before = session.document.data
    page.loader.open_file(Path("/x/empty.csv"))
    worker.refuse(InputError("/x/empty.csv", "the file is empty"))
    error = page.findChild(InlineError, "source-error")
    assert error is not None
    assert error.label.text() == "empty.csv: the file is empty."
    assert session.document.data is before


def test_only_the_last_of_two_choices_counts(page: DataPage, session: Session, worker: PatientWorker) -> None:
    page.loader.choose_bundled("iris")
    first = worker.asks[-1]
    page.loader.choose_bundled("wine")
    first[2](table("Iris"))
    assert session.document.data["dataset"]["name"] == "multidigits"
    worker.answer(table("Wine"))
    assert session.document.data["dataset"]["name"] == "wine"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_dropped_table_is_opened(suffix: str, page: DataPage, worker: PatientWorker) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(f"/x/houses{suffix}")])
    drop = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    page.dropEvent(drop)
    assert worker.asked()["dataset"]["path"] == f"/x/houses{suffix}"


def test_the_dialog_offers_the_files_of_every_format(page: DataPage, monkeypatch: pytest.MonkeyPatch) -> None:
    filters: list[str] = []

    def answer(*arguments: Any) -> tuple[str, str]:
        filters.append(arguments[-1])
        return "", ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
    page.opener.ask_table()
    assert all(f"*{suffix}" in filters[0] for suffix in SUFFIXES)


@pytest.mark.parametrize("table_format", FORMATS, ids=lambda one: one.title)
def test_how_a_text_is_read_can_be_stated_of_text_alone(table_format: TableFormat, page: DataPage) -> None:
    card = page.findChild(SourceCard, "source-card")
    assert card is not None
    card.show_dataset({"kind": "table", "path": f"/x/houses{table_format.suffixes[0]}"})
    assert card.options.isHidden() == (table_format.cells == "typed")


def test_a_column_becomes_a_target_by_its_box(opened: DataPage, session: Session) -> None:
    pick(opened, "role-도시", "Target")
    data = session.document.data
    assert [task["name"] for task in data["tasks"]] == ["price", "sold", "도시"]
    assert data["dataset"]["inputs"] == ["area", "rooms"]
    assert session.document.valid
    session.document.undo_stack.undo()
    assert [task["name"] for task in session.document.data["tasks"]] == ["price", "sold"]


def test_type_and_kind_are_chosen_in_the_header(opened: DataPage, session: Session) -> None:
    pick(opened, "type-rooms", "Categorical")
    assert session.document.data["dataset"]["types"] == {"rooms": "categorical"}
    pick(opened, "task-kind-sold", "Multiclass")
    assert session.document.data["tasks"][1]["kind"] == "multiclass"
    assert session.document.valid


def test_a_renamed_task_takes_its_head_along(opened: DataPage, session: Session, qtbot: QtBot) -> None:
    field = opened.findChild(QLineEdit, "task-name-price")
    assert field is not None
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "worth")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert session.document.data["tasks"][0]["name"] == "worth"
    assert set(session.document.data["model"]["heads"]) == {"worth", "sold"}
    assert session.document.valid


def test_a_name_that_paths_cannot_hold_is_told_at_the_task(opened: DataPage, session: Session) -> None:
    opened.edits.rename_task(0, "a.b")
    texts = [label.text() for label in opened.findChildren(QLabel) if label.property("role") == "error"]
    assert any("Must not be empty nor hold" in text for text in texts)


def test_two_numbers_are_joined_from_the_columns_menu(opened: DataPage, session: Session) -> None:
    menu = opened.column_menu("rooms")
    assert menu is not None
    action = next(action for action in menu.actions() if action.text() == "Predict together with price")
    action.trigger()
    menu.deleteLater()
    assert session.document.data["tasks"][0]["target"] == ["price", "rooms"]
    assert session.document.valid
    assert opened.findChild(Histogram, "distribution-rooms") is not None


def test_many_columns_change_their_role_at_once(opened: DataPage, session: Session) -> None:
    opened._preview.menu.aboutToShow.emit()
    opened._preview.menu.actions()[0].trigger()
    assert session.document.data["dataset"]["inputs"] == ["area", "rooms", "도시", "id"]


def test_without_a_target_the_page_says_what_to_do(opened: DataPage, session: Session) -> None:
    opened.edits.remove_task(1)
    opened.edits.remove_task(0)
    texts = [label.text() for label in opened.findChildren(QLabel) if label.property("role") == "error"]
    assert "Nothing is predicted yet: make a column a target." in texts


def test_the_shares_stay_whole_when_one_is_set(opened: DataPage, session: Session) -> None:
    spin = opened.findChild(DoubleSpinBox, "split-val")
    assert spin is not None
    spin.setValue(20.0)
    split = session.document.data["dataset"]["split"]
    assert (split["train"], split["val"], split["test"]) == (0.65, 0.2, 0.15)
    assert session.document.valid


def test_reading_the_file_otherwise_keeps_the_roles(opened: DataPage, session: Session, worker: PatientWorker) -> None:
    pick(opened, "role-rooms", "Ignore")
    pick(opened, "file-delimiter", "Semicolon ;")
    assert worker.asked()["dataset"]["delimiter"] == ";"
    worker.answer(table())
    dataset = session.document.data["dataset"]
    assert (dataset["delimiter"], dataset["inputs"]) == (";", ["area", "도시"])


def test_the_sheet_of_a_workbook_is_chosen_from_those_it_has(
    page: DataPage, session: Session, worker: PatientWorker
) -> None:
    page.loader.open_file(Path("/x/houses.xlsx"))
    worker.answer(table().model_copy(update={"sheets": ("Homes", "Old"), "sheet": "Homes"}))
    sheet = page.findChild(QComboBox, "file-sheet")
    assert sheet is not None
    assert [sheet.itemText(at) for at in range(sheet.count())] == ["auto: Homes", "Homes", "Old"]
    pick(page, "file-sheet", "Old")
    assert worker.asked()["dataset"]["sheet"] == "Old"
    worker.answer(table().model_copy(update={"sheets": ("Homes", "Old"), "sheet": "Old"}))
    assert session.document.data["dataset"]["sheet"] == "Old"
    pick(page, "file-header", "A row of data")
    assert worker.asked()["dataset"] | {"inputs": []} == session.document.data["dataset"] | {
        "inputs": [], "header": False,
    }  # fmt: skip


def test_an_unreadable_data_set_of_the_experiment_is_told_in_the_preview(page: DataPage, session: Session) -> None:
    session._on_dataset_error(InputError("/x/gone.csv", "there is no such file"))
    error = page.findChild(InlineError, "preview-error")
    assert error is not None
    assert "there is no such file" in error.label.text()
    assert error.link.text() == "Open another file…"


def test_the_rows_of_another_experiment_are_told_and_can_be_given_up(
    page: DataPage, session: Session, qtbot: QtBot
) -> None:
    own = page.findChild(LinkButton, "split-own")
    assert own is not None
    assert not own.isVisible()
    spec = session.document.spec
    assert spec is not None
    session.document.load_spec(single_task(spec, "left"))
    assert own.isVisible()
    words = page.findChild(QLabel, "split-owners")
    assert words is not None
    assert "left, right" in words.text()
    qtbot.mouseClick(own, Qt.MouseButton.LeftButton)
    assert session.document.data["dataset"]["split"]["tasks"] == []
    assert not own.isVisible()


def test_another_data_set_does_not_take_the_splitting_tasks_along(
    page: DataPage, session: Session, worker: PatientWorker
) -> None:
    spec = session.document.spec
    assert spec is not None
    session.document.load_spec(single_task(spec, "left"))
    page.loader.choose_bundled("iris")
    worker.answer(table("Iris"))
    assert session.document.data["dataset"]["split"]["tasks"] == []


def test_a_removed_task_of_images_can_be_added_again(page: DataPage) -> None:
    page.edits.remove_task(0)
    assert task_entries(page)[0].text() == "left (multiclass)"
    task_entries(page)[0].trigger()
    assert [task["name"] for task in page._document.data["tasks"]] == ["right", "left"]
    assert [(entry.text(), entry.isEnabled()) for entry in task_entries(page)] == [("All columns are predicted", False)]


def test_any_other_column_is_made_a_task_in_the_table_of_columns(opened: DataPage) -> None:
    assert task_entries(opened)[-1].text() == "Another column…"
    task_entries(opened)[-1].trigger()
    assert opened._preview.shows_columns


def task_entries(page: DataPage) -> list[QAction]:
    menu = page.findChild(QPushButton, "add-task").menu()  # type: ignore[union-attr]
    menu.aboutToShow.emit()
    return menu.actions()


def test_a_task_that_the_layers_do_not_fit_says_so(page: DataPage, session: Session) -> None:
    output = LayerInfo(path="model.heads.left", kind="conv2d", title="Conv2d", output_shape=None, error="Too few.")
    session.model_info = ModelInfo(
        input_shapes={"image": (1, 16, 16)},
        encoders={},
        fusion=None,
        fused_shape=(1, 16, 16),
        shared=(),
        heads={"left": ()},
        outputs={"left": output},
        parameters=0,
        shared_parameters=0,
    )
    session.modelInfoChanged.emit()
    box = page.findChild(TaskBox, "task-left")
    assert box is not None
    assert "do not fit" in box._error.label.text()


def test_how_numbers_become_inputs_is_asked_only_while_a_number_is_an_input(
    page: DataPage, worker: PatientWorker, session: Session
) -> None:
    page.loader.choose_bundled("wine")
    worker.answer(table("Wine"))
    assert shown(page, QWidget, "numeric-inputs-card")
    for name in ("area", "rooms"):
        page.edits.set_role(name, "ignore")
    assert not shown(page, QWidget, "numeric-inputs-card")
    page.loader.choose_bundled("sentences")
    worker.answer(texts())
    assert not shown(page, QWidget, "numeric-inputs-card")


def test_how_categories_become_inputs_is_asked_only_while_a_category_is_an_input(
    page: DataPage, worker: PatientWorker
) -> None:
    page.loader.choose_bundled("wine")
    worker.answer(table("Wine"))
    assert shown(page, QWidget, "categorical-inputs-card")
    page.edits.set_role("도시", "ignore")
    assert not shown(page, QWidget, "categorical-inputs-card")


def test_how_numbers_become_inputs_is_a_step_of_undo_and_a_fault_of_it_is_told_at_it(
    page: DataPage, worker: PatientWorker, session: Session
) -> None:
    page.loader.choose_bundled("wine")
    worker.answer(table("Wine"))
    document = session.document
    before = document.data["dataset"]["numeric_inputs"]
    pick(page, "dataset.numeric_inputs.kind", "Standardized")
    assert document.data["dataset"]["numeric_inputs"] == {"kind": "standardized", "mark_missing": False}
    document.undo_stack.undo()
    assert document.data["dataset"]["numeric_inputs"] == before == table_numeric_inputs(100)
    document.set("dataset.numeric_inputs.bins", 1)
    session._on_dataset_error(InputError("dataset.numeric_inputs.bins", "must be at least 2", found="1"))
    errors = [label.text() for label in page.findChildren(QLabel) if label.property("role") == "error"]
    assert [text for text in errors if text] == ["Must be at least 2 (found 1)."]


@pytest.fixture
def sentences(page: DataPage, worker: PatientWorker) -> DataPage:
    """The page after a set of texts has been chosen."""
    page.loader.choose_bundled("sentences")
    worker.answer(texts())
    return page


def test_how_a_text_becomes_tokens_is_asked_only_while_a_text_is_an_input(
    page: DataPage, worker: PatientWorker
) -> None:
    assert not shown(page, QWidget, "text-card")
    page.loader.choose_bundled("sentences")
    worker.answer(texts())
    assert shown(page, QWidget, "text-card")
    page.edits.set_role("text", "ignore")
    assert not shown(page, QWidget, "text-card")


def test_sentences_and_their_tags_have_more_room_than_words(sentences: DataPage) -> None:
    header = sentences.findChild(QHeaderView, "column-roles")
    assert header is not None
    text, tags, topic = (header.sectionSize(section) for section in range(3))
    assert text == tags > topic


def test_a_setting_of_texts_is_a_step_of_undo(sentences: DataPage, session: Session, qtbot: QtBot) -> None:
    editor = sentences.findChild(QWidget, "dataset.text.max_length")
    assert editor is not None
    field = editor.findChild(QLineEdit)
    assert field is not None
    assert field.text() == "64"
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "20")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    pick(sentences, "dataset.text.tokens", "Spaces")
    text = session.document.data["dataset"]["text"]
    assert (text["max_length"], text["tokens"]) == (20, "spaces")
    assert session.document.valid
    session.document.undo_stack.undo()
    session.document.undo_stack.undo()
    assert session.document.data["dataset"]["text"] == spec_to_data(TextSpec())
    assert field.text() == "64"


def test_a_fault_of_a_text_setting_is_told_at_it_and_not_above_the_rows(sentences: DataPage, session: Session) -> None:
    session.document.set("dataset.text.max_length", 5000)
    session._on_dataset_error(InputError("dataset.text.max_length", "must be at most 4096", found="5000"))
    errors = [label.text() for label in sentences.findChildren(QLabel) if label.property("role") == "error"]
    assert [text for text in errors if text] == ["Must be at most 4096 (found 5000)."]


def test_what_the_worker_says_of_a_text_setting_stands_at_it(sentences: DataPage, session: Session) -> None:
    session._on_model_error(InputError("dataset.text.max_length", "is more than the machine holds", fix="Take less."))
    errors = [label.text() for label in sentences.findChildren(QLabel) if label.property("role") == "error"]
    assert [text for text in errors if text] == ["Is more than the machine holds. Take less."]


def test_tokenizer_and_model_are_made_to_fit_by_a_link_in_one_step(sentences: DataPage, session: Session) -> None:
    document = session.document
    link = sentences.findChild(LinkButton, "text-offer")
    assert link is not None
    assert not link.isVisible()
    document.set("dataset.text.tokenizer", "/models/bert")
    assert not document.valid
    assert not shown(sentences, QWidget, "dataset.text.vocabulary")  # the model has its own
    assert link.text() == "Let its model read the text"
    link.click()
    assert document.data["model"]["shared"][0] == {"kind": "pretrained", "path": "/models/bert", "output": "positions"}
    assert document.valid
    assert not link.isVisible()
    document.set("model.shared[0].path", "/models/other")
    assert link.text() == "Use the pretrained model's tokenizer"
    link.click()
    assert document.data["dataset"]["text"]["tokenizer"] == "/models/other"
    assert document.valid
    for _ in range(4):
        document.undo_stack.undo()
    assert shown(sentences, QWidget, "dataset.text.vocabulary")
    assert document.valid


def test_three_tasks_stand_side_by_side_in_a_window_of_usual_size(opened: DataPage) -> None:
    opened.edits.set_role("rooms", "target")
    # A window of 1280 pixels less the rail, in digits of the usual font: that of the tests is another.
    opened.resize(opened.fontMetrics().horizontalAdvance("0") * 150, 720)
    area = opened.findChild(TasksCard).findChild(QScrollArea)  # type: ignore[union-attr]
    assert area is not None
    assert shown(opened, QWidget, "numeric-inputs-card")
    assert opened.findChild(QLineEdit, "task-name-rooms") is not None
    QApplication.processEvents()
    assert area.widget().minimumSizeHint().width() <= area.viewport().width()
