"""The checkpoints of a run, with which a fork can begin."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.errors import InputError, WorkbenchError
from mtl_core.forking.checkpoint_header import read_header
from mtl_core.store import RunStore
from mtl_core.store.rows.removal import CHECKPOINT_PREFIX
from mtl_core.text import group_digits

_KIND_TEXTS = {"best": "best epoch", "last": "last", "step": "kept"}


@dataclass(frozen=True)
class RunCheckpoint:
    """A checkpoint of a run.

    Attributes:
        artifact: Number of its artifact.
        run: The run.
        kind: ``last``, ``best`` or ``step``, which later ones do not replace.
        step: Steps done.
        epoch: Epochs done; None where neither the file nor the run's progress says it.
        is_whole: Whether it holds the whole training state; otherwise only the weights of the model.
        path: The file.
        size: Its size in bytes.
        time: When it was saved, in seconds since 1970.
        bad_epochs: Epochs before it without improvement, which early stopping counts on.
    """

    artifact: int
    run: int
    kind: str
    step: int
    epoch: int | None
    is_whole: bool
    path: Path
    size: int
    time: float
    bad_epochs: int = 0

    @property
    def text(self) -> str:
        """Step and kind, as shown to people: ``step 1 200 (best epoch)``."""
        return f"step {group_digits(self.step)} ({_KIND_TEXTS.get(self.kind, self.kind)})"

    def data(self) -> dict[str, Any]:
        """The checkpoint as plain values."""
        values = {name: getattr(self, name) for name in ("kind", "step", "epoch", "is_whole", "size", "time")}
        return values | {"path": str(self.path)}


def list_checkpoints(store: RunStore, run: int) -> list[RunCheckpoint]:
    """Return the checkpoints of a run whose files are on this machine and can be read, by their steps.

    Raises:
        InputError: There is no such run.
    """
    progress = store.run(run).progress
    steps_per_epoch = progress.steps / progress.epochs if progress and progress.epochs else 0.0
    checkpoints = []
    for artifact in store.artifacts(run):
        if not artifact.kind.startswith(CHECKPOINT_PREFIX):
            continue
        path = Path(artifact.path)
        try:
            header, size = read_header(path), path.stat().st_size
        except (WorkbenchError, OSError):  # removed by a person, or damaged: a fork cannot begin with it
            continue
        epoch = header.epoch
        if epoch is None and steps_per_epoch:
            epoch = round(header.step / steps_per_epoch)
        kind = artifact.kind.removeprefix(CHECKPOINT_PREFIX)
        checkpoints.append(
            RunCheckpoint(
                artifact.id,
                run,
                kind,
                header.step,
                epoch,
                header.is_whole,
                path,
                size,
                artifact.time,
                header.bad_epochs if header.is_whole else 0,
            )
        )
    return sorted(checkpoints, key=lambda checkpoint: (checkpoint.step, checkpoint.is_whole))


def checkpoint_at(checkpoints: Sequence[RunCheckpoint], step: float | None) -> RunCheckpoint | None:
    """Return the last checkpoint at or before a step, one of the whole state if there are two; None without one.

    Args:
        checkpoints: The checkpoints, by their steps.
        step: The step; None for the last checkpoint.
    """
    before = [checkpoint for checkpoint in checkpoints if step is None or checkpoint.step <= step]
    return before[-1] if before else None


def find_checkpoint(store: RunStore, run: int, *, step: int | None = None, kind: str = "") -> RunCheckpoint:
    """Return a checkpoint of a run: the last one at or before a step, or of a kind.

    Args:
        store: The store.
        run: The run.
        step: The step; None for any.
        kind: The kind; empty for any.

    Raises:
        InputError: The run has no such checkpoint.
    """
    checkpoints = list_checkpoints(store, run)
    chosen = checkpoint_at([checkpoint for checkpoint in checkpoints if kind in ("", checkpoint.kind)], step)
    if chosen is None:
        found = ", ".join(checkpoint.text for checkpoint in checkpoints) or "none"
        fix = "A run keeps those of its last step and best epoch, and others by request or training.keep_checkpoints."
        raise InputError(f"run {run}", "has no such checkpoint", found=found, fix=fix)
    return chosen
