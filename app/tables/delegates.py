"""Delegates that paint a run state as a chip, and a star."""

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.formatting import STATE_LABELS
from app.tables.run_cells import ROW_ROLE
from app.tables.run_rows import RunRow
from app.tables.runs_model import RunsModel
from app.theme import GAP, icon, resolve, small_font

Index = QModelIndex | QPersistentModelIndex
_GROUNDS = {"error": "error_wash", "accent": "accent_wash"}
_DOT = 8


class StateDelegate(QStyledItemDelegate):
    """Paints a run's state as a colored chip."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw background and chip."""
        row: RunRow | None = index.data(ROW_ROLE)
        if row is None:
            super().paint(painter, option, index)
        else:
            paint_ground(painter, option, index)
            word, tone = STATE_LABELS[row.record.state]
            paint_chip(painter, option.rect.adjusted(GAP, 0, -GAP, 0), word, tone)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Size of the longest state."""
        metrics = QFontMetrics(small_font())
        widest = max(metrics.horizontalAdvance(word) for word, _ in STATE_LABELS.values())
        return QSize(widest + 2 * GAP + 34, super().sizeHint(option, index).height())


class StarDelegate(QStyledItemDelegate):
    """Paints a star that a click toggles."""

    def __init__(self, parent: QAbstractItemView) -> None:
        super().__init__(parent)
        self._on, self._off = icon("star-fill", "warning"), icon("star", "muted")

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the star, outlined when it is off."""
        row: RunRow | None = index.data(ROW_ROLE)
        if row is None:
            super().paint(painter, option, index)
        else:
            paint_ground(painter, option, index)
            side = QFontMetrics(option.font).height()
            box = QRect(0, 0, side, side)
            box.moveCenter(option.rect.center())
            (self._on if row.record.starred else self._off).paint(painter, box)

    def editorEvent(self, event: QEvent, model: object, option: QStyleOptionViewItem, index: Index) -> bool:
        """Toggle the star on a click."""
        clicked = isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease
        if clicked and event.button() == Qt.MouseButton.LeftButton and isinstance(model, RunsModel):  # type: ignore[attr-defined]
            model.toggle_star(index.row())
            return True
        return False


def paint_ground(painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
    """Draw background and grid line of a cell as the style does."""
    plain = QStyleOptionViewItem(option)
    plain.index = index if isinstance(index, QModelIndex) else index.model().index(index.row(), index.column())
    widget: QWidget | None = option.widget
    if widget is not None:
        widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, plain, painter, widget)


def paint_chip(painter: QPainter, space: QRect, word: str, tone: str) -> None:
    """A rounded word with a dot in ``space``, left-aligned and vertically centered."""
    metrics = QFontMetrics(small_font())
    box = QRect(0, 0, min(metrics.horizontalAdvance(word) + 18 + 14, space.width()), metrics.height() + 5)
    box.moveCenter(space.center())
    box.moveLeft(space.left())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(small_font())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(resolve(_GROUNDS.get(tone, "sunken"))))
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    painter.setBrush(QColor(resolve(tone)))
    painter.drawEllipse(box.left() + 9, box.center().y() - _DOT // 2 + 1, _DOT, _DOT)
    painter.setPen(QColor(resolve("text" if tone in {"muted", "neutral"} else tone)))
    words = box.adjusted(23, 0, -6, 0)
    text = metrics.elidedText(word, Qt.TextElideMode.ElideRight, words.width())
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
    painter.restore()
