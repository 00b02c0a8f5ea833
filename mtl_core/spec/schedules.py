"""The learning rate of every step: what the form draws is what the training loop uses."""

import math

from mtl_core.spec.training import (
    ConstantSchedule,
    CosineSchedule,
    OneCycleSchedule,
    Schedule,
    StepSchedule,
)


def learning_rate(schedule: Schedule, peak: float, step: int, steps: int, steps_per_epoch: int) -> float:
    """The learning rate of a step.

    Args:
        schedule: The schedule, with its warm-up.
        peak: The optimiser's learning rate, which the schedule multiplies.
        step: The step, from 0.
        steps: All steps of the run.
        steps_per_epoch: Steps in an epoch.
    """
    warmup = min(schedule.warmup_steps, steps)
    if step < warmup:
        return peak * _factor(schedule, 0, steps - warmup, steps_per_epoch) * (step + 1) / warmup
    return peak * _factor(schedule, step - warmup, steps - warmup, steps_per_epoch)


def learning_rates(
    schedule: Schedule, peak: float, steps: int, steps_per_epoch: int, points: int = 200
) -> tuple[list[int], list[float]]:
    """Steps and learning rates of at most ``points`` steps, evenly spread, first and last among them."""
    count = min(points, steps)
    chosen = [round(i * (steps - 1) / max(count - 1, 1)) for i in range(count)]
    return chosen, [learning_rate(schedule, peak, step, steps, steps_per_epoch) for step in chosen]


def _factor(schedule: Schedule, step: int, steps: int, steps_per_epoch: int) -> float:
    last = max(steps - 1, 1)
    share = min(step / last, 1.0)
    match schedule:
        case ConstantSchedule():
            return 1.0
        case StepSchedule():
            return float(schedule.gamma ** (step // (schedule.every * max(steps_per_epoch, 1))))
        case CosineSchedule():
            return _between(1.0, schedule.final, share)
        case OneCycleSchedule():
            top = max(schedule.rise * steps - 1, 0.0)
            if step < top:
                return _between(schedule.start, 1.0, step / top)
            return _between(1.0, schedule.final, min((step - top) / (last - top), 1.0))


def _between(start: float, end: float, share: float) -> float:
    """Half a cosine from start to end."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
