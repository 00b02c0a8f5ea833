"""Where a run comes from and which runs come from it, as links that select these runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.forms import discard
from app.pages.runs.panel_parts import column_of
from app.theme import GAP
from app.widgets import Label, LinkButton, Muted
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from mtl_core.forking.lineage import Lineage

_MOST_LINKS, _LINKS_A_ROW, _MOST_STEPS = 6, 3, 4
_Line = tuple[str, tuple[int, ...], str]
"""Words before the links, the runs, and words behind them."""


class LineageView(QWidget):
    """A line for each kind of relative; ``runRequested(int)`` when the link of a run is clicked."""

    runRequested = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("run-lineage")
        self.setAccessibleName("Related runs")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._lines: list[_Line] = []
        self.hide()

    def clear(self) -> None:
        """Show nothing."""
        self.show_lineage(None)

    def show_lineage(self, lineage: Lineage | None) -> None:
        """Show the relatives of a run."""
        lines = [] if lineage is None else lineage_lines(lineage)
        if lines == self._lines:
            return
        self._lines = lines
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                discard(widget)
        for line in lines:
            self._column.addWidget(self._row(*line))
        self.setVisible(bool(lines))

    def _row(self, before: str, runs: Sequence[int], after: str) -> QWidget:
        """Words, links and words; several links stand below their words, so that they do not widen the panel."""
        if len(runs) > 1:
            return self._links_below(before, runs)
        return _line([Muted(before, wrap=not runs), *map(self._link, runs)], after)

    def _links_below(self, before: str, runs: Sequence[int]) -> QWidget:
        links = list(map(self._link, runs[:_MOST_LINKS]))
        rows = [_line(links[first : first + _LINKS_A_ROW]) for first in range(0, len(links), _LINKS_A_ROW)]
        more = [Muted(f"and {len(runs) - _MOST_LINKS} more")] if len(runs) > _MOST_LINKS else []
        return column_of(Muted(before), *rows, *more)

    def _link(self, run: int) -> QWidget:
        return LinkButton(f"run {run}", partial(self.runRequested.emit, run), name=f"run-link-{run}")


def _line(widgets: Sequence[QWidget], after: str = "") -> QWidget:
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GAP // 2)
    for widget in widgets:
        row.addWidget(widget, 0, Qt.AlignmentFlag.AlignLeft)
    row.addWidget(Label(after, wrap=True), 1) if after else row.addStretch(1)
    return whole


def lineage_lines(lineage: Lineage) -> list[_Line]:
    """The relatives as lines: words, runs, and words behind them."""
    lines: list[_Line] = []
    fork = lineage.fork
    if fork is not None:
        at = f"at step {group_digits(fork.step)}, epoch {fork.epoch}" + ("" if fork.whole else ", weights alone")
        if lineage.parent is None:
            lines.append((f"Forked from run {fork.run}, which is not in this store,", (), at))
        else:
            lines.append(("Forked from", (lineage.parent,), at))
    elif lineage.parent is not None:
        lines.append(("Repeats", (lineage.parent,), ""))
    if lineage.start_run is not None:
        lines.append(("Shared layers begin with", (lineage.start_run,), ""))
    if lineage.resumed:
        steps = ", ".join(group_digits(step) for step in lineage.resumed[-_MOST_STEPS:])
        lines.append((f"Resumed from step {steps}", (), ""))
    groups = {
        "Forks": lineage.forks,
        "Repeated by": lineage.repeats,
        "Study": lineage.study,
        "Baselines": lineage.baselines,
    }
    return lines + [(words, runs, "") for words, runs in groups.items() if runs]
