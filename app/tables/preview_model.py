"""The item model of the first rows of a data set."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from app.theme import resolve
from app.widgets import plain_tooltip
from mtl_core.spec import ColumnInfo

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


_SIGNIFICANT_DIGITS = 6


def _cell_text(text: str, column: ColumnInfo) -> str:
    """Text of a cell; numbers are rounded to six significant digits."""
    if column.type != "numeric" or column.dates or column.whole or len(text) <= _SIGNIFICANT_DIGITS + 1:
        return text
    return f"{float(text):.{_SIGNIFICANT_DIGITS}g}"


class PreviewModel(QAbstractTableModel):
    """Cells as text; missing cells are marked and ignored columns muted."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns: tuple[ColumnInfo, ...] = ()
        self._rows: tuple[tuple[Any, ...], ...] = ()
        self._ignored: frozenset[str] = frozenset()

    def show(self, columns: tuple[ColumnInfo, ...], rows: tuple[tuple[Any, ...], ...]) -> None:
        """Show another data set."""
        self.beginResetModel()
        self._columns, self._rows, self._ignored = columns, rows, frozenset()
        self.endResetModel()

    def set_ignored(self, names: frozenset[str]) -> None:
        """Set the columns that are not used."""
        if names != self._ignored:
            self._ignored = names
            if self._rows and self._columns:
                last = self.index(len(self._rows) - 1, len(self._columns) - 1)
                self.dataChanged.emit(self.index(0, 0), last, [Qt.ItemDataRole.ForegroundRole])

    def columns(self) -> tuple[ColumnInfo, ...]:
        """The columns, in the order of their sections."""
        return self._columns

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Number of columns."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's text, alignment and color."""
        if not index.isValid():
            return None
        column, row = self._columns[index.column()], self._rows[index.row()]
        value = row[index.column()] if index.column() < len(row) else None
        missing = value is None or value == ""
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return "—" if missing else _cell_text(str(value), column)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip("missing" if missing else str(value))
            case Qt.ItemDataRole.ForegroundRole if missing or column.name in self._ignored:
                return QColor(resolve("muted"))
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if column.type == "numeric" else Qt.AlignmentFlag.AlignLeft
                return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A column's name."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        return self._columns[section].name if role == Qt.ItemDataRole.DisplayRole else None
