"""State of an optimizer as named tensors and settings, as checkpoints save it."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from mtl_core.errors import shorten
from mtl_core.training.persistence.checkpoints import read_number

_GROUPS = "groups"
_FROM_SPEC = ("lr", "lr_factor", "weight_decay")
"""Settings that the spec and the step determine; a fork may have others than the run whose state it begins with."""


class OptimizerState:
    """State of an optimizer in a flat form: ``<parameter index>/<name>`` for tensors, ``groups`` for the settings.

    Args:
        optimizer: The optimizer.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer

    def state_dict(self) -> dict[str, Any]:
        """Return the state of every parameter and the settings of every parameter group."""
        state = self._optimizer.state_dict()
        tensors = {
            f"{index}/{name}": value if isinstance(value, Tensor) else torch.tensor(value)
            for index, entry in state["state"].items()
            for name, value in entry.items()
            if value is not None
        }
        groups = [{name: v for name, v in group.items() if name != "params"} for group in state["param_groups"]]
        return {**tensors, _GROUPS: groups}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state.

        Raises:
            IndexError, KeyError, TypeError, ValueError: It is the state of another optimizer.
        """
        groups = state[_GROUPS]
        states_by_index: dict[int, dict[str, Tensor]] = {}
        parameters = [parameter for group in self._optimizer.param_groups for parameter in group["params"]]
        for key, tensor in state.items():
            if key == _GROUPS:
                continue
            index, _, name = key.partition("/")
            if tensor.dim() and tensor.shape != parameters[int(index)].shape:
                raise ValueError(f"{name} of shape {tuple(tensor.shape)} for parameter {index}")
            states_by_index.setdefault(int(index), {})[name] = tensor
        current = self._optimizer.state_dict()["param_groups"]
        restored = [_restore_group(group, saved) for group, saved in zip(current, groups, strict=True)]
        self._optimizer.load_state_dict({"state": states_by_index, "param_groups": restored})


def _restore_group(current: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    for name in saved.keys() & current.keys():
        _check_setting(name, current[name], saved[name])
    settings = {name: tuple(value) if isinstance(value, list) else value for name, value in saved.items()}
    from_spec = {name: current[name] for name in ("params", *_FROM_SPEC) if name in current}
    return {**current, **settings, **from_spec}


def _check_setting(name: str, current: Any, saved: Any) -> None:
    """Check that a saved setting has the type of the current one."""
    match current:
        case bool() | str():  # a setting that depends on the device may have been None
            is_valid = saved is None or type(saved) is type(current)
        case int() | float():
            is_valid = math.isfinite(read_number(saved))
        case [*values]:
            is_valid = isinstance(saved, list | tuple) and len(saved) == len(values)
            for value, saved_value in zip(values, saved if is_valid else values, strict=True):
                _check_setting(name, value, saved_value)
        case _:
            is_valid = saved is None or isinstance(saved, bool | int | float)
    if not is_valid:
        raise ValueError(f"{name} is {shorten(saved)}")
