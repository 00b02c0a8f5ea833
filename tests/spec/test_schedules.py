"""Schedules of the learning rate: values over the steps."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    StepLR,
)

from mtl_core.spec import Schedule, learning_rate, learning_rates, members
from mtl_core.spec.training.schedules import (
    ConstantSchedule,
    CosineRestartsSchedule,
    CosineSchedule,
    CyclicSchedule,
    ExponentialSchedule,
    MultiStepSchedule,
    OneCycleSchedule,
    PlateauSchedule,
    PolynomialSchedule,
    StepSchedule,
)

STEPS, PER_EPOCH, PEAK = 60, 12, 0.5
KINDS = members(Schedule)


def ours(schedule: Any, steps: int = STEPS) -> list[float]:
    return [learning_rate(schedule, PEAK, step, steps, PER_EPOCH) for step in range(steps)]


def theirs(make: Callable[[SGD], Any]) -> list[float]:
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=PEAK)
    scheduler, rates = make(optimizer), []
    for step in range(STEPS):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if step < STEPS - 1:
            scheduler.step()
    return rates


@pytest.mark.parametrize("final", [0.0, 0.1])
def test_cosine_is_torchs_over_the_whole_run(final: float) -> None:
    reference = theirs(lambda o: CosineAnnealingLR(o, STEPS - 1, eta_min=final * PEAK))
    assert ours(CosineSchedule(final=final)) == pytest.approx(reference, abs=1e-9)


@pytest.mark.parametrize("every", [1, 2])
def test_step_is_torchs(every: int) -> None:
    reference = theirs(lambda o: StepLR(o, every * PER_EPOCH, gamma=0.3))
    assert ours(StepSchedule(every=every, gamma=0.3)) == pytest.approx(reference)


def test_multi_step_is_torchs() -> None:
    reference = theirs(lambda o: MultiStepLR(o, [PER_EPOCH, 3 * PER_EPOCH], gamma=0.3))
    assert ours(MultiStepSchedule(milestones=(1, 3), gamma=0.3)) == pytest.approx(reference)


def test_exponential_is_torchs_with_the_factor_of_an_epoch_spread_over_its_steps() -> None:
    reference = theirs(lambda o: ExponentialLR(o, 0.8 ** (1 / PER_EPOCH)))
    assert ours(ExponentialSchedule(gamma=0.8)) == pytest.approx(reference)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_polynomial_is_torchs_over_the_whole_run(power: float) -> None:
    reference = theirs(lambda o: PolynomialLR(o, STEPS - 1, power))
    assert ours(PolynomialSchedule(power=power)) == pytest.approx(reference, abs=1e-12)


@pytest.mark.parametrize("growth", [1, 2])
@pytest.mark.parametrize("first", [1, 2])
def test_cosine_with_restarts_is_torchs(first: int, growth: int) -> None:
    reference = theirs(lambda o: CosineAnnealingWarmRestarts(o, first * PER_EPOCH, T_mult=growth, eta_min=0.1 * PEAK))
    assert ours(CosineRestartsSchedule(first=first, growth=growth, final=0.1)) == pytest.approx(reference)


@pytest.mark.parametrize(("shrink", "mode"), [(1.0, "triangular"), (0.5, "triangular2")])
def test_cyclic_is_torchs(shrink: float, mode: Any) -> None:
    reference = theirs(lambda o: CyclicLR(o, 0.2 * PEAK, PEAK, step_size_up=PER_EPOCH, mode=mode, cycle_momentum=False))
    assert ours(CyclicSchedule(half=1, low=0.2, shrink=shrink)) == pytest.approx(reference)


def test_a_rate_that_drops_on_a_plateau_is_planned_without_any() -> None:
    assert set(ours(PlateauSchedule())) == {PEAK}


@pytest.mark.parametrize("rise", [0.3, 0.25, 0.77])
def test_one_cycle_is_torchs(rise: float) -> None:
    reference = theirs(
        lambda o: OneCycleLR(o, PEAK, STEPS, pct_start=rise, div_factor=25, final_div_factor=400, cycle_momentum=False)
    )
    assert ours(OneCycleSchedule(rise=rise, start=1 / 25, final=1 / 25 / 400)) == pytest.approx(reference)


@pytest.mark.parametrize("kind", KINDS)
def test_warm_up_rises_evenly_to_where_the_schedule_starts(kind: Any) -> None:
    rates, start = ours(kind(warmup_steps=10)), ours(kind())[0]
    assert rates[:10] == pytest.approx([start * (step + 1) / 10 for step in range(10)])
    assert rates[10] == pytest.approx(start)
    assert min(rates) > 0 or rates[-1] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_schedule_fits_into_what_warm_up_leaves(kind: Any) -> None:
    assert ours(kind(warmup_steps=10))[10:] == pytest.approx(ours(kind(), STEPS - 10))


@pytest.mark.parametrize(("schedule", "end"), [(CosineSchedule(final=0.2), 0.2), (OneCycleSchedule(final=0.01), 0.01)])
@pytest.mark.parametrize("warmup", [0, 7])
def test_the_last_step_has_the_final_rate(schedule: Any, end: float, warmup: int) -> None:
    assert ours(schedule.model_copy(update={"warmup_steps": warmup}))[-1] == pytest.approx(end * PEAK)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("warmup", [0, 1, 2, 100])
def test_the_shortest_runs_have_a_rate_at_every_step(kind: Any, steps: int, warmup: int) -> None:
    rates = ours(kind(warmup_steps=warmup), steps)
    assert len(rates) == steps
    assert all(0 <= rate <= PEAK for rate in rates)


def test_a_constant_rate_stays() -> None:
    assert set(ours(ConstantSchedule())) == {PEAK}


@pytest.mark.parametrize(("steps", "points"), [(1000, 200), (5, 200), (1, 200), (0, 200), (10, 1)])
def test_the_drawn_curve_lies_on_the_rates_used(steps: int, points: int) -> None:
    at, rates = learning_rates(CosineSchedule(), PEAK, steps, PER_EPOCH, points)
    assert len(at) == min(steps, points)
    assert at == sorted(set(at))
    assert not at or at[0] == 0
    assert len(at) < 2 or at[-1] == steps - 1
    assert rates == [learning_rate(CosineSchedule(), PEAK, step, steps, PER_EPOCH) for step in at]
