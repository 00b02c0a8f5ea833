"""Checkpoints: one safetensors file with a JSON header, written atomically; no pickle.

The tensors are named by part (``model/…``, ``optimizer/…``, ``weighting/…``, ``rng/…``, ``history/…``); everything else
is JSON in the header of the file, with a digest of the whole. The names of parts and values are those of every version
since the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from mtl_core.errors import EnvironmentFault, InputError, StoreError, WorkbenchError, shorten
from mtl_core.files import atomic_write, remove_partial_files
from mtl_core.training.persistence.stateful import Stateful
from mtl_core.training.persistence.tensor_files import (
    DamageError,
    damaged_file_error,
    describe_error,
    read_tensors,
    write_tensors,
)

FORMAT = 1
RESTORE_CHECKPOINT_FIX = "Put the run's own checkpoint back, or run the experiment again."
CheckpointKind = Literal["best", "last"]


def checkpoint_path(folder: Path, kind: CheckpointKind) -> Path:
    """Return the path of the best or last checkpoint in the folder of a run."""
    return folder / f"{kind}.safetensors"


def kept_checkpoint_path(folder: Path, step: int) -> Path:
    """Return the path of a checkpoint of a step that later ones do not replace."""
    return folder / f"step-{step}.safetensors"


_TOP_LEVEL_VALUES: Mapping[str, tuple[str, ...]] = {
    "optimizer": ("groups",),
    "history": ("ruler", "durations"),
    "position": ("step", "epoch", "threads"),
}
"""The JSON values of these parts are at the top level of the header; those of any other part are under its name."""


@dataclass(frozen=True)
class Checkpoint:
    """A saved state.

    Attributes:
        parts: Tensors by part and name.
        values: The header: JSON values of the parts, and what describes the run.
    """

    parts: dict[str, dict[str, Tensor]]
    values: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_parts(cls, parts: Mapping[str, Stateful], values: Mapping[str, Any]) -> "Checkpoint":
        """Build the checkpoint of parts by name, with further values for the header."""
        tensors: dict[str, dict[str, Tensor]] = {}
        header: dict[str, Any] = {"kept": {}}  # in the header of every version, also without such a part
        for name, part in parts.items():
            state = part.state_dict()
            tensors[name] = {key: value for key, value in state.items() if isinstance(value, Tensor)}
            plain_values = {key: value for key, value in state.items() if key not in tensors[name]}
            header |= plain_values if name in _TOP_LEVEL_VALUES or not plain_values else {name: plain_values}
        return cls(tensors, header | dict(values))

    @property
    def is_whole(self) -> bool:
        """Whether it holds the whole training state; otherwise only the weights of the model."""
        return "epoch" in self.values

    def state_of(self, part: str) -> dict[str, Any]:
        """Return the state of a part, empty if the checkpoint has none.

        Raises:
            TypeError: Its values are not a mapping.
        """
        if part in _TOP_LEVEL_VALUES:
            plain_values = {key: self.values[key] for key in _TOP_LEVEL_VALUES[part] if key in self.values}
        else:
            plain_values = self.values.get(part, {})
        return {**self.parts.get(part, {}), **plain_values}

    def save(self, path: Path) -> None:
        """Write the file atomically, by a temporary file and a rename; creates its folder if needed.

        Raises:
            EnvironmentFault: The disk is full, or permission is missing.
            StoreError: Something else occupies the path of the file or its folder.
        """
        tensors = {
            f"{part}/{name}": tensor
            for part, part_tensors in self.parts.items()
            for name, tensor in part_tensors.items()
        }
        rule, fix = "the checkpoint cannot be saved", "See that its folder may be written to and the disk has room"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path, flush_folder=False) as temporary:  # after a power cut the previous one will do
                write_tensors(temporary, tensors, {"format": FORMAT, **self.values})
            remove_partial_files(path.parent)  # only the process that trains the run writes there
        except (OSError, SafetensorError, WorkbenchError) as error:
            reason = error.problem.found if isinstance(error, WorkbenchError) else describe_error(error)
            is_path_occupied = isinstance(error, FileExistsError | NotADirectoryError | InputError)
            kind = StoreError if is_path_occupied else EnvironmentFault
            raise kind(str(path), rule, found=reason.lower(), fix=f"{fix}, then resume the run.") from None

    @classmethod
    def load(cls, path: Path, device: torch.device | str = "cpu") -> "Checkpoint":
        """Load a checkpoint.

        Raises:
            StoreError: It does not exist, is damaged, or was written by a newer version.
            EnvironmentFault: Permission to read it is missing.
        """
        try:
            tensors, values = read_tensors(path)
        except FileNotFoundError:
            raise StoreError(str(path), "there is no such checkpoint", fix="Run the experiment again.") from None
        except DamageError as error:
            raise damaged_file_error(path, error) from None
        version = values.get("format")
        if not isinstance(version, int):
            raise damaged_file_error(path, "no format")
        if version != FORMAT:
            raise StoreError(str(path), f"must be a checkpoint of format {FORMAT}", found=version)
        parts: dict[str, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            part, _, rest = name.partition("/")
            parts.setdefault(part, {})[rest] = tensor.to(device)
        return cls(parts, values)


def load_model(model: nn.Module, path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Load the weights of a checkpoint into a model.

    Args:
        model: The model.
        path: File of the checkpoint, for the error.
        tensors: Its part ``model``.

    Raises:
        StoreError: They belong to another model, whose first difference is named, or are not finite.
    """
    check_model(model, path, tensors)
    model.load_state_dict(dict(tensors))


def check_model(model: nn.Module, path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Check that the weights of a checkpoint fit a model; arguments and error as of :func:`load_model`."""
    state = model.state_dict()
    for name in sorted(state.keys() | tensors.keys()):
        if mismatch := _describe_mismatch(name, tensors.get(name), state.get(name)):
            raise StoreError(str(path), "is a checkpoint of another model", found=mismatch, fix=RESTORE_CHECKPOINT_FIX)
    for name, _ in model.named_parameters():
        if not tensors[name].isfinite().all():
            raise damaged_file_error(path, f"values of {name} that are no numbers")


def _describe_mismatch(name: str, saved: Tensor | None, current: Tensor | None) -> str:
    if saved is None:
        return f"no {name}"
    if current is None:
        return f"{name}, which the model has not"
    if saved.shape != current.shape:
        saved_shape, current_shape = ("×".join(map(str, tensor.shape)) or "scalar" for tensor in (saved, current))
        return f"{name} of shape {saved_shape} instead of {current_shape}"
    if saved.dtype != current.dtype:
        return f"{name} of type {saved.dtype} instead of {current.dtype}"
    return ""


def read_count(value: Any, maximum: int | None = None) -> int:
    """Validate a non-negative integer among the values of a checkpoint.

    Raises:
        TypeError, ValueError: It is not one, or larger than ``maximum``.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{shorten(value)} instead of a whole number")
    if value < 0 or (maximum is not None and value > maximum):
        raise ValueError(f"{shorten(value)} where at most {maximum} can be" if value >= 0 else f"{shorten(value)}")
    return value


def read_number(value: Any) -> float:
    """Validate a number among the values of a checkpoint; errors as of :func:`read_count`."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{shorten(value)} instead of a number")
    return value
