"""What the menu of a plot offers at a step of a trained run.

Covers: app/forking/remark_dialog.py.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.forking import StepMenu
from app.forking.fork_dialog import ForkDialog
from app.forking.remark_dialog import RemarkDialog
from app.jobs import Worker
from app.session import Session
from app.settings import Settings
from mtl_core.protocol.requests import CheckpointRequest
from mtl_core.store import RunStore
from tests.app.forking.conftest import experiment

Wait = Callable[[Callable[[], object]], None]


class MenuOfAPage:
    """The menu of the plots of a page, made anew each time it opens."""

    def __init__(self, session: Session, qtbot: QtBot) -> None:
        self.page, self.reloaded = QWidget(), list[int]()
        qtbot.addWidget(self.page)
        self.page.show()
        self._steps = StepMenu(session, self.page, self.reloaded.append)

    def open(self, store: RunStore, step: float | None, run: int = 1) -> dict[str, QAction]:
        """The entries by their names, at a step."""
        menu = QMenu(self.page)
        self._steps.extend(menu, store.run(run), step, events=store.events(run), reach=1.0)
        return {action.objectName(): action for action in menu.actions() if action.objectName()}


@pytest.fixture
def session(records: RunStore, qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    session = Session(worker=Worker(), settings=Settings(tmp_path))
    yield session
    session.close()


@pytest.fixture
def menu(session: Session, qtbot: QtBot) -> MenuOfAPage:
    return MenuOfAPage(session, qtbot)


def test_a_fork_begins_with_the_last_checkpoint_before_the_step(
    menu: MenuOfAPage, records: RunStore, wait: Wait
) -> None:
    entry = menu.open(records, 15.7)["step-fork"]
    wait(entry.isEnabled)
    assert entry.text() == "Fork from step 14 (kept)…"
    entry.trigger()
    wait(lambda: menu.page.findChild(ForkDialog))
    dialog = menu.page.findChild(ForkDialog)
    assert dialog is not None
    assert dialog.checkpoint.step == 14
    dialog.reject()
    last = menu.open(records, None)["step-fork"]
    wait(last.isEnabled)
    assert last.text() == "Fork from step 28 (last)…"


def test_without_a_checkpoint_before_the_step_it_says_so(menu: MenuOfAPage, records: RunStore, wait: Wait) -> None:
    entry = menu.open(records, 3.0)["step-fork"]
    wait(lambda: "no checkpoint at or before this step" in entry.text())
    assert not entry.isEnabled()


def test_a_note_is_written_changed_and_removed(menu: MenuOfAPage, records: RunStore, wait: Wait) -> None:
    def write(entry: str, text: str) -> None:
        entries = menu.open(records, 9.2)
        entries[entry].trigger()
        wait(lambda: menu.page.findChild(RemarkDialog))
        dialog = menu.page.findChild(RemarkDialog)
        assert dialog is not None
        dialog.field.setText("")
        assert not dialog.save_button.isEnabled()
        dialog.field.setText(text)
        dialog.save_button.click()
        wait(lambda: notes() == [(9, text)] and not menu.page.findChild(RemarkDialog))

    def notes() -> list[tuple[int, str]]:
        return [(event.step, event.message) for event in records.events(1) if event.kind == "remark"]

    assert "step-note-edit" not in menu.open(records, 9.2)
    write("step-note", "the loss falls & stays")
    write("step-note-edit", "the loss falls")
    assert "step-note-edit" not in menu.open(records, 20.0)
    menu.open(records, 9.2)["step-note-remove"].trigger()
    wait(lambda: not notes())
    wait(lambda: menu.reloaded == [1, 1, 1])


def test_a_running_run_is_asked_to_keep_a_checkpoint(menu: MenuOfAPage, records: RunStore, wait: Wait) -> None:
    assert "step-keep-checkpoint" not in menu.open(records, 9.0)
    run = records.create_run(experiment())
    records.claim(run, device="CPU", versions={})
    menu.open(records, 9.0, run)["step-keep-checkpoint"].trigger()
    asked: list[object] = []
    wait(lambda: asked.extend(record.content for record in records.take_requests(run)) or asked)
    assert asked == [CheckpointRequest()]
