"""The run that was picked by a click on its curve, its chip or its point, marked wherever the page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.pages.compare.cards.curve_grid import CurveGrid
from app.pages.compare.cards.metric_plots_card import MetricPlotsCard
from app.pages.compare.chips import ChipBar
from app.pages.compare.run_table import RunTable

Columns = Sequence[tuple[int, ...]]
"""The runs of each column of a table."""


class PickedRuns:
    """Raises the curves of a run, or of a group of seeds, and marks its chip, its point and its columns.

    Args:
        grid: The curves.
        chips: The chips.
        plots: The plots of test metrics.
    """

    def __init__(self, grid: CurveGrid, chips: ChipBar, plots: MetricPlotsCard) -> None:
        self._grid, self._chips, self._plots = grid, chips, plots
        self._columns: dict[RunTable, Columns] = {}
        self.runs: tuple[int, ...] = ()
        grid.runsPicked.connect(self.pick)
        chips.picked.connect(self._toggle)
        for plot in (plots.points, plots.parallel, plots.bars):
            plot.runPicked.connect(lambda run: self.pick((run,)))

    def pick(self, runs: tuple[int, ...]) -> None:
        """Pick some runs, or none."""
        self.runs = runs
        self._grid.raise_runs(runs)
        self._chips.set_picked(runs)
        self._mark_columns()
        if len(runs) == 1:
            self._plots.pick(runs[0])

    def _toggle(self, run: int) -> None:
        self.pick(() if run in self.runs else (run,))

    def set_columns(self, columns: Mapping[RunTable, Columns]) -> None:
        """Set the runs of each column of some tables, which have been filled anew."""
        self._columns.update(columns)
        self._mark_columns()

    def _mark_columns(self) -> None:
        picked = set(self.runs)
        for table, columns in self._columns.items():
            table.mark_columns([index for index, runs in enumerate(columns) if not picked.isdisjoint(runs)])
