"""The menu of layers: grouped, searched by typing, chosen by keyboard or mouse."""

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
from mtl_core.spec import LAYER_GROUPS, Spec, kind_of

_KIND = int(Qt.ItemDataRole.UserRole)
_HELP = _KIND + 1
_WORDS = _KIND + 2


class LayerMenu(QFrame):
    """Opens under a button with :meth:`popup`; ``chosen(kind)`` tells what was picked."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("layer-menu")
        self.setProperty("role", "card")
        self.setAccessibleName("Add a layer")
        self.search = QLineEdit()
        self.search.setObjectName("layer-search")
        self.search.setAccessibleName("Search layers")
        self.search.setPlaceholderText("Search layers")
        self.search.addAction(icon("magnifying-glass", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.list = QListWidget()
        self.list.setObjectName("layer-choices")
        self.list.setAccessibleName("Layers")
        self.list.setItemDelegate(_Delegate(self.list))
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addWidget(self.search)
        column.addWidget(self.list)
        _fill(self.list)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.list.itemEntered.connect(self._hovered)
        self.list.itemClicked.connect(self._pick)

    def popup(self, below: QWidget) -> None:
        """Open under ``below``, with an empty search."""
        self.search.clear()
        self._filter("")
        self.list.scrollToTop()
        unit = self.fontMetrics().horizontalAdvance("0")
        self.resize(unit * 58, self.fontMetrics().height() * 24)
        corner = below.mapToGlobal(QPoint(below.width() - self.width(), below.height() + 4))
        screen = below.screen().availableGeometry()
        owner = self.parentWidget()
        left = owner.mapToGlobal(QPoint(0, 0)).x() if owner is not None else screen.left()
        x = min(max(corner.x(), left, screen.left()), screen.right() - self.width())
        y = min(corner.y(), screen.bottom() - self.height())
        self.move(x, y)
        self.show()
        self.search.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys and Return in the search go to the list."""
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

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        header: QListWidgetItem | None = None
        first: QListWidgetItem | None = None
        for item in self._items():
            if not item.data(_KIND):
                header = item
                header.setHidden(True)
                continue
            hit = all(word in item.data(_WORDS) for word in words)
            item.setHidden(not hit)
            if hit and header is not None:
                header.setHidden(False)
            first = item if hit and first is None else first
        if first is not None:
            self.list.setCurrentItem(first)

    def _step(self, direction: int) -> None:
        shown = [item for item in self._items() if item.data(_KIND) and not item.isHidden()]
        if shown:
            current = self.list.currentItem()
            at = shown.index(current) + direction if current in shown else 0
            self.list.setCurrentItem(shown[min(max(at, 0), len(shown) - 1)])

    def _hovered(self, item: QListWidgetItem) -> None:
        if item.data(_KIND):
            self.list.setCurrentItem(item)

    def _pick(self, item: QListWidgetItem) -> None:
        if item.data(_KIND) and not item.isHidden():
            self.hide()
            self.chosen.emit(item.data(_KIND))


def _fill(widget: QListWidget) -> None:
    for group, kinds in LAYER_GROUPS.items():
        header = QListWidgetItem(group, widget)
        header.setFlags(Qt.ItemFlag.NoItemFlags)
        for spec in kinds:
            widget.addItem(_item(spec, group))


def _item(spec: type[Spec], group: str) -> QListWidgetItem:
    item = QListWidgetItem(spec.title)
    item.setData(_KIND, kind_of(spec))
    item.setData(_HELP, spec.help())
    item.setData(_WORDS, f"{spec.title} {kind_of(spec)} {group} {spec.help()}".lower())
    item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{spec.title}: {spec.help()}")
    return item


class _Delegate(QStyledItemDelegate):
    """Title, then its help in muted small type; groups are muted headings."""

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
        box.setLeft(box.left() + styled.fontMetrics.horizontalAdvance("0") * 18)
        painter.setFont(small_font())
        painter.setPen(QColor(resolve("muted")))
        words = painter.fontMetrics().elidedText(index.data(_HELP), Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, flags, words)
        painter.restore()
