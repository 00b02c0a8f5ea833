"""The name of the experiment: editing it in the top bar, and names of its runs."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.document import Document
from app.main_window import MainWindow
from mtl_core.spec import load_preset, load_spec, save_spec
from mtl_core.store import open_store


def field(window: MainWindow) -> QLineEdit:
    found = window.findChild(QLineEdit, "document-title")
    assert found is not None
    return found


def type_name(window: MainWindow, qtbot: QtBot, name: str, end: Qt.Key) -> None:
    window.actions_.rename.trigger()
    assert field(window).selectedText() == field(window).text()
    qtbot.keyClicks(field(window), name)
    qtbot.keyClick(field(window), end)


def test_a_name_that_is_typed_is_the_experiments_and_its_runs(
    window: MainWindow, qtbot: QtBot, wait: Any, home: Path
) -> None:
    before = window.session.document.name
    type_name(window, qtbot, "quick", Qt.Key.Key_Return)
    assert window.session.document.name == "quick"
    assert window.windowTitle().startswith("quick[*]")
    assert window.session.document.undo_stack.undoText() == "Rename the experiment"
    window.runs.start()
    with open_store(home / "runs.sqlite") as store:
        wait(lambda: [run.name for run in store.runs()] == ["quick"])
    wait(lambda: window.session.queue.active is None)
    window.session.document.undo_stack.undo()
    assert field(window).text() == window.session.document.name == before


@pytest.mark.parametrize(("typed", "end"), [("another", Qt.Key.Key_Escape), (" ", Qt.Key.Key_Return)])
def test_escape_and_an_empty_name_leave_the_name(window: MainWindow, qtbot: QtBot, typed: str, end: Qt.Key) -> None:
    before = window.session.document.name
    type_name(window, qtbot, typed, end)
    assert window.session.document.name == field(window).text() == before
    assert not field(window).hasFocus()
    assert not window.session.document.dirty


def test_the_field_is_as_wide_as_the_name_within_limits(window: MainWindow) -> None:
    name = field(window)
    widths = []
    for text in ("a", "an experiment with a name", "w" * 200):
        name.setText(text)
        widths.append(name.sizeHint().width())
    assert widths == sorted(set(widths))
    assert widths[-1] < 800
    assert name.maxLength() == 200


def test_an_experiment_that_nobody_named_is_called_by_the_file_it_is_saved_to(qtbot: QtBot, tmp_path: Path) -> None:
    document = Document()
    document.save_as(tmp_path / "first try.yaml")
    assert document.name == load_spec(tmp_path / "first try.yaml").name == "first try"
    assert not document.dirty
    document.rename("mine")
    document.save_as(tmp_path / "second.yaml")
    assert load_spec(tmp_path / "second.yaml").name == "mine"


def test_a_file_without_a_name_is_called_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "nameless.yaml"
    save_spec(load_preset("multidigits"), path)
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("name:")]
    path.write_text("\n".join(lines), "utf-8")
    assert load_spec(path).name == "nameless"
