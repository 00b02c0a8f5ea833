"""The warm worker process: answers, exits and restarts."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.jobs import Worker, WorkerProcess
from mtl_core.protocol.questions import CheckQuestion, DatasetQuestion, DevicesQuestion
from mtl_core.protocol.wire import Reply
from mtl_core.spec import DeviceInfo, InputError


class Answers:
    """Collects what is called back."""

    def __init__(self) -> None:
        self.good: list[Any] = []
        self.bad: list[Exception] = []

    def done(self, value: Any) -> None:
        self.good.append(value)

    def failed(self, error: Exception) -> None:
        self.bad.append(error)


@pytest.fixture
def answers() -> Answers:
    return Answers()


def test_an_answer_arrives_as_its_report(worker: Worker, answers: Answers, wait: Any) -> None:
    worker.ask(DevicesQuestion(), answers.done, answers.failed)
    wait(lambda: answers.good)
    assert answers.good == [[DeviceInfo(name="cpu", label="CPU · test")]]


def test_a_worker_says_when_it_can_answer(worker: Worker, qtbot: QtBot) -> None:
    with qtbot.waitSignal(worker.ready):
        worker.start()


def test_an_error_of_the_worker_reaches_who_asked(worker: Worker, answers: Answers, wait: Any) -> None:
    worker.ask(DatasetQuestion(dataset={}), answers.done, answers.failed)
    wait(lambda: answers.bad)
    assert str(answers.bad[0]) == "dataset: is not known to this worker"
    assert isinstance(answers.bad[0], InputError)


def test_what_a_library_prints_is_passed_over(worker: Worker, answers: Answers, wait: Any) -> None:
    worker.ask(CheckQuestion(spec="noise"), answers.done, answers.failed)
    wait(lambda: answers.good)
    assert answers.good[0][0].path == "noise"


def test_a_worker_that_dies_tells_who_waits_and_answers_the_next(worker: Worker, answers: Answers, wait: Any) -> None:
    worker.ask(CheckQuestion(spec="die"), answers.done, answers.failed)
    worker.ask(CheckQuestion(spec="after"), answers.done, answers.failed)
    wait(lambda: answers.good)
    assert "ended with status 3: no memory left" in str(answers.bad[0])
    assert [answer[0].path for answer in answers.good] == ["after"]


def test_a_worker_killed_from_outside_is_started_again(worker: Worker, answers: Answers, wait: Any) -> None:
    worker.ask(CheckQuestion(spec=1), answers.done, answers.failed)
    wait(lambda: answers.good)
    os.kill(int(answers.good[0][0].rule), signal.SIGKILL)
    wait(lambda: worker.pid is None)
    worker.ask(CheckQuestion(spec=2), answers.done, answers.failed)
    wait(lambda: len(answers.good) == 2)
    assert answers.good[0][0].rule != answers.good[1][0].rule
    assert answers.bad == []


def test_a_worker_that_cannot_start_fails_what_is_asked(qtbot: QtBot, answers: Answers, wait: Any) -> None:
    worker = Worker(("/bin/false",))
    worker.ask(DevicesQuestion(), answers.done, answers.failed)
    wait(lambda: answers.bad)
    worker.close()
    assert "must stay alive to answer" in str(answers.bad[0])


def test_a_later_ask_of_the_same_key_replaces_one_that_waits(worker: Worker, answers: Answers, wait: Any) -> None:
    for number in range(5):
        worker.ask(CheckQuestion(spec=number), answers.done, answers.failed, key="model")
    wait(lambda: [answer[0].path for answer in answers.good] == ["0", "4"])


def test_a_question_that_is_given_up_is_not_answered_and_the_next_one_is(
    worker: Worker, answers: Answers, wait: Any
) -> None:
    worker.ask(CheckQuestion(spec="hold"), answers.done, answers.failed, key="slow")
    worker.ask(CheckQuestion(spec="waits"), answers.done, answers.failed, key="slow 2")
    worker.ask(CheckQuestion(spec="after"), answers.done, answers.failed)
    assert worker.cancel("slow")
    assert worker.cancel("slow 2")
    assert not worker.cancel("slow")
    wait(lambda: answers.good)
    assert [answer[0].path for answer in answers.good] == ["after"]
    assert answers.bad == []


def test_a_process_that_answers_is_not_taken_away(worker: Worker, answers: Answers, wait: Any, home: Path) -> None:
    worker.ask(CheckQuestion(spec={"name": "checked-late"}), answers.done, answers.failed)
    wait(lambda: worker.pid)
    asked = worker.pid
    taken = worker.take_process()
    assert worker.pid == asked != taken.pid
    (home / "go").touch()
    wait(lambda: answers.good == [[]])
    taken.kill()
    assert taken.wait(10)
    taken.deleteLater()
    assert answers.bad == []


def test_a_process_with_nothing_to_do_is_taken_and_another_takes_its_place(
    worker: Worker, answers: Answers, wait: Any
) -> None:
    worker.ask(CheckQuestion(spec=1), answers.done, answers.failed)
    wait(lambda: answers.good)
    warm = worker.pid
    taken = worker.take_process()
    assert taken.pid == warm != worker.pid
    taken.kill()
    assert taken.wait(10)
    taken.deleteLater()


_LATE_READER = """
import json, sys, time
from pathlib import Path
while not Path(sys.argv[1]).exists():
    time.sleep(0.02)
ask = json.loads(sys.stdin.readline())
print(json.dumps({"id": ask["id"], "ok": True, "value": len(ask["spec"])}), flush=True)
"""


def test_a_long_question_to_a_process_that_does_not_read_yet_does_not_block(
    qtbot: QtBot, tmp_path: Path, home: Path
) -> None:
    go = tmp_path / "go"
    process = WorkerProcess((sys.executable, "-c", _LATE_READER, str(go)))
    replies: list[Reply] = []
    process.replied.connect(replies.append)
    number = process.send(CheckQuestion(spec="x" * 1_000_000))
    with qtbot.waitSignal(process.exited, timeout=60_000):
        go.touch()
    assert [(reply.id, reply.value) for reply in replies] == [(number, 1_000_000)]
    assert process.wait(5.0)


def test_a_detached_process_still_gets_what_was_sent(qtbot: QtBot, tmp_path: Path, home: Path) -> None:
    (tmp_path / "go").touch()
    process = WorkerProcess((sys.executable, "-c", _LATE_READER, str(tmp_path / "go")))
    replies: list[Reply] = []
    process.replied.connect(replies.append)
    process.send(CheckQuestion(spec="x" * 1_000_000))
    with qtbot.waitSignal(process.exited, timeout=60_000):
        process.detach()
    assert [reply.value for reply in replies] == [1_000_000]
    assert process.wait(5.0)
