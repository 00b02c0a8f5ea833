"""Actions on runs: store access off the GUI thread, errors reported by a signal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget
from shiboken6 import isValid

from app.forking import ask_fork
from app.formatting import format_quantity
from app.navigation import Page
from app.pages.runs.disk_use import DiskUseDialog, StoreUse, ask, ask_before, read_store_use
from app.session import MOST_COMPARED, Session
from mtl_core.export.readers.any_source import import_runs
from mtl_core.export.run_file import write_run_file
from mtl_core.export.series_csv import export_points
from mtl_core.spec import InputError, study_members
from mtl_core.text import format_size, group_digits

if TYPE_CHECKING:
    from mtl_core.export.run_file import RunFile
    from mtl_core.export.run_file_import import ImportedRuns
    from mtl_core.forking.checkpoint_list import RunCheckpoint
    from mtl_core.spec import ExperimentSpec
    from mtl_core.store import RunRecord, RunStore


_FILES = "files"
"""Lane of the store's thread for files that take long to write or read, while the list goes on."""


class RunActions(QObject):
    """Executes the actions of the Runs page.

    ``changed(list)``: ids of the runs that were written; ``failed(Exception)``: an error of an action;
    ``archivedChanged(list, bool)``: ids of the runs that were archived or restored; ``erased()``: disk space was given
    back.
    """

    changed = Signal(list)
    failed = Signal(object)
    archivedChanged = Signal(list, bool)
    erased = Signal()

    def __init__(self, session: Session, page: QWidget) -> None:
        super().__init__(page)
        self._session, self._page = session, page

    def edit(self, run: int, **fields: Any) -> None:
        """Write name, tags, notes or star of a run."""
        self._edit_all([run], lambda _: None, **fields)

    def star(self, records: Sequence[RunRecord], on: bool) -> None:
        """Star or unstar runs."""
        self._edit_all([record.id for record in records], lambda _: None, starred=on)

    def archive(self, runs: Sequence[int], away: bool) -> None:
        """Archive or restore runs."""

        def on_archived(_: Any) -> None:
            self.archivedChanged.emit(list(runs), away)

        self._edit_all(runs, on_archived, archived=away)

    def erase(self, runs: Sequence[int], what: str) -> None:
        """Ask, then erase archived runs, or with ``what`` ``"checkpoints"`` remove their checkpoints."""
        ask_before(self._page, runs, what, lambda: self.erase_now(runs, what))

    def erase_now(self, runs: Sequence[int], what: str) -> None:
        """Erase archived runs or remove their checkpoints without a question."""

        def on_erased(freed: int) -> None:
            subject = f"run {runs[0]}" if len(runs) == 1 else format_quantity(len(runs), "run")
            done = f"Erased {subject}" if what == "erase" else f"Removed the checkpoints of {subject}"
            self._session.show_message(f"{done}: {format_size(freed)} given back")
            self.changed.emit(list(runs))
            self.erased.emit()

        def write(store: RunStore) -> int:
            return store.erase(runs) if what == "erase" else store.remove_checkpoints(runs)

        self._session.store.call(write, on_erased, self._fail)

    def fork(self, run: int, artifact: int | None = None) -> None:
        """Ask how a fork of a run shall go on, from a checkpoint or its last one, and start it."""
        ask_fork(self._session, self._page, run, artifact=artifact)

    def remove_checkpoint(self, checkpoint: RunCheckpoint) -> None:
        """Ask, then remove one checkpoint of a run that has ended."""
        uses = {
            "last": "Without it the run cannot be resumed or trained for more epochs.",
            "best": "Without it, evaluating and exporting the run use its last checkpoint, if it has one.",
        }
        text = uses.get(checkpoint.kind, "No fork can begin with it any more.")
        title = f"Delete the checkpoint of {checkpoint.text}?"
        ask(self._page, title, text, "Delete", lambda: self.remove_checkpoint_now(checkpoint))

    def remove_checkpoint_now(self, checkpoint: RunCheckpoint) -> None:
        """Remove one checkpoint of a run that has ended without a question."""

        def on_removed(freed: int) -> None:
            self._session.show_message(f"Deleted the checkpoint of {checkpoint.text}: {format_size(freed)} given back")
            self.changed.emit([checkpoint.run])
            self.erased.emit()

        self._session.store.call(
            lambda store: store.remove_checkpoint(checkpoint.run, checkpoint.artifact), on_removed, self._fail
        )

    def show_disk_use(self) -> None:
        """Show the disk use of all runs, and offer to give back that of archived ones."""
        dialog = DiskUseDialog(self._page)
        dialog.checkpointsRequested.connect(lambda runs: self.erase(runs, "checkpoints"))
        dialog.eraseRequested.connect(lambda runs: self.erase(runs, "erase"))

        def show_use(use: StoreUse) -> None:
            if isValid(dialog):  # it may be closed before all is measured
                dialog.show_use(use)

        def measure() -> None:
            self._session.store.call(read_store_use, show_use, self._fail)

        self.erased.connect(measure)
        dialog.finished.connect(lambda _: self.erased.disconnect(measure))
        dialog.open()
        measure()

    def watch(self, run: int) -> None:
        """Show the curves of a run on the Live page."""
        self._session.show_live(run)
        self._session.open_page(Page.LIVE)

    def evaluate(self, run: int) -> None:
        """Show the diagnostics of a run on the Evaluate page."""
        self._session.evaluate(run)
        self._session.open_page(Page.EVALUATE)

    def predict(self, runs: Sequence[int]) -> None:
        """Choose a run, or the mean of several, on the Predict page."""
        self._session.predict_with(runs)
        self._session.open_page(Page.PREDICT)

    def compare(self, records: Sequence[RunRecord]) -> None:
        """Show runs on the Compare page; of a large study only those of all tasks, whose card has the others."""
        studies = {record.study for record in records}
        together = [record.id for record in records if not record.baseline]
        of_one = len(studies) == 1 and None not in studies and len(records) > MOST_COMPARED and together
        self._session.compare(together if of_one else [record.id for record in records])
        self._session.open_page(Page.COMPARE)

    def resume(self, run: int) -> None:
        """Resume a run from its checkpoint."""
        self._session.queue.resume_run(run)
        self.watch(run)

    def open_spec(self, run: int) -> None:
        """Open the experiment of a run, after the window has asked about unsaved changes."""
        self._session.store.call(lambda store: store.spec(run), self._session.open_spec, self._fail)

    def run_again(self, runs: Sequence[int]) -> None:
        """Queue runs again, with their changes of weights by hand."""

        def queue(specs: list[tuple[int, ExperimentSpec]]) -> None:
            for run, spec in specs:
                self._session.queue.start(spec, parent=run)

        self._session.store.call(
            lambda store: [(run, _spec_with_manual_weights(store, run)) for run in runs], queue, self._fail
        )

    def stop(self, records: Sequence[RunRecord]) -> None:
        """Stop runs; queued ones are removed from the queue, the last first."""
        on = [record.id for record in records if not record.has_ended]
        for run in sorted(on, reverse=True):
            self._session.queue.stop(run)

    def baselines(self, record: RunRecord) -> None:
        """Queue a single-task run of each task, with the seed, rows and budget of a run."""

        def queue(spec: ExperimentSpec) -> None:
            try:
                members = study_members(spec, (spec.training.seed,), baselines=True)[1:]
            except InputError as error:
                self._fail(error)
                return
            self._session.queue.start_study(members, first=record.id)

        self._session.store.call(lambda store: store.spec(record.id), queue, self._fail)

    def export(self, runs: Sequence[int]) -> None:
        """Ask for a file and write all points of the runs to it."""
        name = f"run-{runs[0]}.csv" if len(runs) == 1 else "runs.csv"
        # The dialog asks before a file is overwritten.
        path, _ = QFileDialog.getSaveFileName(self._page, "Export points", name, "CSV (*.csv)")
        if path:
            self.export_to(runs, Path(path))

    def export_to(self, runs: Sequence[int], path: Path) -> None:
        """Write all points of the runs to a file."""

        def on_written(points: int) -> None:
            self._session.show_message(f"Wrote {group_digits(points)} points to {path.name}")

        self._session.store.call(lambda store: export_points(store, runs, path), on_written, self._fail)

    def export_file(self, runs: Sequence[int]) -> None:
        """Ask for a file and write the runs to it, with all that they have."""
        name = f"run-{runs[0]}.runs" if len(runs) == 1 else "some.runs"
        path, _ = QFileDialog.getSaveFileName(self._page, "Export as one file", name, "Runs (*.runs)")
        if path:
            self.export_file_to(runs, Path(path))

    def export_file_to(self, runs: Sequence[int], path: Path) -> None:
        """Write the runs to a file, with all that they have."""
        subject = format_quantity(len(runs), "run")

        def on_written(written: RunFile) -> None:
            left_out = f". {written.notes[0]}" if written.notes else ""
            self._session.show_message(f"Wrote {subject} to {path.name}{left_out}")

        self._session.show_message(f"Writing {subject} to {path.name} …")
        self._session.store.call(lambda store: write_run_file(store, runs, path), on_written, self._fail, lane=_FILES)

    def import_runs(self) -> None:
        """Ask for files and add their runs to the store."""
        paths, _ = QFileDialog.getOpenFileNames(self._page, "Import runs", "", "Runs (*.runs);;CSV (*.csv)")
        for path in paths:
            self.import_from(Path(path))

    def import_from(self, path: Path) -> None:
        """Add the runs of a file to the store."""

        def on_imported(imported: ImportedRuns) -> None:
            count = format_quantity(len(imported.numbers), "run")
            note = f". {imported.notes[0]}" if imported.notes else ""
            self._session.show_message(f"Imported {count} from {path.name}{note}")
            self.changed.emit(list(imported.numbers.values()))

        self._session.show_message(f"Importing {path.name} …")
        self._session.store.call(lambda store: import_runs(store, path), on_imported, self._fail, lane=_FILES)

    def _edit_all(self, runs: Sequence[int], on_written: Callable[[Any], object], **fields: Any) -> None:
        def write(store: RunStore) -> None:
            for run in runs:
                store.edit(run, **fields)

        def on_edited(_: Any) -> None:
            on_written(None)
            self.changed.emit(list(runs))

        self._session.store.call(write, on_edited, self._fail)

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error)


def _spec_with_manual_weights(store: RunStore, run: int) -> ExperimentSpec:
    from mtl_core.runner.replay import spec_with_manual_weights

    return spec_with_manual_weights(store.spec(run), store.events(run))
