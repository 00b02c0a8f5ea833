"""Nothing is lost when the window or the worker is killed."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.navigation import Page
from mtl_core.spec import load_spec, save_spec
from mtl_core.store import RunStore, SeriesKey
from mtl_core.store.processes import is_alive
from tests.app.synthetic import add_run
from tests.e2e.conftest import OpenWindow
from tests.e2e.experiments import houses
from tests.e2e.person import PATIENCE_MS, Person, column

STORED = 5


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGKILL, -9), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_edits_in_a_window_that_is_ended_are_given_back_by_the_next(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, home: Path, number: signal.Signals, status: int
) -> None:
    path = tmp_path / "experiment.yaml"
    save_spec(houses(epochs=4), path)
    with window_process("edit", path) as window:
        qtbot.waitUntil(lambda: bool(list((home / "unsaved").glob("*.json"))), timeout=PATIENCE_MS)
        worker = int(re.findall(r"\d+", Path(f"/proc/{window.pid}/task/{window.pid}/children").read_text())[0])
        window.send_signal(number)
        assert window.wait() == status
    qtbot.waitUntil(lambda: not is_alive(worker), timeout=PATIENCE_MS)
    assert load_spec(path).training.epochs == 4
    person = open_window()
    person.click("message-offer-restore")
    person.page(Page.TRAINING)
    person.wait(lambda: person.window.session.document.get("training.epochs") == 7, "the edit")
    person.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    person.wait(lambda: load_spec(path).training.epochs == 7, "the edit in the file")
    person.wait(lambda: not list((home / "unsaved").iterdir()), "nothing to be left to restore")


@pytest.mark.slow
def test_a_killed_window_and_a_killed_worker_lose_nothing(
    qtbot: QtBot, open_window: OpenWindow, store: RunStore, tmp_path: Path
) -> None:
    spec = houses(epochs=160, batch_size=32, checkpoint_seconds=0.0)
    save_spec(spec, tmp_path / "experiment.yaml")
    for seed in range(STORED):
        add_run(store, spec, seed=seed, epochs=3)
    sixth = kill_the_window_in_a_run(qtbot, store, tmp_path / "experiment.yaml")
    qtbot.waitUntil(lambda: store.run(sixth).state == "finished", timeout=PATIENCE_MS)
    person = open_window()
    see_all_six_whole(person, store, sixth)
    seventh = kill_the_worker_in_a_run(person, store)
    see_it_interrupted_and_resume_it(person, store, seventh)
    assert losses(store, seventh) == losses(store, sixth)
    assert scores(store, seventh) == scores(store, sixth)


def kill_the_window_in_a_run(qtbot: QtBot, store: RunStore, spec: Path) -> int:
    """A window starts the sixth run and is killed in the middle of it; which run that is."""
    with window_process("run", spec) as window:
        qtbot.waitUntil(lambda: len(store.runs()) > STORED, timeout=PATIENCE_MS)
        run = max(record.id for record in store.runs())
        qtbot.waitUntil(lambda: (store.run(run).progress or NOTHING).step > 20, timeout=PATIENCE_MS)
        window.send_signal(signal.SIGKILL)
        window.wait()
        record = store.run(run)
    assert record.state == "running"
    assert record.pid is not None
    assert is_alive(record.pid)
    return run


class _Nothing:
    step = 0


NOTHING = _Nothing()


@contextmanager
def window_process(deed: str, spec: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The application in a process of its own, where someone does something."""
    script = Path(__file__).with_name("window_process.py")
    window = subprocess.Popen([sys.executable, str(script), deed, str(spec)], env=os.environ)
    try:
        yield window
    finally:
        window.kill()
        window.wait()


def see_all_six_whole(person: Person, store: RunStore, sixth: int) -> None:
    """Six finished runs in the table, and of the last one every loss."""
    person.page(Page.RUNS)
    person.wait(lambda: len(person.cells("runs-table")) == STORED + 2, "six runs")
    assert column(person.cells("runs-table"), "State") == ["Finished"] * (STORED + 1)
    record = store.run(sixth)
    assert record.progress is not None
    steps = record.progress.steps
    points = store.read(sixth)[0]
    for task in ("price", "sold"):
        assert list(points[SeriesKey(task, "train", "loss")].steps) == list(range(steps))
    assert SeriesKey("sold", "test", "accuracy") in points
    pid = record.pid or 0
    person.wait(lambda: not is_alive(pid), "the worker that was left alone to end")


def kill_the_worker_in_a_run(person: Person, store: RunStore) -> int:
    """The same experiment again; its worker is killed after its first checkpoint."""
    person.click("run")
    person.wait(lambda: len(store.runs()) == STORED + 2, "the seventh run")
    run = max(record.id for record in store.runs())
    person.wait(lambda: last_saved(store, run) > 60, "a checkpoint in the middle")
    os.kill(store.run(run).pid or 0, signal.SIGKILL)
    return run


def last_saved(store: RunStore, run: int) -> int:
    """The step a run would go on from; -1 without a checkpoint."""
    return max((one.data["step"] for one in store.artifacts(run) if one.kind == "checkpoint:last"), default=-1)


def see_it_interrupted_and_resume_it(person: Person, store: RunStore, run: int) -> None:
    """Live and Runs say so; it is resumed from Live and finishes."""
    person.reads("live-notice-text", "Interrupted")
    assert store.run(run).state == "interrupted"
    stopped_at = len(losses(store, run)[0])
    person.page(Page.RUNS)
    person.choose_runs(run)
    person.wait(lambda: "Interrupted" in column(person.cells("runs-table"), "State"), "the state in the table")
    person.page(Page.LIVE)
    person.click("live-resume")
    person.wait(lambda: store.run(run).state == "finished", "the run to finish")
    assert stopped_at < len(losses(store, run)[0])
    assert any("resumed from step" in event.message for event in store.events(run))
    assert "resumed from step 0 " not in " ".join(event.message for event in store.events(run))
    person.reads("live-notice-text", "Finished")


def losses(store: RunStore, run: int) -> list[bytes]:
    """The bits of every training loss."""
    points = store.read(run)[0]
    return [points[SeriesKey(task, "train", "loss")].values.tobytes() for task in ("price", "sold", "total")]


def scores(store: RunStore, run: int) -> dict[SeriesKey, tuple[bytes, bytes]]:
    """The bits of all that was validated and tested, with their steps."""
    points = store.read(run)[0]
    return {key: (p.steps.tobytes(), p.values.tobytes()) for key, p in points.items() if key.split != "train"}
