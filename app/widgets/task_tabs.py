"""A tab bar of tasks that becomes a combo box when space is short."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QTabBar, QWidget

from app.theme import GAP
from app.widgets.buttons import ToolButton
from app.widgets.input_behavior import guard_wheel
from app.widgets.labels import Muted
from app.widgets.plain_text import escape_mnemonic, plain_tooltip


class TaskTabs(QWidget):
    """Chooses a task; ``currentChanged(index)`` is emitted on change.

    Args:
        name: objectName of the bar; the list is called ``name-list``.
        parent: Owner.
    """

    currentChanged = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar, self.list = QTabBar(), QComboBox()
        self.bar.setObjectName(name)
        self.bar.setExpanding(False)
        self.bar.setDrawBase(False)
        self.bar.setUsesScrollButtons(False)
        self.bar.setElideMode(Qt.TextElideMode.ElideNone)
        self.list.setObjectName(f"{name}-list")
        self.list.setMaxVisibleItems(20)
        self.list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        guard_wheel(self.list)
        self.bar.setAccessibleName("Tasks")
        self.list.setAccessibleName("Tasks")
        self.place = Muted()
        self.before = ToolButton("caret-left", "Previous task", lambda: self._step(-1), name=f"{name}-before")
        self.after = ToolButton("caret-right", "Next task", lambda: self._step(1), name=f"{name}-after")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.bar, 1)
        row.addWidget(self.list, 1)
        for widget in (self.place, self.before, self.after):
            row.addWidget(widget)
        self.bar.currentChanged.connect(self._turned)
        self.list.activated.connect(self.setCurrentIndex)
        self._arrange()

    def set_names(self, names: Sequence[str]) -> None:
        """Offer these tasks; the place of the one shown stays, and nothing is announced."""
        current = self.bar.currentIndex()
        blocked = self.bar.blockSignals(True)
        while self.bar.count() > len(names):
            self.bar.removeTab(self.bar.count() - 1)
        for index, name in enumerate(names):
            shown = escape_mnemonic(name)
            if index < self.bar.count():
                self.bar.setTabText(index, shown)
            else:
                self.bar.addTab(shown)
        self.bar.setCurrentIndex(min(max(current, 0), len(names) - 1))
        self.bar.blockSignals(blocked)
        self.list.clear()
        self.list.addItems(list(names))
        self._show_place()
        self._arrange()

    def count(self) -> int:
        """How many tasks there are."""
        return self.bar.count()

    def currentIndex(self) -> int:
        """Index of the task shown, or -1."""
        return self.bar.currentIndex()

    def setCurrentIndex(self, index: int) -> None:
        """Show the task at ``index``."""
        self.bar.setCurrentIndex(index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Change between tabs and list as there is room."""
        super().resizeEvent(event)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """As narrow as the list may be."""
        return QSize(self.list.minimumSizeHint().width(), self.sizeHint().height())

    def sizeHint(self) -> QSize:
        """As tall as the taller of both, so that nothing moves when they change places."""
        return QSize(self.bar.sizeHint().width(), max(self.bar.sizeHint().height(), self.list.sizeHint().height()))

    @property
    def is_list(self) -> bool:
        """Whether the tasks are shown as a list."""
        return not self.list.isHidden()

    def _arrange(self) -> None:
        crowded = self.bar.count() > 1 and self.bar.sizeHint().width() > self.width()
        self.bar.setVisible(not crowded)
        for widget in (self.list, self.place, self.before, self.after):
            widget.setVisible(crowded)
        self.setFocusProxy(self.list if crowded else self.bar)

    def _turned(self, index: int) -> None:
        self._show_place()
        self.currentChanged.emit(index)

    def _show_place(self) -> None:
        index, count = self.bar.currentIndex(), self.bar.count()
        self.list.setCurrentIndex(index)
        self.list.setToolTip(plain_tooltip(self.list.currentText()))
        self.place.setText(f"{index + 1} of {count}")
        self.before.setEnabled(index > 0)
        self.after.setEnabled(index < count - 1)

    def _step(self, direction: int) -> None:
        self.setCurrentIndex(self.currentIndex() + direction)
