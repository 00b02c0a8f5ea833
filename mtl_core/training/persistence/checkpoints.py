"""Checkpoints: one safetensors file with a JSON header, whole or not there; no pickle.

The tensors are named by part (``model/…``, ``optimizer/…``, ``weighting/…``, ``rng/…``, ``history/…``); all that is not
a tensor stands as JSON in the file's header, with a digest of the whole.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.optim import Optimizer

from mtl_core.errors import EnvironmentFault, InputError, StoreError, WorkbenchError, shorten
from mtl_core.files import remove_leftovers, replacing
from mtl_core.training.persistence.tensor_files import DamageError, damaged, read_tensors, reason, write_tensors

FORMAT = 1
OWN_CHECKPOINT = "Put the run's own checkpoint back, or run the experiment again."


@dataclass(frozen=True)
class Checkpoint:
    """A saved state: named tensors by part, and plain values."""

    parts: dict[str, dict[str, Tensor]]
    values: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the file beside its place, then put it there in one move; its folder is made if it is not there.

        Raises:
            EnvironmentFault: There is no room, or no permission.
            StoreError: Something else stands in the place of the file or its folder.
        """
        tensors = {f"{part}/{name}": tensor for part, named in self.parts.items() for name, tensor in named.items()}
        rule, fix = "the checkpoint cannot be saved", "See that its folder may be written to and the disk has room"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path, flush_folder=False) as temporary:  # the checkpoint before is as good after a power cut
                write_tensors(temporary, tensors, {"format": FORMAT, **self.values})
            remove_leftovers(path.parent)  # only the process that trains the run writes there
        except (OSError, SafetensorError, WorkbenchError) as error:
            found = error.problem.found if isinstance(error, WorkbenchError) else reason(error)
            in_the_way = isinstance(error, FileExistsError | NotADirectoryError | InputError)
            kind = StoreError if in_the_way else EnvironmentFault
            raise kind(str(path), rule, found=found.lower(), fix=f"{fix}, then resume the run.") from None

    @classmethod
    def load(cls, path: Path, device: torch.device | str = "cpu") -> "Checkpoint":
        """Read a checkpoint back.

        Raises:
            StoreError: There is none, or it is not as it was written, or a newer version wrote it.
            EnvironmentFault: It may not be read.
        """
        try:
            tensors, values = read_tensors(path)
        except FileNotFoundError:
            raise StoreError(str(path), "there is no such checkpoint", fix="Run the experiment again.") from None
        except DamageError as error:
            raise damaged(path, error) from None
        version = values.get("format")
        if not isinstance(version, int):
            raise damaged(path, "no format")
        if version != FORMAT:
            raise StoreError(str(path), f"must be a checkpoint of format {FORMAT}", found=version)
        parts: dict[str, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            part, _, rest = name.partition("/")
            parts.setdefault(part, {})[rest] = tensor.to(device)
        return cls(parts, values)


def load_model(model: nn.Module, path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Put a checkpoint's weights into a model.

    Args:
        model: Into which.
        path: The checkpoint's file, for the error.
        tensors: Its part ``model``.

    Raises:
        StoreError: They are those of another model, of which the first difference is named, or no numbers.
    """
    check_model(model, path, tensors)
    model.load_state_dict(dict(tensors))


def check_model(model: nn.Module, path: Path, tensors: Mapping[str, Tensor]) -> None:
    """See that a checkpoint's weights are those of a model; arguments and error as of :func:`load_model`."""
    state = model.state_dict()
    for name in sorted(state.keys() | tensors.keys()):
        if found := _difference(name, tensors.get(name), state.get(name)):
            raise StoreError(str(path), "is a checkpoint of another model", found=found, fix=OWN_CHECKPOINT)
    for name, _ in model.named_parameters():
        if not tensors[name].isfinite().all():
            raise damaged(path, f"values of {name} that are no numbers")


def _difference(name: str, saved: Tensor | None, own: Tensor | None) -> str:
    if saved is None:
        return f"no {name}"
    if own is None:
        return f"{name}, which the model has not"
    if saved.shape != own.shape:
        there, here = ("×".join(map(str, tensor.shape)) or "scalar" for tensor in (saved, own))
        return f"{name} of shape {there} instead of {here}"
    if saved.dtype != own.dtype:
        return f"{name} of type {saved.dtype} instead of {own.dtype}"
    return ""


def count(value: Any, most: int | None = None) -> int:
    """A whole number of a checkpoint's values.

    Raises:
        TypeError, ValueError: It is not one, or more than there can be.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{shorten(value)} instead of a whole number")
    if value < 0 or (most is not None and value > most):
        raise ValueError(f"{shorten(value)} where at most {most} can be" if value >= 0 else f"{shorten(value)}")
    return value


def number(value: Any) -> float:
    """A number of a checkpoint's values; an error as of :func:`count`."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{shorten(value)} instead of a number")
    return value


def optimizer_state(optimizer: Optimizer) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """An optimiser's state as named tensors (``<parameter number>/<name>``) and its plain group settings."""
    state = optimizer.state_dict()
    tensors = {
        f"{number}/{name}": value if isinstance(value, Tensor) else torch.tensor(value)
        for number, entry in state["state"].items()
        for name, value in entry.items()
        if value is not None
    }
    return tensors, [{k: v for k, v in group.items() if k != "params"} for group in state["param_groups"]]


def restore_optimizer(optimizer: Optimizer, tensors: dict[str, Tensor], groups: list[dict[str, Any]]) -> None:
    """Put a state saved by :func:`optimizer_state` back.

    Raises:
        IndexError, TypeError, ValueError: It is that of another optimiser.
    """
    state: dict[int, dict[str, Tensor]] = {}
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for key, tensor in tensors.items():
        place, _, name = key.partition("/")
        if tensor.dim() and tensor.shape != parameters[int(place)].shape:
            raise ValueError(f"{name} of shape {tuple(tensor.shape)} for parameter {place}")
        state.setdefault(int(place), {})[name] = tensor
    current = optimizer.state_dict()["param_groups"]
    restored = [_group(old, saved) for old, saved in zip(current, groups, strict=True)]
    optimizer.load_state_dict({"state": state, "param_groups": restored})


def _group(current: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    for name in saved.keys() & current.keys():
        _check_setting(name, current[name], saved[name])
    plain = {k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()}
    return {**current, **plain, "params": current["params"]}


def _check_setting(name: str, current: Any, saved: Any) -> None:
    """See that a setting of an optimiser is of the kind that it has here."""
    match current:
        case bool() | str():
            fits = saved is None or type(saved) is type(current)  # what a device decides may have been left open
        case int() | float():
            fits = math.isfinite(number(saved))
        case [*values]:
            fits = isinstance(saved, list | tuple) and len(saved) == len(values)
            for value, other in zip(values, saved if fits else values, strict=True):
                _check_setting(name, value, other)
        case _:
            fits = saved is None or isinstance(saved, bool | int | float)
    if not fits:
        raise ValueError(f"{name} is {shorten(saved)}")
