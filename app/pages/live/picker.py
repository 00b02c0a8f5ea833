"""The chip that says which run is shown and lets another be picked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QToolButton

from app.widgets import ToolButton, caption, plain_tip

if TYPE_CHECKING:
    from app.jobs import StoreService
    from mtl_core.store import RunRecord

_MOST = 30


class RunPicker(ToolButton):
    """Lists the newest runs when it is pressed."""

    picked = Signal(int)

    def __init__(self, store: StoreService) -> None:
        super().__init__("caret-down", "Show another run", text="Run …", name="live-run")
        self._store = store
        self._runs = QMenu(self)
        self._runs.setObjectName("live-run-menu")
        self._runs.aboutToShow.connect(self._ask)
        self.setMenu(self._runs)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def set_text(self, text: str, name: str) -> None:
        """Says which run is shown."""
        self.setText(text)
        self.setToolTip(plain_tip(f"{name}. Press to show another run."))

    def _ask(self) -> None:
        if not self._runs.actions():
            self._runs.addAction("Reading the runs …").setEnabled(False)
        self._store.call(lambda store: store.runs()[:_MOST], self._fill)

    def _fill(self, runs: list[RunRecord]) -> None:
        self._runs.clear()
        for run in runs:
            action = self._runs.addAction(caption(f"Run {run.id} · {run.name} · {run.state}"))
            action.triggered.connect(lambda _checked=False, number=run.id: self.picked.emit(number))
        if not runs:
            self._runs.addAction("There are no runs yet").setEnabled(False)
