"""Dialogs in which the window asks for a choice or a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton, QWidget

from app.widgets import escape_mnemonic


class Questions(Protocol):
    """Asks the user; replaced in tests by prepared answers."""

    def choose(self, title: str, text: str, choices: Sequence[str]) -> str:
        """Ask for one of ``choices``; Escape stands for the last one."""

    def file_to_open(self, folder: Path) -> Path | None:
        """Ask for a spec file to open; None when cancelled."""

    def file_to_save(self, suggestion: Path) -> Path | None:
        """Ask for a file to save to; None when cancelled. The user has agreed to replace an existing file."""


_FILTER = "Experiments (*.yaml *.yml);;All files (*)"


class Dialogs:
    """Asks the user with the dialogs of Qt and the platform."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def choose(self, title: str, text: str, choices: Sequence[str]) -> str:
        """Ask with a button per choice; the first is the default, the last is that of Escape."""
        box = QMessageBox(self._parent)
        box.setObjectName("question")
        box.setWindowTitle(title)
        box.setTextFormat(Qt.TextFormat.PlainText)  # also of the informative text
        box.setText(title)
        box.setInformativeText(text)
        buttons: dict[QPushButton, str] = {}
        for choice in choices:
            role = QMessageBox.ButtonRole.RejectRole if choice == choices[-1] else QMessageBox.ButtonRole.AcceptRole
            buttons[box.addButton(escape_mnemonic(choice), role)] = choice
        first, *_, last = buttons
        box.setDefaultButton(first)
        box.setEscapeButton(last)
        box.exec()
        clicked = box.clickedButton()
        box.deleteLater()
        return next((choice for button, choice in buttons.items() if button is clicked), choices[-1])

    def file_to_open(self, folder: Path) -> Path | None:
        """Ask for a file to open with the dialog of the platform."""
        name, _ = QFileDialog.getOpenFileName(self._parent, "Open an experiment", str(folder), _FILTER)
        return Path(name) if name else None

    def file_to_save(self, suggestion: Path) -> Path | None:
        """Ask for a file to save to with the dialog of the platform."""
        name, _ = QFileDialog.getSaveFileName(self._parent, "Save the experiment", str(suggestion), _FILTER)
        if not name:
            return None
        path = Path(name)
        return path if path.suffix else path.with_suffix(".yaml")
