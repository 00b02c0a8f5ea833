"""Shared layers that begin with weights found elsewhere, and that may stay as they are for a while."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel
from mtl_core.errors import listed
from mtl_core.spec import InputError
from mtl_core.training.optimization.param_groups import named_shared_parameters
from mtl_core.training.persistence.tensor_files import DamageError, damaged_file_error, read_tensors


@dataclass(frozen=True)
class Start:
    """What a run begins with: the content of a file.

    Attributes:
        path: The file.
        tensors: By name; of a run's checkpoint, those of its model.
        told: What a run's checkpoint says beside its tensors; nothing of any other file.
    """

    path: Path
    tensors: dict[str, Tensor]
    told: dict[str, Any]


def read_start(path: Path) -> Start:
    """Read a checkpoint of a run, or any safetensors file.

    Raises:
        InputError: There is no such file, or it is not whole.
        StoreError: It is a checkpoint that does not say what it should of its run.
        EnvironmentFault: It may not be read.
    """
    try:
        tensors, told = read_tensors(path)
    except FileNotFoundError:
        raise InputError("training.start_from", "there is no such file", found=path) from None
    except DamageError as error:
        rule = f"{path} must be a whole safetensors file"
        raise InputError("training.start_from", rule, found=error) from None
    if not _is_told(told):
        raise damaged_file_error(path, "other words about its tasks than a run writes")
    prefix = "model/" if told else ""
    return Start(path, {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}, told)


def _is_told(told: dict[str, Any]) -> bool:
    """Whether a header holds targets and words as :func:`~mtl_core.training.transfer.heads.told` writes them."""
    targets, words = told.get("targets", {}), told.get("vocabulary", [])
    if not (isinstance(words, list) and all(isinstance(word, str) for word in words)):
        return False
    return isinstance(targets, dict) and all(map(_is_target, targets.values()))


def _is_target(known: Any) -> bool:
    match known:
        case {"mean": [*means], "std": [*deviations]}:
            return len(means) == len(deviations) and all(isinstance(v, int | float) for v in means + deviations)
    return False


@torch.no_grad()
def take_trunk(model: MultiTaskModel, start: Start) -> str:
    """Begin with the shared layers of a file, as far as it has tensors of their names and shapes.

    Args:
        model: Whose shared layers; heads are left alone.
        start: The file.

    Returns:
        What was taken, in words.

    Raises:
        InputError: Nothing in it fits, or no layer is shared.
    """
    found, own = start.tensors, shared_state(model)
    fits = {name: found[name] for name, tensor in own.items() if name in found and found[name].shape == tensor.shape}
    learned = named_shared_parameters(model).keys()
    if not learned:
        fix = "Take new weights, or another sharing scheme."
        raise InputError("training.start_from", "the model has no shared layers to begin with", fix=fix)
    if not fits.keys() & learned:
        raise InputError(
            "training.start_from",
            f"must hold tensors such as {some(own)}",
            found=f"{start.path.name} with {some(found)}",
            fix="Take a model with the same first layers, or build these layers alike.",
        )
    for name, tensor in fits.items():
        own[name].copy_(tensor)
    new = {name: own[name] for name in own if name in learned and name not in fits}
    taken = f"{len(fits.keys() & learned)} of {len(learned)} tensors of the shared layers come from {start.path}"
    return f"{taken}; new: {some(new)}" if new else taken


def shared_state(model: MultiTaskModel) -> dict[str, Tensor]:
    """The parameters and buffers of the shared layers by name.

    A buffer belongs to them when the layer it stands in has shared parameters or, having none, the one around it.
    """
    return states_of(model)[""]


def states_of(model: MultiTaskModel) -> dict[str, dict[str, Tensor]]:
    """The parameters and buffers of each task's head by name, and under ``""`` those of the shared layers."""
    owners = {id(parameter): task for task in model.tasks for parameter in model.head_parameters(task)}
    states: dict[str, dict[str, Tensor]] = {task: {} for task in ("", *model.tasks)}
    for name, tensor in model.state_dict(keep_vars=True).items():
        owner = _owner(model, name, tensor, owners)
        if owner is not None:
            states[owner][name] = tensor
    return states


def _owner(model: MultiTaskModel, name: str, tensor: Tensor, owners: dict[int, str]) -> str | None:
    """Whose a tensor is: a task's, ``""`` of all, None for a buffer that stands beside all layers."""
    if isinstance(tensor, nn.Parameter):
        return owners.get(id(tensor), "")
    layer = name
    while layer := layer.rpartition(".")[0]:
        if found := {owners.get(id(parameter), "") for parameter in model.get_submodule(layer).parameters()}:
            return "" if "" in found else found.pop() if len(found) == 1 else None
    return None


def freeze_trunk(model: MultiTaskModel, *, frozen: bool) -> None:
    """Let the shared layers learn, or keep their parameters as they are.

    Statistics of batch normalisation follow the data all the same, as in fastai (Howard & Gugger 2020).
    """
    for parameter in named_shared_parameters(model).values():
        parameter.requires_grad_(not frozen)


def some(tensors: dict[str, Tensor]) -> str:
    """The first few tensors by name and shape."""
    parts = [f"{name} {'×'.join(map(str, tensor.shape))}".strip() for name, tensor in tensors.items()]
    return listed(parts) or "nothing"
