"""The records of the runs of a store that are running, paused or queued."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from app.jobs.runs.controlled_run import controlled_run

if TYPE_CHECKING:
    from mtl_core.store import RunRecord


class ActiveRuns:
    """Records by run number; a run is removed when it ends."""

    def __init__(self) -> None:
        self._records: dict[int, RunRecord] = {}
        self._host = socket.gethostname()

    def __bool__(self) -> bool:
        return bool(self._records)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the runs."""
        return tuple(self._records)

    @property
    def live(self) -> list[RunRecord]:
        """The runs that are running or paused, oldest first."""
        return [self._records[run] for run in sorted(self._records) if self._records[run].is_live]

    @property
    def local(self) -> list[RunRecord]:
        """The live runs that train on this machine."""
        return [record for record in self.live if record.host == self._host]

    def controlled_run(self, training: Sequence[int], shown: int | None) -> RunRecord | None:
        """The run that Pause and Stop apply to; arguments as of :func:`controlled_run`."""
        return controlled_run(self._records, training, shown)

    def has_study(self, study: int | None) -> bool:
        """Whether a run of a study is active."""
        return any(record.study == study for record in self._records.values())

    def of_study(self, study: int) -> list[int]:
        """The active runs of a study."""
        return [run for run, record in self._records.items() if record.study == study]

    def get(self, run: int) -> RunRecord | None:
        """The record of a run; None if it is not active."""
        return self._records.get(run)

    def put(self, record: RunRecord) -> None:
        """Keep the record of an active run in place of the one before."""
        self._records[record.id] = record

    def remove(self, runs: Iterable[int]) -> None:
        """Remove runs that have ended."""
        for run in runs:
            self._records.pop(run, None)
