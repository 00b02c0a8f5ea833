"""The card of the test metrics of the compared runs."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox

from app.pages.compare.cards.ensemble_evaluation import EnsembleEvaluation
from app.pages.compare.run_table import RunTable
from app.pages.compare.views.compared_run import ComparedRun
from app.pages.compare.views.comparison import MetricsView
from app.widgets import Card, Muted
from mtl_core.analysis.method_titles import short_method_title
from mtl_core.analysis.seed_groups import SeedGroup

_NO_TESTS = "Test metrics appear when the runs have finished."
_GROUP_TIP = "One column for runs that differ in nothing but the seed: mean ± standard deviation; each seed counts once"


class TestMetricsCard(Card):
    """A table with a row per metric and a column per run or group of seeds, and the legend of its marks.

    Args:
        ensemble_evaluation: Its button and error are shown on the card.
    """

    __test__ = False  # pytest takes a class of this name for tests

    def __init__(self, ensemble_evaluation: EnsembleEvaluation) -> None:
        super().__init__("Test metrics")
        self.table = RunTable("compare-tests", "Test metrics")
        self.nothing = Muted(_NO_TESTS, wrap=True)
        self.notes = Muted(wrap=True)
        self.notes.setObjectName("compare-notes")
        self.group = QCheckBox("Group seeds")
        self.group.setObjectName("compare-group")
        self.group.setToolTip(_GROUP_TIP)
        self.header.addWidget(ensemble_evaluation.button)
        self.header.addWidget(self.group)
        self.body.addWidget(self.nothing)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.notes)
        self.body.addWidget(ensemble_evaluation.error)

    def show_view(self, view: MetricsView, *, ensemble: str) -> None:
        """Show the metrics.

        Args:
            view: The metrics.
            ensemble: The title of the last column, which is of all runs as one; empty if there is none.
        """
        heads = [*map(_group_head, view.groups), *([(ensemble, None)] if ensemble else [])]
        self.table.fill("task", heads, view.lines)
        self.table.setVisible(bool(view.lines))
        self.nothing.setVisible(not view.lines)
        self.group.setVisible(view.seeds)
        self.notes.setText(view.notes)
        self.notes.setVisible(bool(view.notes))


def _group_head(group: SeedGroup[ComparedRun]) -> tuple[str, int | None]:
    first, count = group.first, len(group.entries)
    runs = first.short if count == 1 else f"{count} seeds of {first.short}"
    title = f"{first.run.baseline} alone" if first.run.baseline else short_method_title(first.run.method)
    return f"{runs}\n{title}", first.color
