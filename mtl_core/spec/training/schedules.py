"""Learning rate schedules, for both the training loop and the plot in the window."""

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field
from mtl_core.spec.training.fine_tuning import FineTuning


class _BaseSchedule(Spec):
    warmup_steps: int = field(0, "Steps over which the rate rises from near zero.", title="Warm-up", ge=0, unit="steps")


class ConstantSchedule(_BaseSchedule):
    """The learning rate stays as it is."""

    title: ClassVar[str] = "Constant"
    kind: Literal["constant"] = "constant"


class StepSchedule(_BaseSchedule):
    """The learning rate is multiplied by a factor every few epochs."""

    title: ClassVar[str] = "Step"
    kind: Literal["step"] = "step"
    every: int = field(10, "Epochs between two drops.", title="Drop every", ge=1, unit="epochs")
    gamma: float = field(0.5, "Factor at each drop.", title="Factor", gt=0, le=1)


class MultiStepSchedule(_BaseSchedule):
    """The learning rate is multiplied by a factor after the epochs you name."""

    title: ClassVar[str] = "Multi-step"
    kind: Literal["multi_step"] = "multi_step"
    milestones: tuple[Annotated[int, Field(ge=1)], ...] = field(
        (10, 15), "Epochs after which the rate drops.", title="Drop after", unit="epochs"
    )
    gamma: float = field(0.1, "Factor at each drop.", title="Factor", gt=0, le=1)


class ExponentialSchedule(_BaseSchedule):
    """The learning rate falls by the same factor in every epoch, a little at each step."""

    title: ClassVar[str] = "Exponential"
    kind: Literal["exponential"] = "exponential"
    gamma: float = field(0.9, "Share of the rate that is left after an epoch.", title="Factor per epoch", gt=0, le=1)


class PolynomialSchedule(_BaseSchedule):
    """The learning rate falls with a power of the remaining share of the run; power 1 is a straight line."""

    title: ClassVar[str] = "Polynomial"
    kind: Literal["polynomial"] = "polynomial"
    power: float = field(1.0, "1: a straight line; above: falls faster at first.", gt=0, le=10)
    final: float = field(0.0, "Share of the rate left at the end.", title="Final LR, share", ge=0, le=1)


class CosineSchedule(_BaseSchedule):
    """The learning rate falls along half a cosine (Loshchilov & Hutter 2017)."""

    title: ClassVar[str] = "Cosine"
    kind: Literal["cosine"] = "cosine"
    final: float = field(0.0, "Share of the rate left at the end.", title="Final LR, share", ge=0, le=1)


class CosineRestartsSchedule(_BaseSchedule):
    """Half a cosine, again and again, each longer than the one before (SGDR; Loshchilov & Hutter 2017)."""

    title: ClassVar[str] = "Cosine with restarts"
    kind: Literal["cosine_restarts"] = "cosine_restarts"
    first: int = field(5, "Epochs until the first restart.", title="First cycle", ge=1, unit="epochs")
    growth: int = field(
        1, "Each cycle is so many times as long as the one before.", title="Cycles grow by", ge=1, le=10
    )
    final: float = field(0.0, "Share of the rate at the end of a cycle.", title="Lowest share", ge=0, le=1)


class CyclicSchedule(_BaseSchedule):
    """The learning rate goes up and down in straight lines (Smith 2017)."""

    title: ClassVar[str] = "Cyclic"
    kind: Literal["cyclic"] = "cyclic"
    half: int = field(2, "Epochs of a rise, and of a fall.", title="Half a cycle", ge=1, unit="epochs")
    low: float = field(0.1, "Share of the rate at which a cycle begins and ends.", title="Lowest share", ge=0, le=1)
    shrink: float = field(
        1.0,
        "Height of each cycle, as a share of the one before: 0.5 is Smith's 'triangular2'.",
        title="Cycles shrink to",
        gt=0,
        le=1,
    )


class OneCycleSchedule(_BaseSchedule):
    """The learning rate rises to its peak, then falls far below its start (Smith & Topin 2019)."""

    title: ClassVar[str] = "One cycle"
    kind: Literal["one_cycle"] = "one_cycle"
    rise: float = field(0.3, "Share of the run spent rising.", title="Share spent rising", gt=0, lt=1)
    start: float = field(0.04, "Share of the peak at the start.", title="Start, share of peak", gt=0, le=1)
    final: float = field(1e-4, "Share of the peak at the end.", title="End, share of peak", ge=0, le=1, scale="log")


class PlateauSchedule(_BaseSchedule):
    """The learning rate drops when the monitored value no longer improves."""

    title: ClassVar[str] = "Reduce on plateau"
    kind: Literal["reduce_on_plateau"] = "reduce_on_plateau"
    gamma: float = field(0.5, "Factor at each drop.", title="Factor", gt=0, lt=1)
    patience: int = field(5, "Epochs without improvement before the rate drops.", ge=1, unit="epochs")
    min_delta: float = field(0.0, "Improvements no larger than this do not count.", title="Smallest gain", ge=0)
    cooldown: int = field(0, "Epochs after a drop that are not counted.", ge=0, unit="epochs", advanced=True)
    final: float = field(0.001, "Share of the rate it never falls below.", title="Lowest share", ge=0, le=1)


Schedule = Annotated[
    ConstantSchedule
    | StepSchedule
    | MultiStepSchedule
    | ExponentialSchedule
    | PolynomialSchedule
    | CosineSchedule
    | CosineRestartsSchedule
    | CyclicSchedule
    | OneCycleSchedule
    | PlateauSchedule,
    Field(discriminator="kind"),
]


def learning_rate(
    schedule: Schedule, peak: float, step: int, steps: int, steps_per_epoch: int, *, tuning: FineTuning | None = None
) -> float:
    """The learning rate of a step.

    For reduce-on-plateau, which depends on the results as well, it is the rate before any drop; the training loop
    multiplies it by the factors of the drops.

    Args:
        schedule: The schedule, with its warm-up.
        peak: The optimizer's learning rate, which the schedule multiplies.
        step: The step, counted from 0.
        steps: Number of steps of the run.
        steps_per_epoch: Number of steps of an epoch.
        tuning: Fine-tuning, in each phase of which the schedule runs once.
    """
    if tuning is not None:
        border = min(tuning.freeze_epochs * steps_per_epoch, steps)
        if step < border:
            return learning_rate(schedule, peak, step, border, steps_per_epoch)
        return learning_rate(schedule, peak * tuning.lr_factor, step - border, steps - border, steps_per_epoch)
    warmup = min(schedule.warmup_steps, steps)
    if step < warmup:
        return peak * _factor(schedule, 0, steps - warmup, steps_per_epoch) * (step + 1) / warmup
    return peak * _factor(schedule, step - warmup, steps - warmup, steps_per_epoch)


def learning_rates(
    schedule: Schedule,
    peak: float,
    steps: int,
    steps_per_epoch: int,
    points: int = 200,
    *,
    tuning: FineTuning | None = None,
) -> tuple[list[int], list[float]]:
    """Samples up to ``points`` steps evenly, the first and last included; gives the steps and their learning rates.

    The two steps between which fine-tuning changes its phase are among them.
    """
    count = min(points, steps)
    samples = [round(i * (steps - 1) / max(count - 1, 1)) for i in range(count)]
    if tuning is not None and 0 < (border := tuning.freeze_epochs * steps_per_epoch) < steps:
        samples = sorted({*samples, border - 1, border})
    return samples, [learning_rate(schedule, peak, step, steps, steps_per_epoch, tuning=tuning) for step in samples]


def _factor(schedule: Schedule, step: int, steps: int, steps_per_epoch: int) -> float:  # noqa: PLR0911 - an arm per kind
    """The learning rate of a step after the warm-up, relative to the peak."""
    epoch = max(steps_per_epoch, 1)
    last = max(steps - 1, 1)
    share = min(step / last, 1.0)
    match schedule:
        case ConstantSchedule() | PlateauSchedule():
            return 1.0
        case StepSchedule():
            return float(schedule.gamma ** (step // (schedule.every * epoch)))
        case MultiStepSchedule():
            return float(schedule.gamma ** sum(step >= milestone * epoch for milestone in schedule.milestones))
        case ExponentialSchedule():
            return float(schedule.gamma ** (step / epoch))
        case PolynomialSchedule():
            return float(schedule.final + (1 - schedule.final) * (1 - share) ** schedule.power)
        case CosineSchedule():
            return _cosine_interpolation(1.0, schedule.final, share)
        case CosineRestartsSchedule():
            return _cosine_interpolation(
                1.0, schedule.final, _cycle_position(step, schedule.first * epoch, schedule.growth)
            )
        case CyclicSchedule():
            cycle, place = divmod(step / (schedule.half * epoch), 2)
            height = (1 - schedule.low) * (1 - abs(place - 1))
            return float(schedule.low + height * schedule.shrink**cycle)
        case OneCycleSchedule():
            top = max(schedule.rise * steps - 1, 0.0)
            if step < top:
                return _cosine_interpolation(schedule.start, 1.0, step / top)
            return _cosine_interpolation(1.0, schedule.final, min((step - top) / (last - top), 1.0))


def _cycle_position(step: int, first: int, growth: int) -> float:
    """Position of a step in its cycle, 0 … 1; cycles last ``first``, ``first·growth``, ``first·growth²`` … steps."""
    if growth == 1:
        return (step % first) / first
    length = first
    while step >= length:
        step, length = step - length, length * growth
    return step / length


def _cosine_interpolation(start: float, end: float, share: float) -> float:
    """Interpolates from start to end along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
