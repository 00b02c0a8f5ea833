"""Models of a store or of a folder for predictions of new rows, and the widths of their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.analysis.conformal import NUMBER_KINDS, HalfWidths, check_level, half_widths
from mtl_core.evaluation.ensemble import SavedRun, load_predictor
from mtl_core.evaluation.model_bundle import load_models, load_preprocessing
from mtl_core.evaluation.task_predictions import predict_with
from mtl_core.runner.run_diagnostics import run_predictions
from mtl_core.runner.saved_models import saved_runs
from mtl_core.store import open_store


@dataclass(frozen=True)
class Models:
    """Saved models that predict new rows as one.

    Attributes:
        saved: Their runs.
        preprocessing: That of the training rows, where it was saved with them; else it follows from the data.
        is_stored: Whether they are runs of a store, not of a folder.
        store: The store, as :func:`mtl_core.store.open_store` takes it.
    """

    saved: tuple[SavedRun, ...]
    preprocessing: Mapping[str, Any] | None = None
    is_stored: bool = False
    store: str | None = None

    def interval_widths(self, level: float) -> HalfWidths:
        """Return half of the width of the split-conformal interval of each number, by task.

        The errors on the validation rows are those that a single run of a store keeps, or are computed.

        Args:
            level: The share of true values that an interval is to hold.

        Raises:
            InputError: The level is not between 0 and 1, or the data of the runs has changed or is not there.
        """
        check_level(level)
        kinds = {task.name: task.kind for task in self.saved[0].spec.tasks}
        if not set(kinds.values()) & set(NUMBER_KINDS):
            return {}
        if self.is_stored and len(self.saved) == 1:
            with open_store(self.store, create=False, allow_read_only=True) as store:
                predictions = run_predictions(store, self.saved[0].run, "val")
        else:
            predictions = predict_with(load_predictor(self.saved), "val")
        return half_widths(predictions, kinds, level)


def load_stored_models(store: str, runs: Sequence[int]) -> Models:
    """Load the models of runs of a store that have ended.

    Raises:
        InputError: There is no such run, it is queued or training, or it has no checkpoint.
    """
    with open_store(store, create=False, allow_read_only=True) as opened:
        return Models(tuple(saved_runs(opened, runs)), is_stored=True, store=store)


def load_model_folder(folder: Path) -> Models:
    """Load the models of a folder.

    Raises:
        InputError: It is not a folder of models.
        StoreError: It is incomplete, or a newer version wrote it.
    """
    return Models(load_models(folder), load_preprocessing(folder))


def interval_notes(widths: HalfWidths, level: float) -> tuple[str, ...]:
    """Say what intervals mean, and which are missing; nothing without numbers."""
    if not widths:
        return ()
    share, lines = f"{100 * level:g} %", []
    if any(width is not None for values in widths.values() for width in values):
        what = f"An interval holds the true value of at least {share} of the rows that are like the validation rows"
        lines.append(f"{what}, whose errors set its width (split-conformal).")
    few = [task for task, values in widths.items() if None in values]
    lines += [f"Task {task} has too few validation rows for intervals of {share}." for task in few]
    return tuple(lines)
