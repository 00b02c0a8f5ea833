"""The curves of several runs over each other, a card a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.pages.compare.state import Entry, curve_tasks, metric_choices
from app.plots import CardGrid, CurvePlot, PlotOptions, RunCurves, Series, XAxis
from app.plots.arrays import Floats
from app.widgets import Card

if TYPE_CHECKING:
    from mtl_core.store import SeriesKey


class TaskCard(Card):
    """One metric of one task: colour is the run, dashes are validation."""

    def __init__(self, task: str, metric: str) -> None:
        super().__init__(f"{task} · {metric}")
        self.shows = metric
        self._splits: set[str] = set()
        self.setObjectName(f"compare-card-{task}")
        self.plot = CurvePlot()
        self.plot.setObjectName(f"compare-plot-{task}")
        self.plot.setAccessibleName(f"Curves: {task} {metric}")
        self.plot.setMinimumHeight(190)
        self.plot.set_empty_text(f"The {metric} of {task} appears as the runs train.")
        self.body.addWidget(self.plot, 1)

    def keep(self, runs: Sequence[int]) -> None:
        """Takes the curves of all other runs away."""
        for key in self.plot.curve_keys():
            if isinstance(key, tuple) and key[0] not in runs:
                self.plot.remove_curve(key)

    def put(self, entry: Entry, key: SeriesKey, series: Series, places: Floats) -> None:
        """Draws a series of a run at ``places`` on the horizontal axis."""
        val = key.split == "val"
        self._splits.add(key.split)
        self.plot.set_curve(
            (entry.run.id, key.split),
            places,
            series.values,
            color=entry.color,
            dash=val,
            smoothed=not val and self.shows == "loss",
            label=f"run {entry.run.id} {key.split}",
        )
        words = {"train": "solid train", "val": "dashed validation"}
        self.set_subtitle(" · ".join(words[split] for split in words if split in self._splits))


class CurveWall(CardGrid):
    """The cards; they are made anew when the tasks or the metric are others."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: dict[str, TaskCard] = {}
        self._shape: tuple[object, ...] = ()

    def draw(
        self,
        entries: Sequence[Entry],
        curves: Mapping[int, RunCurves],
        metric: str,
        options: PlotOptions,
        changed: tuple[int, set[SeriesKey]] | None = None,
    ) -> None:
        """Draws a metric of all runs.

        Args:
            entries: The runs.
            curves: Their points.
            metric: What to draw.
            options: How.
            changed: Only these series of this run are new; None draws everything.
        """
        tasks = curve_tasks([entry.run for entry in entries], metric, all_keys(curves))
        shape = (metric, tasks)
        if shape != self._shape:
            self._shape, changed = shape, None
            self.cards = {task: TaskCard(task, metric) for task in tasks}
            self.set_cards(list(self.cards.values()))
        if changed is None:
            for card in self.cards.values():
                card.keep([entry.run.id for entry in entries])
        for entry in entries:
            if changed is None or changed[0] == entry.run.id:
                self._draw_run(entry, curves[entry.run.id], options, changed[1] if changed else None)
        for card in self.cards.values():
            card.plot.set_show_raw(len(entries) < 2)
        options.apply(card.plot for card in self.cards.values())
        self._place(entries, options)

    def _draw_run(self, entry: Entry, curves: RunCurves, options: PlotOptions, changed: set[SeriesKey] | None) -> None:
        for key in list(curves.names()) if changed is None else changed:
            card = self.cards.get(key.task)
            if card is not None and key.metric == card.shows and key.split in ("train", "val"):
                series = curves.get(key)
                card.put(entry, key, series, series.steps * step_length(entry, options))

    def _place(self, entries: Sequence[Entry], options: PlotOptions) -> None:
        ends = [entry.run.progress.steps * step_length(entry, options) for entry in entries if entry.run.progress]
        for card in self.cards.values():
            card.plot.set_x_axis(XAxis(options.axis))
            card.plot.set_until(max(ends, default=0.0))


def step_length(entry: Entry, options: PlotOptions) -> float:
    """How far a step goes on the axis: runs may have epochs of different lengths."""
    now = entry.run.progress
    return now.epochs / now.steps if options.axis == "epoch" and now is not None and now.steps else 1.0


def all_keys(curves: Mapping[int, RunCurves]) -> list[SeriesKey]:
    """The series of all runs, each once."""
    return list(dict.fromkeys(key for one in curves.values() for key in one.names()))


def choices(curves: Mapping[int, RunCurves]) -> tuple[str, ...]:
    """The metrics that can be drawn."""
    return metric_choices(all_keys(curves))
