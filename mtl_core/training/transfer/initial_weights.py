"""Initial weights from a file: loading them into the shared layers, and freezing these."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel
from mtl_core.spec import InputError
from mtl_core.text import format_names
from mtl_core.training.optimization.param_groups import named_shared_parameters
from mtl_core.training.persistence.tensor_files import DamageError, damaged_file_error, read_tensors


@dataclass(frozen=True)
class InitialWeights:
    """Content of the file that a run is initialized from.

    Attributes:
        path: The file.
        tensors: Tensors by name; of a checkpoint, those of its model.
        header: Values of a checkpoint; empty for any other file.
    """

    path: Path
    tensors: dict[str, Tensor]
    header: dict[str, Any]


def read_initial_weights(path: Path) -> InitialWeights:
    """Read a checkpoint of a run, or any safetensors file.

    Raises:
        InputError: The file does not exist or is damaged.
        StoreError: It is a checkpoint with an invalid header.
        EnvironmentFault: Permission to read it is missing.
    """
    try:
        tensors, header = read_tensors(path)
    except FileNotFoundError:
        raise InputError("training.start_from", "there is no such file", found=path) from None
    except DamageError as error:
        rule = f"{path} must be a whole safetensors file"
        raise InputError("training.start_from", rule, found=error) from None
    if not _is_valid_header(header):
        raise damaged_file_error(path, "other words about its tasks than a run writes")
    prefix = "model/" if header else ""
    return InitialWeights(
        path, {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}, header
    )


def _is_valid_header(header: dict[str, Any]) -> bool:
    """Whether a header has the form that :func:`~mtl_core.training.transfer.heads.data_header` writes."""
    targets, by_input = header.get("targets", {}), header.get("vocabularies", {})
    if not isinstance(by_input, dict) or not all(
        map(_is_vocabulary, (header.get("vocabulary", []), *by_input.values()))
    ):
        return False
    return isinstance(targets, dict) and all(map(_is_valid_target, targets.values()))


def _is_vocabulary(words: Any) -> bool:
    return isinstance(words, list) and all(isinstance(word, str) for word in words)


def _is_valid_target(target: Any) -> bool:
    match target:
        case {"mean": [*means], "std": [*deviations]}:
            return len(means) == len(deviations) and all(isinstance(v, int | float) for v in means + deviations)
    return False


@torch.no_grad()
def load_shared_layers(model: MultiTaskModel, initial: InitialWeights) -> str:
    """Load the tensors of a file into the shared layers where names and shapes match.

    Args:
        model: The model; its heads are not changed.
        initial: Content of the file.

    Returns:
        A summary of what was loaded.

    Raises:
        InputError: No tensor matches, or the model has no shared layers.
    """
    saved, current = initial.tensors, shared_state_dict(model)
    loadable = {
        name: saved[name] for name, tensor in current.items() if name in saved and saved[name].shape == tensor.shape
    }
    shared_names = named_shared_parameters(model).keys()
    if not shared_names:
        fix = "Take new weights, or another sharing scheme."
        raise InputError("training.start_from", "the model has no shared layers to begin with", fix=fix)
    if not loadable.keys() & shared_names:
        raise InputError(
            "training.start_from",
            f"must hold tensors such as {format_tensors(current)}",
            found=f"{initial.path.name} with {format_tensors(saved)}",
            fix="Take a model with the same first layers, or build these layers alike.",
        )
    for name, tensor in loadable.items():
        current[name].copy_(tensor)
    not_loaded = {name: current[name] for name in current if name in shared_names and name not in loadable}
    loaded_count = len(loadable.keys() & shared_names)
    summary = f"{loaded_count} of {len(shared_names)} tensors of the shared layers come from {initial.path}"
    return f"{summary}; new: {format_tensors(not_loaded)}" if not_loaded else summary


def shared_state_dict(model: MultiTaskModel) -> dict[str, Tensor]:
    """Return the parameters and buffers of the shared layers by name.

    A buffer counts as shared if its module has shared parameters or, if it has none, its parent module.
    """
    return state_dicts_by_part(model)[""]


def state_dicts_by_part(model: MultiTaskModel) -> dict[str, dict[str, Tensor]]:
    """Return the parameters and buffers of each task's head by name, and of the shared layers under ``""``."""
    owners = {id(parameter): task for task in model.tasks for parameter in model.head_parameters(task)}
    states: dict[str, dict[str, Tensor]] = {task: {} for task in ("", *model.tasks)}
    for name, tensor in model.state_dict(keep_vars=True).items():
        owner = _owning_task(model, name, tensor, owners)
        if owner is not None:
            states[owner][name] = tensor
    return states


def _owning_task(model: MultiTaskModel, name: str, tensor: Tensor, owners: dict[int, str]) -> str | None:
    """Return the task whose head has a tensor, ``""`` if it is shared, None for a buffer outside all layers."""
    if isinstance(tensor, nn.Parameter):
        return owners.get(id(tensor), "")
    layer = name
    while layer := layer.rpartition(".")[0]:
        if layer_owners := {owners.get(id(parameter), "") for parameter in model.get_submodule(layer).parameters()}:
            return "" if "" in layer_owners else layer_owners.pop() if len(layer_owners) == 1 else None
    return None


def freeze_trunk(model: MultiTaskModel, *, frozen: bool) -> None:
    """Freeze or unfreeze the parameters of the shared layers; those that the sharing scheme never trains stay frozen.

    Batch norm statistics still follow the data, as in fastai (Howard & Gugger 2020).
    """
    always_frozen = set(map(id, model.frozen_parameters()))
    for parameter in named_shared_parameters(model).values():
        parameter.requires_grad_(not frozen and id(parameter) not in always_frozen)


def format_tensors(tensors: dict[str, Tensor]) -> str:
    """Format the first few tensors as names with shapes."""
    parts = [f"{name} {'×'.join(map(str, tensor.shape))}".strip() for name, tensor in tensors.items()]
    return format_names(parts) or "nothing"
