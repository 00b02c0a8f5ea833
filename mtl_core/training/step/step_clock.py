"""Times the parts of some training steps: data, forward pass, weighting, backward passes, optimizer."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeVar

import torch

from mtl_core.protocol.series_names import STEP_PARTS, StepPart
from mtl_core.weighting.autograd.passes import backward_pass

Item = TypeVar("Item")

_MAX_INTERVAL = 16
"""Of so many quick steps one is timed."""
_TARGET_SECONDS = 0.1
"""Steps that take longer are all timed."""
_HASH, _HASH_MASK = 0x9E3779B1, 0xFFFFFFFF
"""Multiplicative hash (Knuth 1973, 6.4), by which the timed steps do not coincide with the chunks of batches."""
_EVERY_STEP = _HASH_MASK + 1
"""Limit of the hash until a step has been timed."""
_NO_CONTEXT: AbstractContextManager[None] = nullcontext()


class _Marks(Protocol):
    """Points in time that are read later."""

    def add(self) -> None:
        """Add the present."""

    def seconds(self) -> list[float]:
        """Return the times between successive marks."""


class _HostMarks:
    """Marks by the clock of the processor."""

    def __init__(self) -> None:
        self._times: list[float] = []

    def add(self) -> None:
        self._times.append(time.perf_counter())

    def seconds(self) -> list[float]:
        return [end - begin for begin, end in zip(self._times, self._times[1:], strict=False)]


class _DeviceMarks:
    """Marks by events of a CUDA device, which need no synchronization while it computes.

    They stand where the device is in its work: what the processor does meanwhile costs nothing.

    Args:
        device: The device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._events: list[torch.cuda.Event] = []

    def add(self) -> None:
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self._device))
        self._events.append(event)

    def seconds(self) -> list[float]:
        self._events[-1].synchronize()
        pairs = zip(self._events, self._events[1:], strict=False)
        return [begin.elapsed_time(end) / 1000 for begin, end in pairs]


class StepClock:
    """Measures how the time of a training step divides into its parts, on one step in sixteen of quick ones.

    All methods do next to nothing in the other steps. On a CUDA device events are recorded, and read when the results
    are, so that the device never waits.

    Args:
        device: Training device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._is_timing, self._is_first = False, True
        self._limit = _EVERY_STEP
        self._begin_time = 0.0
        self._parts: list[StepPart | None] = []
        self._part_before_pass: StepPart | None = None
        self._marks: _Marks = _HostMarks()
        self._steps: list[tuple[list[StepPart | None], _Marks]] = []

    def iter_data(self, items: Iterator[Item], step: int) -> Iterator[Item]:
        """Iterate over the data of successive steps, and time how long the next takes.

        Args:
            items: The data.
            step: Number of the first step.
        """
        while True:
            self._begin(step)
            item = next(items, None)
            self.leave()
            if item is None:
                return
            yield item
            step += 1

    def enter(self, part: StepPart) -> None:
        """Begin a part of the step; the previous one ends."""
        if self._is_timing:
            self._mark(part)

    def leave(self) -> None:
        """End a part of the step; what follows, until the next one, is not of the step."""
        if self._is_timing:
            self._mark(None)

    def backward_passes(self) -> AbstractContextManager[None]:
        """Return a context in which marked backward passes are timed apart from what they stand in."""
        return backward_pass.call(self._on_pass) if self._is_timing else _NO_CONTEXT

    def end(self) -> None:
        """End the step. The first one is not counted: it reserves memory and chooses kernels."""
        if not self._is_timing:
            return
        self._mark(None)
        if self._is_first:
            self._is_first = False
        else:
            if self._limit == _EVERY_STEP:  # by the time that kernels take to launch, where they run on a device
                self._set_interval(time.perf_counter() - self._begin_time)
            self._steps.append((self._parts, self._marks))
        self._is_timing = False

    def drain(self) -> dict[StepPart, float]:
        """Return the mean seconds of each part of the steps timed since the last call; empty if there are none."""
        steps, self._steps = self._steps, []
        if not steps:
            return {}
        sums = dict.fromkeys(STEP_PARTS, 0.0)
        for parts, marks in steps:
            for part, seconds in zip(parts, marks.seconds(), strict=False):  # nothing follows the last mark
                if part is not None:
                    sums[part] += seconds
        means = {part: total / len(steps) for part, total in sums.items()}
        self._set_interval(sum(means.values()))
        return means

    def _set_interval(self, step_seconds: float) -> None:
        interval = min(max(_TARGET_SECONDS / max(step_seconds, 1e-9), 1.0), _MAX_INTERVAL)
        self._limit = int(_HASH_MASK / interval)

    def _begin(self, step: int) -> None:
        """Begin a step and its data, in place of one that has not ended."""
        self._is_timing = (step * _HASH) & _HASH_MASK <= self._limit
        if self._is_timing:
            self._begin_time = time.perf_counter()
            self._parts = []
            self._marks = _DeviceMarks(self._device) if self._device.type == "cuda" else _HostMarks()
            self._mark("data")

    def _mark(self, part: StepPart | None) -> None:
        self._parts.append(part)
        self._marks.add()

    def _on_pass(self, begins: bool) -> None:
        if begins:
            self._part_before_pass = self._parts[-1]
        self._mark("backward" if begins else self._part_before_pass)
