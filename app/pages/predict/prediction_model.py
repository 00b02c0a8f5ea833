"""The item model of a table of predictions in a file, of which only the rows that are seen are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.widgets import plain_tooltip
from mtl_core.protocol.predictions import PredictedColumn

if TYPE_CHECKING:
    from mtl_core.tabular.table_files import StoredTable

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_DIGITS, _PROBABILITY_DECIMALS = 6, 4
_FIRST_ROWS = 20


def format_cell(value: Any, column: PredictedColumn) -> str:
    """A cell as text: probabilities with four decimals, other numbers with six digits; a dash for none."""
    if value is None:
        return "—"
    if not isinstance(value, float):
        return str(value)
    if column.role == "probability":
        return f"{value:.{_PROBABILITY_DECIMALS}f}"
    text = f"{value:.{_DIGITS}g}"
    return f"−{text[1:]}" if text.startswith("-") else text


def _is_text(table: StoredTable, column: int) -> bool:
    """Whether the first cell of a column that is not missing, of its first rows, is a text."""
    cells = (table.cell(row, column) for row in range(min(len(table), _FIRST_ROWS)))
    return isinstance(next((cell for cell in cells if cell is not None), None), str)


def column_title(column: PredictedColumn) -> str:
    """The name of a column with its unit."""
    return f"{column.name} ({column.unit})" if column.unit else column.name


class PredictionModel(QAbstractTableModel):
    """The cells of a stored table."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table: StoredTable | None = None
        self._columns: tuple[PredictedColumn, ...] = ()
        self._are_texts: tuple[bool, ...] = ()

    def show(self, table: StoredTable | None, columns: Sequence[PredictedColumn] = ()) -> None:
        """Show another table, or none."""
        self.beginResetModel()
        self._table, self._columns = table, tuple(columns)
        self._are_texts = tuple(table is not None and _is_text(table, index) for index in range(len(columns)))
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of rows."""
        return 0 if parent.isValid() or self._table is None else len(self._table)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Number of columns."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's text, tooltip and alignment."""
        if not index.isValid() or self._table is None:
            return None
        column = self._columns[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return format_cell(self._table.cell(index.row(), index.column()), column)
            case Qt.ItemDataRole.ToolTipRole:
                value = self._table.cell(index.row(), index.column())
                return plain_tooltip("no prediction" if value is None else str(value))
            case Qt.ItemDataRole.TextAlignmentRole:
                is_text = self._are_texts[index.column()]
                side = Qt.AlignmentFlag.AlignLeft if is_text else Qt.AlignmentFlag.AlignRight
                return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A column's title."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return column_title(self._columns[section]) if role == Qt.ItemDataRole.DisplayRole else None
