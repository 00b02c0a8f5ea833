"""The table of training rows as the model sees them: a column for each input and for the label of each task."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.theme import GAP, resolve, row_height
from app.widgets.pixel_image import pixel_image
from mtl_core.protocol.samples import InputSamples, SampleRows

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_IMAGE = Qt.ItemDataRole.UserRole + 1
_IMAGE_ROWS, _TEXT_ROWS = 3.2, 1.6
"""Heights of rows with images and without, in rows of other tables."""
_IMAGE_DIGITS, _LEAST_DIGITS, _MOST_DIGITS, _PADDING_DIGITS = 18, 14, 52, 4
"""Widths of columns."""


class SamplesModel(QAbstractTableModel):
    """Samples as rows: inputs first, then labels."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows = 0
        self._inputs: list[tuple[str, InputSamples]] = []
        self._images: list[list[QImage | None]] = []
        self._labels: list[tuple[str, Sequence[str]]] = []

    def show(self, samples: SampleRows) -> None:
        """Show other samples."""
        self.beginResetModel()
        self._rows = samples.rows
        self._inputs, self._labels = list(samples.inputs.items()), list(samples.labels.items())
        self._images = [
            [None if image is None else pixel_image(image, color=value.color) for image in value.images]
            for _, value in self._inputs
        ]
        self.endResetModel()

    def has_images(self, column: int) -> bool:
        """Whether a column shows images."""
        return column < len(self._inputs) and bool(self._inputs[column][1].images)

    def is_label(self, column: int) -> bool:
        """Whether a column shows the labels of a task."""
        return column >= len(self._inputs)

    def texts(self, column: int) -> list[str]:
        """The texts of a column."""
        return [str(self.index(row, column).data()) for row in range(self._rows)]

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of samples."""
        return 0 if parent.isValid() else self._rows

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Number of inputs and tasks."""
        return 0 if parent.isValid() else len(self._inputs) + len(self._labels)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's text or image."""
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        if role == _IMAGE and self.has_images(column):
            return self._images[column][row]
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        if self.is_label(column):
            return self._labels[column - len(self._inputs)][1][row] or "—"
        value = self._inputs[column][1]
        if value.images:
            return "" if value.images[row] is not None else "—"
        return value.texts[row] if value.texts[row] is not None else "—"

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The name of an input or a task."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < self.columnCount():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if self.is_label(section):
            return f"{self._labels[section - len(self._inputs)][0]} (label)"
        name, value = self._inputs[section]
        return name if name == value.kind else f"{name} ({value.kind})"


class SamplesTable(QTableView):
    """Shows samples; images are enlarged without smoothing, texts wrap."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.samples = SamplesModel(self)
        self.setObjectName("data-samples")
        self.setAccessibleName("Training rows as the model sees them")
        self.setModel(self.samples)
        self.setItemDelegate(_SampleDelegate(self))
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setVisible(False)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def show_samples(self, samples: SampleRows) -> None:
        """Show other samples."""
        names = [self.samples.headerData(at, Qt.Orientation.Horizontal) for at in range(self.samples.columnCount())]
        self.samples.show(samples)
        columns = range(self.samples.columnCount())
        with_images = any(map(self.samples.has_images, columns))
        self.verticalHeader().setDefaultSectionSize(round(row_height() * (_IMAGE_ROWS if with_images else _TEXT_ROWS)))
        if names != [self.samples.headerData(at, Qt.Orientation.Horizontal) for at in columns]:
            digit = self.fontMetrics().horizontalAdvance("0")
            for column in columns:
                self.setColumnWidth(column, digit * self._digits(column))

    def _digits(self, column: int) -> int:
        if self.samples.has_images(column):
            return _IMAGE_DIGITS
        title = self.samples.headerData(column, Qt.Orientation.Horizontal)
        longest = max(map(len, (title, *self.samples.texts(column))))
        return min(max(longest + _PADDING_DIGITS, _LEAST_DIGITS), _MOST_DIGITS)


class _SampleDelegate(QStyledItemDelegate):
    """Draws an image as large as fits, or wrapped text."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        ground = QStyleOptionViewItem(option)
        self.initStyleOption(ground, index)
        text, ground.text = ground.text, ""
        option.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, ground, painter, option.widget)
        area = option.rect.adjusted(11, GAP // 2, -GAP, -GAP // 2 - 1)
        image = index.data(_IMAGE)
        if isinstance(image, QImage):
            size = image.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
            painter.drawImage(QRect(area.left(), area.center().y() - size.height() // 2, *size.toTuple()), image)
            return
        painter.setPen(QColor(resolve("muted" if text == "—" else "text")))
        painter.drawText(
            area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, text
        )

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), row_height())
