"""The models that runs of a store have saved."""

from collections.abc import Iterable

from mtl_core.evaluation.ensemble import SavedRun
from mtl_core.runner.execution import checkpoint_of
from mtl_core.spec import InputError
from mtl_core.store import RunStore


def saved_run(store: RunStore, run: int) -> SavedRun:
    """A run's best model, else its last.

    Raises:
        InputError: There is no such run, or it has saved none.
        StoreError: What it saved is gone.
    """
    return SavedRun(run, store.spec(run), checkpoint_of(store, run), store.run(run).fingerprint)


def saved_runs(store: RunStore, runs: Iterable[int]) -> list[SavedRun]:
    """The models of runs that are over.

    Raises:
        InputError: There is no such run, it still waits or trains, or it has saved no model.
    """
    found = []
    for run in runs:
        record = store.run(run)
        if not record.ended:
            raise InputError(f"run {run}", "has not ended", found=record.state, fix="Wait for its end, or stop it.")
        found.append(saved_run(store, run))
    return found
