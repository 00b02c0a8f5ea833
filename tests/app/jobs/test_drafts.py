"""Drafts of unsaved edits: they survive their window, and no window takes those of another."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QLockFile
from pytestqt.qtbot import QtBot

from app.jobs import AbandonedDraft, Draft, Drafts

Make = Callable[[], Drafts]
DATA = {"name": "집", "tasks": [], "rate": 0.1}


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Make]:
    """Makes the drafts of windows; those still open at the end are closed."""
    made: list[Drafts] = []

    def one() -> Drafts:
        made.append(Drafts())
        return made[-1]

    yield one
    for drafts in made:
        drafts.close()


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "unsaved"


def found(drafts: Drafts, qtbot: QtBot) -> list[AbandonedDraft]:
    """What a look finds."""
    with qtbot.waitSignal(drafts.abandonedFound) as seen:
        drafts.find_abandoned()
    left: list[AbandonedDraft] = seen.args[0]
    return left


def finds_nothing(drafts: Drafts, qtbot: QtBot) -> bool:
    """Whether a look finds nothing, and has been taken."""
    with qtbot.assertNotEmitted(drafts.abandonedFound):
        drafts.find_abandoned()
        drafts.close()
    return True


def test_a_draft_is_found_by_the_next_window_as_it_was(make: Make, qtbot: QtBot) -> None:
    first = make()
    first.save(Draft({"name": "old"}))
    first.save(Draft(DATA, "/somewhere/집.yaml", (3, 4), when=5.0))
    first.close()
    (left,) = found(make(), qtbot)
    assert left.draft == Draft(DATA, "/somewhere/집.yaml", (3, 4), when=5.0)


def test_the_draft_of_a_window_that_lives_is_not_offered(make: Make, qtbot: QtBot, folder: Path, wait: Any) -> None:
    make().save(Draft(DATA))
    wait(lambda: list(folder.glob("*.json")))
    assert finds_nothing(make(), qtbot)


def test_a_draft_is_offered_to_one_window_only_and_again_when_that_has_not_answered(make: Make, qtbot: QtBot) -> None:
    first, second, third, fourth = make(), make(), make(), make()
    first.save(Draft(DATA))
    first.close()
    assert len(found(second, qtbot)) == 1
    assert finds_nothing(third, qtbot)
    second.close()
    assert len(found(fourth, qtbot)) == 1


def test_a_dropped_draft_leaves_nothing_behind(make: Make, folder: Path) -> None:
    drafts = make()
    drafts.save(Draft(DATA))
    drafts.remove()
    drafts.close()
    assert list(folder.iterdir()) == []


def test_a_discarded_draft_leaves_nothing_behind(make: Make, qtbot: QtBot, folder: Path) -> None:
    first, second = make(), make()
    first.save(Draft(DATA))
    first.close()
    (left,) = found(second, qtbot)
    second.discard(left)
    second.close()
    assert list(folder.iterdir()) == []


def test_an_adopted_draft_is_kept_without_being_written_again(make: Make, qtbot: QtBot, folder: Path) -> None:
    first, second = make(), make()
    first.save(Draft(DATA, when=7.0))
    first.close()
    (left,) = found(second, qtbot)
    second.adopt(left)
    second.close()
    assert not left.file.exists()
    (file,) = folder.glob("*.json")
    assert json.loads(file.read_text("utf-8"))["when"] == 7.0
    assert [one.draft.when for one in found(make(), qtbot)] == [7.0]


def test_the_newest_of_several_comes_first(make: Make, qtbot: QtBot) -> None:
    for when in (2.0, 9.0, 5.0):
        drafts = make()
        drafts.save(Draft(DATA, when=when))
        drafts.close()
    assert [one.draft.when for one in found(make(), qtbot)] == [9.0, 5.0, 2.0]


def test_what_is_no_draft_is_put_away_and_told(make: Make, qtbot: QtBot, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "broken.json").write_text('{"data": ', "utf-8")
    drafts = make()
    with qtbot.waitSignal(drafts.failed) as told:
        drafts.find_abandoned()
    assert "broken.unreadable" in told.args[0]
    drafts.close()
    assert [one.name for one in folder.iterdir()] == ["broken.unreadable"]
    assert finds_nothing(make(), qtbot)


def test_a_folder_that_cannot_be_written_is_told_once(make: Make, qtbot: QtBot, home: Path, wait: Any) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "unsaved").write_text("a file is in the way")
    drafts, told = make(), list[str]()
    drafts.failed.connect(told.append)
    for _ in range(3):
        drafts.save(Draft(DATA))
    drafts.close()
    wait(lambda: told)
    assert len(told) == 1
    assert "Save the experiment to a file" in told[0]


def test_a_lock_that_a_dead_process_left_keeps_no_draft_from_being_found(
    make: Make, qtbot: QtBot, folder: Path
) -> None:
    folder.mkdir(parents=True)
    code = f"""
import os, signal
from PySide6.QtCore import QLockFile
lock = QLockFile({str(folder / "gone.lock")!r})
assert lock.tryLock(0)
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    assert (folder / "gone.lock").exists()
    (folder / "gone.json").write_text(json.dumps({"data": DATA, "path": "", "stamp": None, "when": 1.0}), "utf-8")
    for name, age in (("1" * 16, 2 * 86_400), ("2" * 16, 0)):
        (folder / f".{name}.partial").write_text("half")
        os.utime(folder / f".{name}.partial", (time.time() - age,) * 2)
    (left,) = found(make(), qtbot)
    assert left.draft.data == DATA
    assert [file.name for file in folder.glob("*.partial")] == [f".{'2' * 16}.partial"]  # may be being written
    assert not QLockFile(str(folder / "gone.lock")).tryLock(0)
