"""The cards of rows: scores by group, rows of highest loss, errors that tasks have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtGui import QImage

from app.evaluation.text_table import Cell, TextTable
from app.formatting import format_metric, format_quantity
from app.plots import CountMatrix
from app.widgets import Card, CardRow, Muted
from app.widgets.pixel_image import pixel_image
from mtl_core.protocol.diagnostics import CommonErrorCounts, RowValues, TaskDiagnostics
from mtl_core.protocol.samples import InputSamples

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


class HardestCard(Card):
    """The rows of highest loss with their values."""

    def __init__(self) -> None:
        super().__init__("Rows of highest loss")
        self.setObjectName("evaluate-card-hardest")
        self.table = TextTable("evaluate-hardest", "Rows of highest loss")
        self.body.addWidget(self.table)

    def show_task(self, task: TaskDiagnostics, values: RowValues) -> None:
        """Show the rows of a task."""
        cells = dict(zip(values.rows, values.cells, strict=True))
        positions = {row: position for position, row in enumerate(values.input_rows)}
        headers = ["row", "loss", "true", "predicted", *map(_input_title, values.inputs.items()), *values.columns]
        rows: list[list[Cell]] = []
        for entry in task.hardest:
            inputs = [_input_cell(samples, positions[entry.row]) for samples in values.inputs.values()]
            start = [str(entry.row), _score(entry.loss), entry.true, entry.predicted]
            rows.append([*start, *inputs, *cells[entry.row]])
        self.set_subtitle(f"the {len(rows)} hardest of {format_quantity(task.labeled, 'labeled row')}")
        self.table.show_rows(headers, rows)


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


def _input_title(item: tuple[str, InputSamples]) -> str:
    name, samples = item
    return name if samples.images else f"{name} (as read)"


def _input_cell(samples: InputSamples, position: int) -> str | QImage | None:
    if not samples.images:
        return _text(samples.texts, position)
    image = samples.images[position]
    return None if image is None else pixel_image(image, color=samples.color)


def _text(texts: Sequence[str | None], position: int) -> str | None:
    return texts[position]
