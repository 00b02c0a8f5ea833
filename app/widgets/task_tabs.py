"""A tab bar of tasks, or of blocks of a model, that becomes a combo box when space is short."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QTabBar, QWidget

from app.theme import GAP
from app.widgets.buttons import ToolButton
from app.widgets.input_behavior import guard_wheel
from app.widgets.label_widgets import Muted
from app.widgets.plain_text import escape_mnemonic, plain_tooltip


class TaskTabs(QWidget):
    """Selects a task with a tab bar, or a combo box where the tabs do not fit; emits ``currentChanged(index)``.

    Args:
        name: objectName of the tab bar; that of the combo box is ``name-list``.
        noun: What a tab stands for.
        parent: Owner.
    """

    currentChanged = Signal(int)

    def __init__(self, name: str, noun: str = "task", parent: QWidget | None = None) -> None:
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
        self.bar.setAccessibleName(f"{noun.capitalize()}s")
        self.list.setAccessibleName(f"{noun.capitalize()}s")
        self.position = Muted()
        self.previous = ToolButton("caret-left", f"Previous {noun}", lambda: self._step(-1), name=f"{name}-before")
        self.next = ToolButton("caret-right", f"Next {noun}", lambda: self._step(1), name=f"{name}-after")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.bar, 1)
        row.addWidget(self.list, 1)
        for widget in (self.position, self.previous, self.next):
            row.addWidget(widget)
        self.bar.currentChanged.connect(self._on_current_changed)
        self.list.activated.connect(self.setCurrentIndex)
        self._arrange()

    def set_names(self, names: Sequence[str]) -> None:
        """Show these tasks; the current index stays, and no signal is emitted."""
        current = self.bar.currentIndex()
        blocked = self.bar.blockSignals(True)
        while self.bar.count() > len(names):
            self.bar.removeTab(self.bar.count() - 1)
        for index, name in enumerate(names):
            title = escape_mnemonic(name)
            if index < self.bar.count():
                self.bar.setTabText(index, title)
            else:
                self.bar.addTab(title)
        self.bar.setCurrentIndex(min(max(current, 0), len(names) - 1))
        self.bar.blockSignals(blocked)
        self.bar.updateGeometry()  # a hidden bar does not say that its first tabs gave it a height
        self.list.clear()
        self.list.addItems(list(names))
        self._show_position()
        self._arrange()

    def count(self) -> int:
        """The number of tasks."""
        return self.bar.count()

    def currentIndex(self) -> int:
        """The index of the current task, or -1."""
        return self.bar.currentIndex()

    def setCurrentIndex(self, index: int) -> None:
        """Select the task at ``index``."""
        self.bar.setCurrentIndex(index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Switch between tab bar and combo box."""
        super().resizeEvent(event)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """The least width of the combo box."""
        return QSize(self.list.minimumSizeHint().width(), self.sizeHint().height())

    def sizeHint(self) -> QSize:
        """The height of the taller of both, so that nothing moves when they are switched."""
        return QSize(self.bar.sizeHint().width(), max(self.bar.sizeHint().height(), self.list.sizeHint().height()))

    @property
    def is_list(self) -> bool:
        """Whether the combo box is shown."""
        return not self.list.isHidden()

    def _arrange(self) -> None:
        crowded = self.bar.count() > 1 and self.bar.sizeHint().width() > self.width()
        self.bar.setVisible(not crowded)
        for widget in (self.list, self.position, self.previous, self.next):
            widget.setVisible(crowded)
        self.setFocusProxy(self.list if crowded else self.bar)

    def _on_current_changed(self, index: int) -> None:
        self._show_position()
        self.currentChanged.emit(index)

    def _show_position(self) -> None:
        index, count = self.bar.currentIndex(), self.bar.count()
        self.list.setCurrentIndex(index)
        self.list.setToolTip(plain_tooltip(self.list.currentText()))
        self.position.setText(f"{index + 1} of {count}")
        self.previous.setEnabled(index > 0)
        self.next.setEnabled(index < count - 1)

    def _step(self, direction: int) -> None:
        self.setCurrentIndex(self.currentIndex() + direction)
