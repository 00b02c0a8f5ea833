"""Checkpoints: one safetensors file with a JSON header, whole or not there; no pickle.

The tensors are named by part (``model/…``, ``optimizer/…``, ``weighting/…``, ``rng/…``, ``history/…``); all that is not
a tensor stands as JSON in the file's header.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from mtl_core.spec import InputError

FORMAT = 1
OWN_CHECKPOINT = "Put the run's own checkpoint back, or run the experiment again."


@dataclass(frozen=True)
class Checkpoint:
    """A saved state: named tensors by part, and plain values."""

    parts: dict[str, dict[str, Tensor]]
    values: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the file beside its place, then put it there in one move.

        Raises:
            InputError: There is no room, or no permission.
        """
        tensors = {
            f"{part}/{name}": tensor.detach().to("cpu", copy=True).contiguous()
            for part, named in self.parts.items()
            for name, tensor in named.items()
        }
        temporary = path.with_suffix(".partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_file(tensors, temporary, {"mtl_workbench": json.dumps({"format": FORMAT, **self.values})})
            with temporary.open("r+b") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        except (OSError, SafetensorError) as error:
            temporary.unlink(missing_ok=True)
            fix = "See that its folder may be written to and the disk has room, then resume the run."
            raise InputError(str(path), "the checkpoint cannot be saved", found=_said(error), fix=fix) from None

    @classmethod
    def load(cls, path: Path, device: torch.device | str = "cpu") -> "Checkpoint":
        """Read a checkpoint back.

        Raises:
            InputError: There is none, or it is not whole, or a newer version wrote it.
        """
        try:
            with safe_open(path, framework="pt", device=str(device)) as file:
                values = json.loads((file.metadata() or {})["mtl_workbench"])
                known = values["format"]
                tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
        except FileNotFoundError:
            raise InputError(str(path), "there is no such checkpoint") from None
        except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
            fix = "Put a copy back, or run the experiment again."
            raise InputError(str(path), "is not a whole checkpoint", found=_said(error), fix=fix) from None
        if known != FORMAT:
            raise InputError(str(path), f"must be a checkpoint of format {FORMAT}", found=known)
        parts: dict[str, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            part, _, rest = name.partition("/")
            parts.setdefault(part, {})[rest] = tensor
        return cls(parts, values)


def load_model(model: nn.Module, path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Put a checkpoint's weights into a model.

    Args:
        model: Into which.
        path: The checkpoint's file, for the error.
        tensors: Its part ``model``.

    Raises:
        InputError: They are those of another model; the first difference is named.
    """
    own = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    saved = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    for name in sorted(own.keys() | saved.keys()):
        if own.get(name) != saved.get(name):
            found = _difference(name, saved.get(name), own.get(name))
            raise InputError(str(path), "is a checkpoint of another model", found=found, fix=OWN_CHECKPOINT)
    model.load_state_dict(dict(tensors))


def _difference(name: str, saved: tuple[int, ...] | None, own: tuple[int, ...] | None) -> str:
    if saved is None:
        return f"no {name}"
    if own is None:
        return f"{name}, which the model has not"
    there, here = ("×".join(map(str, shape)) or "scalar" for shape in (saved, own))
    return f"{name} of shape {there} instead of {here}"


def _said(error: Exception) -> str:
    """What went wrong with a file, without the words of the library that met it."""
    if isinstance(error, KeyError):
        return f"no entry {error}"
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return re.sub(r"Error while \w+( header)?: |I/O error: | \(os error \d+\)", "", str(error)).strip().lower()


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
    """Put a state saved by :func:`optimizer_state` back."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, _, name = key.partition("/")
        state.setdefault(int(number), {})[name] = tensor
    current = optimizer.state_dict()["param_groups"]
    restored = [_group(old, saved) for old, saved in zip(current, groups, strict=True)]
    optimizer.load_state_dict({"state": state, "param_groups": restored})


def _group(current: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    plain = {k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()}
    return {**current, **plain, "params": current["params"]}
