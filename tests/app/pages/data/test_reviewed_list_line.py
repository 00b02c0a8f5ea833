"""The Data page says which reviewed list is in use, and removes it from the experiment."""

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.pages.data import DataPage
from app.session import Session
from mtl_core.errors import InputError
from mtl_core.tabular.reviewed_list import ReviewedLine, append_lines


def test_a_list_is_counted_and_removed(qtbot: QtBot, page: DataPage, session: Session, tmp_path: Path) -> None:
    page.show()
    assert not page._reviewed.isVisible()
    path = tmp_path / "list.jsonl"
    append_lines(path, [ReviewedLine(row=1, action="leave out")])
    session.document.set("dataset.reviewed", str(path), "Use the list", merge=False)
    qtbot.waitUntil(lambda: "1 left out, 0 relabeled" in page._reviewed.text.full_text())
    append_lines(path, [ReviewedLine(row=2, action="leave out")])
    page.hide()
    page.show()
    qtbot.waitUntil(lambda: "2 left out" in page._reviewed.text.full_text())

    path.write_text("no list")
    page.hide()
    page.show()
    qtbot.waitUntil(lambda: "line 1" in page._reviewed.error.label.text())
    qtbot.mouseClick(page._reviewed.remove, Qt.MouseButton.LeftButton)
    assert session.document.data["dataset"]["reviewed"] is None
    assert not page._reviewed.isVisible()
    session.document.undo_stack.undo()
    assert page._reviewed.isVisible()


def test_what_does_not_suit_the_data_is_said_at_the_list(
    qtbot: QtBot, page: DataPage, session: Session, tmp_path: Path
) -> None:
    page.show()
    path = tmp_path / "list.jsonl"
    append_lines(path, [ReviewedLine(row=1, action="leave out")])
    session.document.set("dataset.reviewed", str(path), "Use the list", merge=False)
    session.model_error = InputError("dataset.reviewed", "line 1 names row 1, whose cells have changed")
    session.modelInfoChanged.emit()
    qtbot.waitUntil(lambda: "whose cells have changed" in page._reviewed.error.label.text())
