"""Time of the parts of a step, and memory, as a run records them.

Covers: mtl_core/training/metrics/memory_usage.py.
"""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from mtl_core.protocol.series_names import (
    DEVICE_MEMORY,
    MEMORY,
    RESOURCE_SERIES,
    STEP_PARTS,
    THROUGHPUT,
    StepPart,
    step_time_name,
)
from mtl_core.spec import Weighting as WeightingUnion
from mtl_core.spec import kind_of, members
from mtl_core.training.metrics.memory_usage import MemoryUsage
from mtl_core.training.step import step_clock
from mtl_core.training.step.step_clock import StepClock
from mtl_core.training.training_step import TrainingStep
from mtl_core.weighting.autograd.passes import backward_pass
from tests.training.toy import STEPS, ToyRun, experiment, make_request, run, toy_data

CPU = torch.device("cpu")
CUDA = pytest.param(
    "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
)


class FakeTime:
    """A clock that stands still but for what a test adds."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(step_clock, "time", fake)
    return fake


def _steps(clock: StepClock, count: int, train: Callable[[int], None], first: int = 0) -> None:
    for step in clock.iter_data(iter(range(first, first + count)), first):
        train(step)
        clock.end()


@pytest.mark.parametrize("seed", range(20))
def test_parts_add_up_to_the_time_of_the_step_without_what_stands_between(fake_time: FakeTime, seed: int) -> None:
    chance, clock, expected = random.Random(seed), StepClock(CPU), dict.fromkeys(STEP_PARTS, 0.0)

    def spend(part: StepPart, count: bool) -> None:
        seconds = chance.random()
        fake_time.now += seconds
        expected[part] += seconds * count

    def train(step: int) -> None:
        fake_time.now += 100  # a report between the data and the step
        for part in chance.choices(STEP_PARTS[1:], k=6):
            clock.enter(part)
            spend(part, step > 0)
            with clock.backward_passes():
                for _ in range(chance.randrange(3)):
                    with backward_pass:
                        spend("backward", step > 0)
                    spend(part, step > 0)

    _steps(clock, 9, train)
    assert clock.drain() == pytest.approx({part: seconds / 8 for part, seconds in expected.items()})
    assert clock.drain() == {}


def test_the_time_to_the_next_batch_is_that_of_its_step(fake_time: FakeTime) -> None:
    clock = StepClock(CPU)

    def batches() -> Any:
        for seconds in (50.0, 1.0, 2.0, 3.0):
            fake_time.now += seconds
            yield seconds

    for _ in clock.iter_data(batches(), 0):
        clock.enter("forward")
        fake_time.now += 0.5
        clock.end()
    assert clock.drain() == dict.fromkeys(STEP_PARTS, 0.0) | {"data": 2.0, "forward": 0.5}


@pytest.mark.parametrize(("seconds", "share"), [(0.001, 1 / 16), (0.025, 1 / 4), (1.0, 1.0)])
def test_of_quick_steps_few_are_timed_wherever_chunks_of_batches_begin(
    fake_time: FakeTime, seconds: float, share: float
) -> None:
    clock, timed = StepClock(CPU), list[int]()

    def train(step: int) -> None:
        clock.enter("forward")
        fake_time.now += seconds
        timed.extend([step] * clock._is_timing)

    _steps(clock, 2, train)
    timed.clear()
    _steps(clock, 64_000, train)
    assert len(timed) == pytest.approx(64_000 * share, rel=0.02)
    assert sum(step % 64 == 0 for step in timed) == pytest.approx(1000 * share, rel=0.1)


def _values(toy_run: ToyRun, metric: str) -> dict[int, float]:
    steps, values = toy_run.recording.series["", "train", metric]
    return dict(zip(steps.tolist(), values.tolist(), strict=True))


@pytest.mark.parametrize("weighting", [kind_of(member) for member in members(WeightingUnion)])
def test_a_run_records_the_parts_of_its_steps_which_take_no_longer_than_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weighting: str
) -> None:
    monkeypatch.setattr("mtl_core.training.trainer.TICK_SECONDS", 1e9)
    monkeypatch.setattr("mtl_core.training.step.step_clock._MAX_INTERVAL", 1)  # to compare with the mean of all steps
    seconds: list[float] = []
    step_of = TrainingStep.__call__

    def timed_step(self: TrainingStep, batch: Any) -> None:
        begin = time.perf_counter()
        step_of(self, batch)
        seconds.append(time.perf_counter() - begin)

    monkeypatch.setattr(TrainingStep, "__call__", timed_step)
    toy_run = run(experiment(weighting={"kind": weighting}), tmp_path)
    parts = {part: _values(toy_run, step_time_name(part))[STEPS - 1] for part in STEP_PARTS}
    assert all(value > 0 for value in parts.values())
    in_step = sum(parts.values()) - parts["data"]
    assert in_step <= sum(seconds[1:]) / (STEPS - 1)


def test_a_comparison_of_gradients_counts_as_backward_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtl_core.training.trainer.TICK_SECONDS", 1e9)
    entered: list[str | None] = []
    mark = StepClock._mark
    monkeypatch.setattr(StepClock, "_mark", lambda self, part: (entered.append(part), mark(self, part)))
    run(experiment(training__compare_gradients=1), tmp_path, data=toy_data(masked=False))
    first = entered[: entered.index("optimizer")]
    compared, combined = ["backward", "weighting"] * 3, ["backward", "weighting", "backward"]
    assert first == ["data", None, "forward", "weighting", *compared, "backward", "weighting", *combined]


def test_throughput_and_memory_are_recorded_once_a_report_and_not_twice_after_resuming(tmp_path: Path) -> None:
    spec = experiment(training__checkpoint_seconds=0.0)
    first = run(spec, tmp_path, script={7: [make_request("stop")]})
    again = run(spec, tmp_path, resume=True)
    for toy_run, last in ((first, 6), (again, STEPS - 1)):
        for metric in (THROUGHPUT, MEMORY):
            values = _values(toy_run, metric)
            assert last in values
            assert all(value > 0 for value in values.values())
            steps = toy_run.recording.series["", "train", metric][0].tolist()
            assert steps == sorted(set(steps))
    assert min(_values(again, MEMORY)) > max(_values(first, MEMORY))
    assert ("", "train", DEVICE_MEMORY) not in first.recording.series


def test_what_a_run_used_is_of_no_task(tmp_path: Path) -> None:
    series = run(experiment(), tmp_path).recording.series
    assert {key[:2] for key in series if key[2] in RESOURCE_SERIES} == {("", "train")}


def test_memory_is_that_of_this_process() -> None:
    usage = MemoryUsage(CPU)
    usage.start()
    assert list(usage.values()) == [MEMORY]
    assert 0 < usage.values()[MEMORY] < psutil.virtual_memory().total


@pytest.mark.parametrize("device", [CUDA])
def test_parts_on_a_device_are_those_of_its_work(device: str) -> None:
    clock, matrix = StepClock(torch.device(device)), torch.ones(2048, 2048, device=device)
    usage = MemoryUsage(torch.device(device))
    usage.start()

    def train(_step: int) -> None:
        clock.enter("forward")
        product = matrix
        for _ in range(50):
            product = product @ matrix / 2048
        clock.enter("optimizer")

    begin = time.perf_counter()
    _steps(clock, 20, train)
    torch.cuda.synchronize()
    seconds, parts = time.perf_counter() - begin, clock.drain()
    assert parts["forward"] > 10 * parts["optimizer"]
    assert 0 < sum(parts.values()) * 19 <= seconds
    assert usage.values()[DEVICE_MEMORY] >= matrix.nbytes
