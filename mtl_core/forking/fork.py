"""Creates a fork: a queued run that begins with a checkpoint of another run."""

import shutil
from pathlib import Path

from mtl_core.errors import EnvironmentFault, StoreError
from mtl_core.forking.checkpoint_header import CheckpointHeader, read_header
from mtl_core.forking.checkpoint_list import RunCheckpoint
from mtl_core.forking.fork_settings import fork_spec
from mtl_core.protocol.events import ForkData, ForkEvent
from mtl_core.spec import ExperimentSpec
from mtl_core.store import RunStore

_LAST, _BEST = "last.safetensors", "best.safetensors"
_ATTEMPTS = 10
"""Attempts to copy the last and the best checkpoint of one moment from a run that saves meanwhile."""


def create_fork(store: RunStore, checkpoint: RunCheckpoint, spec: ExperimentSpec) -> int:
    """Create a queued run that begins with a checkpoint of another run, and return its number.

    Its history up to the checkpoint is a copy of that run's. It may be running: checkpoints are replaced as a whole.

    Args:
        store: The store.
        checkpoint: The checkpoint.
        spec: The experiment of the fork.

    Raises:
        InputError: A setting differs that cannot, or the fork would have no step to do.
        StoreError: The checkpoint is missing or damaged.
        EnvironmentFault: The disk is full, or a permission is missing.
    """
    original = store.spec(checkpoint.run)
    with store.staging_folder() as folder:
        header = _copy_files(checkpoint, folder)
        epoch = checkpoint.epoch if header.epoch is None else header.epoch
        spec = fork_spec(original, spec, header, epoch)
        data = ForkData(
            run=checkpoint.run,
            step=header.step,
            epoch=epoch or 0,
            checkpoint=checkpoint.kind,
            whole=header.is_whole,
        )
        state = "" if header.is_whole else ", its weights alone"
        text = f"forked from run {checkpoint.run} at step {header.step}, epoch {data.epoch}{state}"
        event = ForkEvent(step=header.step, message=text, data=data)
        return store.create_fork(spec, event, _saved_at(store, checkpoint), folder)


def _copy_files(checkpoint: RunCheckpoint, folder: Path) -> CheckpointHeader:
    """Copy the checkpoint to ``last.safetensors``, with the best one of that moment; return its header."""
    best = checkpoint.path.with_name(_BEST)
    for _ in range(_ATTEMPTS):
        has_best = checkpoint.kind == "last" and _copy(best, folder / _BEST, missing_ok=True)
        _copy(checkpoint.path, folder / _LAST)
        header = read_header(folder / _LAST)
        if checkpoint.kind != "last" or header.best_step in (None, -1):
            return header
        if has_best and read_header(folder / _BEST).step == header.best_step:
            return header
        if not has_best:
            break
    rule = "its last and its best checkpoint are not of the same training"
    raise StoreError(f"run {checkpoint.run}", rule, fix="Try again, or fork from another checkpoint.")


def _copy(source: Path, target: Path, *, missing_ok: bool = False) -> bool:
    """Copy a file; return False if it is missing and may be."""
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        if missing_ok:
            return False
        raise StoreError(str(source), "there is no such checkpoint", fix="Choose another one.") from None
    except OSError as error:
        fix = "See that the disk has room and the file may be read."
        raise EnvironmentFault(str(source), "the checkpoint cannot be copied", found=error, fix=fix) from None
    return True


def _saved_at(store: RunStore, checkpoint: RunCheckpoint) -> float:
    """Return when the checkpoint was saved, again: a running run may have replaced it since it was listed."""
    artifacts = store.artifacts(checkpoint.run)
    return next((artifact.time for artifact in artifacts if artifact.id == checkpoint.artifact), checkpoint.time)
