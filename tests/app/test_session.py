"""The session: questions of the document reach the worker once, and answers reach the pages."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.application import _report_uncaught_errors
from app.jobs import Worker
from app.session import Session
from mtl_core.protocol.questions import CheckQuestion


@pytest.fixture
def new_session(qtbot: QtBot, fake_worker: Callable[[], Worker]) -> Iterator[Session]:
    session = Session(worker=fake_worker())
    yield session
    session.close()


@pytest.fixture
def session(new_session: Session) -> Session:
    new_session.start()
    return new_session


def _asks(home: Path) -> list[str]:
    log = home / "asks.log"
    return log.read_text().split() if log.exists() else []


def test_the_devices_are_asked_for_at_the_start(new_session: Session, wait: Any) -> None:
    assert new_session.device_label() == ""
    new_session.start()
    wait(lambda: new_session.devices)
    assert new_session.device_label() == "CPU · test"


def test_a_device_that_is_not_there_is_shown_as_it_was_asked_for(session: Session, wait: Any) -> None:
    wait(lambda: session.devices)
    session.document.set("training.device", "cuda:3")
    assert session.device_label() == "cuda:3"


def test_a_burst_of_edits_is_one_question(session: Session, wait: Any, home: Path) -> None:
    wait(lambda: session.model_error is not None)
    before = _asks(home).count("model")
    for width in range(10, 40):
        session.document.set("model.shared[1].out_features", width)
    session.model_error = None
    wait(lambda: session.model_error is not None)
    assert _asks(home).count("model") == before + 1


def test_an_edit_that_changes_no_shape_asks_nothing_about_shapes(session: Session, wait: Any, home: Path) -> None:
    wait(lambda: session.model_error is not None and session.dataset_error is not None)
    session._requested_model = {name: session.document.data[name] for name in ("dataset", "tasks", "model")}
    session._requested_dataset = session.document.data["dataset"]
    before = _asks(home)
    session.document.set("training.epochs", 3)
    with_answer: list[Any] = []
    session._ask_worker()
    session.worker.ask(CheckQuestion(spec=1), with_answer.append)
    wait(lambda: with_answer)
    assert _asks(home)[len(before) :] == ["check"]


def test_an_error_of_the_worker_is_kept_for_the_page(session: Session, wait: Any) -> None:
    wait(lambda: session.dataset_error is not None)
    assert "is not known to this worker" in str(session.dataset_error)
    assert session.dataset_info is None


def test_an_invalid_experiment_does_not_run(session: Session) -> None:
    session.document.set("training.epochs", 0)
    assert session.run() is False


def test_runs_to_compare_are_announced(session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.compareChanged) as caught:
        session.compare((3, 1))
    assert caught.args == [[3, 1]]
    assert session.compared == [3, 1]


def test_the_run_on_live_is_announced_once(session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.liveRunChanged):
        session.show_live(4)
    with qtbot.assertNotEmitted(session.liveRunChanged):
        session.show_live(4)


def test_an_error_nobody_caught_is_shown_and_written_down(
    session: Session, qtbot: QtBot, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = RuntimeError("out of luck")
    with qtbot.waitSignal(session.problem) as caught, _report_uncaught_errors(session):
        sys.excepthook(RuntimeError, error, None)
    assert "out of luck" in caught.args[0]
    assert "out of luck" in (home / "window.log").read_text()
    assert "out of luck" in capsys.readouterr().err


def test_a_full_disk_that_nobody_expected_is_shown_as_what_it_is(
    session: Session, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    error = OSError(28, "No space left on device", "/data/window.ini")
    with qtbot.waitSignal(session.problem) as caught, _report_uncaught_errors(session):
        sys.excepthook(OSError, error, None)
    assert caught.args == ["/data/window.ini: cannot be read or written; found No space left on device"]
    assert "No space left" in capsys.readouterr().err


def test_live_goes_on_with_the_next_run_of_a_study(session: Session, wait: Any) -> None:
    session.document.set("name", "hold")
    assert session.run_study((0, 1), baselines=False)
    wait(lambda: session.queue.live_runs)
    assert session.live_run == 1
    session.queue.stop(1)
    wait(lambda: session.live_run == 2)
    session.show_live(1)
    session.queue.stop(2)
    wait(lambda: session.queue.active is None)
    assert session.live_run == 1


def test_a_study_that_cannot_be_is_told_and_starts_nothing(session: Session) -> None:
    told: list[Exception] = []
    assert not session.run_study((1, 1), baselines=False, refused=told.append)
    assert "each seed once" in str(told[0])


def test_a_study_of_folds_needs_a_split_into_folds(session: Session) -> None:
    told: list[Exception] = []
    assert not session.run_fold_study(baselines=False, refused=told.append)
    assert "needs a split into folds" in str(told[0])


def test_the_runs_of_all_tasks_of_a_study_are_compared(session: Session, wait: Any) -> None:
    session.document.set("name", "quick")
    session.run_study((0, 1), baselines=True)
    wait(lambda: session.queue.active is None and session.live_run is not None)
    session.compare_study(1)
    wait(lambda: session.compared)
    assert session.compared == [1, 4]
