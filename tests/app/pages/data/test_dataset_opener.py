"""Data opened from the menu of the Data page: arrays, folders, queries and joined tables, answered by the engine.

Covers: app/pages/data/dialogs, app/pages/data/cards/joined_tables.py.
"""

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtWidgets import QComboBox, QDialog, QFileDialog, QPlainTextEdit, QPushButton, QToolButton

from app.pages.data import DataPage
from app.session import Session
from app.widgets import InlineError, Label, LineEdit
from mtl_core.errors import WorkbenchError
from mtl_core.protocol.questions import read_question
from mtl_core.runner.answers import answer
from mtl_core.store import sqlite
from tests.app.pages.data.conftest import PatientWorker

Named = Any


def part(page: DataPage, kind: type[Named], name: str) -> Named:
    found = page.findChild(kind, name)
    assert found is not None, name
    return found


def reply(worker: PatientWorker, kind: str = "dataset") -> None:
    """Answer the latest question of a kind as the engine does."""
    question = read_question(worker.asked(kind))
    try:
        value = answer(question)
    except WorkbenchError as error:
        worker.refuse(error, kind)
    else:
        worker.answer(value, kind)


def open_by_menu(page: DataPage, action: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose an entry of the menu and the path in its dialog."""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path))
    part(page, QAction, action).trigger()


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    folder = tmp_path / "arrays"
    folder.mkdir()
    np.save(folder / "x.npy", np.arange(40.0).reshape(20, 2))
    np.save(folder / "y.npy", np.arange(20) % 2)
    return folder


@pytest.mark.parametrize(("action", "name"), [("open-array-folder", ""), ("open-arrays", "x.npy")])
def test_arrays_are_opened_from_a_file_or_a_folder(
    action: str, name: str, page: DataPage, session: Session, worker: PatientWorker, arrays: Path, monkeypatch: Any
) -> None:
    before = session.document.data
    open_by_menu(page, action, arrays / name, monkeypatch)
    reply(worker)
    assert session.document.get("dataset.kind") == "arrays"
    assert session.document.get("dataset.path") == str(arrays / name)
    assert page.info is not None
    assert page.info.input_kind == "table"
    session.document.undo_stack.undo()
    assert session.document.data == before


def test_a_dropped_folder_without_images_is_read_as_arrays(
    page: DataPage, session: Session, worker: PatientWorker, arrays: Path, tmp_path: Path
) -> None:
    def drop(folder: Path) -> None:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(folder))])
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        page.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, left, none))
        for kind in ("image_folder", "arrays"):
            assert worker.asked()["dataset"]["kind"] == kind
            reply(worker)

    drop(arrays)
    assert session.document.get("dataset.kind") == "arrays"
    (tmp_path / "empty").mkdir()
    drop(tmp_path / "empty")
    error = part(page, InlineError, "source-error")
    assert "ust hold files of these kinds" in error.label.text()
    assert session.document.get("dataset.path") == str(arrays)


def test_a_query_is_opened_and_edited_in_its_dialog(
    page: DataPage, session: Session, worker: PatientWorker, tmp_path: Path
) -> None:
    with closing(sqlite.library().connect(tmp_path / "homes.db")) as database, database:
        database.execute("CREATE TABLE homes (area REAL, price INTEGER)")
        database.executemany("INSERT INTO homes VALUES (?, ?)", [(i / 2, i) for i in range(30)])

    def submit(sql: str, url: str = f"sqlite:///{tmp_path}/homes.db") -> QDialog:
        dialog: QDialog = part(page, QDialog, "query-dialog")
        dialog.findChild(LineEdit, "query-url").setText(url)
        dialog.findChild(QPlainTextEdit, "query-sql").setPlainText(sql)
        dialog.findChild(QPushButton, "query-open").click()
        reply(worker)
        return dialog

    part(page, QAction, "open-query").trigger()
    dialog = submit("SELECT * FROM homes", "postgresql://me:secret@host/x")
    assert "Holds a password" in dialog.findChild(InlineError, "query-url-error").label.text()
    dialog = submit("SELECT * FROM flats")
    assert "no such table" in dialog.findChild(InlineError, "query-sql-error").label.text()
    assert part(page, InlineError, "source-error").isHidden()
    assert session.document.get("dataset.kind") == "bundled"
    submit("SELECT * FROM homes")
    assert page.opener.dialog is None
    assert session.document.get("dataset.sql") == "SELECT * FROM homes"
    tasks = session.document.get("tasks")
    part(page, QPushButton, "edit-query").click()
    submit("SELECT * FROM homes WHERE price > 9")
    assert session.document.get("dataset.sql").endswith("> 9")
    assert session.document.get("tasks") == tasks
    session.document.undo_stack.undo()
    assert session.document.get("dataset.sql") == "SELECT * FROM homes"


@pytest.fixture
def homes(page: DataPage, worker: PatientWorker, tmp_path: Path) -> Path:
    """A table that is open on the page; another one lies beside it."""
    rows = "\n".join(f"{i},{i / 2},{3 * i}" for i in range(30))
    (tmp_path / "homes.csv").write_text(f"id,area,price\n{rows}\n")
    labels = "\n".join(f"{i},{'ab'[i % 2]},{i}" for i in range(10, 34))
    (tmp_path / "labels.csv").write_text(f"home,sold,id\n{labels}\n0,a,0\n0,b,0\n")
    page.loader.open_file(tmp_path / "homes.csv")
    reply(worker)
    return tmp_path


def test_a_table_is_joined_by_a_key_after_its_matches_were_shown(
    page: DataPage, session: Session, worker: PatientWorker, homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = session.document.data
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(homes / "labels.csv"), ""))
    part(page, QPushButton, "join-table").click()
    reply(worker, "join")
    dialog = part(page, QDialog, "join-dialog")
    assert dialog.findChild(QComboBox, "join-key").currentText() == "id"
    assert "each key needs one row" in dialog.findChild(InlineError, "join-error").label.text().lower()
    assert not dialog.findChild(QPushButton, "join-tables").isEnabled()
    text = (homes / "labels.csv").read_text()
    (homes / "labels.csv").write_text(text.replace("0,a,0\n0,b,0\n", ""))
    other = dialog.findChild(QComboBox, "join-other-key")
    other.setCurrentText("home")
    other.activated.emit(other.currentIndex())
    reply(worker, "join")
    matches = dialog.findChild(Label, "join-matches").text()
    assert matches.startswith("20 of 30 rows have a partner; in the other 10")
    assert "4 of 24 rows of the joined table have none" in matches
    assert dialog.findChild(Label, "join-columns").text() == "2 new columns: sold, id (labels.csv)"
    dialog.findChild(QPushButton, "join-tables").click()
    reply(worker)
    assert page.opener.dialog is None
    assert session.document.get("dataset.join") == [
        {"path": str(homes / "labels.csv"), "key": "id", "other_key": "home"}
    ]
    assert session.document.get("tasks") == before["tasks"]
    page.edits.set_role("sold", "target")
    assert session.document.valid
    part(page, QToolButton, "remove-join-0").click()
    reply(worker)
    assert session.document.data == {**before, "dataset": {**before["dataset"], "join": []}}
    session.document.undo_stack.undo()
    assert [task["name"] for task in session.document.get("tasks")] == [*(t["name"] for t in before["tasks"]), "sold"]
    session.document.undo_stack.undo()
    session.document.undo_stack.undo()
    assert session.document.data == before


def test_a_joined_file_that_is_gone_is_named_where_it_is_joined(
    page: DataPage, session: Session, worker: PatientWorker, homes: Path
) -> None:
    joined = {"path": str(homes / "gone.csv"), "key": "id", "other_key": None}
    session.document.set("dataset.join", [joined])
    session._ask_worker()
    reply(worker)
    assert "gone.csv" in page._source.joins.error.label.text()
    assert page._preview.error.isHidden()
    part(page, QToolButton, "edit-join-0").click()
    reply(worker, "join")
    dialog = part(page, QDialog, "join-dialog")
    assert "There is no file" in dialog.findChild(InlineError, "join-error").label.text()
    dialog.reject()
    assert page.opener.dialog is None
