"""The top bar: the experiment and its file at the left, the controls of the run at the right."""

from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QWidget

from app.main_window.actions import Actions
from app.main_window.bars.name_field import NameField
from app.theme import GAP, PAGE_MARGIN, control_height, theme
from app.widgets import Button, Chip, Muted, PrimaryButton, plain_tooltip


class ActionButton(Button):
    """A button that shows the text, the tooltip and the enabled state of an action."""

    def __init__(self, action: QAction, name: str) -> None:
        super().__init__(action.iconText(), action.trigger, name=name)
        self._action = action
        action.changed.connect(self._update_from_action)
        self._update_from_action()

    def _update_from_action(self) -> None:
        self.setText(self._action.iconText())
        if self.hasFocus() and not self._action.isEnabled():
            self.clearFocus()  # else Qt moves the focus to the next button
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(plain_tooltip(self._action.toolTip()))
        self.setAccessibleName(self._action.iconText())


class RunButton(ActionButton):
    """The action button in the primary style."""

    role, ink = PrimaryButton.role, PrimaryButton.ink


class TopBar(QFrame):
    """Name of the experiment, “edited”, File menu, Undo, Redo; device, Pause, Stop, Run."""

    def __init__(self, actions: Actions, menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("top-bar")
        self.setProperty("role", "bar")
        self.title = NameField()
        self.title.setObjectName("document-title")
        self.edited = Muted("edited")
        self.edited.setObjectName("document-edited")
        policy = self.edited.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.edited.setSizePolicy(policy)
        self.device = Chip("Looking for devices…", dot="muted")
        self.device.setObjectName("device")
        self.file = _menu_button("File", menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, 1)
        row.setSpacing(GAP + 4)
        left: list[QWidget] = [self.title, self.edited, self.file]
        left += [ActionButton(actions.undo, "undo"), ActionButton(actions.redo, "redo")]
        right: list[QWidget] = [self.device, ActionButton(actions.pause, "pause"), ActionButton(actions.stop, "stop")]
        right.append(RunButton(actions.run, "run"))
        for widget in left:
            row.addWidget(widget)
        row.addStretch(1)
        for widget in right:
            row.addWidget(widget)
        self.setFixedHeight(control_height() + 17)

    def show_document(self, name: str, *, dirty: bool) -> None:
        """Show the experiment's name and whether it has unsaved edits."""
        self.title.show_name(name)
        self.edited.setVisible(dirty)

    def show_device(self, label: str) -> None:
        """Show the device a run would use."""
        self.device.set_text(label or "Looking for devices…")
        self.device.set_dot("good" if label else "muted")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the hairline at the bottom."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(theme().border))
        painter.end()


def _menu_button(text: str, menu: QMenu) -> Button:
    button = Button(text, name="file-menu")
    button.setAccessibleName(f"{text} menu")
    button.setToolTip("New, open, save, recent files, appearance (Alt+F)")
    button.setMenu(menu)
    return button
