"""The cards of groups of rows: scores by group, errors that tasks have in common."""

from __future__ import annotations

import math

from app.formatting import format_metric, format_quantity
from app.plots import CountMatrix
from app.tables.text_table import TextTable
from app.widgets import Card, CardRow, Muted
from mtl_core.protocol.diagnostics import CommonErrorCounts, TaskDiagnostics

_MATRIX_HEIGHT = 240
_COMMON_ROWS = 6
"""Rows beside the matrix, as many as are as high."""


class GroupCard(Card):
    """The scores of each group of rows; hidden without groups."""

    def __init__(self) -> None:
        super().__init__("Scores by group")
        self.setObjectName("evaluate-card-groups")
        self.table = TextTable("evaluate-groups", "Scores by group")
        self.body.addWidget(self.table)

    def show_task(self, task: TaskDiagnostics, group: str) -> None:
        """Show the groups of a task."""
        self.setVisible(bool(group))
        self.set_title(f"Scores by {group}")
        names = list(dict.fromkeys(name for entry in task.groups for name in entry.scores))
        rows = [
            [entry.name, str(entry.rows), *(_score(entry.scores.get(name, math.nan)) for name in names)]
            for entry in task.groups
        ]
        self.table.show_rows([group, "rows", *names], rows)


class CommonErrorsCard(Card):
    """How often each two tasks are wrong on the same row, and such rows; hidden for one task."""

    def __init__(self) -> None:
        super().__init__("Errors that tasks have in common")
        self.setObjectName("evaluate-card-common")
        self.words = Muted(wrap=True)
        self.matrix = CountMatrix()
        self.matrix.setObjectName("evaluate-common")
        self.matrix.setAccessibleName("Rows in which both tasks are wrong")
        self.matrix.setFixedHeight(_MATRIX_HEIGHT)
        self.table = TextTable("evaluate-common-rows", "Rows in which several tasks are wrong")
        self.body.addWidget(self.words)
        row = CardRow()
        row.add(self.matrix, 1)
        row.add(self.table, 1)
        self.body.addWidget(row)
        self.body.addStretch(1)

    def show_errors(self, common: CommonErrorCounts | None) -> None:
        """Show the errors of the tasks of a run."""
        self.setVisible(common is not None)
        if common is None:
            return
        shares = [[_share(common, i, j) for j in range(len(common.tasks))] for i in range(len(common.tasks))]

        def tooltip(row: int, column: int) -> str:
            first, second, count = common.tasks[row], common.tasks[column], common.counts[row][column]
            if row == column:
                return f"{first}: {format_quantity(count, 'error')}"
            expected = f"{common.expected[row][column]:.1f} if their errors were independent"
            return f"{first} and {second}: both wrong in {format_quantity(count, 'row')}; {expected}"

        self.matrix.set_counts(common.tasks, common.counts, shares, tooltip, show_shares=False)
        self.words.setText(
            f"{format_quantity(common.total, 'row')} with errors of at least two tasks. The diagonal counts the errors "
            "of each task; a task without classes is wrong on the tenth of its rows with the highest loss."
        )
        self.table.show_rows(
            ["row", "tasks"], [[str(row.row), ", ".join(row.tasks)] for row in common.rows[:_COMMON_ROWS]]
        )


def _share(common: CommonErrorCounts, row: int, column: int) -> float:
    """The share of a task's errors that the other task has too; unknown for a task without errors."""
    errors = common.counts[row][row]
    if row == column:
        return 0.0
    return common.counts[row][column] / errors if errors else math.nan


def _score(value: float) -> str:
    return format_metric(None if math.isnan(value) else value)
