"""Create the QApplication and the main window, run the event loop, and clean up after it."""

import argparse
import contextlib
import gc
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from app.interruption import ended_by_signals
from app.main_window import MainWindow
from app.session import Session
from app.settings import Settings, home
from app.theme import ThemeMode, apply_theme, icon
from mtl_core.errors import WorkbenchError, environment_fault, shorten
from mtl_core.files import append_to_log

_SETTLED_MS = 2500
"""After the start, when the pages stand."""
_SELDOM = (10_000, 20, 100)
"""How rarely garbage is collected from then on: a full collection stops the window for 100 ms and more once a table
holds ten thousand runs."""


def run_window(arguments: argparse.Namespace) -> int:
    """Open the window and stay until it is closed.

    Args:
        arguments: ``spec`` (a path or None) and ``store`` (a path, a URL or None).

    Returns:
        The exit status: 0, or 128 and the number of the signal that ended it.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("MTL Workbench")
    app.setApplicationDisplayName("MTL Workbench")
    app.setDesktopFileName("mtl-workbench")
    settings = Settings()
    apply_theme(app, _mode(settings))
    app.setWindowIcon(icon("share-network", "accent"))
    session = Session(arguments.store, settings=settings)
    window = MainWindow(session)
    if arguments.spec is None:
        window.files.reopen()
    elif not window.files.load(Path(arguments.spec)):
        window.files.example()
    window.show()

    def end(status: int) -> None:
        window.close_now()
        app.exit(status)  # also ends the loop of a dialog that stands open

    with _errors_shown(session), ended_by_signals(end):
        QTimer.singleShot(0, window, session.begin)
        QTimer.singleShot(50, window, window.warm_up)
        QTimer.singleShot(_SETTLED_MS, window, _collect_seldom)
        return app.exec()


def _collect_seldom() -> None:
    """Take what the start has made, which lives as long as the window, out of every later garbage collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_SELDOM)


def _mode(settings: Settings) -> ThemeMode:
    with contextlib.suppress(ValueError):
        return ThemeMode(settings.get("window/theme", ThemeMode.SYSTEM))
    return ThemeMode.SYSTEM


class _Alarm(QObject):
    """Carries an error from whatever thread it arose on to the GUI thread."""

    raised = Signal(str)


@contextlib.contextmanager
def _errors_shown(session: Session) -> Iterator[None]:
    """Show an error nobody caught as a banner and write it to ``window.log``; the window stays open."""
    alarm = _Alarm()
    alarm.raised.connect(session.complain)
    log = home() / "window.log"
    before, before_thread = sys.excepthook, threading.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(text)
        append_to_log(log, text)
        alarm.raised.emit(_words(error, log))

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            hook(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook, threading.excepthook = hook, thread_hook
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = before, before_thread


def _words(error: BaseException, log: Path) -> str:
    """The words for an error that nobody caught: of the surroundings, or a fault of the program."""
    if fault := error if isinstance(error, WorkbenchError) else environment_fault(error):
        return str(fault)
    return f"Something went wrong: {shorten(f'{type(error).__name__}: {error}', 300)}. Details are in {log}."
