"""Saved models of the runs of a store."""

from collections.abc import Iterable
from pathlib import Path

from mtl_core.errors import StoreError
from mtl_core.evaluation.ensemble import SavedRun
from mtl_core.runner.reviewed_copy import with_kept_list
from mtl_core.spec import InputError
from mtl_core.store import RunStore
from mtl_core.store.rows.removal import CHECKPOINT_PREFIX
from mtl_core.training.persistence.checkpoints import checkpoint_path


def saved_run(store: RunStore, run: int) -> SavedRun:
    """Return the best saved model of a run, or the last one if there is no best.

    Its experiment names the list of reviewed rows that it was trained with.

    Raises:
        InputError: There is no such run, or it has no checkpoint.
        StoreError: A saved checkpoint is missing.
    """
    return SavedRun(
        run, with_kept_list(store, run, store.spec(run)), best_checkpoint_path(store, run), store.run(run).fingerprint
    )


def saved_runs(store: RunStore, runs: Iterable[int]) -> list[SavedRun]:
    """Return the saved models of runs that have ended.

    Raises:
        InputError: There is no such run, it is queued or training, or it has no checkpoint.
    """
    saved = []
    for run in runs:
        record = store.run(run)
        if not record.has_ended:
            raise InputError(f"run {run}", "has not ended", found=record.state, fix="Wait for its end, or stop it.")
        saved.append(saved_run(store, run))
    return saved


def best_checkpoint_path(store: RunStore, run: int) -> Path:
    """Return the file of a run's best checkpoint, or of its last one if there is no best.

    Raises:
        InputError: The run has saved none.
        StoreError: A saved checkpoint is missing.
    """
    folder = store.artifacts_dir(run)
    best, last = checkpoint_path(folder, "best"), checkpoint_path(folder, "last")
    if best.exists():
        return best
    kinds = {artifact.kind for artifact in store.artifacts(run)}
    if last.exists() and f"{CHECKPOINT_PREFIX}best" in kinds:
        fix = f"Put a copy back. To use the last checkpoint instead, delete the best one from the files of run {run}."
        raise StoreError(f"run {run}", f"its best checkpoint {best} is gone", fix=fix)
    if last.exists():
        return last
    if any(kind.startswith("checkpoint:") for kind in kinds):
        fix = "Put a copy back, or run the experiment again."
        raise StoreError(f"run {run}", f"its checkpoints in {folder} are gone", fix=fix)
    raise InputError(f"run {run}", "has no checkpoint", fix="Resume it or run it again.")
