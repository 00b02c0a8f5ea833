"""The cards of what a run takes: time of its steps, throughput, memory; and of its learning rate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from app.formatting import format_number
from app.pages.live.curve_cards import PlotCard
from app.pages.live.curve_legend import CurveLegend
from app.pages.live.run_view import series_key
from app.plots import RunCurves, SeriesBuffer
from mtl_core.protocol.series_names import (
    DEVICE_MEMORY,
    LEARNING_RATE,
    MEMORY,
    STEP_PARTS,
    THROUGHPUT,
    step_time_name,
)
from mtl_core.text import format_size

if TYPE_CHECKING:
    from mtl_core.store import SeriesKey

LEAST_WIDTH = 400
"""Least width of a card in pixels, whose header has a title and values."""
_HEIGHT = 200
_SMOOTHING = 0.8
_STARTS, _ENDED = "It appears with the first steps.", "This run has not recorded it."
_SHARED_STEPS = "Not recorded for runs that train together."
_MEBIBYTE, _GIBIBYTE = 2.0**20, 2.0**30


class ResourceCard(PlotCard):
    """Curves of no task.

    Args:
        title: The title.
        name: The object names end with it.
        labels: Name of each curve by its series.
        scale: What the recorded values are multiplied by.
        is_smoothed: Whether the curves are smoothed; the raw ones stay, faint.
    """

    def __init__(
        self, title: str, name: str, labels: Mapping[str, str], *, scale: float = 1.0, is_smoothed: bool = False
    ) -> None:
        super().__init__(title, name, _STARTS)
        self._labels, self._scale, self._is_smoothed = dict(labels), scale, is_smoothed
        self._hues = {metric: index for index, metric in enumerate(labels)}
        self.legend = CurveLegend()
        self.body.insertWidget(0, self.legend)
        self._show_legend([])
        self.plot.set_from_zero(True)
        self.plot.set_smoothing(_SMOOTHING)
        self.setMinimumHeight(_HEIGHT)

    def accepts(self, key: SeriesKey) -> bool:
        """Whether a series belongs on this card."""
        return (key.task, key.split) == ("", "train") and key.metric in self._labels

    def draw_series(self, key: SeriesKey, series: SeriesBuffer) -> None:
        """Draws one series."""
        self.plot.set_curve(
            key,
            series.steps,
            series.values * self._scale,
            color=self._hues[key.metric],
            smoothed=self._is_smoothed,
            label=self._labels[key.metric],
        )

    def show_latest(self, curves: RunCurves) -> None:
        """Show the newest values in the header."""
        newest = {metric: curves.get(series_key("", "train", metric)).last() for metric in self._labels}
        values = {metric: value for metric, value in newest.items() if value is not None}
        self.set_subtitle(self.text(values))
        if list(values) != self._drawn:
            self._show_legend(list(values))

    def show_reason(self, curves: RunCurves, *, has_ended: bool) -> None:
        """Say why there is no curve, while there is none."""
        self.plot.set_empty_text(_ENDED if has_ended else _STARTS)

    def _show_legend(self, drawn: list[str]) -> None:
        """Name the curves, where there are several."""
        self._drawn = drawn
        self.legend.show_entries([(self._labels[metric], self._hues[metric]) for metric in drawn])
        self.legend.setVisible(len(drawn) > 1)

    def text(self, values: Mapping[str, float]) -> str:
        """The newest values, by series, in words."""
        return "".join(map(format_number, values.values()))


class StepTimeCard(ResourceCard):
    """Where the time of a step goes."""

    def __init__(self) -> None:
        parts = {step_time_name(part): part for part in STEP_PARTS}
        super().__init__("Time of a step (ms)", "step-time", parts, scale=1000.0, is_smoothed=True)

    def show_reason(self, curves: RunCurves, *, has_ended: bool) -> None:
        """Say why there is no curve; runs that train together have a throughput and no times of their own."""
        super().show_reason(curves, has_ended=has_ended)
        if len(curves.get(series_key("", "train", THROUGHPUT))):
            self.plot.set_empty_text(_SHARED_STEPS)

    def text(self, values: Mapping[str, float]) -> str:
        """The whole time, and the part that takes most of it."""
        total = sum(values.values())
        if not total:
            return ""
        longest = max(values, key=lambda metric: values[metric])
        share = f"{self._labels[longest]} {100 * values[longest] / total:.0f} %"
        return f"{format_number(total * self._scale)} ms · {share}"


class MemoryCard(ResourceCard):
    """Memory of the process and of a CUDA device."""

    def __init__(self) -> None:
        super().__init__("Memory", "memory", {MEMORY: "process", DEVICE_MEMORY: "device, peak"})
        self._fit_unit(RunCurves())

    def draw(self, curves: RunCurves, changed: Iterable[SeriesKey]) -> None:
        """Draw the changed series; all of them where the unit has changed."""
        changed = set(changed)
        if any(map(self.accepts, changed)) and self._fit_unit(curves):
            changed |= set(curves.names())
        super().draw(curves, changed)

    def _fit_unit(self, curves: RunCurves) -> bool:
        """Take the unit of the largest newest value, which hardly shrinks; return whether it has changed."""
        newest = [curves.get(series_key("", "train", metric)).last() or 0.0 for metric in self._labels]
        size, unit = (_GIBIBYTE, "GB") if max(newest) >= _GIBIBYTE else (_MEBIBYTE, "MB")
        has_changed = self._scale != 1 / size
        self._scale = 1 / size
        self.set_title(f"Memory ({unit})")
        return has_changed

    def text(self, values: Mapping[str, float]) -> str:
        """The newest sizes."""
        return " · ".join(f"{self._labels[metric]} {format_size(round(value))}" for metric, value in values.items())


def resource_cards() -> tuple[ResourceCard, ...]:
    """Make the cards, in their order on the page."""
    rate = ResourceCard("Learning rate", "learning-rate", {LEARNING_RATE: "learning rate"})
    throughput = ResourceCard("Throughput (samples/s)", "throughput", {THROUGHPUT: "samples/s"}, is_smoothed=True)
    return StepTimeCard(), throughput, MemoryCard(), rate
