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
"""Width of the panel in average digits, and the number of rows shown without scrolling."""


class RunChooser(QFrame):
    """A popup list of runs, read on the store's thread each time it opens.

    ``runsChosen(list[int])``: the runs a person chose.

    Args:
        store: Store of the runs.
        name: objectName, and prefix of those of its parts.
        multiple: Whether runs are checked and then added with a button; else a click chooses one.
        parent: Parent widget.
    """

    runsChosen = Signal(list)

    def __init__(self, store: StoreService, name: str, parent: QWidget, *, multiple: bool = False) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName(name)
        self.setProperty("role", "card")
        self._store, self._multiple = store, multiple
        self._excluded: Collection[int] = ()
        self.model = RunChoices(self, checkable=multiple)
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
        self.add_button = PrimaryButton("Add", self._emit_checked, name=f"{name}-take")
        self.check_all_button = Button("Tick all shown", self._check_all, name=f"{name}-all")
        self._lay_out()
        self.search.textChanged.connect(self._search)
        self.search.installEventFilter(self)
        self.list.clicked.connect(self._on_clicked)
        self.list.activated.connect(self._on_clicked)

    def open_below(self, button: QWidget, excluded: Collection[int] = ()) -> None:
        """Open below a button, within its screen, and read the runs.

        Args:
            button: The button that was clicked.
            excluded: Runs that are not offered.
        """
        self._excluded = excluded
        self.search.clear()
        self.model.set_choices(())
        self.status.setText("Reading the runs…")
        self._show_buttons()
        self.setGeometry(_geometry_below(self.sizeHint(), button))
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)
        multiple = self._multiple
        self._store.call(lambda store: read_choices(store, queued=not multiple), self._on_choices, self._fail)

    def sizeHint(self) -> QSize:
        """Room for a dozen runs."""
        digit = self.fontMetrics().horizontalAdvance("0")
        return QSize(_WIDTH * digit, (_ROWS + 3) * row_height() + 2 * CARD_GAP)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows and Enter, pressed in the field, move and choose in the list."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
                self._move_current(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._on_return()
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
        for button in (self.check_all_button, self.add_button):
            foot.addWidget(button)
            button.setVisible(self._multiple)
        column.addLayout(foot)

    def _on_choices(self, choices: tuple[RunChoice, ...]) -> None:
        self.model.set_choices(choice for choice in choices if choice.run not in self._excluded)
        self._search(self.search.text())

    def _fail(self, error: Exception) -> None:
        self.status.setText(f"The runs cannot be read: {error}")

    def _search(self, text: str) -> None:
        self.model.search(text)
        if self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(0))
        self._show_buttons()
        count, total = self.model.rowCount(), self.model.total
        if not total:
            self.status.setText("There are no other runs." if self._excluded else "There are no runs yet.")
        elif not count:
            self.status.setText("No run has all of these words.")
        else:
            self.status.setText(f"{count} runs" if count == total else f"{count} of {total} runs")

    def _show_buttons(self) -> None:
        count = len(self.model.checked_runs)
        self.add_button.setText(f"Add {format_quantity(count, 'run')}" if count else "Add")
        self.add_button.setEnabled(count > 0)
        self.check_all_button.setEnabled(self.model.rowCount() > 0)

    def _on_clicked(self, index: QModelIndex) -> None:
        run = index.data(RUN_ROLE)
        if self._multiple:
            self.model.set_checked([run], on=run not in self.model.checked_runs)
            self._show_buttons()
        else:
            self._emit_runs([run])

    def _check_all(self) -> None:
        runs = self.model.shown_runs()
        self.model.set_checked(runs, on=not set(runs) <= set(self.model.checked_runs))
        self._show_buttons()

    def _emit_checked(self) -> None:
        self._emit_runs(list(self.model.checked_runs))

    def _on_return(self) -> None:
        """Add the checked runs, else choose the current one."""
        index = self.list.currentIndex()
        if self._multiple and self.model.checked_runs:
            self._emit_checked()
        elif index.isValid():
            self._emit_runs([index.data(RUN_ROLE)])

    def _emit_runs(self, runs: list[int]) -> None:
        self.hide()
        self.runsChosen.emit(runs)

    def _move_current(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _ROWS, Qt.Key.Key_PageUp: -_ROWS}
        row = self.list.currentIndex().row() + steps[Qt.Key(event.key())]
        if self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(min(max(row, 0), self.model.rowCount() - 1)))


class _ChoiceDelegate(QStyledItemDelegate):
    """Paints a run at the left, elided in the middle, and its state at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """As high as the rows of tables."""
        return QSize(super().sizeHint(option, index).width(), row_height())

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw background and check box as the style does, then both texts."""
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


def _geometry_below(size: QSize, button: QWidget) -> QRect:
    """The rectangle of a panel below a button, within its window and screen."""
    corner = button.mapToGlobal(QPoint(0, button.height() + GAP // 2))
    window = QRect(button.window().mapToGlobal(QPoint()), button.window().size())
    bounds = button.screen().availableGeometry().intersected(window)
    return rect_within(size, corner, bounds.adjusted(GAP, GAP, -GAP, -GAP))


def rect_within(size: QSize, corner: QPoint, bounds: QRect) -> QRect:
    """A rectangle of a given size with its upper left corner as close to ``corner`` as the bounds allow."""
    size = size.boundedTo(bounds.size())
    left = min(max(corner.x(), bounds.left()), bounds.right() + 1 - size.width())
    top = min(max(corner.y(), bounds.top()), bounds.bottom() + 1 - size.height())
    return QRect(QPoint(left, top), size)
