"""A user of the window: looks at what is shown, uses mouse and keyboard, and waits for conditions."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QDeadlineTimer, QMimeData, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QScrollArea,
    QTabBar,
    QTableView,
    QWidget,
)

from app.forms import SearchedChoice
from app.main_window import MainWindow
from app.navigation import Page
from tests.e2e.watchdog import WatchedBot

PATIENCE_MS = 120_000
"""Long enough for a worker that loads torch on a machine that is busy."""
LEFT = Qt.MouseButton.LeftButton

_Widget = TypeVar("_Widget", bound=QWidget)


class Person:
    """Finds widgets by their objectName, as a script would; never calls a page's methods to do anything."""

    def __init__(self, bot: WatchedBot, window: MainWindow) -> None:
        self.bot, self.window = bot, window

    # --- seeing

    def wait(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait until something is so; ``what`` is said when it never is."""
        try:
            self.bot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)
        except self.bot.TimeoutError:
            raise AssertionError(f"never came: {what or condition}; the window says {self.messages()}") from None

    def look(self, name: str, kind: type[_Widget] = QWidget) -> _Widget | None:  # type: ignore[assignment]
        """The widget of that name that can be seen now."""
        found = [one for one in self.window.findChildren(kind, name) if one.isVisible()]
        assert len(found) < 2, f"{len(found)} widgets are called {name}"
        return found[0] if found else None

    def find(self, name: str, kind: type[_Widget] = QWidget) -> _Widget:  # type: ignore[assignment]
        """The widget of that name, as soon as it can be seen; brought into view when it is scrolled away."""
        self.wait(lambda: self.look(name, kind), f"{kind.__name__} {name}")
        widget = self.look(name, kind)
        assert widget is not None
        return self._in_view(widget)

    def text(self, name: str) -> str:
        """What a label, a button or a field says; nothing when it cannot be seen."""
        match self.look(name):
            case QLabel() | QAbstractButton() | QLineEdit() as widget:
                full = getattr(widget, "full_text", None)
                return str(full() if full is not None else widget.text())
            case QPlainTextEdit() as widget:
                return widget.toPlainText()
            case None:
                return ""
            case widget:
                return widget.accessibleName()

    def reads(self, name: str, *words: str) -> None:
        """Wait until a widget says all these words."""
        try:
            self.bot.waitUntil(lambda: all(word in self.text(name) for word in words), timeout=PATIENCE_MS)
        except self.bot.TimeoutError:
            said = f"{name} says {self.text(name)!r} and not {words}; the window says {self.messages()}"
            raise AssertionError(said) from None

    def messages(self) -> list[str]:
        """What floats over the page, errors included."""
        banners = [one for name in ("message-error", "message-info") for one in self.window.findChildren(QWidget, name)]
        return [banner.accessibleName() for banner in banners if banner.isVisible()]

    def cells(self, name: str) -> list[list[str]]:
        """The texts of a table as it stands, header first, hidden columns left out."""
        table = self.look(name, QTableView)
        if table is None:
            return []
        model = table.model()
        columns = [column for column in range(model.columnCount()) if not table.isColumnHidden(column)]
        head = [str(model.headerData(column, Qt.Orientation.Horizontal)) for column in columns]
        rows = range(model.rowCount())
        return [head, *([str(model.index(row, column).data() or "") for column in columns] for row in rows)]

    def links(self, name: str) -> list[QAbstractButton]:
        """The links and buttons inside a widget that can be seen."""
        return [button for button in self.find(name).findChildren(QAbstractButton) if button.isVisible()]

    # --- mouse

    def click(self, name: str) -> None:
        """Press a button, once it can be pressed."""
        widget = self.find(name)
        self.wait(widget.isEnabled, f"{name} to be enabled")
        self.click_on(widget)

    def click_on(self, widget: QWidget, at: QPoint | None = None, *, keys: Any = None) -> None:
        """Press the mouse over a widget, once it can be seen there: what comes in meanwhile may move it away."""

        def place() -> QPoint:
            return at if at is not None else widget.rect().center()

        self.wait(lambda: self._in_view(widget).visibleRegion().contains(place()), f"{widget.objectName()} to be seen")
        self._come_forward()
        over = widget.window().childAt(widget.mapTo(widget.window(), place()))
        assert over is widget or over is None or widget.isAncestorOf(over), f"{over} lies over {widget.objectName()}"
        self.bot.mouseClick(widget, LEFT, keys or Qt.KeyboardModifier.NoModifier, place())

    def right_click(self, widget: QWidget, place: QPoint) -> None:
        """Ask for the context menu of a place in a widget."""
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, widget.mapToGlobal(place))
        self.bot.send(widget, event)

    def page(self, page: Page) -> None:
        """Turn to a page on the rail."""
        self.click(f"rail-{page.key}")

    def choose(self, name: str, text: str) -> None:
        """Open a combo box and take the entry with these words."""
        combo = self.find(name, QComboBox)
        self.wait(combo.isEnabled, f"{name} to be enabled")
        self.wait(lambda: combo.findText(text) >= 0, f"{text} in {name}")
        self.click_on(combo)
        if isinstance(combo, SearchedChoice):
            self.wait(lambda: combo.menu is not None and combo.menu.isVisible(), f"the list of {name}")
            assert combo.menu is not None
            self.bot.keyClicks(combo.menu.search, text.partition(" (")[0])
            self.bot.keyClick(combo.menu.search, Qt.Key.Key_Return)
            self.wait(lambda: combo.currentText() == text, f"{text} chosen in {name}")
            return
        self.wait(combo.view().isVisible, f"the list of {name}")
        self.bot.keyClick(combo.view(), Qt.Key.Key_Home)
        for _ in range(combo.findText(text)):
            self.bot.keyClick(combo.view(), Qt.Key.Key_Down)
        self.bot.keyClick(combo.view(), Qt.Key.Key_Return)
        self.wait(lambda: combo.currentText() == text, f"{text} chosen in {name}")

    def choose_row(self, name: str, text: str) -> None:
        """Click the row of a list that begins with these words."""
        view = self.find(name, QAbstractItemView)
        model = view.model()
        row = next(row for row in range(model.rowCount()) if str(model.index(row, 0).data()).startswith(text))
        view.scrollTo(model.index(row, 0))
        self.bot.mouseClick(view.viewport(), LEFT, pos=view.visualRect(model.index(row, 0)).center())

    def column_box(self, box: str, column: str) -> QComboBox:
        """A box over a column of the preview (``role type task-kind``), which is scrolled to where it can be seen."""
        table = self.find("data-preview", QTableView)
        model = table.model()
        for at in range(model.columnCount()):
            if model.headerData(at, Qt.Orientation.Horizontal) == column:
                table.scrollTo(model.index(0, at))
        return self.find(f"{box}-{column}", QComboBox)

    def choose_runs(self, *runs: int) -> None:
        """Select runs in the table on the Runs page, the first alone, the others with Ctrl."""
        table = self.find("runs-table", QTableView)
        model: Any = table.model()
        for number, run in enumerate(runs):
            self.wait(lambda run=run: model.row_of(run) >= 0, f"run {run} in the table")
            index = model.index(model.row_of(run), model.column("name"))
            table.scrollTo(index)
            keys = Qt.KeyboardModifier.ControlModifier if number else Qt.KeyboardModifier.NoModifier
            self.bot.mouseClick(table.viewport(), LEFT, keys, table.visualRect(index).center())

    def choose_tab(self, bar: str, text: str) -> None:
        """Click the tab with these words."""
        tabs = self.find(bar, QTabBar)
        self.wait(lambda: text in [tabs.tabText(at) for at in range(tabs.count())], f"{text} in {bar}")
        at = next(at for at in range(tabs.count()) if tabs.tabText(at) == text)
        self.click_on(tabs, tabs.tabRect(at).center())

    def choose_in_table(self, table: str, row: str, title: str, text: str) -> None:
        """Click the cell of a table below ``title`` in the row that begins with ``row``, and an entry of its menu."""
        view = self.find(table, QTableView)
        model = view.model()
        titles = [model.headerData(at, Qt.Orientation.Horizontal) for at in range(model.columnCount())]
        at = next(at for at in range(model.rowCount()) if str(model.index(at, 0).data()) == row)
        index = model.index(at, titles.index(title))
        view.scrollTo(index)
        self.wait(lambda: view.viewport().rect().contains(view.visualRect(index).center()), f"the cell of {row}")
        with Pick(self.bot, text):
            self.bot.mouseClick(view.viewport(), LEFT, pos=view.visualRect(index).center())

    def pick_in_menu_of_row(self, table: str, row: str, menu: str, text: str) -> None:
        """Click with the right button the row of a table that begins with ``row``, a submenu, and an entry of it."""
        view = self.find(table, QTableView)
        model = view.model()
        at = next(at for at in range(model.rowCount()) if str(model.index(at, 0).data()) == row)
        with Pick(self.bot, text), Pick(self.bot, menu):
            self.right_click(view.viewport(), view.visualRect(model.index(at, 0)).center())

    def pick_from(self, button: str, text: str) -> None:
        """Open the menu of a button and click the entry that begins with these words, once it is there."""
        with Pick(self.bot, text):
            self.click(button)

    def choose_from_list(self, button: str, chooser: str, run: int) -> None:
        """Open the list of runs of a button, search a run's number, go to it with the arrows, and press Enter."""
        self.click(button)
        view = self.find(f"{chooser}-list", QAbstractItemView)
        field = self.find(f"{chooser}-search", QLineEdit)
        self.bot.keyClicks(field, str(run))

        def row() -> int:
            texts = [str(view.model().index(at, 0).data()) for at in range(view.model().rowCount())]
            return next((at for at, text in enumerate(texts) if text.startswith(f"Run {run} ")), -1)

        self.wait(lambda: row() >= 0, f"run {run} in the list")
        for _ in range(row()):
            self.bot.keyClick(field, Qt.Key.Key_Down)
        self.bot.keyClick(field, Qt.Key.Key_Return)

    def drop_file(self, page: str, path: Path) -> None:
        """Drag a file from elsewhere onto a page."""
        onto, data = self.find(page), QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(onto.rect().center(), copy, data, LEFT, none)
        self.bot.send(onto, enter)
        assert enter.isAccepted(), f"{page} does not take {path.name}"
        self.bot.send(onto, QDropEvent(onto.rect().center().toPointF(), copy, data, LEFT, none))

    # --- keyboard

    def type_over(self, name: str, text: str) -> None:
        """Put the cursor into a field, replace what stands there, and leave it with Tab."""
        field = self.find(name)
        self.wait(field.isEnabled, f"{name} to be enabled")
        self.click_on(field)
        inner = field if isinstance(field, QLineEdit | QPlainTextEdit) else field.findChild(QLineEdit)
        assert isinstance(inner, QWidget)
        self.bot.keyClick(inner, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.bot.keyClicks(inner, text)
        self.bot.keyClick(inner, Qt.Key.Key_Tab)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key wherever the focus is."""
        self._come_forward()
        self.bot.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def press_return(self) -> None:
        """Press Return wherever the focus is."""
        self.press(Qt.Key.Key_Return)

    # --- what is asked in a dialog

    def answer(self, choice: str) -> "Answer":
        """Answer the next question by the button with these words, while it holds everything up."""
        return Answer(lambda dialog: self._press(dialog, choice))

    def name_file(self, path: Path) -> "Answer":
        """Paste a path into the next file dialog and press Return."""
        return Answer(lambda dialog: self._type_path(dialog, path))

    def _press(self, dialog: QDialog, choice: str) -> bool:
        buttons = dialog.buttons() if isinstance(dialog, QMessageBox) else []
        for button in buttons:
            if button.text().replace("&", "") == choice:
                self.bot.mouseClick(button, LEFT)
                return True
        return False

    def _type_path(self, dialog: QDialog, path: Path) -> bool:
        if not isinstance(dialog, QFileDialog):
            return False
        field = dialog.findChild(QLineEdit, "fileNameEdit")
        if not isinstance(field, QLineEdit):
            return False
        QApplication.clipboard().setText(str(path))
        self.bot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.bot.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
        self.bot.keyClick(field, Qt.Key.Key_Return)
        return True

    def _come_forward(self) -> None:
        """What a window manager does once a pop-up has closed: give the window the focus again."""
        if QApplication.activePopupWidget() is None and QApplication.activeModalWidget() is None:
            self.wait(self._in_front, "the window to be active")

    def _in_front(self) -> bool:
        if not self.window.isActiveWindow():
            self.window.activateWindow()
        return self.window.isActiveWindow()

    def _in_view(self, widget: _Widget) -> _Widget:
        area = widget.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
            area.ensureWidgetVisible(widget)
            self.bot.process_events()
        return widget


class Pick:
    """Clicks an entry of the menu that opens, which may hold everything up until then; closes it after a long wait."""

    def __init__(self, bot: WatchedBot, text: str) -> None:
        self._bot, self._text = bot, text
        self._picked, self._offered = False, list[str]()
        self._timer = QTimer(interval=20)
        self._timer.timeout.connect(self._look)
        self._end = QDeadlineTimer(PATIENCE_MS)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._bot.waitUntil(lambda: self._picked or self._end.hasExpired(), timeout=PATIENCE_MS + 1000)
        self._timer.stop()
        assert kind is not None or self._picked, f"{self._text} was not in {self._offered}"

    def _look(self) -> None:
        menu = QApplication.activePopupWidget()
        if self._picked or not isinstance(menu, QMenu):
            return
        self._offered = [action.text() for action in menu.actions()]
        entry = next((one for one in menu.actions() if one.text().startswith(self._text) and one.isEnabled()), None)
        if entry is not None:
            self._picked = True
            self._timer.stop()
            self._bot.mouseClick(menu, LEFT, pos=menu.actionGeometry(entry).center())
        elif self._end.hasExpired():
            menu.close()


class Answer:
    """Waits for a modal dialog, as nothing else happens while it stands, and answers it once.

    Leaving the ``with`` block without a dialog having come is an error. A dialog that was not expected is dismissed,
    so that it holds up nothing, and is an error too.
    """

    def __init__(self, reply: Callable[[QDialog], bool]) -> None:
        self._reply = reply
        self.text, self._surprise = "", ""
        self._answered = False
        self._timer = QTimer(interval=20)
        self._timer.timeout.connect(self._look)

    def __enter__(self) -> "Answer":
        self._timer.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._timer.stop()
        assert kind is not None or (self._answered and not self._surprise), self._surprise or "no dialog came"

    def _look(self) -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QDialog) or not dialog.isVisible():
            return
        self.text = f"{dialog.windowTitle()} {_words(dialog)}"
        if self._answered or not self._reply(dialog):
            self._surprise = f"not expected: {self.text}"
            dialog.reject()
        self._answered = True


def _words(dialog: QDialog) -> str:
    return f"{dialog.text()} {dialog.informativeText()}" if isinstance(dialog, QMessageBox) else ""


def column(cells: Sequence[Sequence[str]], title: str) -> list[str]:
    """A column of a table by the beginning of its title."""
    if not cells:
        return []
    at = next(i for i, head in enumerate(cells[0]) if head.startswith(title))
    return [row[at] for row in cells[1:]]
