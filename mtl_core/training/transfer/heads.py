"""Task heads initialized from another run, and the checkpoint header that describes their targets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel
from mtl_core.datasets.data import TaskData
from mtl_core.spec import InputError, TargetInfo, Task
from mtl_core.spec.tasks import TASK_KINDS
from mtl_core.training.transfer.embeddings import vocabulary_header
from mtl_core.training.transfer.initial_weights import InitialWeights, format_tensors, state_dicts_by_part

TargetHeader = Mapping[str, Any]
"""A task in a checkpoint's header: ``kind``, ``classes``, ``mean``, ``std``, and settings its outputs depend on."""


@dataclass(frozen=True)
class LoadedHeads:
    """Result of loading heads from another run.

    Attributes:
        tasks: Tasks whose heads were loaded, in the model's order.
        names: Names of all loaded parameters and buffers, including those of the shared layers.
        warning: Why the old tasks' scores differ from those of the other run; empty if they do not.
    """

    tasks: tuple[str, ...]
    names: frozenset[str]
    warning: str = ""


def data_header(data: TaskData, tasks: Sequence[Task]) -> dict[str, Any]:
    """Return the description of the data for a checkpoint: targets, a digest of the preprocessing, vocabulary."""
    inputs = {name: value for name, value in data.preprocessing.items() if name != "targets"}
    digest = blake2b(json.dumps(inputs, sort_keys=True).encode(), digest_size=8).hexdigest()
    targets = {task.name: _target_header(data.targets[task.name], task) for task in tasks}
    return {"targets": targets, "inputs": digest} | vocabulary_header(data.preprocessing)


def _target_header(info: TargetInfo, task: Task) -> TargetHeader:
    statistics = {"mean": list(info.mean), "std": list(info.std)}
    intervals = {"edges": list(info.edges)} if info.edges else {}
    settings = {name: getattr(task, name) for name in task.read_by}
    if info.knots:
        settings["quantiles"] = blake2b(json.dumps(info.knots).encode(), digest_size=8).hexdigest()
    return {"kind": info.kind, "classes": list(info.classes)} | intervals | settings | statistics


@torch.no_grad()
def load_heads(model: MultiTaskModel, initial: InitialWeights, data: TaskData, tasks: Sequence[Task]) -> LoadedHeads:
    """Load the head of each task that the file has; the shared layers were loaded before.

    Regression heads are rescaled, as the training rows may have another mean and standard deviation.

    Args:
        model: The model.
        initial: The file, as of :func:`mtl_core.training.transfer.initial_weights.load_shared_layers`.
        data: Data of the experiment.
        tasks: Tasks of the experiment.

    Raises:
        InputError: The file has none of the heads, or a head or shared layer differs in shape or target.
    """
    header = data_header(data, tasks)
    saved, states, saved_header = initial.tensors, state_dicts_by_part(model), initial.header
    saved_targets: dict[str, TargetHeader] = saved_header.get("targets", {})
    shared = states.pop("")
    loaded_tasks = tuple(task for task, head_state in states.items() if head_state.keys() & saved.keys())
    if not loaded_tasks:
        fix = "Name the tasks as that run does, or keep nothing."
        rule = f"no task of this experiment has a head in {initial.path.name}"
        raise InputError("training.keep", rule, found=", ".join(saved_targets) or format_tensors(saved), fix=fix)
    _check_order(model, loaded_tasks, tuple(saved_targets))
    for task in loaded_tasks:
        _check_shapes(f"head of task {task!r}", states[task], saved, whole=True)
        _check_target(task, header["targets"][task], saved_targets.get(task, {}))
    _check_shapes("shared layers", shared, saved, whole=False)
    for name, tensor in ((n, t) for task in loaded_tasks for n, t in states[task].items()):
        tensor.copy_(saved[name])
    rescaled = [
        task
        for task in loaded_tasks
        if task in saved_targets and _rescale_head(model, data.targets[task], saved_targets[task])
    ]
    same_data = not rescaled and saved_header.get("inputs", header["inputs"]) == header["inputs"]
    names = {name for task in loaded_tasks for name in states[task]} | (shared.keys() & saved.keys())
    return LoadedHeads(loaded_tasks, frozenset(names), "" if same_data else _other_data_warning(rescaled))


def _check_order(model: MultiTaskModel, loaded_tasks: tuple[str, ...], saved_tasks: tuple[str, ...]) -> None:
    """Check the order of the tasks, if parameters belong to a task by its index."""
    if saved_tasks and model.depends_on_task_order:
        misplaced = [
            task
            for task in loaded_tasks
            if task not in saved_tasks or saved_tasks.index(task) != model.tasks.index(task)
        ]
        if misplaced:
            rule = "under this sharing scheme the tasks of that run must come first, in their order there"
            raise InputError("tasks", rule, found=", ".join(model.tasks), fix=f"There: {', '.join(saved_tasks)}.")


def _check_target(task: str, target: TargetHeader, saved_target: TargetHeader) -> None:
    """Check that a head has the same target as in the file."""
    saved_target = {"transform": "none", **saved_target} if saved_target else {}  # older files have no transform
    for key in (key for key in target if key not in ("mean", "std")):
        if target[key] != saved_target.get(key, target[key]):
            values = (target[key], saved_target[key])
            current, saved = (", ".join(map(str, v)) if isinstance(v, list) else v for v in values)
            rule = f"task {task!r} must have the {key} that it has in that run"
            raise InputError("training.keep", rule, found=f"{current} instead of {saved}", fix="Give it another name.")


def _check_shapes(layers: str, expected: Mapping[str, Tensor], saved: Mapping[str, Tensor], *, whole: bool) -> None:
    """Check that tensors have the shapes of those in a file; ``whole``: that none is missing."""
    for name, tensor in expected.items():
        saved_tensor = saved.get(name)
        if (saved_tensor is None and whole) or (saved_tensor is not None and saved_tensor.shape != tensor.shape):
            rule = f"the {layers} must be as in that run"
            saved_text = "no such tensor" if saved_tensor is None else format_tensors({name: saved_tensor})
            fix = "Build these layers alike, or keep nothing."
            raise InputError(
                "training.keep", rule, found=f"{format_tensors({name: tensor})} instead of {saved_text}", fix=fix
            )


def _rescale_head(model: MultiTaskModel, info: TargetInfo, saved_target: TargetHeader) -> bool:
    """Rescale a head's output layer to another mean and deviation of its target; return whether they differ.

    Outputs are standardized values, followed by log variances if these are learned. Outputs for counts are logarithms
    of the values divided by their mean.
    """
    if (list(info.mean), list(info.std)) == (saved_target["mean"], saved_target["std"]):
        return False
    *_, output_layer = (m for m in model.get_submodule(f"heads.task_{info.name}").modules() if isinstance(m, nn.Linear))
    new_tensor = output_layer.weight.new_tensor
    ratio = new_tensor(saved_target["std"]) / new_tensor(info.std)
    if TASK_KINDS[info.kind].log_link:
        output_layer.bias.add_(ratio.log())
        return True
    shift = (new_tensor(saved_target["mean"]) - new_tensor(info.mean)) / new_tensor(info.std)
    output_layer.weight[: info.width].mul_(ratio.unsqueeze(1))
    output_layer.bias[: info.width].mul_(ratio).add_(shift)
    output_layer.bias[info.width :].add_(2 * ratio.log().repeat(info.per_value - 1))
    return True


def _other_data_warning(rescaled: list[str]) -> str:
    means = (
        f", so {', '.join(rescaled)} has another mean and deviation, to which its head is brought" if rescaled else ""
    )
    return (
        f"the training rows are not those of the run that this one begins with{means}; the old tasks' scores may be of "
        "rows that run was trained on. Name its tasks in dataset.split.tasks to split the same data alike."
    )
