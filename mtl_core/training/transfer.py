"""Layers that begin with weights found elsewhere, and that may stay as they are for a while."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel
from mtl_core.architectures.hard import HardSharingModel
from mtl_core.spec import InputError, TargetInfo
from mtl_core.training.parts import named_shared_parameters

_NAMED = 3
"""How many names an error or a note gives."""


@dataclass(frozen=True)
class Taken:
    """What was taken of another run beside its shared layers.

    Attributes:
        tasks: Those that begin with a head of the same name, in the model's order.
        names: The parameters and buffers taken, those of the shared layers among them.
        warnings: What makes the old heads mean something else here.
    """

    tasks: tuple[str, ...]
    names: frozenset[str]
    warnings: tuple[str, ...] = ()


@torch.no_grad()
def take_heads(model: MultiTaskModel, path: Path, targets: Mapping[str, TargetInfo]) -> Taken:
    """Begin each task that a file has a head of with that head; shared layers were taken before.

    Args:
        model: Whose heads.
        path: As of :func:`take_trunk`.
        targets: What the tasks' targets look like here.

    Raises:
        InputError: The file has no such head, one differs in shape or in what is predicted, or a shared layer does.
    """
    found, states, known = _tensors(path), _states(model), known_targets(path)
    shared = states.pop("")
    old = tuple(task for task, own in states.items() if own.keys() & found.keys())
    if not old:
        fix = "Name the tasks as that run does, or keep nothing."
        rule = f"no task of this experiment has a head in {path.name}"
        raise InputError("training.keep", rule, found=", ".join(known) or _some(found), fix=fix)
    _check_order(model, old, tuple(known))
    warnings = [text for task in old if task in known and (text := _check_target(targets[task], known[task]))]
    for task in old:
        _check_shapes(f"head of task {task!r}", states[task], found, whole=True)
    _check_shapes("shared layers", shared, found, whole=False)
    for name, tensor in ((n, t) for task in old for n, t in states[task].items()):
        tensor.copy_(found[name])
    names = {name for task in old for name in states[task]} | (shared.keys() & found.keys())
    return Taken(old, frozenset(names), tuple(warnings))


def told(targets: Mapping[str, TargetInfo]) -> dict[str, dict[str, Any]]:
    """What a checkpoint says of each task's target, in the order of the tasks, for a run that begins with it."""
    return {
        name: {"kind": info.kind, "classes": list(info.classes), "mean": list(info.mean), "std": list(info.std)}
        for name, info in targets.items()
    }


def known_targets(path: Path) -> dict[str, dict[str, Any]]:
    """What a file says of the targets of its tasks; nothing unless it is a run's checkpoint."""
    with safe_open(path, framework="pt") as file:
        header = (file.metadata() or {}).get("mtl_workbench", "{}")
    known: dict[str, dict[str, Any]] = json.loads(header).get("targets", {})
    return known


def _check_order(model: MultiTaskModel, old: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Sharing schemes other than the plain one number the tasks' own parts."""
    if known and not isinstance(model, HardSharingModel):
        moved = [task for task in old if task not in known or known.index(task) != model.tasks.index(task)]
        if moved:
            rule = "under this sharing scheme the tasks of that run must come first, in their order there"
            raise InputError("tasks", rule, found=", ".join(model.tasks), fix=f"There: {', '.join(known)}.")


def _check_target(info: TargetInfo, known: Mapping[str, Any]) -> str:
    """See that a head predicts the same thing as there; what to know where it does so in other units."""
    here = told({info.name: info})[info.name]
    for what in ("kind", "classes"):
        if here[what] != known[what]:
            one, two = (", ".join(v) if isinstance(v, list) else v for v in (here[what], known[what]))
            rule = f"task {info.name!r} must have the {what} that it has in that run"
            raise InputError("training.keep", rule, found=f"{one} instead of {two}", fix="Give it another name.")
    if all(here[what] == known[what] for what in ("mean", "std")):
        return ""
    (mean, std), (mean_there, std_there) = ([_brief(k[what]) for what in ("mean", "std")] for k in (here, known))
    return (
        f"{info.name} has mean {mean} and deviation {std} in these training rows, {mean_there} and {std_there} in "
        "those of the run it comes from: its old head is read in other units and tested on other rows. "
        "Name that run's tasks in dataset.split.tasks to split the rows alike."
    )


def _brief(values: list[float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def _check_shapes(what: str, own: Mapping[str, Tensor], found: Mapping[str, Tensor], *, whole: bool) -> None:
    """See that tensors have the shapes they have in a file; ``whole``: that all of them are there."""
    for name, tensor in own.items():
        there = found.get(name)
        if (there is None and whole) or (there is not None and there.shape != tensor.shape):
            rule = f"the {what} must be as in that run"
            lies = "no such tensor" if there is None else _some({name: there})
            fix = "Build these layers alike, or keep nothing."
            raise InputError("training.keep", rule, found=f"{_some({name: tensor})} instead of {lies}", fix=fix)


@torch.no_grad()
def take_trunk(model: MultiTaskModel, path: Path) -> str:
    """Begin with the shared layers of a file, as far as it has tensors of their names and shapes.

    Args:
        model: Whose shared layers; heads are left alone.
        path: A checkpoint of a run, or any safetensors file.

    Returns:
        What was taken, in words.

    Raises:
        InputError: The file cannot be read, nothing in it fits, or no layer is shared.
    """
    found, own = _tensors(path), shared_state(model)
    fits = {name: found[name] for name, tensor in own.items() if name in found and found[name].shape == tensor.shape}
    learned = named_shared_parameters(model).keys()
    if not learned:
        fix = "Take new weights, or another sharing scheme."
        raise InputError("training.start_from", "the model has no shared layers to begin with", fix=fix)
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
    return _states(model)[""]


def _states(model: MultiTaskModel) -> dict[str, dict[str, Tensor]]:
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
