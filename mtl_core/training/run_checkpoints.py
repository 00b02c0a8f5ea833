"""Checkpoints of a run: the last one, from which it is resumed, and the best one, which is tested and used."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from mtl_core.architectures import MultiTaskModel
from mtl_core.errors import InputError, StoreError
from mtl_core.training.persistence.checkpoints import (
    RESTORE_CHECKPOINT_FIX,
    Checkpoint,
    CheckpointKind,
    check_model,
    checkpoint_path,
    read_count,
)
from mtl_core.training.persistence.tensor_files import damaged_file_error
from mtl_core.training.recorder import Recorder
from mtl_core.training.run_state import RunState
from mtl_core.training.transfer.heads import data_header

_STATE_ERRORS = (AttributeError, IndexError, KeyError, OverflowError, RuntimeError, StoreError, TypeError, ValueError)
"""Errors raised when an invalid state is restored."""


class RunCheckpoints:
    """Saves the state of a run to ``last.safetensors`` and its best model to ``best.safetensors``.

    Args:
        state: The state.
        recorder: Stores the path of each file.
        folder: Folder of the files.

    Attributes:
        best: Weights of the best model; empty before the first validated epoch.
    """

    def __init__(self, state: RunState, recorder: Recorder, folder: Path) -> None:
        self.best: dict[str, Tensor] = {}
        self._state, self._recorder, self._folder = state, recorder, folder
        self._data_header = data_header(state.data, state.spec.tasks)
        self._saved_best_step = -1
        self._save_time = time.perf_counter()

    def start_clock(self) -> None:
        """Start the interval until the next checkpoint is due."""
        self._save_time = time.perf_counter()

    @property
    def is_due(self) -> bool:
        """Whether the interval between checkpoints has passed."""
        return time.perf_counter() - self._save_time >= self._state.spec.training.checkpoint_seconds

    def keep_best(self, model: MultiTaskModel) -> None:
        """Keep a copy of the weights of the best model."""
        self.best = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    def save(self) -> None:
        """Write the last checkpoint, preceded by the best one if that is new.

        A model with non-finite parameters is not written: its next loss will raise the error.

        Raises:
            EnvironmentFault, StoreError: A file cannot be written.
        """
        if not self._state.has_finite_parameters():
            return
        best_step = self._state.monitor.best_step
        if self.best and best_step != self._saved_best_step:
            self._write("best", Checkpoint({"model": self.best}, {"step": best_step} | self._data_header))
            self._saved_best_step = best_step
        header = {"fingerprint": self._state.data.fingerprint, **self._data_header}
        self._write("last", Checkpoint.of_parts(self._state.parts, header))
        self._save_time = time.perf_counter()

    def _write(self, kind: CheckpointKind, checkpoint: Checkpoint) -> None:
        path = checkpoint_path(self._folder, kind)
        checkpoint.save(path)
        self._recorder.checkpoint(kind, path, int(checkpoint.values["step"]))

    def restore(self, last: Checkpoint, best: Checkpoint | None) -> None:
        """Restore the state, so that the run continues as if it had never stopped.

        Raises:
            InputError: The data has changed since the checkpoint.
            StoreError: The checkpoint is of another model, or incomplete.
        """
        if last.values.get("fingerprint") != self._state.data.fingerprint:
            fix = "Put the old data back, or run the experiment again."
            raise InputError("dataset", "the data has changed since the checkpoint was saved", fix=fix)
        path = checkpoint_path(self._folder, "last")
        check_model(self._state.model, path, last.parts.get("model", {}))
        try:
            for name, part in self._state.parts.items():
                part.load_state_dict(last.state_of(name))
        except _STATE_ERRORS as error:
            rule = "is a checkpoint of another optimizer or weighting, or not whole"
            raise StoreError(str(path), rule, found=_format_reason(error), fix=RESTORE_CHECKPOINT_FIX) from None
        if best:
            self._restore_best(best.parts.get("model", {}), best.values)

    def _restore_best(self, tensors: dict[str, Tensor], values: Mapping[str, Any]) -> None:
        path = checkpoint_path(self._folder, "best")
        check_model(self._state.model, path, tensors)
        try:
            self.best, self._saved_best_step = tensors, read_count(values["step"], self._state.counters.steps)
        except _STATE_ERRORS as error:
            raise damaged_file_error(path, _format_reason(error)) from None


def _format_reason(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)
