"""The window: rail, top bar, page, status line, and what holds them together."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QMainWindow, QMenu, QStackedWidget, QWidget

from app.main_window.actions import Actions, describe, fill_appearance_menu, fill_file_menu
from app.main_window.bars.rail import PAGES, Rail
from app.main_window.bars.status_line import StatusLine
from app.main_window.bars.toasts import Toasts
from app.main_window.bars.top_bar import TopBar
from app.main_window.files import Files
from app.main_window.geometry import keep_on_screen, room_on
from app.main_window.pages import make_page
from app.main_window.questions import Dialogs, Questions
from app.main_window.recovery import Recovery
from app.main_window.run_control import RunControl
from app.session import Session
from app.theme import ThemeMode, apply_theme, manager

if TYPE_CHECKING:
    from app.main_window.help import HelpWindow

LET_IT_RUN, STOP_AND_KEEP, CANCEL = "Let it run", "Stop and keep", "Cancel"
_SIZE, _SMALLEST = (1280, 800), (760, 460)


class MainWindow(QMainWindow):
    """One experiment, its runs, six pages.

    Args:
        session: What the pages share; the window begins and closes it.
        questions: Who answers questions; dialogs by default.
    """

    def __init__(self, session: Session, questions: Questions | None = None) -> None:
        super().__init__()
        self.session = session
        self.setObjectName("main-window")
        self.setMinimumSize(*_SMALLEST)
        self.resize(room_on(self.screen()).boundedTo(QSize(*_SIZE)))
        self.actions_ = Actions(self)
        self.files = Files(session, questions or Dialogs(self), self)
        self._menu, self._recent, self._appearance = (QMenu(title, self) for title in ("File", "Recent", "Appearance"))
        self._recent.setToolTipsVisible(True)
        self.top = TopBar(self.actions_, self._menu)
        self.rail = Rail()
        self.status = StatusLine()
        self.stack = QStackedWidget()
        self.stack.setObjectName("pages")
        self.toasts = Toasts()
        self._lay_out()
        self.recovery = Recovery(session, self.files, self.toasts, self)
        self.runs = RunControl(
            session, self.actions_, status=self.status, toasts=self.toasts, open_page=self.open_page, parent=self
        )
        self._pages: dict[str, QWidget] = {}
        self._help: HelpWindow | None = None
        self._asked = False
        self._fill_menus()
        self._connect()
        self._restore()

    # --- pages

    def page(self, name: str) -> QWidget:
        """The page ``name``, made when it is first wanted."""
        if name not in self._pages:
            page = make_page(name, self.session)
            self._pages[name] = page
            self.stack.addWidget(page)
        return self._pages[name]

    def open_page(self, name: str) -> None:
        """Show the page ``name``."""
        page = self.page(name)
        focus = self.focusWidget()
        if page is not self.stack.currentWidget() and focus is not None and self.stack.isAncestorOf(focus):
            self.stack.setFocus(Qt.FocusReason.OtherFocusReason)  # else Qt picks a button of the new page
        self.stack.setCurrentWidget(page)
        self.rail.select(name)
        self.session.settings.put("window/page", name)

    def open_help(self) -> None:
        """Show what the help says of the page shown, in a window beside this one."""
        if self._help is None:
            from app.main_window.help import HelpWindow

            self._help = HelpWindow(self)
        self._help.open(self.current_page() or "start")

    def current_page(self) -> str:
        """The name of the page shown."""
        shown = self.stack.currentWidget()
        return next((name for name, page in self._pages.items() if page is shown), "")

    def warm_up(self) -> None:
        """Make the pages not shown yet, one at a time between events, so that the first visit is quick."""
        missing = [name for name in PAGES if name not in self._pages]
        if missing and not self._asked:
            self.page(missing[0])
            QTimer.singleShot(0, self, self.warm_up)

    def showEvent(self, event: QShowEvent) -> None:
        """Give the focus to no control at first: Tab enters the window at its first one; look for edits left behind."""
        super().showEvent(event)
        self.recovery.look()
        if self.focusWidget() is None:
            self.stack.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- the document

    def _show_document(self) -> None:
        document = self.session.document
        file = f" — {document.path.name}".replace("[*]", "[*][*]") if document.path else ""
        name = (document.name or "untitled").replace("[*]", "[*][*]")  # the mark of a change is meant only once
        self.setWindowTitle(f"{name}[*]{file} — MTL Workbench")
        self.setWindowModified(document.dirty)
        self.top.show_document(document.name, dirty=document.dirty)

    def _edit_name(self) -> None:
        self.top.title.setFocus(Qt.FocusReason.OtherFocusReason)
        self.top.title.selectAll()

    def _show_undo(self) -> None:
        stack = self.session.document.undo_stack
        for action, able, what, word in (
            (self.actions_.undo, stack.canUndo(), stack.undoText(), "Undo"),
            (self.actions_.redo, stack.canRedo(), stack.redoText(), "Redo"),
        ):
            action.setEnabled(able)
            describe(action, f"{word}: {what}" if what else word)

    def _remember_file(self) -> None:
        path = self.session.document.path
        self.session.settings.put("file", str(path) if path else "")
        self._show_document()

    # --- closing

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about edits and about the run that is on, then end everything but that run."""
        if not self._asked and not (self.files.may_leave() and self._settle_run()):
            event.ignore()
            return
        if not self._asked:
            self._asked = True
            self._leave(keep_edits=False)
        event.accept()

    def close_now(self) -> None:
        """Close without a question, as Ctrl+C in the terminal does: runs go on, edits are kept for next time."""
        if not self._asked:
            self._asked = True
            self._leave(keep_edits=True)
        self.close()

    def _settle_run(self) -> bool:
        """Whether the window may close: nothing trains here, or it was said what should become of it."""
        here = self.session.queue.local_runs
        if not here:
            return True
        name = f"Run {here[0].id} “{here[0].name}”"
        text = f"{name} is training. It can continue without the window; the next start shows it."
        choice = self.files.questions.choose(
            "A run is training. Let it continue?", text, (LET_IT_RUN, STOP_AND_KEEP, CANCEL)
        )
        if choice == STOP_AND_KEEP:
            for record in here:
                self.session.queue.stop(record.id)
        return choice != CANCEL

    def _leave(self, *, keep_edits: bool) -> None:
        self.recovery.close(keep=keep_edits)
        self.session.document.undo_stack.blockSignals(True)  # it empties itself when nobody can be told any more
        settings = self.session.settings
        settings.put_bytes("window/geometry", self.saveGeometry())
        settings.put_bytes("window/state", self.saveState())
        if self._help is not None:
            self._help.close()
        self.session.close()

    def _restore(self) -> None:
        settings = self.session.settings
        if not settings.get_bytes("window/geometry").isEmpty():
            self.restoreGeometry(settings.get_bytes("window/geometry"))
            self.restoreState(settings.get_bytes("window/state"))
            keep_on_screen(self)
        page = settings.get("window/page", "data")
        self.open_page(page if page in PAGES else "data")
        self._show_document()
        self.runs.show_active()

    # --- putting together

    def _lay_out(self) -> None:
        frame = QWidget()
        grid = QGridLayout(frame)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self.top, 0, 0, 1, 2)
        grid.addWidget(self.rail, 1, 0, 2, 1)
        grid.addWidget(self.stack, 1, 1)
        grid.addWidget(self.toasts, 2, 1)
        grid.addWidget(self.status, 3, 0, 1, 2)
        grid.setRowStretch(1, 1)
        grid.setColumnStretch(1, 1)
        self.setCentralWidget(frame)

    def _fill_menus(self) -> None:
        fill_file_menu(self._menu, self.actions_, self._recent, self._appearance)
        fill_appearance_menu(self._appearance, manager().mode, self._choose_theme)
        self._recent.aboutToShow.connect(lambda: self.files.fill_recent(self._recent))

    def _choose_theme(self, mode: ThemeMode) -> None:
        self.session.settings.put("window/theme", mode)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, mode)

    def _connect(self) -> None:
        session, document, actions = self.session, self.session.document, self.actions_
        wires: list[tuple[object, Callable[[], object]]] = [
            (actions.new, self.files.new),
            (actions.open, self.files.open),
            (actions.save, self.files.save),
            (actions.save_as, self.files.save_as),
            (actions.example, self.files.example),
            (actions.quit, self.close),
            (actions.undo, document.undo_stack.undo),
            (actions.redo, document.undo_stack.redo),
            (actions.run, self.runs.start),
            (actions.pause, self.runs.toggle_pause),
            (actions.stop, self.runs.stop),
            (actions.help, self.open_help),
            (actions.file_menu, self.top.file.showMenu),
            (actions.rename, self._edit_name),
        ]
        for action, slot in wires:
            action.triggered.connect(lambda _checked=False, do=slot: do())  # type: ignore[attr-defined]
        for number, name in enumerate(PAGES, start=1):
            action = actions.make(PAGES[name][0], f"page {name}", f"Ctrl+{number}")
            action.triggered.connect(lambda _checked=False, page=name: self.open_page(page))
        self.top.title.renamed.connect(document.rename)
        self.rail.chosen.connect(self.open_page)
        self.rail.helpWanted.connect(self.open_help)
        session.pageRequested.connect(self.open_page)
        session.specRequested.connect(self.files.show_spec)
        session.message.connect(self.toasts.show_message)
        session.problem.connect(self.toasts.show_error)
        session.devicesChanged.connect(self._show_device)
        session.store.opened.connect(self.status.show_store)
        document.changed.connect(lambda _paths: self._show_document())
        document.changed.connect(lambda _paths: self._show_device())
        document.dirtyChanged.connect(lambda _dirty: self._show_document())
        document.pathChanged.connect(self._remember_file)
        for signal in ("canUndoChanged", "canRedoChanged", "undoTextChanged", "redoTextChanged"):
            getattr(document.undo_stack, signal).connect(self._show_undo)

    def _show_device(self) -> None:
        self.top.show_device(self.session.device_label())
