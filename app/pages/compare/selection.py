"""The compared runs and the data read for them from the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.pages.compare.views.compared_run import ComparedRun
from app.plots import RunCurves, TrainingClock
from app.session import MOST_COMPARED
from mtl_core.errors import WorkbenchError
from mtl_core.spec import ExperimentSpec, flatten

if TYPE_CHECKING:
    from app.jobs import RunFollower
    from app.session import Session
    from mtl_core.analysis.studies import Study
    from mtl_core.store import EventRecord, Points, RunRecord, RunStore, SeriesKey, Summary

_CHANGED_DELAY_MS = 40
"""Changes of several runs within this time are announced together."""
_FOLLOWERS_PER_TURN = 8
"""Runs that are followed before the event loop handles other events."""


class Selection(QObject):
    """Reads and follows every compared run; a run keeps its color as long as it is compared.

    ``changed()``: other runs, states, summaries or studies. ``pointsAdded(run, keys)``: new points of a run, or
    new events (without keys), which say when its steps were reached.
    """

    changed = Signal()
    pointsAdded = Signal(int, object)

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
        self._runs: tuple[int, ...] = ()
        self.excluded_runs: tuple[int, ...] = ()
        self.summaries: tuple[Summary, ...] = ()
        self.studies: tuple[Study, ...] = ()
        self.curves: dict[int, RunCurves] = {}
        self.clocks: dict[int, TrainingClock] = {}
        self._reread_summaries = False
        self._add_timer = QTimer(self, singleShot=True, interval=0)
        self._add_timer.timeout.connect(self._add_next_followers)
        self._changed_timer = QTimer(self, singleShot=True, interval=_CHANGED_DELAY_MS)
        self._changed_timer.timeout.connect(self._emit_changed)
        session.queue.runChanged.connect(self._on_run_changed)

    @property
    def runs(self) -> tuple[int, ...]:
        """The compared runs, in the order in which they were added."""
        return self._runs

    @property
    def entries(self) -> tuple[ComparedRun, ...]:
        """The compared runs that have been read."""
        ready = [run for run in self._runs if run in self._records and run in self._data]
        return tuple(
            ComparedRun(
                self._records[run], self._data[run], self._settings[run], self._colors[run], self._specs.get(run)
            )
            for run in ready
        )

    def color_of(self, run: int) -> int:
        """The hue index of a compared run."""
        return self._colors.get(run, 0)

    def set_runs(self, runs: Sequence[int]) -> None:
        """Compare these runs; if there are more than fit, the last ones, and ``excluded_runs`` has the others."""
        unique_runs = list(dict.fromkeys(runs))
        compared, self.excluded_runs = unique_runs[-MOST_COMPARED:], tuple(unique_runs[:-MOST_COMPARED])
        for run in [run for run in self._followers if run not in compared]:
            self._unfollow(run)
        self._runs = tuple(compared)
        self._add_next_followers()
        self._read_summaries()
        self._read_studies()
        self.changed.emit()

    def set_visible(self, visible: bool) -> None:
        """Poll slowly while the page is hidden."""
        self._visible = visible
        for follower in self._followers.values():
            follower.set_visible(visible)

    def _add_next_followers(self) -> None:
        """Follow the next few runs that are not followed yet: to begin with sixty at once would be felt."""
        missing = [run for run in self._runs if run not in self._followers]
        for run in missing[:_FOLLOWERS_PER_TURN]:
            self._follow(run)
        if len(missing) > _FOLLOWERS_PER_TURN:
            self._add_timer.start()

    def _follow(self, run: int) -> None:
        used_colors = set(self._colors.values())
        self._colors[run] = next(color for color in range(len(used_colors) + 1) if color not in used_colors)
        self.curves[run], self.clocks[run] = RunCurves(), TrainingClock()
        follower = self._session.follower(self)
        follower.record.connect(self._on_record)
        follower.points.connect(lambda points, reset: self._on_points(run, points, reset))
        follower.events.connect(lambda events: self._on_events(run, events))
        follower.failed.connect(self._session.show_error)
        follower.set_visible(self._visible)
        self._followers[run] = follower
        follower.follow(run)
        self._session.store.call(lambda store: _read_spec(store, run), self._on_spec)

    def _unfollow(self, run: int) -> None:
        follower = self._followers.pop(run)
        follower.follow(None)
        follower.deleteLater()
        for by_run in (self._records, self._data, self._settings, self._specs, self._colors, self.curves, self.clocks):
            by_run.pop(run, None)

    def _on_spec(self, read: _SpecData) -> None:
        if read.run in self._followers:
            self._data[read.run], self._settings[read.run] = read.data, read.settings
            self._specs[read.run] = read.spec
            self._changed_timer.start()

    def _on_record(self, record: RunRecord) -> None:
        before = self._records.get(record.id)
        if record.id not in self._followers:
            return
        self._records[record.id] = record
        if before is None or before.state != record.state:
            self._reread_summaries = True
            self._changed_timer.start()

    def _emit_changed(self) -> None:
        """Announce the changes of several runs together, as each announcement fills every table."""
        if self._reread_summaries:
            self._reread_summaries = False
            self._read_summaries()
            self._read_studies()
        self.changed.emit()

    def _on_points(self, run: int, points: Mapping[SeriesKey, Points], reset: bool) -> None:
        if run in self.curves:
            self.pointsAdded.emit(run, self.curves[run].append(points, reset=reset))

    def _on_events(self, run: int, events: Sequence[EventRecord]) -> None:
        if run in self.clocks:
            self.clocks[run].add_events(events)
            self.pointsAdded.emit(run, set())

    def _read_summaries(self) -> None:
        runs = self.runs

        def read(store: RunStore) -> tuple[Summary, ...]:
            return tuple(store.summaries(runs))

        if runs:
            self._session.store.call(read, self._on_summaries)

    def _on_summaries(self, summaries: tuple[Summary, ...]) -> None:
        if summaries != self.summaries:
            self.summaries = summaries
            self._changed_timer.start()

    def _on_run_changed(self, record: RunRecord) -> None:
        """Read the shown studies again when a run of theirs has ended, compared or not."""
        if record.has_ended and record.study in {study.number for study in self.studies}:
            self._read_studies()

    def _read_studies(self) -> None:
        records = [self._records[run] for run in self._runs if run in self._records]

        def read(store: RunStore) -> tuple[Study, ...]:
            from mtl_core.analysis.studies import studies_of

            return studies_of(store, records)

        self._session.store.call(read, self._on_studies)

    def _on_studies(self, studies: tuple[Study, ...]) -> None:
        if studies != self.studies:
            self.studies = studies
            self._changed_timer.start()


@dataclass(frozen=True)
class _SpecData:
    """A run's spec as plain data, as settings by path, and parsed; ``spec`` is None if this version cannot read it."""

    run: int
    data: Mapping[str, Any]
    settings: Mapping[str, Any]
    spec: ExperimentSpec | None


def _read_spec(store: RunStore, run: int) -> _SpecData:
    data = store.spec_data(run)
    try:
        spec = store.spec(run)
    except WorkbenchError:
        spec = None
    return _SpecData(run, data, flatten(data), spec)
