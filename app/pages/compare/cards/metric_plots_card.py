"""The card of the plots of test metrics: Pareto, scatter, parallel coordinates, bars."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget

from app.pages.compare.views.metric_plots import (
    PlottedRun,
    front_text,
    metric_title,
    plotted_metrics,
    plotted_runs,
)
from app.plots import (
    ParallelAxis,
    ParallelLine,
    ParallelPlot,
    PointPlot,
    RunPoint,
    SpreadBar,
    SpreadBars,
)
from app.theme import VisibleConnection, manager, resolve
from app.widgets import Card, LinkButton, Muted, RichLabel, choice_box

if TYPE_CHECKING:
    from app.pages.compare.comparison_reader import ComparisonReader
    from app.session import Session
    from mtl_core.analysis.comparison import Comparison
    from mtl_core.analysis.paired_tests import MetricRow

PARETO, SCATTER, PARALLEL, BARS = KINDS = ("Pareto", "Scatter", "Parallel coordinates", "Bars")
_NONE = "no third metric"
_MAX_LEGEND = 12
_LARGEST = 1.8
"""Size of the point with the best value of a third metric; that with the worst is half as large."""


class MetricPlotsCard(Card):
    """Plots of the test metrics of the compared runs; a click on a run names it and offers to open it.

    Args:
        session: Opens a run.
        reader: The comparison.
        color_of: Gives the hue of a run.
    """

    def __init__(self, session: Session, reader: ComparisonReader, color_of: Callable[[int], int]) -> None:
        super().__init__("Metrics against each other")
        self.setObjectName("compare-plots-card")
        self._session, self._reader, self._color_of = session, reader, color_of
        self._rows: tuple[MetricRow, ...] = ()
        self._picked: PlottedRun | None = None
        self.kind = choice_box("compare-plot-kind", "Kind of plot")
        self.kind.addItems(KINDS)
        self.metrics = tuple(
            choice_box(f"compare-plot-{name}", f"{name.capitalize()} metric") for name in ("first", "second", "third")
        )
        for widget in (self.kind, *self.metrics):
            self.header.addWidget(widget)
            widget.activated.connect(self._draw)
        self.points = PointPlot("compare-points", "Runs by two test metrics")
        self.parallel = ParallelPlot("compare-parallel", "Test metrics of each run")
        self.bars = SpreadBars("compare-bars", "A test metric by group of runs")
        self.plots = QStackedWidget()
        for plot in (self.points, self.parallel, self.bars):
            self.plots.addWidget(plot)
            plot.runPicked.connect(self.pick)
        self.legend = RichLabel()
        self.legend.setObjectName("compare-plot-legend")
        self.legend.setWordWrap(True)
        self.note = Muted(wrap=True)
        self.note.setObjectName("compare-plot-note")
        self.found = Muted(wrap=True)
        self.found.setObjectName("compare-plot-run")
        self.open_run = LinkButton("Open run", self._open, name="compare-plot-open")
        line = QHBoxLayout()
        line.addWidget(self.found, 1)
        line.addWidget(self.open_run)
        for part in (self.legend, self.plots, self.note):
            self.body.addWidget(part)
        self.body.addLayout(line)
        reader.changed.connect(self._show)
        VisibleConnection(self, manager().changed, self._draw)
        self._show()

    def pick(self, run: int) -> None:
        """Emphasize a run in every plot, and say which it is."""
        comparison = self._reader.comparison
        if comparison is not None:
            plotted = plotted_runs(comparison, self._rows)
            self._picked = next((candidate for candidate in plotted if candidate.run == run), None)
        self._show_picked()

    def _open(self) -> None:
        if self._picked is not None:
            self._session.show_live(self._picked.run)

    def _show(self) -> None:
        comparison = self._reader.comparison
        rows = plotted_metrics(comparison) if comparison is not None else ()
        self.setVisible(bool(rows) and len(self._reader.runs) > 1)
        names = [metric_title(row) for row in rows]
        if names != [metric_title(row) for row in self._rows]:
            scores = [index for index, row in enumerate(rows) if row.score] or [0]
            for place, choice in enumerate(self.metrics):
                choice.clear()
                choice.addItems([_NONE, *names] if place == 2 else names)
                choice.setCurrentIndex(0 if place == 2 else scores[min(place, len(scores) - 1)])
        self._rows = rows
        self._draw()

    def _draw(self) -> None:
        comparison, kind = self._reader.comparison, self.kind.currentText()
        self.metrics[0].setVisible(kind != PARALLEL)
        self.metrics[1].setVisible(kind in (PARETO, SCATTER))
        self.metrics[2].setVisible(kind == PARETO)
        if comparison is None or not self._rows:
            return
        first, second = (self._rows[max(choice.currentIndex(), 0)] for choice in self.metrics[:2])
        third = self.metrics[2].currentIndex()
        self.note.hide()
        match kind:
            case "Parallel coordinates":
                self._draw_parallel(comparison)
            case "Bars":
                self._draw_bars(comparison, first)
            case _:
                extra = (self._rows[third - 1],) if kind == PARETO and third > 0 else ()
                self._draw_points(comparison, (first, second, *extra), front=kind == PARETO)
        self._show_picked()

    def _color(self, run: PlottedRun) -> int:
        """The hue of a run: its own, or that of its group where a group has several, which may share hues."""
        comparison = self._reader.comparison
        grouped = comparison is not None and any(len(group.entries) > 1 for group in comparison.groups)
        return run.group if grouped else self._color_of(run.run)

    def _show_legend(self, runs: Sequence[PlottedRun]) -> None:
        groups = list({run.group: (run.title, self._color(run)) for run in runs}.values())
        parts = [
            f'<span style="color:{resolve(color)}">●</span> {escape(title)}' for title, color in groups[:_MAX_LEGEND]
        ]
        more = [f"and {len(groups) - _MAX_LEGEND} more"] if len(groups) > _MAX_LEGEND else []
        self.legend.setText(" &nbsp; ".join([*parts, *more]))
        self.legend.setVisible(bool(groups))

    def _draw_points(self, comparison: Comparison, rows: tuple[MetricRow, ...], *, front: bool) -> None:
        runs = plotted_runs(comparison, rows)
        complete = [run for run in runs if run.is_complete]
        points = [
            RunPoint(
                run.run,
                run.tip,
                run.values[0],
                run.values[1],
                self._color(run),
                dimmed=front and not run.on_front,
                size=_size(run, complete, rows),
            )
            for run in complete
        ]
        on_front = sorted((run.values[0], run.values[1]) for run in complete if run.on_front)
        line = on_front if front and len(rows) == 2 else ()
        self._show_legend(complete)
        self.points.set_points(points, (metric_title(rows[0]), metric_title(rows[1])), line)
        self.plots.setCurrentWidget(self.points)
        if front:
            size = f" The larger a point, the better its {metric_title(rows[2])}." if len(rows) > 2 else ""
            self.note.setText(front_text(runs, rows) + size)
            self.note.show()

    def _draw_parallel(self, comparison: Comparison) -> None:
        rows = tuple(row for row in self._rows if row.score) or self._rows
        rows = rows if len(rows) > 1 else self._rows
        axes = [ParallelAxis(metric_title(row), row.direction == "min") for row in rows]
        # A run of one task has nothing to be joined with.
        runs = [run for run in plotted_runs(comparison, rows) if sum(map(math.isfinite, run.values)) > 1]
        lines = [ParallelLine(run.run, run.tip, self._color(run), run.values) for run in runs]
        self._show_legend(runs)
        self.parallel.set_lines(axes, lines)
        self.plots.setCurrentWidget(self.parallel)
        self.note.setText("The better end of every axis is at the top.")
        self.note.show()

    def _draw_bars(self, comparison: Comparison, row: MetricRow) -> None:
        runs = plotted_runs(comparison, (row,))
        self.legend.hide()
        bars = []
        for group in dict.fromkeys(run.group for run in runs):
            own = [run for run in runs if run.group == group and run.is_complete]
            if own:
                members = tuple((run.run, run.tip, run.values[0]) for run in own)
                bars.append(SpreadBar(own[0].title, self._color(own[0]), members))
        self.bars.set_bars(bars, metric_title(row))
        self.plots.setCurrentWidget(self.bars)
        self.note.setText("A bar at the mean, a line of one standard deviation to both sides, a point for each run.")
        self.note.show()

    def _show_picked(self) -> None:
        if self._picked is not None and self._picked.run not in self._reader.runs:
            self._picked = None
        for plot in (self.points, self.parallel, self.bars):
            plot.set_picked(self._picked.run if self._picked else None)
        hint = "Click a run to see which it is."
        self.found.setText(self._picked.tip.partition("\n")[0] if self._picked else hint)
        self.open_run.setVisible(self._picked is not None)


def _size(run: PlottedRun, runs: list[PlottedRun], rows: tuple[MetricRow, ...]) -> float:
    """The size of a point by the third metric, the best the largest."""
    if len(rows) < 3:
        return 1.0
    values = [other.values[2] for other in runs]
    low, high = min(values), max(values)
    share = (run.values[2] - low) / (high - low) if high > low else 0.5
    share = share if rows[2].direction == "max" else 1 - share
    return _LARGEST / 2 + share * _LARGEST / 2
