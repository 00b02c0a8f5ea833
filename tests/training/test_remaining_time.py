"""The remaining time of a run, by a clock that the test sets.

Covers: mtl_core/training/metrics/remaining_time.py
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from mtl_core.training.metrics.remaining_time import CHECKPOINT, VALIDATION, RemainingTime

EPOCH = 20


@dataclass
class Run:
    """A run whose steps, validations and checkpoints take as long as the test says."""

    step_seconds: float = 1.0
    validation_seconds: float = 4.0
    checkpoint_seconds: float = 0.5
    interval: float = 10.0
    steps: int = 200
    now: float = 100.0
    step: int = 0
    saved: float = 100.0
    time: RemainingTime = field(init=False)

    def __post_init__(self) -> None:
        self.time = RemainingTime(lambda: self.now)

    def train(self, steps: int, *, first: float = 1.0) -> None:
        """Train further steps, each reported; the first takes ``first`` times as long."""
        for index in range(steps):
            self.now += self.step_seconds * (first if index == 0 else 1.0)
            self.step += 1
            if self.step % EPOCH == 0:
                with self.time.measure(VALIDATION):
                    self.now += self.validation_seconds
            self.time.add_steps(self.step)
            if self.now - self.saved >= self.interval:
                self.save()

    def save(self) -> None:
        """Save a checkpoint."""
        with self.time.measure(CHECKPOINT):
            self.now += self.checkpoint_seconds
        self.saved = self.now

    def left(self) -> float:
        """The estimate."""
        validations = (self.steps - self.step) / EPOCH
        return self.time.seconds(steps=self.steps - self.step, validations=validations, checkpoint_seconds=10.0)

    def really_left(self) -> float:
        """What the rest takes."""
        begun = self.now
        self.train(self.steps - self.step)
        self.save()
        return self.now - begun


def resumed_in_its_process(run: Run) -> Run:
    """Pause it for an hour, then resume it."""
    run.save()
    run.now += 3600
    run.time.restart(run.step)
    return run


def resumed_in_another_process(run: Run) -> Run:
    """Resume it from its checkpoint a day later."""
    run.save()
    other = Run(step=run.step, now=run.now + 86_400)
    other.saved = other.now
    other.time.load_state_dict(run.time.state_dict())
    other.now += 30  # loading the data
    other.time.restart(other.step)
    return other


def test_nothing_is_known_before_a_step() -> None:
    run = Run()
    assert (run.time.steps_per_second, run.left()) == (0.0, 0.0)
    run.time.add_steps(0)
    assert run.left() == 0.0


@pytest.mark.parametrize("resume", [resumed_in_its_process, resumed_in_another_process])
@pytest.mark.parametrize("factor", [0.2, 1.0, 3.0])
def test_ten_steps_after_a_resume_the_time_left_is_right_within_a_fifth(
    resume: Callable[[Run], Run], factor: float
) -> None:
    run = Run()
    run.train(50)
    run = resume(run)
    run.step_seconds *= factor  # the machine has become faster or slower meanwhile
    run.train(10, first=8.0)
    estimate = run.left()
    assert estimate == pytest.approx(run.really_left(), rel=0.2)


def test_validations_and_checkpoints_count() -> None:
    run = Run(step_seconds=0.1, validation_seconds=20.0, checkpoint_seconds=3.0)
    run.train(2 * EPOCH + 5)
    estimate = run.left()
    assert estimate == pytest.approx(run.really_left(), rel=0.1)


def test_a_slow_first_step_counts_until_there_is_another_one() -> None:
    run = Run()
    run.train(1, first=8.0)
    assert run.time.steps_per_second == pytest.approx(1 / 8)
    run.train(1)
    assert run.time.steps_per_second == pytest.approx(1.0)


def test_a_measurement_inside_another_counts_once() -> None:
    run = Run()
    with run.time.measure(VALIDATION):
        run.now += 1
        with run.time.measure(CHECKPOINT):
            run.now += 2
    assert run.time.state_dict() == {VALIDATION: 3.0}


def test_durations_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(TypeError):
        RemainingTime().load_state_dict({VALIDATION: "long"})
