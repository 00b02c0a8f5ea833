"""A chip with the name of the shown run that opens the run chooser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from app.tables.run_chooser import RunChooser
from app.widgets import ToolButton, plain_tooltip

if TYPE_CHECKING:
    from app.jobs import StoreService


class RunPicker(ToolButton):
    """A button that opens the list of runs.

    ``runPicked(int)``: the run that a person chose.

    Args:
        store: Store of the runs.
        name: Prefix of the objectNames of the button and the list.
    """

    runPicked = Signal(int)

    def __init__(self, store: StoreService, name: str) -> None:
        super().__init__("caret-down", "Show another run", self._open, text="Run …", name=f"{name}-run")
        self.chooser = RunChooser(store, f"{name}-run-chooser", self)
        self.chooser.runsChosen.connect(lambda runs: self.runPicked.emit(runs[0]))

    def set_text(self, text: str, name: str) -> None:
        """Set the run shown on the button."""
        self.setText(text)
        self.setToolTip(plain_tooltip(f"{name}. Press to show another run." if name else "Show another run"))

    def _open(self) -> None:
        self.chooser.open_below(self)
