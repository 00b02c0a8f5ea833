"""Reads the comparison of the compared runs, whose tables, tests and plots the page shows and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

if TYPE_CHECKING:
    from app.session import Session
    from mtl_core.analysis.comparison import Comparison
    from mtl_core.store import RunStore


class ComparisonReader(QObject):
    """The comparison of some runs against chosen baselines, read on the store's thread.

    ``changed()``: another comparison, or none.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._runs: tuple[int, ...] = ()
        self._request = 0
        self.against: tuple[int, ...] = ()
        self.comparison: Comparison | None = None

    @property
    def runs(self) -> tuple[int, ...]:
        """The compared runs."""
        return self._runs

    def read(self, runs: tuple[int, ...]) -> None:
        """Read the comparison of these runs; baselines that are no longer compared are forgotten."""
        self._runs = runs
        self.against = tuple(run for run in self.against if run in runs)
        self._request += 1
        request, against = self._request, self.against
        if not runs:
            self._show(request, None)
            return

        def read(store: RunStore) -> Comparison:
            from mtl_core.analysis.comparison import read_comparison

            return read_comparison(store, runs, against)

        # A run that cannot be read is reported where its record is.
        self._session.store.call(
            read, lambda found: self._show(request, found), lambda _error: self._show(request, None)
        )

    def set_against(self, runs: tuple[int, ...]) -> None:
        """Test against the groups of these runs; none for the baselines, or else the first group."""
        if runs != self.against:
            self.against = runs
            self.read(self._runs)

    def _show(self, request: int, comparison: Comparison | None) -> None:
        if isValid(self) and request == self._request and comparison != self.comparison:
            self.comparison = comparison
            self.changed.emit()
