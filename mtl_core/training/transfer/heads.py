"""Heads that begin with those of another run, and what that run's checkpoint says of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel
from mtl_core.architectures.sharing.hard import HardSharingModel
from mtl_core.datasets.data import TaskData
from mtl_core.spec import InputError, TargetInfo, Task
from mtl_core.spec.tasks import TASK_KINDS
from mtl_core.training.transfer.initial_weights import Start, some, states_of

Known = Mapping[str, Any]
"""What a checkpoint says of a task: ``kind``, ``classes``, ``mean``, ``std``, and by what its output is read."""

_MOST_WORDS = 500_000
"""A checkpoint's header has room for more, and each save would write them."""


@dataclass(frozen=True)
class Taken:
    """What was taken of another run beside its shared layers.

    Attributes:
        tasks: Those that begin with a head of the same name, in the model's order.
        names: The parameters and buffers taken, those of the shared layers among them.
        warning: Why the old tasks' scores are not quite what they were there; empty when they are.
    """

    tasks: tuple[str, ...]
    names: frozenset[str]
    warning: str = ""


def told(data: TaskData, tasks: Sequence[Task]) -> dict[str, Any]:
    """What a checkpoint says of the data to a run that begins with it: targets, a digest of the inputs, words."""
    inputs = {name: value for name, value in data.preprocessing.items() if name != "targets"}
    digest = blake2b(json.dumps(inputs, sort_keys=True).encode(), digest_size=8).hexdigest()
    targets = {task.name: _known(data.targets[task.name], task) for task in tasks}
    words = data.preprocessing.get("vocabulary", [])[:_MOST_WORDS]
    return {"targets": targets, "inputs": digest} | ({"vocabulary": words} if words else {})


def _known(info: TargetInfo, task: Task) -> Known:
    units = {"mean": list(info.mean), "std": list(info.std)}
    intervals = {"edges": list(info.edges)} if info.edges else {}
    settings = {name: getattr(task, name) for name in task.read_by}
    return {"kind": info.kind, "classes": list(info.classes)} | intervals | settings | units


@torch.no_grad()
def take_heads(model: MultiTaskModel, start: Start, data: TaskData, tasks: Sequence[Task]) -> Taken:
    """Begin each task that a file has a head of with that head; shared layers were taken before.

    A number's head is brought to the units of this experiment, whose training rows may have another mean and deviation.

    Args:
        model: Whose heads.
        start: The file, as of :func:`mtl_core.training.transfer.initial_weights.take_trunk`.
        data: The experiment's.
        tasks: The experiment's.

    Raises:
        InputError: The file has no such head, one differs in shape or in what is predicted, or a shared layer does.
    """
    here = told(data, tasks)
    found, states, there = start.tensors, states_of(model), start.told
    known: dict[str, Known] = there.get("targets", {})
    shared = states.pop("")
    old = tuple(task for task, own in states.items() if own.keys() & found.keys())
    if not old:
        fix = "Name the tasks as that run does, or keep nothing."
        rule = f"no task of this experiment has a head in {start.path.name}"
        raise InputError("training.keep", rule, found=", ".join(known) or some(found), fix=fix)
    _check_order(model, old, tuple(known))
    for task in old:
        _check_shapes(f"head of task {task!r}", states[task], found, whole=True)
        _check_target(task, here["targets"][task], known.get(task, {}))
    _check_shapes("shared layers", shared, found, whole=False)
    for name, tensor in ((n, t) for task in old for n, t in states[task].items()):
        tensor.copy_(found[name])
    scaled = [task for task in old if task in known and _rescaled(model, data.targets[task], known[task])]
    alike = not scaled and there.get("inputs", here["inputs"]) == here["inputs"]
    names = {name for task in old for name in states[task]} | (shared.keys() & found.keys())
    return Taken(old, frozenset(names), "" if alike else _other_rows(scaled))


def _check_order(model: MultiTaskModel, old: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Sharing schemes other than the plain one number the tasks' own parts."""
    if known and not isinstance(model, HardSharingModel):
        moved = [task for task in old if task not in known or known.index(task) != model.tasks.index(task)]
        if moved:
            rule = "under this sharing scheme the tasks of that run must come first, in their order there"
            raise InputError("tasks", rule, found=", ".join(model.tasks), fix=f"There: {', '.join(known)}.")


def _check_target(task: str, here: Known, known: Known) -> None:
    """See that a head predicts the same thing as there."""
    for what in (key for key in here if key not in ("mean", "std")):
        if here[what] != known.get(what, here[what]):
            one, two = (", ".join(map(str, v)) if isinstance(v, list) else v for v in (here[what], known[what]))
            rule = f"task {task!r} must have the {what} that it has in that run"
            raise InputError("training.keep", rule, found=f"{one} instead of {two}", fix="Give it another name.")


def _check_shapes(what: str, own: Mapping[str, Tensor], found: Mapping[str, Tensor], *, whole: bool) -> None:
    """See that tensors have the shapes they have in a file; ``whole``: that all of them are there."""
    for name, tensor in own.items():
        there = found.get(name)
        if (there is None and whole) or (there is not None and there.shape != tensor.shape):
            rule = f"the {what} must be as in that run"
            lies = "no such tensor" if there is None else some({name: there})
            fix = "Build these layers alike, or keep nothing."
            raise InputError("training.keep", rule, found=f"{some({name: tensor})} instead of {lies}", fix=fix)


def _rescaled(model: MultiTaskModel, info: TargetInfo, known: Known) -> bool:
    """Bring a head's outputs to another mean and deviation of its target; whether they are others.

    The outputs are the values less their mean, by their deviation; with a learned variance then its logarithms. Those
    of counts are logarithms of the values by their mean.
    """
    if (list(info.mean), list(info.std)) == (known["mean"], known["std"]):
        return False
    *_, output = (m for m in model.get_submodule(f"heads.task_{info.name}").modules() if isinstance(m, nn.Linear))
    like = output.weight.new_tensor
    ratio = like(known["std"]) / like(info.std)
    if TASK_KINDS[info.kind].log_link:
        output.bias.add_(ratio.log())
        return True
    shift = (like(known["mean"]) - like(info.mean)) / like(info.std)
    output.weight[: info.width].mul_(ratio.unsqueeze(1))
    output.bias[: info.width].mul_(ratio).add_(shift)
    output.bias[info.width :].add_(2 * ratio.log().repeat(info.per_value - 1))
    return True


def _other_rows(scaled: list[str]) -> str:
    means = f", so {', '.join(scaled)} has another mean and deviation, to which its head is brought" if scaled else ""
    return (
        f"the training rows are not those of the run that this one begins with{means}; the old tasks' scores may be of "
        "rows that run was trained on. Name its tasks in dataset.split.tasks to split the same data alike."
    )
