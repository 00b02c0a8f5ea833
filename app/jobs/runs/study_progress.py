"""How far the studies of this window are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from app.jobs.runs.run_queue import RunQueue
    from app.jobs.store.store_service import StoreService
    from mtl_core.store import RunRecord, RunStore


@dataclass(frozen=True)
class StudyState:
    """How far a study is.

    Attributes:
        study: Its number.
        runs: Its runs, oldest first.
    """

    study: int
    runs: tuple[RunRecord, ...]

    @property
    def ended(self) -> int:
        """Number of the runs that have ended."""
        return sum(run.has_ended for run in self.runs)

    @property
    def is_over(self) -> bool:
        """Whether all of its runs have ended."""
        return self.ended == len(self.runs)

    @property
    def unfinished(self) -> tuple[RunRecord, ...]:
        """The runs that have ended without a result: failed, stopped or interrupted ones."""
        return tuple(run for run in self.runs if run.has_ended and run.state != "finished")

    @property
    def methods(self) -> tuple[str, ...]:
        """The weighting methods of its runs of all tasks."""
        return tuple(dict.fromkeys(run.method for run in self.runs if not run.baseline))


class StudyProgress(QObject):
    """Follows every study of which this window has seen a run that was active.

    ``changed(int)``: the study of this number is further.

    Args:
        queue: Reports the runs.
        store: Has the runs of a study that ended before.
        parent: Owner.
    """

    changed = Signal(int)

    def __init__(self, queue: RunQueue, store: StoreService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._studies: dict[int, dict[int, RunRecord]] = {}
        queue.runChanged.connect(self._put)
        queue.withdrawn.connect(self._remove)

    def state(self, study: int) -> StudyState | None:
        """How far a study is; None if no run of it was active."""
        runs = self._studies.get(study)
        return StudyState(study, tuple(runs[number] for number in sorted(runs))) if runs else None

    def newest_of_methods(self) -> StudyState | None:
        """The newest study that compares weighting methods."""
        states = (self.state(study) for study in sorted(self._studies, reverse=True))
        return next((state for state in states if state is not None and len(state.methods) > 1), None)

    def _put(self, record: RunRecord) -> None:
        if record.study is None:
            return
        study = record.study
        if study not in self._studies:
            self._studies[study] = {}
            self._read(study)
        before = self._studies[study].get(record.id)
        self._studies[study][record.id] = record
        if before is None or before.state != record.state:
            self.changed.emit(study)

    def _read(self, study: int) -> None:
        """Read the runs that ended before this window saw the study."""

        def read(store: RunStore) -> list[RunRecord]:
            return store.runs(archived=True, query=f"study:{study}")

        def add(records: list[RunRecord]) -> None:
            for record in records:
                if record.has_ended:
                    self._studies[study].setdefault(record.id, record)
            self.changed.emit(study)

        self._store.call(read, add)

    def _remove(self, runs: Sequence[int]) -> None:
        """Forget runs that were withdrawn, as they could not train."""
        for study, records in list(self._studies.items()):
            if not records.keys().isdisjoint(runs):
                left = {number: record for number, record in records.items() if number not in runs}
                self._studies[study] = left
                self.changed.emit(study)
