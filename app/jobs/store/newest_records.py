"""Cache of the newest record of each run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from mtl_core.store import RunRecord


class NewestRecords(QObject):
    """The records read last, so that all parts of the window show the same progress of a run.

    The queue and the followers of runs poll the store at different times; each passes what it reads to :meth:`put`.
    ``changed(int)``: this run has another record.
    """

    changed = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._records: dict[int, RunRecord] = {}

    def put(self, record: RunRecord) -> None:
        """Store a record that was just read."""
        if self._records.get(record.id) != record:
            self._records[record.id] = record
            self.changed.emit(record.id)

    def newest(self, record: RunRecord) -> RunRecord:
        """The record of the same run that was read last; ``record`` itself if there is none."""
        return self._records.get(record.id, record)
