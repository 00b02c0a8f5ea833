"""The newest record of each run, whoever read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from mtl_core.store import RunRecord


class NewestRecords(QObject):
    """One place to ask how far a run is, so that all that shows it on one screen shows the same.

    The queue and the followers of runs poll the store at different times; what each reads is handed to :meth:`take`.
    ``changed(int)``: there is another record of this run.
    """

    changed = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._records: dict[int, RunRecord] = {}

    def take(self, record: RunRecord) -> None:
        """Keep a record that has just been read."""
        if self._records.get(record.id) != record:
            self._records[record.id] = record
            self.changed.emit(record.id)

    def newest(self, record: RunRecord) -> RunRecord:
        """The record of the same run that was read last."""
        return self._records.get(record.id, record)
