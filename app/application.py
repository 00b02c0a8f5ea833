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

from app.interruption import exit_on_signals
from app.main_window import MainWindow
from app.session import Session
from app.settings import Settings, home
from app.theme import ThemeMode, apply_theme, icon
from mtl_core.errors import WorkbenchError, environment_fault, shorten
from mtl_core.files import append_to_log

_GC_START_MS = 2500
"""After the start, when all pages have been created."""
_GC_THRESHOLDS = (10_000, 20, 100)
"""Thresholds of garbage collection from then on: a full collection blocks the window for 100 ms and more once a table
holds ten thousand runs."""


def run_window(arguments: argparse.Namespace) -> int:
    """Open the window and run the event loop until it is closed.

    Args:
        arguments: ``spec`` (a path or None) and ``store`` (a path, a URL or None).

    Returns:
        The exit status: 0, or 128 and the number of the signal that ended it.
    """
    gc.disable()  # a full collection takes 100 ms once everything is imported
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("MTL Workbench")
    app.setApplicationDisplayName("MTL Workbench")
    app.setDesktopFileName("mtl-workbench")
    settings = Settings()
    apply_theme(app, _theme_mode(settings))
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

    with _report_uncaught_errors(session), exit_on_signals(end):
        QTimer.singleShot(0, window, session.start)
        QTimer.singleShot(50, window, window.warm_up)
        QTimer.singleShot(_GC_START_MS, window, start_garbage_collection)
        return app.exec()


def start_garbage_collection() -> None:
    """Exclude the objects of the start, which live as long as the window, and collect others rarely."""
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    gc.enable()


def _theme_mode(settings: Settings) -> ThemeMode:
    with contextlib.suppress(ValueError):
        return ThemeMode(settings.get("window/theme", ThemeMode.SYSTEM))
    return ThemeMode.SYSTEM


class _ErrorRelay(QObject):
    """Passes the message of an error from any thread to the GUI thread."""

    raised = Signal(str)


@contextlib.contextmanager
def _report_uncaught_errors(session: Session) -> Iterator[None]:
    """Show an uncaught error as a banner and write it to ``window.log``; the window stays open."""
    relay = _ErrorRelay()
    relay.raised.connect(session.show_error)
    log = home() / "window.log"
    before, before_thread = sys.excepthook, threading.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(text)
        append_to_log(log, text)
        relay.raised.emit(_error_message(error, log))

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            hook(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook, threading.excepthook = hook, thread_hook
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = before, before_thread


def _error_message(error: BaseException, log: Path) -> str:
    """The message for an uncaught error: a fault of the environment, or a bug."""
    if fault := error if isinstance(error, WorkbenchError) else environment_fault(error):
        return str(fault)
    return f"Something went wrong: {shorten(f'{type(error).__name__}: {error}', 300)}. Details are in {log}."
