"""A popup menu with groups and a search field."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.theme import GAP, icon, resolve, small_font
from app.widgets.plain_text import plain_tooltip

_KIND = int(Qt.ItemDataRole.UserRole)
_HELP, _SEARCH_TEXT, _NOTE = _KIND + 1, _KIND + 2, _KIND + 3
_NARROWEST_TITLE, _HELP_WIDTH, _LINES = 18, 40, 24
"""Widths in digits of the font, and the height in lines."""


@dataclass(frozen=True)
class MenuEntry:
    """An entry: title, description, group, and a detail at the right end of its line."""

    kind: str
    title: str
    help: str
    group: str
    note: str = ""


class SearchMenu(QFrame):
    """A popup opened by :meth:`popup`; ``chosen(kind)`` is emitted when an entry is picked.

    Args:
        entries: The choices, ordered by group.
        name: Prefix of the object names.
        what: The choices in the plural, as in a sentence.
        parent: Owner; the menu stays right of its left edge, where the rail is.
    """

    chosen = Signal(str)

    def __init__(self, entries: Sequence[MenuEntry], name: str, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName(f"{name}-menu")
        self.setProperty("role", "card")
        self.setAccessibleName(f"Choose among {what}")
        self.search = QLineEdit()
        self.search.setObjectName(f"{name}-search")
        self.search.setAccessibleName(f"Search {what}")
        self.search.setPlaceholderText(f"Search {what}")
        self.search.addAction(icon("magnifying-glass", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.list = QListWidget()
        self.list.setObjectName(f"{name}-choices")
        self.list.setAccessibleName(what.capitalize())
        self._title = max(_NARROWEST_TITLE, *(self._digits(entry.title) + 2 for entry in entries))
        self._note = max(self._digits(entry.note) for entry in entries)
        self.list.setItemDelegate(_Delegate(self._title, self._note, self.list))
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addWidget(self.search)
        column.addWidget(self.list)
        _fill(self.list, entries)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.list.itemEntered.connect(self._on_item_entered)
        self.list.itemClicked.connect(self._pick)

    def popup(self, below: QWidget, current: str = "") -> None:
        """Open below ``below`` with an empty search and ``current`` selected."""
        self.search.clear()
        self._filter("")
        self.list.scrollToTop()
        for item in self._items():
            if current and item.data(_KIND) == current:
                self.list.setCurrentItem(item)
        screen, owner = below.screen().availableGeometry(), self.parentWidget()
        left = max(owner.mapToGlobal(QPoint(0, 0)).x(), screen.left()) if owner is not None else screen.left()
        unit = self.fontMetrics().horizontalAdvance("0")
        width = min(unit * (self._title + _HELP_WIDTH + self._note), screen.right() - left)
        self.resize(width, min(self.fontMetrics().height() * _LINES, screen.height()))
        corner = below.mapToGlobal(QPoint(below.width() - self.width(), below.height() + 4))
        x = min(max(corner.x(), left), screen.right() - self.width())
        y = max(min(corner.y(), screen.bottom() - self.height()), screen.top())
        self.move(x, y)
        self.show()
        self.search.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Pass arrow keys and Return from the search field to the list."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            match event.key():
                case Qt.Key.Key_Down | Qt.Key.Key_Up:
                    self._step(1 if event.key() == Qt.Key.Key_Down else -1)
                    return True
                case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                    if (item := self.list.currentItem()) is not None:
                        self._pick(item)
                    return True
        return super().eventFilter(watched, event)

    def _digits(self, text: str) -> int:
        """The width of ``text`` in digits, rounded up."""
        metrics = self.fontMetrics()
        return -(-metrics.horizontalAdvance(text) // metrics.horizontalAdvance("0"))

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        header: QListWidgetItem | None = None
        first: QListWidgetItem | None = None
        first_prefix: QListWidgetItem | None = None
        for item in self._items():
            if not item.data(_KIND):
                header = item
                header.setHidden(True)
                continue
            matches = all(word in item.data(_SEARCH_TEXT) for word in words)
            item.setHidden(not matches)
            if matches and header is not None:
                header.setHidden(False)
            first = item if matches and first is None else first
            if matches and first_prefix is None and item.text().lower().startswith(text.lower().strip()):
                first_prefix = item
        if first is not None:
            self.list.setCurrentItem(first_prefix or first)

    def _step(self, direction: int) -> None:
        visible = [item for item in self._items() if item.data(_KIND) and not item.isHidden()]
        if visible:
            current = self.list.currentItem()
            index = visible.index(current) + direction if current in visible else 0
            self.list.setCurrentItem(visible[min(max(index, 0), len(visible) - 1)])

    def _on_item_entered(self, item: QListWidgetItem) -> None:
        if item.data(_KIND):
            self.list.setCurrentItem(item)

    def _pick(self, item: QListWidgetItem) -> None:
        if item.data(_KIND) and not item.isHidden():
            self.hide()
            self.chosen.emit(item.data(_KIND))


def _fill(widget: QListWidget, entries: Sequence[MenuEntry]) -> None:
    group = ""
    for entry in entries:
        if entry.group != group:
            group = entry.group
            QListWidgetItem(group, widget).setFlags(Qt.ItemFlag.NoItemFlags)
        item = QListWidgetItem(entry.title, widget)
        item.setData(_KIND, entry.kind)
        item.setData(_HELP, entry.help)
        item.setData(_NOTE, entry.note)
        item.setData(_SEARCH_TEXT, f"{entry.title} {entry.kind} {entry.group} {entry.help}".lower())
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.title}: {entry.help} {entry.note}".strip())
        item.setToolTip(plain_tooltip(entry.help))


class _Delegate(QStyledItemDelegate):
    """Draws the title, then help in small muted text and the note at the right; groups are muted headings."""

    def __init__(self, title: int, note: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._title, self._note = title, note

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(10, round(option.fontMetrics.height() * 1.6))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        styled: Any = option
        box = styled.rect.adjusted(8, 0, -8, 0)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not index.data(_KIND):
            painter.setFont(small_font())
            painter.setPen(QColor(resolve("muted")))
            painter.drawText(box, flags | Qt.AlignmentFlag.AlignBottom, index.data())
            painter.restore()
            return
        if styled.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(resolve("accent_wash")))
            painter.drawRoundedRect(styled.rect, 4, 4)
        painter.setPen(QColor(resolve("text")))
        painter.drawText(box, flags, index.data())
        unit = styled.fontMetrics.horizontalAdvance("0")
        note = box.adjusted(0, 0, 0, 0)
        box.setLeft(box.left() + unit * self._title)
        box.setRight(box.right() - unit * (self._note + 1 if self._note else 0))
        painter.setFont(small_font())
        painter.setPen(QColor(resolve("muted")))
        words = painter.fontMetrics().elidedText(index.data(_HELP), Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, flags, words)
        painter.drawText(note, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, index.data(_NOTE))
        painter.restore()
