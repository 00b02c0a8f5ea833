"""The cards with the overlaid curves of the compared runs, one per task."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal

from app.pages.compare.swatch import dots_of
from app.pages.compare.views.compared_run import ComparedRun
from app.pages.compare.views.comparison import curve_tasks, metric_choices
from app.plots import (
    AxisKind,
    CardGrid,
    CurvePlot,
    PlotButtons,
    PlotOptions,
    PlotTools,
    RunCurves,
    SeriesBuffer,
    TrainingClock,
    XAxis,
    epoch_axis,
    epoch_steps,
    examples_axis,
    time_axis,
    unit_of,
)
from app.widgets import Card, StepQueue
from mtl_core.analysis.bands import Floats, band
from mtl_core.protocol.series_key import SeriesKey
from mtl_core.protocol.series_names import LOSS, LOSS_WEIGHT

if TYPE_CHECKING:
    from mtl_core.store import RunRecord


@dataclass(frozen=True, eq=False)
class SeedCurves:
    """The curves of runs that differ in nothing but the seed.

    Attributes:
        runs: The runs.
        color: The hue of the group.
        curves: Places on the horizontal axis and values of each.
    """

    runs: tuple[int, ...]
    color: int
    curves: tuple[tuple[Floats, Floats], ...]


class TaskCurveCard(Card):
    """A plot of one metric of one task: hue and dots identify the run, dashes mean validation."""

    def __init__(self, task: str, metric: str) -> None:
        super().__init__(f"{task} · {metric}")
        self.task, self.series_metric = task, metric
        self.setObjectName(f"compare-card-{task}")
        self.plot = CurvePlot()
        self.plot.setObjectName(f"compare-plot-{task}")
        self.plot.setAccessibleName(f"Curves: {task} {metric}")
        self.plot.setMinimumHeight(190)
        self.plot.set_empty_text(f"The {metric} of {task} appears as the runs train.")
        self.plot.title = f"{task} {metric}"
        self.body.addWidget(self.plot, 1)
        self.header.addWidget(PlotButtons(self.plot, self.plot.objectName(), self.title))

    def draw_bands(self, groups: Sequence[SeedCurves]) -> None:
        """Draw mean and standard deviation of each group; remove all other bands."""
        drawn = {}
        for group in groups:
            if (found := band(group.curves)) is not None:
                drawn["band", group.runs] = group, found
        for key in [key for key in self.plot.band_keys() if key not in drawn]:
            self.plot.remove_band(key)
            self.plot.remove_curve(key)
        for key, (group, found) in drawn.items():
            self.plot.set_band(key, found.x, found.mean - found.sd, found.mean + found.sd, color=group.color)
            label = f"mean of {len(group.runs)} seeds of run {group.runs[0]}"
            self.plot.set_curve(
                key, found.x, found.mean, color=group.color, dash=True, smoothed=False, label=label, axis=XAxis()
            )

    def remove_other_runs(self, runs: Sequence[int]) -> None:
        """Remove the curves of all other runs."""
        for key in self.plot.curve_keys():
            if isinstance(key, tuple) and isinstance(key[0], int) and key[0] not in runs:
                self.plot.remove_curve(key)

    def draw_series(
        self,
        entry: ComparedRun,
        key: SeriesKey,
        series: SeriesBuffer,
        axis: XAxis,
        weights: SeriesBuffer,
        *,
        faint: bool = False,
    ) -> None:
        """Draws a series of a run on its own horizontal axis, with the weights of a loss; pale in a band."""
        val = key.split == "val"
        self.plot.set_curve(
            (entry.run.id, key.split),
            series.steps,
            series.values,
            color=entry.color,
            dash=val,
            dots=dots_of(entry.color),
            faint=faint,
            smoothed=not val and self.series_metric == LOSS,
            label=f"run {entry.run.id} {key.split}",
            name=entry.title,
            axis=axis,
            weights=(weights.steps, weights.values) if len(weights) else None,
            epoch_steps=epoch_steps(entry.run),
        )


class CurveGrid(CardGrid):
    """The grid of task cards; it is rebuilt when tasks or metric change.

    Cards are made and deleted one by one, and the curves of each run are drawn in a step of their own.

    ``runsPicked(tuple)``: the run of the curve that was clicked, or the runs of a mean; empty for a click beside them.

    Args:
        steps: Queue of the steps.
        tools: The tools of the page's plots.
    """

    runsPicked = Signal(tuple)

    def __init__(self, steps: StepQueue, tools: PlotTools) -> None:
        super().__init__(tools.layout)
        self._tools = tools
        self.cards: dict[str, TaskCurveCard] = {}
        self._steps = steps
        self._metric, self._tasks = "", tuple[str, ...]()
        self._new_cards: dict[str, TaskCurveCard] | None = None
        self._entries: tuple[ComparedRun, ...] = ()
        self._runs: dict[int, tuple[ComparedRun, RunCurves, XAxis | None]] = {}
        self._axes: dict[int, XAxis] = {}
        self._options: PlotOptions | None = None
        self._pending: dict[int, set[SeriesKey] | None] = {}
        self._groups: tuple[tuple[int, ...], ...] = ()
        self._picked: tuple[int, ...] = ()

    def raise_runs(self, runs: tuple[int, ...]) -> None:
        """Draw the curves of some runs above the others, on every card."""
        self._picked = runs
        for card in self.cards.values():
            card.plot.raise_curves(_keys_of(runs))

    def _pick(self, key: Hashable) -> None:
        match key:
            case (int(run), str()):
                self.runsPicked.emit((run,))
            case ("band", tuple(runs)):
                self.runsPicked.emit(runs)
            case _:
                self.runsPicked.emit(())

    def draw(
        self,
        entries: Sequence[ComparedRun],
        curves: Mapping[int, RunCurves],
        clocks: Mapping[int, TrainingClock],
        metric: str,
        options: PlotOptions,
        *,
        groups: Sequence[Sequence[int]] = (),
        changed: Mapping[int, set[SeriesKey]] | None = None,
    ) -> None:
        """Draw a metric of all runs.

        Args:
            entries: The runs.
            curves: Their points.
            clocks: Their training times.
            metric: The metric to draw.
            options: Drawing options.
            groups: All groups of runs that differ in nothing but the seed, to draw mean and standard deviation of each
                in a color of its own; none to draw each run by itself.
            changed: The changed series of each run; None draws everything.
        """
        runs_by_group = tuple(map(tuple, groups))
        if runs_by_group != self._groups:
            self._groups, changed = runs_by_group, None
        self._axes = run_axes(entries, clocks, options.axis)
        self._entries, self._options = tuple(entries), options
        self._runs = {e.run.id: (e, curves[e.run.id], self._axes.get(e.run.id)) for e in entries}
        tasks = curve_tasks([entry.run for entry in entries], metric, all_keys(curves))
        if (metric, tasks) != (self._metric, self._tasks):
            self._metric, self._tasks = metric, tasks
            self._discard((self._new_cards or {}).values())
            self._new_cards = {}
            self._steps.put("curve cards", self._make_next_card)
        elif self._new_cards is None:
            self._draw_runs(options, changed)

    def record_at(self, key: Hashable) -> RunRecord | None:
        """The run of a curve; None for a curve of no single run, such as the mean of seeds."""
        run = key[0] if isinstance(key, tuple) else None
        return self._runs[run][0].run if isinstance(run, int) and run in self._runs else None

    def _make_next_card(self) -> None:
        """Make the next card; once all are made, show them and draw all runs."""
        if self._new_cards is None or self._options is None:
            return
        missing = [task for task in self._tasks if task not in self._new_cards]
        if missing:
            card = TaskCurveCard(missing[0], self._metric)
            self._tools.add(card.plot, card.plot.title)
            card.plot.raise_curves(_keys_of(self._picked))
            card.plot.curveClicked.connect(self._pick)
            card.setParent(self)
            card.ensurePolished()
            self._new_cards[missing[0]] = card
            self._steps.put("curve cards", self._make_next_card)
            return
        previous, self.cards, self._new_cards = self.cards, self._new_cards, None
        self.replace_cards(list(self.cards.values()))
        self._discard(previous.values())
        self._draw_runs(self._options, None)

    def _discard(self, cards: Iterable[TaskCurveCard]) -> None:
        for card in list(cards):
            self._steps.put(card, partial(_delete_card, card))

    def _draw_runs(self, options: PlotOptions, changed: Mapping[int, set[SeriesKey]] | None) -> None:
        if changed is None:
            for card in self.cards.values():
                self._steps.put((card, "runs"), partial(card.remove_other_runs, tuple(self._runs)))
        for run in self._runs if changed is None else changed:
            # All curves of a run move along the time axis when its clock changes.
            keys = changed[run] if changed is not None and options.axis != "time" else None
            pending = self._pending.get(run, set())
            self._pending[run] = None if keys is None or pending is None else pending | keys
        self._steps.put("curves", self._draw_next_run)
        for card in self.cards.values():
            card.plot.set_show_raw(len(self._runs) < 2)
        options.apply((card.plot for card in self.cards.values()), values=self._metric == LOSS)
        self._set_axes(self._entries, self._axes, options)

    def _draw_next_run(self) -> None:
        run = next(iter(self._pending), None)
        if run is None:
            for card in self.cards.values():
                self._steps.put((card, "bands"), partial(self._draw_bands, card))
            return
        keys = self._pending.pop(run)
        if run in self._runs:
            self._draw_run(*self._runs[run], keys)
        self._steps.put("curves", self._draw_next_run)

    def _draw_run(
        self, entry: ComparedRun, curves: RunCurves, axis: XAxis | None, changed: set[SeriesKey] | None
    ) -> None:
        group = next((place for place, runs in enumerate(self._groups) if entry.run.id in runs), None)
        hidden = None if group is None or len(self._groups[group]) < 2 else _other_split(self._band_split())
        for key in list(curves.names()) if changed is None else changed:
            card = self.cards.get(key.task)
            if card is not None and key.metric == card.series_metric and key.split in ("train", "val"):
                if axis is None or key.split == hidden:
                    card.plot.remove_curve((entry.run.id, key.split))
                else:
                    weights = curves.get(key._replace(split="train", metric=LOSS_WEIGHT))
                    shown = entry if group is None else replace(entry, color=group)
                    card.draw_series(shown, key, curves.get(key), axis, weights, faint=hidden is not None)

    def _band_split(self) -> str:
        """The split of which bands are drawn: validation, or training where the metric has no other."""
        keys = all_keys({run: curves for run, (_, curves, _) in self._runs.items()})
        return "val" if any(key.split == "val" and key.metric == self._metric for key in keys) else "train"

    def _draw_bands(self, card: TaskCurveCard) -> None:
        key = SeriesKey(card.task, self._band_split() if self._groups else "", card.series_metric)
        bands = []
        for place, runs in enumerate(self._groups):
            curves = []
            for run in runs if len(runs) > 1 else ():
                _, series, axis = self._runs.get(run, (None, None, None))
                if series is not None and axis is not None and key in series.names():
                    points = series.get(key)
                    curves.append((axis.place(points.steps), points.values))
            bands.append(SeedCurves(runs, place, tuple(curves)))
        card.draw_bands(bands)

    def _set_axes(self, entries: Sequence[ComparedRun], axes: Mapping[int, XAxis], options: PlotOptions) -> None:
        ends = [
            axes[entry.run.id].place(np.array([last_step(entry.run)]))[0] for entry in entries if entry.run.id in axes
        ]
        label = options.axis if options.axis != "time" else next((axis.label for axis in axes.values()), "time")
        options.show_unit(label)
        for card in self.cards.values():
            card.plot.set_x_axis(XAxis(label))
            card.plot.set_until(float(max(ends, default=0.0)))


def _keys_of(runs: tuple[int, ...]) -> list[Hashable]:
    """The keys that the curves of some runs have, and the mean of them."""
    return [("band", runs), *((run, split) for run in runs for split in ("train", "val"))]


def _other_split(split: str) -> str:
    return "train" if split == "val" else "val"


def _delete_card(card: TaskCurveCard) -> None:
    card.plot.clear()  # dozens of curves: most of the time that deleting it takes
    card.deleteLater()


def last_step(run: RunRecord) -> float:
    """Last step of a run for the axis: the planned one while the run is active."""
    progress = run.progress
    return 0.0 if progress is None else float(progress.step if run.has_ended else progress.steps)


def run_axes(entries: Sequence[ComparedRun], clocks: Mapping[int, TrainingClock], kind: AxisKind) -> dict[int, XAxis]:
    """Horizontal axis of each run, all in one unit; runs whose axis is not known are omitted.

    Args:
        entries: The runs.
        clocks: Their training times.
        kind: Unit of the axis; times are in the same unit for all runs.
    """
    if kind == "step":
        return {entry.run.id: XAxis() for entry in entries}
    if kind == "epoch":
        axes = {entry.run.id: epoch_axis(entry.run) for entry in entries}
    elif kind == "examples":
        axes = {
            entry.run.id: examples_axis(entry.run, entry.spec.training.batch_size)
            for entry in entries
            if entry.spec is not None
        }
    else:
        runs = [entry.run for entry in entries if entry.run.id in clocks]
        longest = max((clocks[run.id].known_times(run)[1][-1] for run in runs), default=0.0)
        axes = {run.id: time_axis(clocks[run.id], run, unit_of(longest)) for run in runs}
    return {run: axis for run, axis in axes.items() if axis is not None}


def all_keys(curves: Mapping[int, RunCurves]) -> list[SeriesKey]:
    """The series of all runs, without duplicates."""
    return list(dict.fromkeys(key for run_curves in curves.values() for key in run_curves.names()))


def available_metrics(curves: Mapping[int, RunCurves]) -> tuple[str, ...]:
    """The metrics that can be drawn as curves."""
    return metric_choices(all_keys(curves))
