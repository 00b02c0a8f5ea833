"""The worker process: questions, answers and runs over standard input and output.

Covers: mtl_core/protocol/work_progress.py.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mtl_core.errors import EnvironmentFault, InputError, Problem, StoreError, WorkbenchError, WorkerError
from mtl_core.protocol.questions import DatasetQuestion, DevicesQuestion, TrainQuestion
from mtl_core.protocol.wire import Reply, decode_reply, encode_question, encode_reply, to_user_error, worker_command
from mtl_core.protocol.work_progress import WorkProgress, report_progress
from mtl_core.runner import inspection
from mtl_core.runner import worker as worker_module
from mtl_core.runner.execution import execute
from mtl_core.spec import (
    DatasetInfo,
    DeviceInfo,
    ExperimentSpec,
    ModelInfo,
    set_at,
    spec_to_data,
)
from mtl_core.store import RunStore, open_store
from tests import fork_server
from tests.runner.conftest import Experiment, Wait
from tests.runner.test_execution import assert_same_points


class Worker:
    """A worker process and its two pipes."""

    def __init__(self, popen: Callable[..., fork_server.Process] = fork_server.popen) -> None:
        self.process = popen(
            worker_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def write(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def read(self) -> Reply:
        """The next reply that is not a report of progress."""
        assert self.process.stdout
        reply = decode_reply(self.process.stdout.readline())
        return reply if reply.progress is None else self.read()

    def ask(self, number: int, kind: str, **payload: Any) -> Reply:
        self.write(json.dumps({**payload, "id": number, "ask": kind}) + "\n")
        reply = self.read()
        assert reply.id == number
        return reply

    def hang_up(self) -> None:
        """What the death of the window does."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()

    def end(self) -> int:
        self.hang_up()
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait(30)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A worker that many tests ask, started as by the window."""
    worker = Worker(subprocess.Popen)
    assert worker.read() == Reply(0, "ready")
    yield worker
    worker.end()


def test_devices_are_told(worker: Worker) -> None:
    found = [DeviceInfo.model_validate(device) for device in worker.ask(1, "devices").value]
    assert found[-1].name == "cpu"


def test_devices_are_written_without_a_warning() -> None:
    """Which is an error in this process, and a line in the log of a worker."""
    reply = worker_module._handle_line(encode_question(1, DevicesQuestion()), lambda _: None)
    assert reply.error is None, reply.error


def test_a_dataset_is_described(worker: Worker) -> None:
    info = DatasetInfo.model_validate(worker.ask(2, "dataset", dataset={"kind": "bundled", "name": "iris"}).value)
    assert info.rows == 150
    known = {"dataset": {"kind": "bundled", "name": "iris"}, "known": info.version}
    assert worker.ask(3, "dataset", **known).value is None


def test_progress_is_written_before_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def described(_: object, *, preview: bool, known: str) -> DatasetInfo:
        report_progress("Reading a.csv", 0.25)
        facts: dict[str, Any] = {"title": "", "description": "", "input_kind": "table", "columns": ()}
        return DatasetInfo(name=str(preview), rows=1, input_shapes={"table": (1,)}, **facts)

    monkeypatch.setattr(worker_module, "_REPORT_SECONDS", 0)
    monkeypatch.setattr(inspection, "inspect_dataset", described)
    reports: list[Reply] = []
    line = encode_question(7, DatasetQuestion(dataset={"kind": "bundled", "name": "iris"}, preview=True))
    reply = worker_module._handle_line(line, reports.append)
    assert reply.value["name"] == "True"
    assert [decode_reply(encode_reply(report)) for report in reports] == [
        Reply(7, progress=WorkProgress("Reading a.csv", 0.25))
    ]
    report_progress("nobody listens", 1.0)


def test_a_model_is_described_with_the_error_at_its_layer(worker: Worker, experiment: Experiment) -> None:
    spec = spec_to_data(experiment())
    info = ModelInfo.model_validate(worker.ask(3, "model", spec=spec).value)
    assert info.problems == ()
    assert info.shared[0].output_shape == (16,)
    broken = set_at(spec, "model.shared[0]", {"kind": "conv2d"})
    info = ModelInfo.model_validate(worker.ask(4, "model", spec=broken).value)
    assert [layer.path for layer in info.problems][:1] == ["model.shared[0]"]


def test_a_check_gives_every_problem(worker: Worker, experiment: Experiment) -> None:
    spec = spec_to_data(experiment())
    assert worker.ask(5, "check", spec=spec).value == []
    (problem,) = worker.ask(6, "check", spec=set_at(spec, "training.epochs", 0)).value
    assert problem == {"path": "training.epochs", "rule": "must be at least 1", "found": "0", "fix": ""}
    (problem,) = worker.ask(7, "check", spec=set_at(spec, "training.device", "cuda:77")).value
    assert problem["path"] == "training.device"
    single = set_at(set_at(spec, "model.shared[1]", {"kind": "batch_norm1d"}), "training.batch_size", 1)
    (problem,) = worker.ask(8, "check", spec=single).value
    assert problem["path"] == "training.batch_size"


@pytest.mark.parametrize(
    ("ask", "payload", "where"),
    [
        ("dataset", {"dataset": {"kind": "bundled", "name": "irises"}}, "dataset.name"),
        ("dataset", {"dataset": {"kind": "table", "path": "/nowhere.csv"}}, "dataset.path"),
        ("dataset", {"dataset": None}, "dataset"),
        ("dataset", {}, "worker"),
        ("model", {"spec": {"version": 1}}, "tasks"),
        ("model", {"spec": 3}, "spec"),
        ("train", {"run": 1, "store": "/nowhere/at/all/runs.sqlite"}, None),
        ("dance", {}, "ask"),
    ],
)
def test_an_ask_that_fails_is_answered_with_what_is_wrong(
    worker: Worker, ask: str, payload: dict[str, Any], where: str | None
) -> None:
    reply = worker.ask(9, ask, **payload)
    assert reply.value is None
    assert reply.error
    assert where is None or reply.error.problem.path == where
    assert reply.error.problem.rule
    assert worker.ask(10, "devices").value


@pytest.mark.parametrize("line", ["garbage", "[1, 2]", "3", '"text"', "{}", '{"id": 1}', "\u00e9\x00"])
def test_a_line_that_is_no_ask_is_answered_and_survived(worker: Worker, line: str) -> None:
    worker.write(line + "\n")
    assert worker.read().error
    assert worker.ask(11, "devices").value


def test_empty_lines_are_passed_over(worker: Worker) -> None:
    worker.write("\n  \n")
    assert worker.ask(12, "devices").value


def test_a_run_is_trained_and_its_end_told(worker: Worker, store: RunStore, experiment: Experiment) -> None:
    run = store.create_run(experiment())
    assert worker.ask(13, "train", run=run, store=store.url).value == {"run": run, "state": "finished"}
    assert store.run(run).pid == worker.process.pid
    here = store.create_run(experiment())
    execute(store, here)
    assert_same_points(store.read(run)[0], store.read(here)[0])


def test_finished_runs_are_scored_as_one_and_others_refused(
    worker: Worker, store: RunStore, experiment: Experiment
) -> None:
    runs = [store.create_run(experiment(training__epochs=1, training__seed=seed)) for seed in (0, 1)]
    for run in runs:
        execute(store, run)
    asked = {"store": store.url, "runs": runs, "split": "test"}
    found = worker.ask(15, "ensemble", **asked).value
    assert found["runs"] == runs
    assert found["metrics"]["species"].keys() == {"loss", "accuracy", "f1"}
    waiting = store.create_run(experiment())
    reply = worker.ask(16, "ensemble", **asked | {"runs": [*runs, waiting]})
    assert reply.error
    assert (reply.error.problem.path, reply.error.problem.rule) == (f"run {waiting}", "has not ended")


def test_seeds_are_trained_together_unless_something_does_not_allow_it(
    worker: Worker, store: RunStore, experiment: Experiment
) -> None:
    plain = [{"kind": "linear", "out_features": 16}, {"kind": "relu"}]
    specs = [experiment(training__epochs=1, training__seed=seed, model__shared=plain) for seed in (0, 1)]
    assert worker.ask(17, "check_together", specs=[spec_to_data(spec) for spec in specs]).value == []
    runs = [store.create_run(spec) for spec in specs]
    found = worker.ask(18, "train_together", runs=runs, store=store.url).value
    assert found == {"runs": runs, "states": ["finished", "finished"]}
    assert [store.run(run).state for run in runs] == ["finished", "finished"]
    other = [set_at(spec_to_data(spec), "weighting", {"kind": "dwa"}) for spec in specs]
    reply = worker.ask(19, "check_together", specs=other)
    assert reply.error
    assert (reply.error.problem.path, "runs that train together need" in reply.error.problem.rule) == (
        "weighting",
        True,
    )


def test_a_run_that_is_not_there_is_refused(worker: Worker, store: RunStore) -> None:
    reply = worker.ask(14, "train", run=99, store=store.url)
    assert reply.error
    assert reply.error.problem.path == "run 99"


def _long(experiment: Experiment) -> ExperimentSpec:
    return experiment(training__epochs=150, weighting={"kind": "pcgrad"}, training__schedule={"kind": "one_cycle"})


def _steps(store: RunStore, run: int) -> int:
    progress = store.run(run).progress
    return progress.step if progress else 0


@pytest.mark.slow
def test_a_run_goes_on_to_its_end_when_the_window_dies(store: RunStore, experiment: Experiment, wait: Wait) -> None:
    worker, run = Worker(), store.create_run(_long(experiment))
    worker.read()
    worker.write(encode_question(1, TrainQuestion(run=run, store=store.url)))
    wait(lambda: _steps(store, run) > 10, "the tenth step")
    worker.hang_up()
    assert store.run(run).state == "running"
    wait(lambda: store.run(run).state == "finished", "the end of the run")
    assert worker.process.wait(30) == 0


@pytest.mark.slow
def test_a_run_whose_worker_was_killed_is_interrupted_and_resumes_bit_for_bit(
    store: RunStore, experiment: Experiment, wait: Wait
) -> None:
    worker, run = Worker(), store.create_run(_long(experiment))
    worker.read()
    worker.write(encode_question(1, TrainQuestion(run=run, store=store.url)))
    wait(lambda: _steps(store, run) > 200, "the two hundredth step")
    worker.process.send_signal(signal.SIGKILL)
    worker.end()
    with open_store(store.url) as other:
        assert other.reap() == [run]
    assert store.run(run).state == "interrupted"
    assert execute(store, run).state == "finished"
    whole = store.create_run(_long(experiment))
    assert execute(store, whole).state == "finished"
    assert_same_points(store.read(run)[0], store.read(whole)[0])
    assert [event.kind for event in store.events(run)].count("start") == 2


@pytest.mark.slow
def test_a_worker_told_to_terminate_stops_its_run_and_keeps_it(
    store: RunStore, experiment: Experiment, wait: Wait
) -> None:
    worker, run = Worker(), store.create_run(_long(experiment))
    worker.read()
    worker.write(encode_question(1, TrainQuestion(run=run, store=store.url)))
    wait(lambda: _steps(store, run) > 10, "the tenth step")
    worker.process.send_signal(signal.SIGTERM)
    assert worker.read().value == {"run": run, "state": "stopped"}
    worker.end()
    assert (store.artifacts_dir(run) / "last.safetensors").exists()


def test_replies_survive_their_line() -> None:
    line = encode_reply(Reply(3, {"a": [1, None]}))
    assert line.count("\n") == 1
    assert decode_reply(line) == Reply(3, {"a": [1, None]})


@pytest.mark.parametrize("kind", [InputError, StoreError, WorkerError, EnvironmentFault])
def test_an_error_keeps_its_kind_on_its_way_to_the_window(kind: type[WorkbenchError]) -> None:
    line = encode_reply(Reply(4, error=kind("x", "must", found="y", fix="Do z.")))
    assert line.count("\n") == 1
    error = decode_reply(line).error
    assert type(error) is kind
    assert error.problem == Problem("x", "must", "y", "Do z.")
    assert error.exit_status == kind.exit_status


_NO_REPLIES = (
    "", "text", "[]", "3", "{}", '{"ok": true}', '{"id": 1, "ok": false}', "[" * 100_000,
    '{"id": 1, "ok": false, "error": {"kind": "odd", "where": "a", "rule": "b", "found": "", "fix": ""}}',
)  # fmt: skip


@pytest.mark.parametrize("line", _NO_REPLIES, ids=range(len(_NO_REPLIES)))
def test_a_line_that_is_no_reply_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not a reply"):
        decode_reply(line)


def test_any_exception_is_a_problem_a_person_can_read() -> None:
    assert to_user_error(InputError("here", "must")).problem == Problem("here", "must")
    assert isinstance(to_user_error(PermissionError(13, "Permission denied", "/a")), EnvironmentFault)
    fault = to_user_error(KeyError("x" * 5000))
    assert isinstance(fault, WorkerError)
    assert "KeyError" in fault.problem.rule
    assert len(str(fault)) <= 1000


_LIGHT = """
import sys
import {module}
print([name for name in ("torch", "sqlalchemy", "PySide6", "pandas") if name in sys.modules])
"""


@pytest.mark.parametrize("module", ["mtl_core", "mtl_core.spec", "mtl_core.protocol.wire", "mtl_core.cli"])
def test_what_the_window_imports_loads_neither_torch_nor_sqlalchemy(module: str, tmp_path: Path) -> None:
    code = _LIGHT.format(module=module)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(result.stdout.replace("'", '"')) == []
