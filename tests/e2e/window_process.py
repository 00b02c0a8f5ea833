"""The application in a process of its own, where a mouse presses Run as soon as the worker has answered."""

import sys

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from app.__main__ import main
from app.main_window import MainWindow


def press_run() -> None:
    """Press Run once everything is known of the experiment; until then look again."""
    windows = [window for window in QApplication.topLevelWidgets() if isinstance(window, MainWindow)]
    ready = windows and windows[0].isVisible() and windows[0].session.model_info is not None
    if not ready:
        return
    timer.stop()
    button = windows[0].findChild(QPushButton, "run")
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


if __name__ == "__main__":
    application = QApplication(sys.argv[:1])
    timer = QTimer(interval=20)
    timer.timeout.connect(press_run)
    timer.start()
    sys.exit(main(sys.argv[1:]))
