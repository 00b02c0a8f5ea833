"""Checkpoints of a run: the last one, from which it is resumed, the best one, which is tested and used, and kept ones.

A fork begins with a copy of one of them: the whole state of the last or a kept one, or the weights of the best.
"""

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
    kept_checkpoint_path,
    load_model,
    read_count,
)
from mtl_core.training.persistence.tensor_files import damaged_file_error
from mtl_core.training.recorder import Recorder
from mtl_core.training.run_state import RunState
from mtl_core.training.transfer.heads import data_header

_STATE_ERRORS = (AttributeError, IndexError, KeyError, OverflowError, RuntimeError, StoreError, TypeError, ValueError)
"""Errors raised when an invalid state is restored."""
_BEST, _BEST_STEP = "best", "best_step"
"""Part and value of a kept checkpoint that hold the best weights so far and their step."""


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
        self._best_monitor: dict[str, Any] = {}
        self._state, self._recorder, self._folder = state, recorder, folder
        self._header = {"fingerprint": state.data.fingerprint, **data_header(state.data, state.spec.tasks)}
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
        self._best_monitor = self._state.monitor.state_dict()

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
            header = {"step": best_step, "monitor": self._best_monitor, **self._header}
            self._write("best", Checkpoint({"model": self.best}, header))
            self._saved_best_step = best_step
        self._write("last", Checkpoint.of_parts(self._state.parts, self._header))
        self._save_time = time.perf_counter()

    def keep(self) -> bool:
        """Write a checkpoint of this step that later ones do not replace, with the best weights so far.

        Returns:
            Whether it was written; a model with non-finite parameters is not.

        Raises:
            EnvironmentFault, StoreError: The file cannot be written.
        """
        if not self._state.has_finite_parameters():
            return False
        checkpoint = Checkpoint.of_parts(self._state.parts, self._header | {_BEST_STEP: self._state.monitor.best_step})
        checkpoint.parts[_BEST] = self.best
        path = kept_checkpoint_path(self._folder, self._state.step)
        checkpoint.save(path)
        self._recorder.checkpoint("step", path, self._state.step)
        return True

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
        is_whole = last.is_whole
        if last.values.get("fingerprint", None if is_whole else self._state.data.fingerprint) != (
            self._state.data.fingerprint
        ):  # the best checkpoint of an early release has none
            fix = "Put the old data back, or run the experiment again."
            raise InputError("dataset", "the data has changed since the checkpoint was saved", fix=fix)
        path = checkpoint_path(self._folder, "last")
        if not is_whole:
            self._restore_weights(path, last)
            return
        check_model(self._state.model, path, last.parts.get("model", {}))
        try:
            for name, part in self._state.parts.items():
                part.load_state_dict(last.state_of(name))
        except _STATE_ERRORS as error:
            rule = "is a checkpoint of another optimizer or weighting, or not whole"
            raise StoreError(str(path), rule, found=_format_reason(error), fix=RESTORE_CHECKPOINT_FIX) from None
        if last.parts.get(_BEST):
            self._restore_best(last.parts[_BEST], {"step": last.values[_BEST_STEP]})
            self._best_monitor = self._state.monitor.state_dict()
            self._saved_best_step = -1  # it has no file of its own here yet
        elif best:
            self._restore_best(best.parts.get("model", {}), best.values)

    def _restore_weights(self, path: Path, checkpoint: Checkpoint) -> None:
        """Begin with the weights after an epoch; optimizer, weighting and random numbers begin anew."""
        state, weights = self._state, checkpoint.parts.get("model", {})
        if state.regularizer is not None:
            fix = "Fork from its last checkpoint, or from one that was kept."
            raise InputError("training.keep", "cannot begin with weights alone: it compares with those before", fix=fix)
        load_model(state.model, path, weights)
        state.weight_average.begin_with(weights)
        try:
            step = read_count(checkpoint.values["step"], state.counters.steps)
            state.counters.step, state.counters.epoch = step, step // state.counters.steps_per_epoch
            if monitor := checkpoint.values.get("monitor"):
                state.monitor.load_state_dict(monitor)
                state.monitor.num_bad_epochs = 0
        except _STATE_ERRORS as error:
            raise damaged_file_error(path, _format_reason(error)) from None
        if state.monitor.best_step == step:
            self.keep_best(state.model)

    def _restore_best(self, tensors: dict[str, Tensor], values: Mapping[str, Any]) -> None:
        path = checkpoint_path(self._folder, "best")
        check_model(self._state.model, path, tensors)
        try:
            self.best, self._saved_best_step = tensors, read_count(values["step"], self._state.counters.steps)
        except _STATE_ERRORS as error:
            raise damaged_file_error(path, _format_reason(error)) from None


def _format_reason(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)
