"""The cards with the overlaid curves of the compared runs, one per task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer

from app.pages.compare.swatch import dots_of
from app.pages.compare.views.compared_run import ComparedRun
from app.pages.compare.views.comparison import curve_tasks, metric_choices
from app.plots import (
    AxisKind,
    CardGrid,
    CurvePlot,
    PlotOptions,
    RunCurves,
    SeriesBuffer,
    TrainingClock,
    XAxis,
    epoch_axis,
    time_axis,
    unit_of,
)
from app.widgets import Card

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, SeriesKey

_RUNS_PER_TURN = 4
"""Runs whose curves are drawn before other events have their turn."""


class TaskCurveCard(Card):
    """A plot of one metric of one task: hue and dots identify the run, dashes mean validation."""

    def __init__(self, task: str, metric: str) -> None:
        super().__init__(f"{task} · {metric}")
        self.series_metric = metric
        self.setObjectName(f"compare-card-{task}")
        self.plot = CurvePlot()
        self.plot.setObjectName(f"compare-plot-{task}")
        self.plot.setAccessibleName(f"Curves: {task} {metric}")
        self.plot.setMinimumHeight(190)
        self.plot.set_empty_text(f"The {metric} of {task} appears as the runs train.")
        self.body.addWidget(self.plot, 1)

    def remove_other_runs(self, runs: Sequence[int]) -> None:
        """Takes the curves of all other runs away."""
        for key in self.plot.curve_keys():
            if isinstance(key, tuple) and key[0] not in runs:
                self.plot.remove_curve(key)

    def draw_series(self, entry: ComparedRun, key: SeriesKey, series: SeriesBuffer, axis: XAxis) -> None:
        """Draws a series of a run on its own horizontal axis."""
        val = key.split == "val"
        self.plot.set_curve(
            (entry.run.id, key.split),
            series.steps,
            series.values,
            color=entry.color,
            dash=val,
            dots=dots_of(entry.color),
            smoothed=not val and self.series_metric == "loss",
            label=f"run {entry.run.id} {key.split}",
            axis=axis,
        )


class CurveGrid(CardGrid):
    """The grid of task cards; it is rebuilt when tasks or metric change.

    The curves of a few runs are drawn at a time, so that the window answers while there are dozens.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cards: dict[str, TaskCurveCard] = {}
        self._layout_key: tuple[object, ...] = ()
        self._runs: dict[int, tuple[ComparedRun, RunCurves, XAxis | None]] = {}
        self._pending: dict[int, set[SeriesKey] | None] = {}
        self._draw_timer = QTimer(self, singleShot=True, interval=0)
        self._draw_timer.timeout.connect(self._draw_next_runs)

    def draw(
        self,
        entries: Sequence[ComparedRun],
        curves: Mapping[int, RunCurves],
        clocks: Mapping[int, TrainingClock],
        metric: str,
        options: PlotOptions,
        *,
        changed: Mapping[int, set[SeriesKey]] | None = None,
    ) -> None:
        """Draw a metric of all runs.

        Args:
            entries: The runs.
            curves: Their points.
            clocks: When each was where.
            metric: What to draw.
            options: How.
            changed: Only these series of these runs are new; None draws everything.
        """
        tasks = curve_tasks([entry.run for entry in entries], metric, all_keys(curves))
        layout_key = (metric, tasks)
        if layout_key != self._layout_key:
            self._layout_key, changed = layout_key, None
            self.cards = {task: TaskCurveCard(task, metric) for task in tasks}
            self.set_cards(list(self.cards.values()))
        if changed is None:
            for card in self.cards.values():
                card.remove_other_runs([entry.run.id for entry in entries])
        axes = run_axes(entries, clocks, options.axis)
        self._runs = {e.run.id: (e, curves[e.run.id], axes.get(e.run.id)) for e in entries}
        for run in self._runs if changed is None else changed:
            # A run's clock goes on with all of its curves.
            keys = changed[run] if changed is not None and options.axis != "time" else None
            pending = self._pending.get(run, set())
            self._pending[run] = None if keys is None or pending is None else pending | keys
        self._draw_next_runs()
        for card in self.cards.values():
            card.plot.set_show_raw(len(entries) < 2)
        options.apply(card.plot for card in self.cards.values())
        self._set_axes(entries, axes, options)

    def _draw_next_runs(self) -> None:
        """Draw the next few runs, and go on once the events that came meanwhile are done."""
        for run in list(self._pending)[:_RUNS_PER_TURN]:
            keys = self._pending.pop(run)
            if run in self._runs:
                self._draw_run(*self._runs[run], keys)
        if self._pending:
            self._draw_timer.start()

    def _draw_run(
        self, entry: ComparedRun, curves: RunCurves, axis: XAxis | None, changed: set[SeriesKey] | None
    ) -> None:
        for key in list(curves.names()) if changed is None else changed:
            card = self.cards.get(key.task)
            if card is not None and key.metric == card.series_metric and key.split in ("train", "val"):
                if axis is None:
                    card.plot.remove_curve((entry.run.id, key.split))
                else:
                    card.draw_series(entry, key, curves.get(key), axis)

    def _set_axes(self, entries: Sequence[ComparedRun], axes: Mapping[int, XAxis], options: PlotOptions) -> None:
        ends = [
            axes[entry.run.id].place(np.array([last_step(entry.run)]))[0] for entry in entries if entry.run.id in axes
        ]
        label = options.axis if options.axis != "time" else next((axis.label for axis in axes.values()), "time")
        options.show_unit(label)
        for card in self.cards.values():
            card.plot.set_x_axis(XAxis(label))
            card.plot.set_until(float(max(ends, default=0.0)))


def last_step(run: RunRecord) -> float:
    """The step up to which the axis keeps room for a run: the planned end of one that is on."""
    progress = run.progress
    return 0.0 if progress is None else float(progress.step if run.has_ended else progress.steps)


def run_axes(entries: Sequence[ComparedRun], clocks: Mapping[int, TrainingClock], kind: AxisKind) -> dict[int, XAxis]:
    """Where the steps of each run stand on one axis for all; runs of which that is not known are left out.

    Args:
        entries: The runs.
        clocks: When each was where.
        kind: What the axis counts; times are in one unit for all runs.
    """
    if kind == "step":
        return {entry.run.id: XAxis() for entry in entries}
    if kind == "epoch":
        axes = {entry.run.id: epoch_axis(entry.run) for entry in entries}
    else:
        runs = [entry.run for entry in entries if entry.run.id in clocks]
        longest = max((clocks[run.id].known_times(run)[1][-1] for run in runs), default=0.0)
        axes = {run.id: time_axis(clocks[run.id], run, unit_of(longest)) for run in runs}
    return {run: axis for run, axis in axes.items() if axis is not None}


def all_keys(curves: Mapping[int, RunCurves]) -> list[SeriesKey]:
    """The series of all runs, each once."""
    return list(dict.fromkeys(key for run_curves in curves.values() for key in run_curves.names()))


def available_metrics(curves: Mapping[int, RunCurves]) -> tuple[str, ...]:
    """The metrics that can be drawn."""
    return metric_choices(all_keys(curves))
