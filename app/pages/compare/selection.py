"""The compared runs and the data read for them from the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.pages.compare.views.compared_run import ComparedRun
from app.plots import Clock, RunCurves
from app.session import MOST_COMPARED
from mtl_core.errors import WorkbenchError
from mtl_core.spec import ExperimentSpec, flatten

if TYPE_CHECKING:
    from app.jobs import RunFollower
    from app.session import Session
    from mtl_core.analysis.studies import Study
    from mtl_core.store import EventRecord, Points, RunRecord, RunStore, SeriesKey, Summary

_SOON_MS = 40
"""What comes of several runs within this time is shown at once."""
_AT_ONCE = 8
"""Runs that are followed before other events have their turn."""


class Selection(QObject):
    """Reads and follows every compared run; a run keeps its color as long as it is compared.

    ``changed()``: other runs, states, summaries or studies. ``grown(run, keys)``: new points of a run, or
    news of its times.
    """

    changed = Signal()
    grown = Signal(int, object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._followers: dict[int, RunFollower] = {}
        self._records: dict[int, RunRecord] = {}
        self._data: dict[int, Mapping[str, Any]] = {}
        self._settings: dict[int, Mapping[str, Any]] = {}
        self._specs: dict[int, ExperimentSpec | None] = {}
        self._colors: dict[int, int] = {}
        self._visible = False
        self._requested: tuple[int, ...] = ()
        self.left_out: tuple[int, ...] = ()
        self.summaries: tuple[Summary, ...] = ()
        self.studies: tuple[Study, ...] = ()
        self.curves: dict[int, RunCurves] = {}
        self.clocks: dict[int, Clock] = {}
        self._owed = False
        self._go_on = QTimer(self, singleShot=True, interval=0)
        self._go_on.timeout.connect(self._add_some)
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self._announce_later)
        session.queue.runChanged.connect(self._study_changed)

    @property
    def chosen(self) -> tuple[int, ...]:
        """The runs, in the order they were chosen."""
        return self._requested

    @property
    def entries(self) -> tuple[ComparedRun, ...]:
        """The chosen runs that have been read."""
        ready = [run for run in self._requested if run in self._records and run in self._data]
        return tuple(
            ComparedRun(
                self._records[run], self._data[run], self._settings[run], self._colors[run], self._specs.get(run)
            )
            for run in ready
        )

    def choose(self, runs: Sequence[int]) -> None:
        """Compare these runs; of more than the page can hold those chosen last, and ``left_out`` names the others."""
        unique_runs = list(dict.fromkeys(runs))
        compared, self.left_out = unique_runs[-MOST_COMPARED:], tuple(unique_runs[:-MOST_COMPARED])
        for run in [run for run in self._followers if run not in compared]:
            self._drop(run)
        self._requested = tuple(compared)
        self._add_some()
        self._read_summaries()
        self._read_studies()
        self.changed.emit()

    def set_visible(self, visible: bool) -> None:
        """Polls slowly while nobody looks."""
        self._visible = visible
        for follower in self._followers.values():
            follower.set_visible(visible)

    def _add_some(self) -> None:
        """Follow the next few runs that are not followed yet: to begin with sixty at once would be felt."""
        missing = [run for run in self._requested if run not in self._followers]
        for run in missing[:_AT_ONCE]:
            self._add(run)
        if len(missing) > _AT_ONCE:
            self._go_on.start()

    def _add(self, run: int) -> None:
        used_colors = set(self._colors.values())
        self._colors[run] = next(color for color in range(len(used_colors) + 1) if color not in used_colors)
        self.curves[run], self.clocks[run] = RunCurves(), Clock()
        follower = self._session.follower(self)
        follower.record.connect(self._take_record)
        follower.points.connect(lambda points, reset: self._take_points(run, points, reset))
        follower.events.connect(lambda events: self._take_events(run, events))
        follower.failed.connect(self._session.show_error)
        follower.set_visible(self._visible)
        self._followers[run] = follower
        follower.follow(run)
        self._session.store.call(lambda store: _read_spec(store, run), self._take_spec)

    def _drop(self, run: int) -> None:
        follower = self._followers.pop(run)
        follower.follow(None)
        follower.deleteLater()
        for by_run in (self._records, self._data, self._settings, self._specs, self._colors, self.curves, self.clocks):
            by_run.pop(run, None)

    def _take_spec(self, read: _ReadSpec) -> None:
        if read.run in self._followers:
            self._data[read.run], self._settings[read.run] = read.data, read.settings
            self._specs[read.run] = read.spec
            self._soon.start()

    def _take_record(self, record: RunRecord) -> None:
        before = self._records.get(record.id)
        if record.id not in self._followers:
            return
        self._records[record.id] = record
        if before is None or before.state != record.state:
            self._owed = True
            self._soon.start()

    def _announce_later(self) -> None:
        """Announce what has come of several runs at once: thirty runs that are read would fill every table anew."""
        if self._owed:
            self._owed = False
            self._read_summaries()
            self._read_studies()
        self.changed.emit()

    def _take_points(self, run: int, points: Mapping[SeriesKey, Points], reset: bool) -> None:
        if run in self.curves:
            self.grown.emit(run, self.curves[run].take(points, reset=reset))

    def _take_events(self, run: int, events: Sequence[EventRecord]) -> None:
        if run in self.clocks:
            self.clocks[run].take(events)
            self.grown.emit(run, set())

    def _read_summaries(self) -> None:
        runs = self.chosen

        def read(store: RunStore) -> tuple[Summary, ...]:
            return tuple(store.summaries(runs))

        if runs:
            self._session.store.call(read, self._take_summaries)

    def _take_summaries(self, summaries: tuple[Summary, ...]) -> None:
        if summaries != self.summaries:
            self.summaries = summaries
            self.changed.emit()

    def _study_changed(self, record: RunRecord) -> None:
        """A run of a study that is shown, chosen or not, has news."""
        if record.ended and record.study in {study.number for study in self.studies}:
            self._read_studies()

    def _read_studies(self) -> None:
        records = [self._records[run] for run in self._requested if run in self._records]

        def read(store: RunStore) -> tuple[Study, ...]:
            from mtl_core.analysis.studies import studies_of

            return studies_of(store, records)

        self._session.store.call(read, self._take_studies)

    def _take_studies(self, studies: tuple[Study, ...]) -> None:
        if studies != self.studies:
            self.studies = studies
            self.changed.emit()


@dataclass(frozen=True)
class _ReadSpec:
    """A run's spec as written, as settings by their path, and as understood; None when this version cannot read it."""

    run: int
    data: Mapping[str, Any]
    settings: Mapping[str, Any]
    spec: ExperimentSpec | None


def _read_spec(store: RunStore, run: int) -> _ReadSpec:
    data = store.spec_data(run)
    try:
        spec = store.spec(run)
    except WorkbenchError:
        spec = None
    return _ReadSpec(run, data, flatten(data), spec)
