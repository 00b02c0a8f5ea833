"""Everything the window can be told to do, each with its key."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QIcon, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.theme import ThemeMode, icon
from app.widgets import plain_tooltip

Slot = Callable[[], object]
_REPEATED = ("Undo", "Redo")


class Actions:
    """The window's actions, added to it so that their shortcuts are heard everywhere."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self.new = self.make("New experiment", "New", "Ctrl+N", "file-plus")
        self.open = self.make("Open…", "Open", "Ctrl+O", "folder-open")
        self.save = self.make("Save", "Save", "Ctrl+S", "floppy-disk")
        self.save_as = self.make("Save as…", "Save as", "Ctrl+Shift+S")
        self.rename = self.make("Rename the experiment", "Rename")
        self.example = self.make("Open the bundled example", "Example")
        self.quit = self.make("Quit", "Quit", "Ctrl+Q", "sign-out")
        self.undo = self.make("Undo", "Undo", "Ctrl+Z", "arrow-u-up-left")
        self.redo = self.make("Redo", "Redo", "Ctrl+Y;Ctrl+Shift+Z", "arrow-u-up-right")
        self.run = self.make("Run", "Run", "F5;Ctrl+R", "play")
        self.pause = self.make("Pause", "Pause", "F6", "pause")
        self.stop = self.make("Stop and keep what it has", "Stop", "Shift+F5", "stop")
        self.help = self.make("Help", "Help", "F1", "question")
        self.file_menu = self.make("File menu", "File", "Alt+F")
        for action in (self.undo, self.redo, self.pause, self.stop):
            action.setEnabled(False)

    def make(self, text: str, short: str, keys: str = "", icon_name: str = "") -> QAction:
        """An action with its keys (several separated by ``;``) and its tooltip."""
        action = QAction(icon(icon_name) if icon_name else QIcon(), text, self._window)
        action.setIconText(short)
        action.setObjectName("action-" + short.lower().replace(" ", "-"))
        action.setShortcuts([QKeySequence(key) for key in keys.split(";") if key])
        action.setAutoRepeat(text in _REPEATED)  # a key that is held down is one press
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        describe(action, text)
        self._window.addAction(action)
        return action


def describe(action: QAction, text: str) -> None:
    """Give ``action`` the tooltip ``text (key)``."""
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    action.setToolTip(plain_tooltip(f"{text} ({keys})" if keys else text))


def fill_file_menu(menu: QMenu, actions: Actions, recent: QMenu, appearance: QMenu) -> None:
    """Put what belongs under File there."""
    menu.setObjectName("menu-file")
    menu.addActions([actions.new, actions.open])
    menu.addMenu(recent)
    menu.addAction(actions.example)
    menu.addSeparator()
    menu.addActions([actions.save, actions.save_as, actions.rename])
    menu.addSeparator()
    menu.addMenu(appearance)
    menu.addAction(actions.help)
    menu.addSeparator()
    menu.addAction(actions.quit)


def fill_appearance_menu(menu: QMenu, current: ThemeMode, choose: Callable[[ThemeMode], object]) -> None:
    """Offer light, dark, and what the system says."""
    group = QActionGroup(menu)
    titles = {ThemeMode.SYSTEM: "Follow the system", ThemeMode.LIGHT: "Light", ThemeMode.DARK: "Dark"}
    for mode, title in titles.items():
        action = menu.addAction(title)
        action.setObjectName(f"action-theme-{mode}")
        action.setCheckable(True)
        action.setChecked(mode is current)
        group.addAction(action)
        action.triggered.connect(lambda _checked=False, wanted=mode: choose(wanted))
