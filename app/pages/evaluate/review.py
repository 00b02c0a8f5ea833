"""Decisions about rows of a run's data, written to the list of reviewed rows beside the data, with undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.navigation import Page
from mtl_core.spec import spec_to_data
from mtl_core.tabular.reviewed_list import (
    Label,
    ReviewedLine,
    ReviewedList,
    append_lines,
    read_if_any,
    reviewed_list_path,
)

if TYPE_CHECKING:
    from app.session import Session
    from mtl_core.spec import ExperimentSpec
    from mtl_core.store import RunStore

_SOURCE_SETTINGS = ("kind", "name", "path", "url", "sql")
"""The settings that say whose data a list is of."""


class Review(QObject):
    """The list of reviewed rows of the data of a run; each decision is a line that is added to its file at once.

    ``changed`` is emitted when the list, what can be undone or the error is another one.

    Attributes:
        reviewed: The list; None before it has been read.
        error: Why the list cannot be read or written, or a run cannot be started; None if there is no error.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._run: int | None = None
        self._undo: list[tuple[ReviewedLine, ...]] = []
        self._redo: list[tuple[ReviewedLine, ...]] = []
        self._is_busy = False
        self.reviewed: ReviewedList | None = None
        self.error: Exception | None = None

    @property
    def path(self) -> Path | None:
        """The file of the list, which may not exist yet."""
        return None if self.reviewed is None else Path(self.reviewed.path)

    @property
    def can_undo(self) -> bool:
        """Whether a decision can be undone."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether an undone decision can be taken again."""
        return bool(self._redo)

    def show_run(self, run: int) -> None:
        """Read the list of the data of a run."""
        self._run = run

        def read(store: RunStore) -> ReviewedList:
            return read_if_any(reviewed_list_path(store.spec(run).dataset))

        def show(reviewed: ReviewedList) -> None:
            if run == self._run:
                if self.reviewed is None or self.reviewed.path != reviewed.path:
                    self._undo, self._redo = [], []
                self.reviewed, self.error = reviewed, None
                self.changed.emit()

        def fail(error: Exception) -> None:
            if run == self._run:
                self.reviewed, self._undo, self._redo = None, [], []
                self._fail(error)

        self._session.store.call(read, show, fail)

    def status(self, row: int, task: str) -> str:
        """What the list says about a row and its label of a task, in words; empty for nothing."""
        if self.reviewed is None:
            return ""
        if (row, "") in self.reviewed.in_force:
            return "left out"
        entry = self.reviewed.in_force.get((row, task))
        return "" if entry is None else f"→ {label_text(entry[1].label)}"

    def leave_out(self, rows: Mapping[int, str]) -> None:
        """Leave out rows, given by their numbers and the digests of their cells."""
        self._decide([ReviewedLine(row=row, cells=cells, action="leave out") for row, cells in rows.items()])

    def relabel(self, rows: Mapping[int, str], task: str, label: Label, remark: str = "") -> None:
        """Change the labels of rows for a task; None for no label."""
        lines = (
            ReviewedLine(row=row, cells=cells, action="relabel", task=task, label=label, remark=remark)
            for row, cells in rows.items()
        )
        self._decide(list(lines))

    def keep(self, rows: Mapping[int, str], task: str) -> None:
        """Take rows and their labels of a task as the data have them."""
        self._decide(
            [
                ReviewedLine(row=row, cells=cells, action="keep", task=of)
                for row, cells in rows.items()
                for of in ("", task)
            ]
        )

    def undo(self) -> None:
        """Take back the last decision."""
        self._move(self._undo, self._redo)

    def redo(self) -> None:
        """Take the decision again that was undone last."""
        self._move(self._redo, self._undo)

    def train(self) -> None:
        """Train the experiment of the run again with the list, and show it on Live."""
        run, path = self._run, self.path
        if run is None or path is None:
            return

        def read(store: RunStore) -> ExperimentSpec:
            from mtl_core.runner.replay import spec_with_manual_weights

            return spec_with_manual_weights(store.spec(run), store.events(run))

        def start(spec: ExperimentSpec) -> None:
            dataset = spec.dataset.model_copy(update={"reviewed": str(path)})
            self._session.queue.start(spec.model_copy(update={"dataset": dataset}), parent=run)
            self._use_in_document(spec, str(path))
            self._session.open_page(Page.LIVE)

        self._session.store.call(read, start, self._fail)

    def _use_in_document(self, spec: ExperimentSpec, path: str) -> None:
        """Have the experiment that is edited use the list too, if it has the same data."""
        edited, trained = self._session.document.data.get("dataset") or {}, spec_to_data(spec)["dataset"]
        if edited.get("reviewed") == path or any(edited.get(key) != trained.get(key) for key in _SOURCE_SETTINGS):
            return
        self._session.document.set("dataset.reviewed", path, "Use the reviewed list", merge=False)

    def _decide(self, lines: Sequence[ReviewedLine]) -> None:
        reviewed = self.reviewed
        if reviewed is None or self._is_busy:
            return
        effective = [line for line in lines if _changes(reviewed, line)]
        if not effective:
            return
        before = tuple(_line_in_force(reviewed, line) for line in effective)

        def done() -> None:
            self._undo.append(before)
            self._redo.clear()

        self._append(effective, done)

    def _move(self, source: list[tuple[ReviewedLine, ...]], target: list[tuple[ReviewedLine, ...]]) -> None:
        """Take the newest lines of a stack, and put what they replace on the other."""
        reviewed = self.reviewed
        if reviewed is None or not source or self._is_busy:
            return
        lines = source[-1]
        before = tuple(_line_in_force(reviewed, line) for line in lines)

        def done() -> None:
            source.pop()
            target.append(before)

        self._append(lines, done)

    def _append(self, lines: Sequence[ReviewedLine], done: Callable[[], None]) -> None:
        path = self.path
        assert path is not None
        self._is_busy = True

        def write(_: RunStore) -> ReviewedList:
            return append_lines(path, lines)

        def show(reviewed: ReviewedList) -> None:
            self._is_busy = False
            if self.path == path:
                done()
                self.reviewed, self.error = reviewed, None
                self.changed.emit()

        def fail(error: Exception) -> None:
            self._is_busy = False
            self._fail(error)

        self._session.store.call(write, show, fail)

    def _fail(self, error: Exception) -> None:
        self.error = error
        self.changed.emit()


def label_text(label: Label) -> str:
    """A label as text."""
    if label is None:
        return "no label"
    if isinstance(label, tuple):
        return ", ".join(map(label_text, label)) or "none"
    return label if isinstance(label, str) else f"{label:.6g}"


def _changes(reviewed: ReviewedList, line: ReviewedLine) -> bool:
    """Whether a line changes what is in force."""
    entry = reviewed.in_force.get((line.row, line.task))
    if entry is None:
        return line.action != "keep"
    return (entry[1].action, entry[1].label) != (line.action, line.label)


def _line_in_force(reviewed: ReviewedList, line: ReviewedLine) -> ReviewedLine:
    """The line that says what is in force for the row, or its label, of another line."""
    entry = reviewed.in_force.get((line.row, line.task))
    if entry is None:
        return ReviewedLine(row=line.row, cells=line.cells, action="keep", task=line.task)
    return entry[1].model_copy(update={"time": ""})
