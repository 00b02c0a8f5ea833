"""The list of inputs by name: each with its kind and the columns that it reads."""

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.theme import GAP, resolve, small_font
from app.widgets import draw_row_background, plain_tooltip

_TEXT, _PROBLEM = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
_MOST_ROWS = 5
"""Inputs that are seen without scrolling."""


class InputList(QListWidget):
    """Selects an input; as high as its rows need. Emits ``selected`` when another row becomes the current one."""

    selected = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("input-list")
        self.setAccessibleName("Inputs")
        self.setItemDelegate(_InputDelegate(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.currentRowChanged.connect(lambda _row: self.selected.emit())

    @property
    def names(self) -> list[str]:
        """The names of the inputs, in order."""
        return [self.item(row).text() for row in range(self.count())]

    def show_inputs(self, texts: Mapping[str, str], problems: Mapping[str, str]) -> None:
        """Show these inputs; the current row stays, and no signal is emitted.

        Args:
            texts: What each input is, by name.
            problems: What is wrong with some of them, by name.
        """
        blocked = self.blockSignals(True)
        while self.count() > len(texts):
            self.takeItem(self.count() - 1)
        while self.count() < len(texts):
            self.addItem(QListWidgetItem())
        for row, (name, text) in enumerate(texts.items()):
            _show(self.item(row), name, text, problems.get(name, ""))
        self.setCurrentRow(min(max(self.currentRow(), 0), len(texts) - 1))
        self.blockSignals(blocked)
        self.updateGeometry()

    def select(self, name: str) -> None:
        """Make an input the current one."""
        if name in (names := self.names):
            self.setCurrentRow(names.index(name))

    def sizeHint(self) -> QSize:
        """The height of its rows, of at most some."""
        rows = min(max(self.count(), 1), _MOST_ROWS)
        return QSize(super().sizeHint().width(), rows * self.sizeHintForRow(0) + 2 * self.frameWidth())

    def minimumSizeHint(self) -> QSize:
        """The same height: a row that is not seen might as well not be there."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())


def _show(item: QListWidgetItem, name: str, text: str, problem: str) -> None:
    item.setText(name)
    item.setData(_TEXT, text)
    item.setData(_PROBLEM, problem)
    item.setToolTip(plain_tooltip(problem or f"{name}: {text}"))
    description = ". ".join(filter(None, (text, problem)))
    item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, description)


class _InputDelegate(QStyledItemDelegate):
    """Draws the name of an input and what it is on one line; the name of one with a problem in another color."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = draw_row_background(painter, option).adjusted(GAP, 0, -GAP, 0)
        metrics = QFontMetrics(option.font)
        name = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, area.width() * 2 // 3)
        at = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(resolve("error" if index.data(_PROBLEM) else "text")))
        painter.drawText(area, at, name)
        rest = area.adjusted(metrics.horizontalAdvance(name) + GAP, 0, 0, 0)
        painter.setFont(small_font())
        painter.setPen(QColor(resolve("muted")))
        text = QFontMetrics(small_font()).elidedText(str(index.data(_TEXT)), Qt.TextElideMode.ElideRight, rest.width())
        painter.drawText(rest, at, text)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, QFontMetrics(option.font).height() + GAP // 2)
