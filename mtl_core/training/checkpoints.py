"""Checkpoints: one safetensors file with a JSON header, whole or not there; no pickle.

The tensors are named by part (``model/…``, ``optimizer/…``, ``weighting/…``, ``rng/…``, ``history/…``); all that is not
a tensor stands as JSON in the file's header.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.optim import Optimizer

from mtl_core.spec import InputError

FORMAT = 1


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
            raise InputError(str(path), "the checkpoint cannot be saved", found=error, fix="Free some space.") from None

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
            raise InputError(
                str(path), "is not a whole checkpoint", found=error, fix="Run the experiment again."
            ) from None
        if known != FORMAT:
            raise InputError(str(path), f"must be a checkpoint of format {FORMAT}", found=known)
        parts: dict[str, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            part, _, rest = name.partition("/")
            parts.setdefault(part, {})[rest] = tensor
        return cls(parts, values)


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
