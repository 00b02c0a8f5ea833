"""The card for the data source: bundled data sets, or a file and its reading options."""

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.pages.data.cards.format_choice import FormatChoice
from app.pages.data.cards.joined_tables import JoinedTables
from app.pages.data.cards.sheet_choice import SheetChoice
from app.pages.data.data_name import data_name
from app.theme import GAP, resolve, small_font
from app.widgets import Button, Card, InlineError, Label, draw_row_background, guard_wheel, plain_tooltip
from mtl_core.spec import DatasetInfo
from mtl_core.spec.data.bundled import BUNDLED
from mtl_core.tabular.readers.formats import format_of_dataset, format_titles

_TEXT = Qt.ItemDataRole.UserRole + 1
_NAME = Qt.ItemDataRole.UserRole
_FILE = "file:"
_OWN = {"table": "your file", "image_folder": "your folder", "arrays": "your arrays", "query": "your query"}
"""What the data of each kind are called, but for bundled ones."""
_AUTO = "auto"
_DELIMITERS = ((_AUTO, None), ("Comma ,", ","), ("Semicolon ;", ";"), ("Tab", "\t"), ("Bar |", "|"), ("Space", " "))
_ENCODINGS = ("utf-8", "cp949", "euc-kr", "shift_jis", "gb18030", "latin-1", "cp1252", "utf-16")
_DECIMALS = ((_AUTO, None), ("Point 1,234.5", "."), ("Comma 1.234,5", ","))


class SourceCard(Card):
    """The list of data sets, the reading options of a file, and the buttons to open and join data.

    ``bundledChosen(name)`` is emitted for a bundled data set, ``labelsRequested`` to ask for a table of labels of the
    images in the folder, ``joinRequested`` for a table to join, ``queryRequested`` for another query, and
    ``optionsChosen(delimiter, encoding, decimal)`` to read the file with other options, None for one to be detected.
    """

    bundledChosen = Signal(str)
    labelsRequested = Signal()
    joinRequested = Signal()
    queryRequested = Signal()
    optionsChosen = Signal(object, object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Data set", parent=parent)
        self.setObjectName("source-card")
        self.list = QListWidget()
        self.list.setObjectName("data-sets")
        self.list.setAccessibleName("Data sets")
        self.list.setItemDelegate(_TwoLineDelegate(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.list.setMouseTracking(True)
        for entry in BUNDLED.values():
            self._add(entry.name, entry.title, entry.summary)
        self.list.itemClicked.connect(self._item_chosen)
        self.list.itemActivated.connect(self._item_chosen)
        self._current: dict[str, Any] = {}
        self.error = InlineError()
        self.error.setObjectName("source-error")
        self.open = Button("Open…", name="open-data")
        formats = f"{format_titles()} tables, folders of images and arrays can also be dropped onto this page"
        self.open.setToolTip(plain_tooltip(formats))
        self.labels = Button("Table of labels…", self.labelsRequested.emit, name="open-labels")
        self.labels.setToolTip("Further columns of the images, from a table whose first column holds their names")
        self.join = Button("Join a table…", self.joinRequested.emit, name="join-table")
        self.join.setToolTip("Columns from another table by a key, such as the labels of a task")
        self.query = Button("Edit the query…", self.queryRequested.emit, name="edit-query")
        self.joins = JoinedTables()
        self.options = self._build_options()
        self.format = FormatChoice()
        self.sheet = SheetChoice()
        self.body.addWidget(self.error)  # above the list, which shrinks: the controls below keep their place
        self.body.addWidget(self.list, 1)
        self.body.addWidget(self.format)
        self.body.addWidget(self.sheet)
        self.body.addWidget(self.options)
        self.body.addWidget(self.joins)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.open, 1)
        for button in (self.labels, self.join, self.query):
            buttons.addWidget(button)
        self.body.addLayout(buttons)

    def show_dataset(self, dataset: dict[str, Any], info: DatasetInfo | None = None, join_problem: str = "") -> None:
        """Select the data set of the experiment, and show what its kind can do.

        Args:
            dataset: Spec data of the data set.
            info: Its description, which says what was detected of a file.
            join_problem: What is wrong with a joined table, or ``""``.
        """
        self._current = dataset
        kind = str(dataset.get("kind"))
        self.format.show_dataset(dataset)
        self.sheet.show_dataset(dataset, info)
        for button, of in ((self.labels, "image_folder"), (self.join, "table"), (self.query, "query")):
            button.setVisible(kind == of)
        self.joins.show_joins(dataset.get("join") or (), join_problem)
        self._show_own(dataset, _OWN.get(kind, ""))
        key = _FILE if kind in _OWN else str(dataset.get("name"))
        for row in range(self.list.count()):
            if self.list.item(row).data(_NAME) == key:
                self.list.setCurrentRow(row)
        table_format = format_of_dataset(dataset)
        text = kind == "table" and (table_format is None or table_format.cells == "text")
        self.options.setVisible(text)
        if text:
            self._show_detected(info)
            self._show_options(dataset)

    def _build_options(self) -> QWidget:
        box = QWidget()
        box.setObjectName("file-options")
        form = QFormLayout(box)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(GAP // 2)
        self.delimiter = QComboBox()
        self.delimiter.setObjectName("file-delimiter")
        self.delimiter.setAccessibleName("Delimiter of the file")
        for title, value in _DELIMITERS:
            self.delimiter.addItem(title, value)
        self.encoding = QComboBox()
        self.encoding.setObjectName("file-encoding")
        self.encoding.setAccessibleName("Encoding of the file")
        self.encoding.setEditable(True)
        self.encoding.addItems([_AUTO, *_ENCODINGS])
        self.decimal = QComboBox()
        self.decimal.setObjectName("file-decimal")
        self.decimal.setAccessibleName("Decimal mark of the file")
        for title, value in _DECIMALS:
            self.decimal.addItem(title, value)
        for combo in (self.delimiter, self.encoding, self.decimal):
            guard_wheel(combo)
            combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            combo.activated.connect(lambda _: self._options_chosen())
        form.addRow(Label("Delimiter"), self.delimiter)
        form.addRow(Label("Encoding"), self.encoding)
        form.addRow(Label("Decimal mark"), self.decimal)
        return box

    def _show_detected(self, info: DatasetInfo | None) -> None:
        """Show the detected options behind ``auto``."""
        delimiter = next((title for title, value in _DELIMITERS if info and value == info.delimiter), "")
        name = {" ": "space"}.get(info.delimiter if info else "", delimiter.partition(" ")[0].lower())
        commas = sum(column.decimal == "," for column in info.columns) if info else 0
        detected = (
            (self.delimiter, name),
            (self.encoding, info.encoding if info else ""),
            (self.decimal, "" if info is None else "comma" if commas else "point"),
        )
        for combo, value in detected:
            combo.setItemText(0, f"{_AUTO}: {value}" if value else _AUTO)

    def _show_options(self, dataset: dict[str, Any]) -> None:
        delimiter, encoding = dataset.get("delimiter"), dataset.get("encoding")
        self.decimal.setCurrentIndex(max(self.decimal.findData(dataset.get("decimal")), 0))
        if delimiter is not None and self.delimiter.findData(delimiter) < 0:
            self.delimiter.addItem(repr(delimiter), delimiter)
        self.delimiter.setCurrentIndex(max(self.delimiter.findData(delimiter), 0))
        self.encoding.setCurrentText(encoding or self.encoding.itemText(0))

    def _options_chosen(self) -> None:
        encoding = self.encoding.currentText().strip()
        stated = None if not encoding or encoding == self.encoding.itemText(0) else encoding
        options = (self.delimiter.currentData(), stated, self.decimal.currentData())
        if options != tuple(map(self._current.get, ("delimiter", "encoding", "decimal"))):
            self.optionsChosen.emit(*options)

    def _show_own(self, dataset: dict[str, Any], text: str) -> None:
        """Show data of the user's above the bundled ones; an empty text: there are none."""
        first = self.list.item(0)
        has_own_item = first is not None and first.data(_NAME) == _FILE
        if has_own_item and not text:
            self.list.takeItem(0)
        if text and not has_own_item:
            self.list.insertItem(0, _item(_FILE, "", ""))
        if text:
            item = self.list.item(0)
            item.setText(data_name(dataset))
            item.setData(_TEXT, text)
            where = (dataset.get("path"), dataset.get("url"), dataset.get("sql"))
            item.setToolTip(plain_tooltip("\n".join(str(line) for line in where if line)))

    def _add(self, name: str, title: str, text: str) -> None:
        self.list.addItem(_item(name, title, text))

    def _item_chosen(self, item: QListWidgetItem) -> None:
        name = str(item.data(_NAME))
        if name != _FILE and name != self._current.get("name"):
            self.bundledChosen.emit(name)


def _item(name: str, title: str, text: str) -> QListWidgetItem:
    item = QListWidgetItem(title)
    item.setData(_NAME, name)
    item.setData(_TEXT, text)
    item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, text)
    return item


class _TwoLineDelegate(QStyledItemDelegate):
    """Draws a title and a smaller line below it."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = draw_row_background(painter, option).adjusted(GAP, GAP // 2 + 1, -GAP, -GAP // 2)
        painter.setPen(QColor(resolve("text")))
        metrics = QFontMetrics(option.font)
        title = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, title)
        painter.setFont(small_font())
        painter.setPen(QColor(resolve("muted")))
        text = QFontMetrics(small_font()).elidedText(str(index.data(_TEXT)), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, text)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        lines = QFontMetrics(option.font).height() + QFontMetrics(small_font()).height()
        return QSize(120, lines + GAP + 2)
