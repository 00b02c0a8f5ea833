"""A popup with a searchable list of all runs of the store."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.formatting import format_quantity
from app.jobs import StoreService
from app.tables.run_choices import DETAIL_ROLE, RUN_ROLE, RunChoice, RunChoices, read_choices
from app.theme import CARD_GAP, GAP, icon, resolve, row_height
from app.widgets import Button, Muted, PrimaryButton

_WIDTH, _ROWS = 84, 12
"""Of the panel in average digits, and the rows it shows without scrolling."""


class RunChooser(QFrame):
    """A popup list of runs, read on the store's thread each time it opens.

    ``chosen(list[int])``: the runs a person chose.

    Args:
        store: Whose runs.
        name: objectName; those of its parts begin with it.
        several: Whether several are ticked and then taken with a button, or one is taken by a click.
        parent: Owner.
    """

    chosen = Signal(list)

    def __init__(self, store: StoreService, name: str, parent: QWidget, *, several: bool = False) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName(name)
        self.setProperty("role", "card")
        self._store, self._several = store, several
        self._left_out: Collection[int] = ()
        self.model = RunChoices(self, ticks=several)
        self.search = QLineEdit(clearButtonEnabled=True)
        self.search.setObjectName(f"{name}-search")
        self.search.setAccessibleName("Search the runs")
        self.search.setPlaceholderText("Search: number, name, method, seed, state, tag")
        self.search.addAction(icon("magnifying-glass", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.list = QListView()
        self.list.setObjectName(f"{name}-list")
        self.list.setAccessibleName("Runs")
        self.list.setModel(self.model)
        self.list.setItemDelegate(_ChoiceDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.status = Muted()
        self.status.setObjectName(f"{name}-status")
        self.take = PrimaryButton("Add", self._take_ticked, name=f"{name}-take")
        self.all = Button("Tick all shown", self._tick_all, name=f"{name}-all")
        self._lay_out()
        self.search.textChanged.connect(self._search)
        self.search.installEventFilter(self)
        self.list.clicked.connect(self._pick)
        self.list.activated.connect(self._pick)

    def open_below(self, button: QWidget, left_out: Collection[int] = ()) -> None:
        """Open below a button, wholly on its screen, and read the runs.

        Args:
            button: What was pressed.
            left_out: Runs that are not offered.
        """
        self._left_out = left_out
        self.search.clear()
        self.model.set_choices(())
        self.status.setText("Reading the runs…")
        self._show_buttons()
        self.setGeometry(_place(self.sizeHint(), button))
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)
        several = self._several
        self._store.call(lambda store: read_choices(store, queued=not several), self._on_choices, self._fail)

    def sizeHint(self) -> QSize:
        """Room for a dozen runs."""
        digit = self.fontMetrics().horizontalAdvance("0")
        return QSize(_WIDTH * digit, (_ROWS + 3) * row_height() + 2 * CARD_GAP)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows and Enter, pressed in the field, move and choose in the list."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
                self._move(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._enter()
                return True
        return False

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(CARD_GAP, CARD_GAP, CARD_GAP, CARD_GAP)
        column.setSpacing(GAP)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        foot = QHBoxLayout()
        foot.setSpacing(GAP)
        foot.addWidget(self.status, 1)
        for button in (self.all, self.take):
            foot.addWidget(button)
            button.setVisible(self._several)
        column.addLayout(foot)

    def _on_choices(self, choices: tuple[RunChoice, ...]) -> None:
        self.model.set_choices(choice for choice in choices if choice.run not in self._left_out)
        self._search(self.search.text())

    def _fail(self, error: Exception) -> None:
        self.status.setText(f"The runs cannot be read: {error}")

    def _search(self, text: str) -> None:
        self.model.search(text)
        if self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(0))
        self._show_buttons()
        shown, total = self.model.rowCount(), self.model.total
        if not total:
            self.status.setText("There are no other runs." if self._left_out else "There are no runs yet.")
        elif not shown:
            self.status.setText("No run has all of these words.")
        else:
            self.status.setText(f"{shown} runs" if shown == total else f"{shown} of {total} runs")

    def _show_buttons(self) -> None:
        count = len(self.model.ticked)
        self.take.setText(f"Add {format_quantity(count, 'run')}" if count else "Add")
        self.take.setEnabled(count > 0)
        self.all.setEnabled(self.model.rowCount() > 0)

    def _pick(self, index: QModelIndex) -> None:
        run = index.data(RUN_ROLE)
        if self._several:
            self.model.tick([run], on=run not in self.model.ticked)
            self._show_buttons()
        else:
            self._choose([run])

    def _tick_all(self) -> None:
        shown = self.model.shown_runs()
        self.model.tick(shown, on=not set(shown) <= set(self.model.ticked))
        self._show_buttons()

    def _take_ticked(self) -> None:
        self._choose(list(self.model.ticked))

    def _enter(self) -> None:
        """Take what is ticked, else the current run."""
        index = self.list.currentIndex()
        if self._several and self.model.ticked:
            self._take_ticked()
        elif index.isValid():
            self._choose([index.data(RUN_ROLE)])

    def _choose(self, runs: list[int]) -> None:
        self.hide()
        self.chosen.emit(runs)

    def _move(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _ROWS, Qt.Key.Key_PageUp: -_ROWS}
        row = self.list.currentIndex().row() + steps[Qt.Key(event.key())]
        if self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(min(max(row, 0), self.model.rowCount() - 1)))


class _ChoiceDelegate(QStyledItemDelegate):
    """A run at the left, shortened in the middle, and its state at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """As high as the rows of tables."""
        return QSize(super().sizeHint(option, index).width(), row_height())

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw ground and tick as any list, then both texts."""
        self.initStyleOption(option, index)
        text, detail = option.text, str(index.data(DETAIL_ROLE))
        option.text = ""
        widget = option.widget
        style: QStyle = widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, widget)
        option.text = text
        box: QRect = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, widget)
        metrics = option.fontMetrics
        room = box.adjusted(4, 0, -4, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.save()
        painter.setPen(QColor(resolve("muted")))
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, detail)
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        left = room.width() - metrics.horizontalAdvance(detail) - CARD_GAP
        painter.drawText(
            room, middle | Qt.AlignmentFlag.AlignLeft, metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, left)
        )
        painter.restore()


def _place(size: QSize, button: QWidget) -> QRect:
    """A panel of a size below a button, inside the window and wholly on the screen."""
    corner = button.mapToGlobal(QPoint(0, button.height() + GAP // 2))
    window = QRect(button.window().mapToGlobal(QPoint()), button.window().size())
    bounds = button.screen().availableGeometry().intersected(window)
    return rect_within(size, corner, bounds.adjusted(GAP, GAP, -GAP, -GAP))


def rect_within(size: QSize, corner: QPoint, bounds: QRect) -> QRect:
    """Where a panel stands whose upper left corner is wanted at a place, wholly inside some bounds."""
    size = size.boundedTo(bounds.size())
    left = min(max(corner.x(), bounds.left()), bounds.right() + 1 - size.width())
    top = min(max(corner.y(), bounds.top()), bounds.bottom() + 1 - size.height())
    return QRect(QPoint(left, top), size)
