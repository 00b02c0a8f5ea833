"""What the cells of the runs table show: texts, differences to a run, colors and tooltips."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from app.tables.run_columns import RunColumn, format_difference
from app.tables.run_groups import RunGroup
from app.tables.run_rows import RunRow
from app.theme import resolve, scaled_font
from app.widgets import plain_tooltip

_UNCOMPARED = frozenset(("star", "id", "name", "started", "notes"))
"""Columns in which runs differ anyway."""
ROW_ROLE = Qt.ItemDataRole.UserRole
"""The whole :class:`RunRow` of a cell, or None on the line of a group."""


def group_data(group: RunGroup, column: RunColumn, role: int) -> Any:
    """Data of a cell of a group."""
    match role:
        case Qt.ItemDataRole.DisplayRole:
            return group.text(column)
        case Qt.ItemDataRole.TextAlignmentRole:
            return alignment(column)
        case Qt.ItemDataRole.FontRole:
            return scaled_font(semibold=True) if column.key == "name" else None
        case Qt.ItemDataRole.BackgroundRole:
            return QColor(resolve("sunken"))
        case Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(group.tip(column))
    return None


def _difference(row: RunRow, column: RunColumn, reference: RunRow) -> float | None:
    """The number of a cell less that of the reference; None if there is no such difference."""
    value, other = column.value(row), column.value(reference)
    if column.format is None or not isinstance(value, int | float) or not isinstance(other, int | float):
        return None
    difference = value - other
    return difference if math.isfinite(difference) else None


def _with_difference(row: RunRow, column: RunColumn, reference: RunRow) -> str:
    if column.compare is not None:
        return column.compare(row, reference)
    text, difference = column.text(row), _difference(row, column, reference)
    if difference is None or column.format is None:
        return text
    return f"{text}  {format_difference(difference, column.format)}"


def _difference_color(row: RunRow, column: RunColumn, reference: RunRow) -> QColor | None:
    """Green for a better number than that of the reference, red for a worse one; accented where texts differ."""
    difference = _difference(row, column, reference)
    if difference is None:
        has_text = column.format is None or isinstance(column.value(row), str)
        is_text = has_text and column.compare is None and column.key not in _UNCOMPARED
        return QColor(resolve("accent")) if is_text and column.text(row) != column.text(reference) else None
    better = column.better(row) or column.better(reference)
    if not better or not difference:
        return None
    return QColor(resolve("good" if (difference > 0) == (better == "max") else "error"))


def cell_data(  # noqa: PLR0911  # one short arm each
    row: RunRow, column: RunColumn, role: int, reference: RunRow | None
) -> Any:
    """Data of a cell of a run, with the difference to another run if there is a reference."""
    if reference is not None and (row is reference or row.record.id == reference.record.id):
        if role == Qt.ItemDataRole.FontRole:
            return scaled_font(semibold=True)
        reference = None
    match role:
        case Qt.ItemDataRole.DisplayRole if reference is not None:
            return _with_difference(row, column, reference)
        case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
            return column.text(row)
        case Qt.ItemDataRole.TextAlignmentRole:
            return alignment(column)
        case Qt.ItemDataRole.ForegroundRole if row.record.archived:
            return QColor(resolve("muted"))
        case Qt.ItemDataRole.ForegroundRole if reference is not None:
            return _difference_color(row, column, reference)
        case Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(_tooltip(row, column) or "")
        case Qt.ItemDataRole.AccessibleTextRole if column.key == "star":
            return "starred" if row.record.starred else "not starred"
        case _:
            return row if role == ROW_ROLE else None


def alignment(column: RunColumn) -> Qt.AlignmentFlag:
    """Numbers stand at the right."""
    side = Qt.AlignmentFlag.AlignRight if column.numeric else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _tooltip(row: RunRow, column: RunColumn) -> str | None:
    if column.tip is not None:
        return column.tip(row) or None
    match column.key:
        case "star":
            return "Remove the star" if row.record.starred else "Star this run"
        case "state":
            return row.record.error or ("Archived" if row.record.archived else None)
        case "notes":
            return row.record.notes or None
        case "name" | "tasks" | "tags" | "dataset":
            return column.text(row) or None
    return None
