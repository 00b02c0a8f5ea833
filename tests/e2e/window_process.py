"""The application in a process of its own, which does one action as soon as the worker has answered.

The first argument says what: ``run`` presses Run, ``edit`` types 7 over the epochs; the others are the application's.
"""

import sys

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from app.__main__ import main
from app.main_window import MainWindow
from app.navigation import Page


def begin() -> None:
    """Do it once everything is known of the experiment; until then look again."""
    windows = [window for window in QApplication.topLevelWidgets() if isinstance(window, MainWindow)]
    if windows and windows[0].isVisible() and windows[0].session.model_info is not None:
        timer.stop()
        DEEDS[sys.argv[1]](windows[0])


def press_run(window: MainWindow) -> None:
    """Press Run."""
    button = window.findChild(QPushButton, "run")
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def edit(window: MainWindow) -> None:
    """Type over the epochs on the Training page."""
    window.open_page(Page.TRAINING)
    field = window.findChild(QWidget, "training.epochs")
    assert field is not None
    inner = field.findChild(QLineEdit)
    assert inner is not None
    QTest.keyClick(inner, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(inner, "7")
    QTest.keyClick(inner, Qt.Key.Key_Tab)


DEEDS = {"run": press_run, "edit": edit}

if __name__ == "__main__":
    application = QApplication(sys.argv[:1])
    timer = QTimer(interval=20)
    timer.timeout.connect(begin)
    timer.start()
    sys.exit(main(sys.argv[2:]))
