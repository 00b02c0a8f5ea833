"""What the run on the Live page predicted in its last validation, task by task."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from app.evaluation import ClassCards, ConfusionCard, SamplesCard, ValueCards
from app.evaluation.sample_drawings import SampleDrawing, sample_drawings
from app.formatting import format_quantity
from app.jobs import Background
from app.theme import CARD_GAP
from app.widgets import EmptyState, Muted, TaskTabs, scroll_area
from mtl_core.analysis.diagnostics.validation_snapshot import ARTIFACT_KIND, ValidationSnapshot, read_snapshot
from mtl_core.errors import StoreError
from mtl_core.protocol.diagnostics import TaskDiagnostics
from mtl_core.protocol.questions import RowValuesQuestion
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from app.session import Session
    from mtl_core.protocol.diagnostics import RowValues
    from mtl_core.spec import ExperimentSpec, Task
    from mtl_core.store import RunRecord, RunStore

_NAME = "live-validation"
_REFRESH_MS = 500
"""Between two looks for a new snapshot, at least."""
Stamp = tuple[int, int]


@dataclass(frozen=True, eq=False)
class _Reading:
    """The snapshot of a run; the stamp of its file tells whether it is another one. None if there is none."""

    run: int
    stamp: Stamp | None
    snapshot: ValidationSnapshot | None


@dataclass(frozen=True, eq=False)
class _Shown:
    """What is shown of a task of a snapshot."""

    reading: _Reading
    task: Task
    diagnostics: TaskDiagnostics | None
    drawings: tuple[SampleDrawing, ...]


class ValidationView(QWidget):
    """Confusion, curves, residuals and samples of the last validation; reads only while it is visible.

    Args:
        session: The store and the worker.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName(_NAME)
        self._session = session
        self._run: int | None = None
        self._record: RunRecord | None = None
        self._spec: ExperimentSpec | None = None
        self._reading: _Reading | None = None
        self._asked_rows: tuple[int, ...] = ()
        self._background = Background("diagnostics", self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self._read)
        self.tabs = TaskTabs(f"{_NAME}-task")
        self.words = Muted(wrap=True)
        self.words.setObjectName(f"{_NAME}-words")
        self.samples = SamplesCard(_NAME)
        self.confusion, self.classes, self.values = ConfusionCard(_NAME), ClassCards(_NAME), ValueCards(_NAME)
        self.empty = EmptyState("target", "No validation yet")
        self.empty.setObjectName(f"{_NAME}-empty")
        self._blank, self._content = QWidget(), QWidget()
        self._stack = QStackedLayout(self)
        self._build()

    @property
    def snapshot(self) -> ValidationSnapshot | None:
        """The snapshot that was read last."""
        return None if self._reading is None else self._reading.snapshot

    def show_run(self, run: int) -> None:
        """Show another run; its record and experiment follow."""
        self._run, self._record, self._spec, self._reading = run, None, None, None
        self._asked_rows = ()
        self.samples.clear()
        self._stack.setCurrentWidget(self._blank)

    def set_record(self, record: RunRecord, spec: ExperimentSpec | None) -> None:
        """Show the newest record of the run, and its experiment once it is known."""
        if record.id != self._run:
            return
        is_first = self._spec is None and spec is not None
        self._record, self._spec = record, spec
        if is_first:
            blocked = self.tabs.blockSignals(True)
            self.tabs.set_names(record.tasks)
            self.tabs.setCurrentIndex(0)
            self.tabs.blockSignals(blocked)
        self.refresh()

    def refresh(self) -> None:
        """Look soon for a new snapshot; only while visible."""
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    # -- building --

    def _build(self) -> None:
        for face in (self._blank, self.empty, self._content):
            self._stack.addWidget(face)
        cards = QVBoxLayout()
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(CARD_GAP)
        content = QVBoxLayout(self._content)
        content.setContentsMargins(0, 0, 0, 0)
        content.setSpacing(CARD_GAP)
        content.addWidget(self.tabs)
        content.addWidget(self.words)
        content.addWidget(scroll_area(cards), 1)
        for card in (self.samples, self.confusion, self.classes, self.values):
            cards.addWidget(card)
        cards.addStretch(1)
        self.tabs.currentChanged.connect(lambda _index: self._show_task())

    # -- reading --

    def _read(self) -> None:
        run, known = self._run, self._reading
        if run is None or self._spec is None or not self.isVisible():
            return
        stamp = None if known is None else known.stamp
        self._session.store.call(
            lambda store: _read(store, run, stamp),
            self._on_reading,
            lambda error: self._on_error(run, error),
            lane="live",
        )

    def _on_reading(self, reading: _Reading | None) -> None:
        if reading is None or reading.run != self._run:
            return
        self._reading = reading
        if reading.snapshot is None:
            self._show_empty()
        else:
            self._ask_rows(reading.snapshot)
            self._show_task()

    def _on_error(self, run: int, error: Exception) -> None:
        if run != self._run:
            return
        self._reading = None
        self.empty.title.setText("The last validation cannot be read")
        self.empty.text.setText(str(error))
        self._stack.setCurrentWidget(self.empty)

    def _show_empty(self) -> None:
        record = self._record
        if record is None:
            return
        if record.has_ended:
            title = f"Run {record.id} has no predictions of a validation"
            text = "It ended before its first one, or an earlier version of this program trained it."
        else:
            title = "No validation yet"
            text = (
                "The model is validated after each epoch. What it predicts then is shown here every few seconds: "
                "samples, confusion, curves and residuals."
            )
        self.empty.title.setText(title)
        self.empty.text.setText(text)
        self._stack.setCurrentWidget(self.empty)

    # -- the rows of the samples --

    def _ask_rows(self, snapshot: ValidationSnapshot) -> None:
        run, rows = self._run, snapshot.sample_rows
        if run is None or rows == self._asked_rows:
            return
        self._asked_rows = rows
        question = RowValuesQuestion(store=self._session.store.url, run=run, split="val", rows=rows)
        self._session.worker.ask(
            question,
            lambda values: self._on_values(run, values),
            lambda error: self._on_values_error(run, error),
            key=_NAME,
        )

    def _on_values(self, run: int, values: RowValues) -> None:
        if run == self._run:
            self.samples.show_values(values)

    def _on_values_error(self, run: int, error: Exception) -> None:
        if run == self._run:
            self.samples.show_error(error)

    # -- showing --

    def _task(self) -> Task | None:
        index = self.tabs.currentIndex()
        return None if self._spec is None or not 0 <= index < len(self._spec.tasks) else self._spec.tasks[index]

    def _show_task(self) -> None:
        """Compute the diagnostics of the chosen task on a thread of their own, then show it."""
        reading, task = self._reading, self._task()
        if reading is None or reading.snapshot is None or task is None:
            return
        snapshot = reading.snapshot
        self._background.call(
            lambda: _Shown(reading, task, snapshot.diagnostics(task.name, task.kind), sample_drawings(snapshot, task)),
            self._on_shown,
            lambda error: self._on_error(reading.run, error),
        )

    def _on_shown(self, shown: _Shown) -> None:
        snapshot, diagnostics = shown.reading.snapshot, shown.diagnostics
        if shown.reading is not self._reading or snapshot is None:
            return
        self.words.setText(_describe(snapshot, diagnostics))
        self.samples.show_predictions(snapshot, shown.task, shown.drawings)
        for card in (self.confusion, self.classes, self.values):
            card.setVisible(diagnostics is not None)
            if diagnostics is not None:
                card.show_task(diagnostics)
        self._stack.setCurrentWidget(self._content)

    # -- Qt --

    def showEvent(self, event: QShowEvent) -> None:
        """Read what has come meanwhile."""
        super().showEvent(event)
        self._read()


def _describe(snapshot: ValidationSnapshot, diagnostics: TaskDiagnostics | None) -> str:
    """When the validation was, and of how many rows what is shown is."""
    after = f"After epoch {snapshot.epoch}, step {group_digits(snapshot.step)}"
    if diagnostics is None:
        return f"{after}. This task has neither classes nor values to compare; its samples are shown."
    kept, rows = len(snapshot.rows), snapshot.split_rows
    some = "all" if kept == rows else f"{group_digits(kept)} of"
    words = f"{after} · {some} {format_quantity(rows, 'validation row')}"
    if not diagnostics.labeled:
        return f"{words} · none has a label of this task."
    words += "" if diagnostics.labeled == kept else f" · {group_digits(diagnostics.labeled)} labeled"
    is_counted = bool(diagnostics.classes)
    return (
        f"{words} · {format_quantity(diagnostics.errors, 'error')}: {diagnostics.error_rule}." if is_counted else words
    )


def _read(store: RunStore, run: int, known: Stamp | None) -> _Reading | None:
    """Read the snapshot of a run; None if its file has not changed."""
    path = next((Path(entry.path) for entry in store.artifacts(run) if entry.kind == ARTIFACT_KIND), None)
    try:
        status = None if path is None else path.stat()
    except OSError:
        status = None
    if path is None or status is None:
        return _Reading(run, None, None)
    stamp = status.st_mtime_ns, status.st_ino
    if stamp == known:
        return None
    if (snapshot := read_snapshot(path)) is None:
        problem = "is damaged or of another version of this program"
        raise StoreError(str(path), problem, fix="Resume the run or run it again.")
    return _Reading(run, stamp, snapshot)
