"""Evaluation of the compared runs as an ensemble, or of folds by their out-of-fold predictions, on request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from app.pages.compare.views.compared_run import ComparedRun
from app.widgets import Button, InlineError
from mtl_core.analysis.comparison import TestScores
from mtl_core.protocol.questions import EnsembleQuestion, EnsembleScores, SavePredictionsQuestion
from mtl_core.spec import is_fold_study
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from app.session import Session

_WORDS, _BUSY = "Average these runs", "Averaging…"
_HELP = "Score the mean of the runs' predictions on the test rows: an ensemble of runs of the same tasks and data"
_FOLDS_WORDS, _FOLDS_BUSY = "Gather the folds", "Gathering…"
_FOLDS_HELP = "Score the test rows of all folds together, each predicted by the run that has not seen it"
_SAVE_WORDS, _SAVE_BUSY = "Save predictions…", "Saving…"
_SAVE_HELP = "Write every row with its fold, its targets and what the run that has not seen it predicts, as CSV"

_Key = frozenset[tuple[int, float | None]]


class EnsembleEvaluation(QObject):
    """The button that evaluates the ensemble of the compared runs, its test scores, and its error.

    ``changed()``: the scores are known. The worker process computes them.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._entries: tuple[ComparedRun, ...] = ()
        self._results: dict[_Key, TestScores] = {}
        self._pending: set[_Key] = set()
        self._are_folds = self._saving = False
        self.button = Button(_WORDS, self._press, name="compare-average")
        self.error = InlineError()
        self.error.setObjectName("compare-average-error")
        self.show_runs(())

    @property
    def title(self) -> str:
        """The title of the column of the scores."""
        return "out of fold" if self._are_folds else "ensemble"

    @property
    def scores(self) -> TestScores | None:
        """The ensemble's test scores, once they are known."""
        return self._results.get(_key(self._entries))

    def show_runs(self, entries: Sequence[ComparedRun]) -> None:
        """Set the compared runs."""
        if _key(entries) != _key(self._entries):
            self.error.set_error("")
        self._entries = tuple(entries)
        specs = [entry.spec for entry in entries if entry.spec is not None]
        self._are_folds = len(specs) == len(entries) and is_fold_study(specs)
        self._show()

    @property
    def _can_save(self) -> bool:
        """Whether the predictions of all folds can be saved: their scores are known."""
        return self._are_folds and self.scores is not None

    def _press(self) -> None:
        if self._can_save:
            self._ask_path()
        else:
            self._ask()

    def _ask_path(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self.button, "Save predictions", "predictions.csv", "CSV (*.csv)")
        if path:
            self.save_predictions(path)

    def save_predictions(self, path: str) -> None:
        """Have the worker write the out-of-fold predictions to a file."""
        self.error.set_error("")
        self._saving = True
        self._show()

        def on_saved(rows: int) -> None:
            self._saving = False
            self._show()
            self.button.setText(f"Saved {group_digits(rows)} rows")

        def on_error(error: Exception) -> None:
            self._saving = False
            self.error.set_error(str(error))
            self._show()

        runs = tuple(entry.run.id for entry in self._entries)
        question = SavePredictionsQuestion(store=self._session.store.url, runs=runs, path=path)
        self._session.worker.ask(question, on_saved, on_error)

    def _ask(self) -> None:
        key, runs = _key(self._entries), tuple(entry.run.id for entry in self._entries)
        self.error.set_error("")
        self._pending.add(key)
        self._show()

        def on_scores(scores: EnsembleScores) -> None:
            self._pending.discard(key)
            self._results[key] = scores.metrics
            self._show()
            self.changed.emit()

        def on_error(error: Exception) -> None:
            self._pending.discard(key)
            if key == _key(self._entries):
                self.error.set_error(str(error))
            self._show()

        question = EnsembleQuestion(store=self._session.store.url, runs=runs, split="test")
        self._session.worker.ask(question, on_scores, on_error)

    def _show(self) -> None:
        key = _key(self._entries)
        words, busy = (_FOLDS_WORDS, _FOLDS_BUSY) if self._are_folds else (_WORDS, _BUSY)
        if self._can_save:
            words, busy = _SAVE_WORDS, _SAVE_BUSY
        is_busy = key in self._pending or self._saving
        self.button.setText(busy if is_busy else words)
        self.button.setToolTip(_SAVE_HELP if self._can_save else _FOLDS_HELP if self._are_folds else _HELP)
        self.button.setEnabled(not is_busy and (key not in self._results or self._can_save))
        self.button.setVisible(len(self._entries) > 1)


def _key(entries: Sequence[ComparedRun]) -> _Key:
    """Cache key: the runs and their ends, as a resumed run has another model."""
    return frozenset((entry.run.id, entry.run.finished) for entry in entries)
