"""The actions of the window with their shortcuts, and the menus they fill."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QIcon, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.theme import ThemeMode, icon
from app.widgets import plain_tooltip

_AUTO_REPEAT = ("Undo", "Redo")


class Actions:
    """The actions of the window, added to it so that their shortcuts work on every page."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self.new = self.add_action("New experiment", "New", "Ctrl+N", "file-plus")
        self.open = self.add_action("Open…", "Open", "Ctrl+O", "folder-open")
        self.save = self.add_action("Save", "Save", "Ctrl+S", "floppy-disk")
        self.save_as = self.add_action("Save as…", "Save as", "Ctrl+Shift+S")
        self.rename = self.add_action("Rename the experiment", "Rename")
        self.example = self.add_action("Open the bundled example", "Example")
        self.quit = self.add_action("Quit", "Quit", "Ctrl+Q", "sign-out")
        self.undo = self.add_action("Undo", "Undo", "Ctrl+Z", "arrow-u-up-left")
        self.redo = self.add_action("Redo", "Redo", "Ctrl+Y;Ctrl+Shift+Z", "arrow-u-up-right")
        self.run = self.add_action("Run", "Run", "F5;Ctrl+R", "play")
        self.pause = self.add_action("Pause", "Pause", "F6", "pause")
        self.stop = self.add_action("Stop and keep what it has", "Stop", "Shift+F5", "stop")
        self.notify = self.add_action("Notify when runs end", "Notify")
        self.notify.setCheckable(True)
        self.best = self.add_action("Which is best? Compare weighting methods…", "Which is best?")
        self.help = self.add_action("Help", "Help", "F1", "question")
        self.file_menu = self.add_action("File menu", "File", "Alt+F")
        for action in (self.undo, self.redo, self.pause, self.stop):
            action.setEnabled(False)

    def add_action(self, text: str, short: str, keys: str = "", icon_name: str = "") -> QAction:
        """Add an action to the window, with its shortcuts (separated by ``;``) and its tooltip."""
        action = QAction(icon(icon_name) if icon_name else QIcon(), text, self._window)
        action.setIconText(short)
        action.setObjectName("action-" + short.lower().replace(" ", "-"))
        action.setShortcuts([QKeySequence(key) for key in keys.split(";") if key])
        action.setAutoRepeat(text in _AUTO_REPEAT)  # for all others a key held down counts once
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        set_tooltip(action, text)
        self._window.addAction(action)
        return action


def set_tooltip(action: QAction, text: str) -> None:
    """Give ``action`` the tooltip ``text (key)``."""
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    action.setToolTip(plain_tooltip(f"{text} ({keys})" if keys else text))


def fill_file_menu(menu: QMenu, actions: Actions, recent: QMenu, appearance: QMenu) -> None:
    """Fill the File menu."""
    menu.setObjectName("menu-file")
    menu.addActions([actions.new, actions.open])
    menu.addMenu(recent)
    menu.addAction(actions.example)
    menu.addSeparator()
    menu.addActions([actions.save, actions.save_as, actions.rename])
    menu.addSeparator()
    menu.addAction(actions.best)
    menu.addSeparator()
    menu.addMenu(appearance)
    menu.addActions([actions.notify, actions.help])
    menu.addSeparator()
    menu.addAction(actions.quit)


def fill_appearance_menu(menu: QMenu, current: ThemeMode, choose: Callable[[ThemeMode], object]) -> None:
    """Fill the menu of color schemes, with the current one checked."""
    group = QActionGroup(menu)
    titles = {ThemeMode.SYSTEM: "Follow the system", ThemeMode.LIGHT: "Light", ThemeMode.DARK: "Dark"}
    for mode, title in titles.items():
        action = menu.addAction(title)
        action.setObjectName(f"action-theme-{mode}")
        action.setCheckable(True)
        action.setChecked(mode is current)
        group.addAction(action)
        action.triggered.connect(lambda _checked=False, mode=mode: choose(mode))
