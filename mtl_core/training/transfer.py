"""Shared layers that begin with weights found elsewhere, and that may stay as they are for a while."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel
from mtl_core.spec import InputError
from mtl_core.training.parts import head_parameters, named_shared_parameters

_NAMED = 3
"""How many names an error or a note gives."""


@torch.no_grad()
def take_trunk(model: MultiTaskModel, path: Path) -> str:
    """Begin with the shared layers of a file, as far as it has tensors of their names and shapes.

    Args:
        model: Whose shared layers; heads are left alone.
        path: A checkpoint of a run, or any safetensors file.

    Returns:
        What was taken, in words.

    Raises:
        InputError: The file cannot be read, or nothing in it fits.
    """
    found, own = _tensors(path), shared_state(model)
    fits = {name: found[name] for name, tensor in own.items() if name in found and found[name].shape == tensor.shape}
    learned = named_shared_parameters(model).keys()
    if not fits.keys() & learned:
        raise InputError(
            "training.start_from",
            f"must hold tensors such as {_some(own)}",
            found=f"{path.name} with {_some(found)}",
            fix="Take a model with the same first layers, or build these layers alike.",
        )
    for name, tensor in fits.items():
        own[name].copy_(tensor)
    new = {name: own[name] for name in own if name in learned and name not in fits}
    taken = f"{len(fits.keys() & learned)} of {len(learned)} tensors of the shared layers come from {path}"
    return f"{taken}; new: {_some(new)}" if new else taken


def shared_state(model: MultiTaskModel) -> dict[str, Tensor]:
    """The parameters and buffers of the shared layers by name.

    A buffer belongs to them when the layer it stands in has shared parameters or, having none, the one around it.
    """
    heads = set(map(id, head_parameters(model)))
    state = model.state_dict(keep_vars=True)
    return {name: tensor for name, tensor in state.items() if _is_shared(model, name, tensor, heads)}


def _is_shared(model: MultiTaskModel, name: str, tensor: Tensor, heads: set[int]) -> bool:
    if isinstance(tensor, nn.Parameter):
        return id(tensor) not in heads
    owner = name
    while owner:
        owner = owner.rpartition(".")[0]
        if parameters := list(model.get_submodule(owner).parameters()):
            return any(id(parameter) not in heads for parameter in parameters) and bool(owner)
    return False


def freeze_trunk(model: MultiTaskModel, *, frozen: bool) -> None:
    """Let the shared layers learn, or keep their parameters as they are.

    Statistics of batch normalisation follow the data all the same, as in fastai (Howard & Gugger 2020).
    """
    for parameter in named_shared_parameters(model).values():
        parameter.requires_grad_(not frozen)


def _tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name; of a run's checkpoint, those of its model."""
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            prefix = "model/" if "mtl_workbench" in (file.metadata() or {}) else ""
            return {name.removeprefix(prefix): file.get_tensor(name) for name in names if name.startswith(prefix)}
    except FileNotFoundError:
        raise InputError("training.start_from", "there is no such file", found=path) from None
    except (OSError, SafetensorError) as error:
        rule = f"{path} must be a safetensors file"
        raise InputError("training.start_from", rule, found=error) from None


def _some(tensors: dict[str, Tensor]) -> str:
    parts = [f"{name} {'×'.join(map(str, tensor.shape))}".strip() for name, tensor in tensors.items()]
    more = f" and {len(parts) - _NAMED} more" if len(parts) > _NAMED else ""
    return (", ".join(parts[:_NAMED]) or "nothing") + more
