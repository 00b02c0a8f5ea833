"""The main window: rail, top bar, pages, messages and status line."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QMainWindow, QMenu, QStackedWidget, QWidget

from app.main_window.actions import Actions, fill_appearance_menu, fill_file_menu, set_tooltip
from app.main_window.bars.rail import Rail
from app.main_window.bars.status_line import StatusLine
from app.main_window.bars.toasts import Toasts
from app.main_window.bars.top_bar import TopBar
from app.main_window.dialogs import Dialogs, Questions
from app.main_window.file_actions import FileActions
from app.main_window.geometry import available_size, keep_on_screen
from app.main_window.notifications import EndNotifications, Notifier, TrayNotifier
from app.main_window.pages import PageBuilder
from app.main_window.recovery import Recovery
from app.main_window.run_control import RunControl
from app.navigation import Page, page_with_key
from app.session import Session
from app.theme import ThemeMode, apply_theme, manager

if TYPE_CHECKING:
    from app.main_window.help import HelpWindow

LET_IT_RUN, STOP_AND_KEEP, CANCEL = "Let it run", "Stop and keep", "Cancel"
_SIZE, _SMALLEST = (1280, 800), (760, 460)


class MainWindow(QMainWindow):
    """The window of one experiment and the runs of one store.

    Args:
        session: What the pages share; closed with the window.
        questions: Asks the user; dialogs by default.
        notifier: Notifies of runs that have ended; by the desktop by default.
    """

    def __init__(self, session: Session, questions: Questions | None = None, notifier: Notifier | None = None) -> None:
        super().__init__()
        self.session = session
        self.setObjectName("main-window")
        self.setMinimumSize(*_SMALLEST)
        self.resize(available_size(self.screen()).boundedTo(QSize(*_SIZE)))
        self.actions_ = Actions(self)
        self.files = FileActions(session, questions or Dialogs(self), self)
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
        self.notifications = EndNotifications(session, notifier or TrayNotifier(self), self._open_run, parent=self)
        self._pages: dict[Page, QWidget] = {}
        self._builder = PageBuilder(session, self.stack)
        self._help: HelpWindow | None = None
        self._is_closing = False
        self._fill_menus()
        self._connect()
        self._restore()

    # --- pages

    def page(self, page: Page) -> QWidget:
        """The widget of ``page``, built on first use."""
        if page not in self._pages:
            self._add_page(page, self._builder.finish(page))
        return self._pages[page]

    def _add_page(self, page: Page, widget: QWidget) -> None:
        self._pages[page] = widget
        self.stack.addWidget(widget)

    def open_page(self, page: Page) -> None:
        """Show ``page``."""
        widget = self.page(page)
        focus = self.focusWidget()
        if widget is not self.stack.currentWidget() and focus is not None and self.stack.isAncestorOf(focus):
            self.stack.setFocus(Qt.FocusReason.OtherFocusReason)  # else Qt picks a button of the new page
        self.stack.setCurrentWidget(widget)
        self.rail.select(page)
        self.session.settings.put("window/page", page.key)

    def _open_run(self, run: int) -> None:
        """Bring the window to the front, and show a run on Live."""
        self.setWindowState((self.windowState() & ~Qt.WindowState.WindowMinimized) | Qt.WindowState.WindowActive)
        self.show()
        self.raise_()
        self.activateWindow()
        self.session.show_live(run)
        self.open_page(Page.LIVE)

    def _choose_methods(self) -> None:
        """Show where weighting methods are compared."""
        self.open_page(Page.TRAINING)
        self.session.methodChoiceRequested.emit()

    def open_help(self) -> None:
        """Show the help at the topic of the current page, in a window of its own."""
        if self._help is None:
            from app.main_window.help import HelpWindow

            self._help = HelpWindow(self)
        self._help.open(self.current_page().help_topic)

    def current_page(self) -> Page:
        """The page shown."""
        current = self.stack.currentWidget()
        return next(page for page, widget in self._pages.items() if widget is current)

    def warm_up(self) -> None:
        """Build the pages not shown yet, in steps between events, so that the first visit is quick."""
        missing = [page for page in Page if page not in self._pages]
        if missing and not self._is_closing:
            if (widget := self._builder.step(missing[0])) is not None:
                self._add_page(missing[0], widget)
            QTimer.singleShot(0, self, self.warm_up)

    def showEvent(self, event: QShowEvent) -> None:
        """Look for unsaved edits of an earlier window; focus no control, so that Tab starts at the first one."""
        super().showEvent(event)
        self.recovery.find_drafts()
        if self.focusWidget() is None:
            self.stack.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- the document

    def _show_document(self) -> None:
        document = self.session.document
        file = f" — {document.path.name}".replace("[*]", "[*][*]") if document.path else ""
        name = (document.name or "untitled").replace("[*]", "[*][*]")  # Qt replaces a single [*] by the mark of changes
        self.setWindowTitle(f"{name}[*]{file} — MTL Workbench")
        self.setWindowModified(document.dirty)
        self.top.show_document(document.name, dirty=document.dirty)

    def _edit_name(self) -> None:
        self.top.title.setFocus(Qt.FocusReason.OtherFocusReason)
        self.top.title.selectAll()

    def _show_undo(self) -> None:
        stack = self.session.document.undo_stack
        for action, enabled, step, verb in (
            (self.actions_.undo, stack.canUndo(), stack.undoText(), "Undo"),
            (self.actions_.redo, stack.canRedo(), stack.redoText(), "Redo"),
        ):
            action.setEnabled(enabled)
            set_tooltip(action, f"{verb}: {step}" if step else verb)

    def _remember_file(self) -> None:
        path = self.session.document.path
        self.session.settings.put("file", str(path) if path else "")
        self._show_document()

    # --- closing

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved edits and a run that trains here, then end everything but that run."""
        if not self._is_closing and not (self.files.may_leave() and self._may_leave_run()):
            event.ignore()
            return
        if not self._is_closing:
            self._is_closing = True
            self._close_session(keep_edits=False)
        event.accept()

    def close_now(self) -> None:
        """Close without questions, as for Ctrl+C in the terminal: runs continue, edits are kept as a draft."""
        if not self._is_closing:
            self._is_closing = True
            self._close_session(keep_edits=True)
        self.close()

    def _may_leave_run(self) -> bool:
        """Whether the window may close: no run trains here, or the user said what to do with it."""
        training_runs = self.session.queue.local_runs
        if not training_runs:
            return True
        name = f"Run {training_runs[0].id} “{training_runs[0].name}”"
        text = f"{name} is training. It can continue without the window; the next start shows it."
        choice = self.files.questions.choose(
            "A run is training. Let it continue?", text, (LET_IT_RUN, STOP_AND_KEEP, CANCEL)
        )
        if choice == STOP_AND_KEEP:
            for record in training_runs:
                self.session.queue.stop(record.id)
        return choice != CANCEL

    def _close_session(self, *, keep_edits: bool) -> None:
        self.recovery.close(keep=keep_edits)
        self.session.document.undo_stack.blockSignals(True)  # it is cleared when its receivers are gone
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
        self.open_page(page_with_key(settings.get("window/page")) or Page.DATA)
        self._show_document()
        self.runs.show_active()

    # --- construction

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
        self.actions_.notify.setChecked(self.notifications.is_on)
        fill_appearance_menu(self._appearance, manager().mode, self._choose_theme)
        self._recent.aboutToShow.connect(lambda: self.files.fill_recent(self._recent))

    def _choose_theme(self, mode: ThemeMode) -> None:
        self.session.settings.put("window/theme", mode)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, mode)

    def _connect(self) -> None:
        session, document, actions = self.session, self.session.document, self.actions_
        slots: list[tuple[object, Callable[[], object]]] = [
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
            (actions.best, self._choose_methods),
            (actions.help, self.open_help),
            (actions.file_menu, self.top.file.showMenu),
            (actions.rename, self._edit_name),
        ]
        for action, slot in slots:
            action.triggered.connect(lambda _checked=False, slot=slot: slot())  # type: ignore[attr-defined]
        for page in Page:
            action = actions.add_action(page.title, f"page {page.key}", page.shortcut)
            action.triggered.connect(lambda _checked=False, page=page: self.open_page(page))
        actions.notify.toggled.connect(self.notifications.set_on)
        self.top.title.renamed.connect(document.rename)
        self.rail.pageSelected.connect(self.open_page)
        self.rail.helpRequested.connect(self.open_help)
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
