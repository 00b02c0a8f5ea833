"""The table of all columns: type, role, input or task, gaps, distinct values, distribution and warning of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.theme import GAP, icon, resolve, row_height
from app.widgets import plain_tooltip
from mtl_core.text import group_digits

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_CARET = 10
_PADDING = 11
"""Space before the text of a cell, as of the header."""
_DOT = 8
_ROW = Qt.ItemDataRole.UserRole + 1


class Cell(IntEnum):
    """The columns of the table."""

    NAME = 0
    TYPE = 1
    ROLE = 2
    USE = 3
    MISSING = 4
    DISTINCT = 5
    VALUES = 6
    WARNING = 7


_TITLES = {
    Cell.NAME: "Column",
    Cell.TYPE: "Type",
    Cell.ROLE: "Role",
    Cell.USE: "Input or task",
    Cell.MISSING: "Missing",
    Cell.DISTINCT: "Distinct",
    Cell.VALUES: "Values",
    Cell.WARNING: "Warning",
}
_WIDTHS = {
    Cell.NAME: 14,
    Cell.TYPE: 15,
    Cell.ROLE: 13,
    Cell.USE: 19,
    Cell.MISSING: 9,
    Cell.DISTINCT: 9,
    Cell.VALUES: 11,
    Cell.WARNING: 8,
}
"""Widths in digits."""
CHOICES = (Cell.TYPE, Cell.ROLE, Cell.USE)
"""The cells that open a menu."""


@dataclass(frozen=True)
class ColumnRow:
    """View model of a column.

    Attributes:
        type: Title of its type.
        role: Title of its role.
        use: The input that reads it, or the task that predicts it with its kind; ``""`` for neither.
        choices: The cells whose menu offers something.
        missing: Share of missing cells.
        unique: Number of different values; None where they are not counted.
        bars: Heights of a tiny bar plot of its values.
        color: Series index of the task that predicts it.
        is_used: Whether it is an input or a target.
        warning: What should be looked at, ``""`` for nothing.
        about: Its tooltip.
    """

    name: str
    type: str
    role: str
    use: str = ""
    choices: tuple[Cell, ...] = ()
    missing: float = 0.0
    unique: int | None = None
    bars: tuple[int, ...] = ()
    color: int | None = None
    is_used: bool = True
    warning: str = ""
    about: str = ""


def format_share(share: float) -> str:
    """Format a share of cells: ``0 %``, ``<1 %``, ``37 %``."""
    if 0 < share < 0.01:
        return "<1 %"
    return f"{100 * share:.0f} %"


class ColumnsModel(QAbstractTableModel):
    """The columns of a data set as rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ColumnRow, ...] = ()

    def show(self, rows: Sequence[ColumnRow]) -> None:
        """Show these columns; the selection stays while there are as many."""
        before, self._rows = self._rows, tuple(rows)
        if len(before) != len(self._rows):
            self.beginResetModel()
            self.endResetModel()
        elif before != self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(Cell) - 1))

    def row(self, index: Index) -> ColumnRow:
        """The column that stands at an index."""
        return self._rows[index.row()]

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of columns of the data set."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Number of cells of each."""
        return 0 if parent.isValid() else len(Cell)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's text, tooltip, alignment and color."""
        if not index.isValid():
            return None
        row, cell = self.row(index), Cell(index.column())
        values: dict[int, Callable[[], Any]] = {
            Qt.ItemDataRole.DisplayRole: lambda: _text(row, cell),
            Qt.ItemDataRole.ToolTipRole: lambda: plain_tooltip(row.warning if cell is Cell.WARNING else row.about),
            Qt.ItemDataRole.TextAlignmentRole: lambda: _alignment(cell),
            Qt.ItemDataRole.ForegroundRole: lambda: QColor(resolve(_ink(row, cell))),
            Qt.ItemDataRole.AccessibleTextRole: lambda: f"{_TITLES[cell]} of {row.name}: {_text(row, cell)}",
            _ROW: lambda: row,
        }
        return values[role]() if role in values else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Title of a cell, aligned as the cell."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = Cell(section) in (Cell.MISSING, Cell.DISTINCT)
            return (
                Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            ) | Qt.AlignmentFlag.AlignVCenter
        return _TITLES[Cell(section)] if role == Qt.ItemDataRole.DisplayRole else None


def _alignment(cell: Cell) -> Qt.AlignmentFlag:
    right = cell in (Cell.MISSING, Cell.DISTINCT)
    return (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter


def _ink(row: ColumnRow, cell: Cell) -> str:
    return "text" if row.is_used and cell in (Cell.NAME, *CHOICES) else "muted"


def _text(row: ColumnRow, cell: Cell) -> str:
    texts = {
        Cell.NAME: row.name,
        Cell.TYPE: row.type,
        Cell.ROLE: row.role,
        Cell.USE: row.use or "—",
        Cell.MISSING: format_share(row.missing),
        Cell.DISTINCT: "" if row.unique is None else group_digits(row.unique),
        Cell.WARNING: row.warning,
    }
    return texts.get(cell, "")


class ColumnsTable(QTableView):
    """Shows all columns; ``menuRequested(column, cell, point)`` for the menu of a cell, None for that of the column."""

    menuRequested = Signal(str, object, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.columns = ColumnsModel(self)
        self.setObjectName("data-columns")
        self.setAccessibleName("Columns of the data")
        self.setModel(self.columns)
        self.setItemDelegate(_CellDelegate(self))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setDefaultSectionSize(row_height())
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        digit = self.fontMetrics().horizontalAdvance("0")
        for cell, width in _WIDTHS.items():
            self.setColumnWidth(cell, digit * width)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        self.clicked.connect(self._on_clicked)

    def menu_point(self, index: QModelIndex) -> QPoint:
        """Where the menu of a cell opens: below it."""
        return self.viewport().mapToGlobal(self.visualRect(index).bottomLeft())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the menu of the current cell with Return or Space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.currentIndex().isValid():
            self._on_clicked(self.currentIndex())
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the column."""
        index = self.indexAt(self.viewport().mapFromGlobal(event.globalPos()))
        if index.isValid():
            self.menuRequested.emit(self.columns.row(index).name, None, event.globalPos())

    def _on_clicked(self, index: QModelIndex) -> None:
        cell = Cell(index.column())
        if cell in self.columns.row(index).choices:
            self.menuRequested.emit(self.columns.row(index).name, cell, self.menu_point(index))


class _CellDelegate(QStyledItemDelegate):
    """Draws a caret at cells with a menu, a dot before a target, bars for the values and a sign before a warning."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, cell = index.data(_ROW), Cell(index.column())
        if not isinstance(row, ColumnRow):
            return
        ground = QStyleOptionViewItem(option)
        self.initStyleOption(ground, index)
        text, ground.text = ground.text, ""
        option.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, ground, painter, option.widget)
        area = option.rect.adjusted(_PADDING, 0, -GAP, 0)
        if cell in row.choices:
            if option.state & QStyle.StateFlag.State_MouseOver:
                painter.fillRect(option.rect.adjusted(0, 1, 0, -2), QColor(resolve("hover")))
            area.setRight(area.right() - _CARET)
            icon("caret-down", "muted").paint(painter, QRect(area.right(), area.top(), _CARET, area.height()))
            area.setRight(area.right() - GAP // 2)
        if cell is Cell.NAME and row.color is not None:
            _draw_dot(painter, area, row.color)
            area.setLeft(area.left() + _DOT + GAP // 2)
        elif cell is Cell.WARNING and row.warning:
            side = option.fontMetrics.height()
            icon("warning", "warning").paint(painter, QRect(area.left(), area.center().y() - side // 2 + 1, side, side))
            area.setLeft(area.left() + side + GAP // 2)
        elif cell is Cell.VALUES:
            _draw_bars(painter, QRectF(area).adjusted(0, 6, 0, -6), row)
        painter.setPen(QColor(resolve(_ink(row, cell))))
        elided = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, _alignment(cell), elided)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), row_height())


def _draw_dot(painter: QPainter, area: QRect, color: int) -> None:
    """Draw a dot in the color of a task at the left end of an area."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(resolve(color)))
    painter.drawEllipse(QRectF(area.left(), area.center().y() - _DOT / 2 + 1, _DOT, _DOT))
    painter.restore()


def _draw_bars(painter: QPainter, area: QRectF, row: ColumnRow) -> None:
    """Draw a tiny bar plot."""
    highest = max(row.bars, default=0)
    if not highest:
        return
    color = QColor(resolve("faint" if row.color is None else row.color))
    width = area.width() / len(row.bars)
    gap = 1.0 if width >= 3 else 0.0
    for place, count in enumerate(row.bars):
        height = max(area.height() * count / highest, 1.0 if count else 0.0)
        painter.fillRect(QRectF(area.left() + place * width, area.bottom() - height, width - gap, height), color)
