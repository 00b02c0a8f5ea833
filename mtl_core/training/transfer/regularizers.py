"""What a run does to keep the tasks of the run that it begins with."""

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mtl_core.architectures import MultiTaskModel
from mtl_core.datasets.data import TaskData
from mtl_core.spec import ExperimentSpec, score_of
from mtl_core.spec.training.continual import Distil, Ewc, FineTune, Freeze, NewHeads
from mtl_core.tasks import TaskHead
from mtl_core.training.batching.batches import Batch
from mtl_core.training.metrics.validation import Scores
from mtl_core.training.optimization.param_groups import named_shared_parameters
from mtl_core.training.persistence.checkpoints import number
from mtl_core.training.step.forward import Penalty
from mtl_core.training.transfer.fisher import fisher
from mtl_core.training.transfer.forgetting import Change
from mtl_core.training.transfer.heads import take_heads
from mtl_core.training.transfer.initial_weights import Start
from mtl_core.weighting import ForwardPass


class Keeper:
    """Takes the old tasks' heads and remembers how good they were; by itself it keeps nothing else.

    Args:
        model: That learns, on its device.
        spec: The experiment.
        tasks: In its order.

    Attributes:
        old: The tasks that began with a head of the other run.
        before: Scores of the old tasks on the test rows at the beginning; empty until then.
        warning: What to tell when the run begins, or nothing.
    """

    def __init__(self, model: MultiTaskModel, spec: ExperimentSpec, tasks: Sequence[TaskHead]) -> None:
        self.old: tuple[str, ...] = ()
        self.before: Scores = {}
        self.warning = ""
        self._model, self._spec, self._tasks = model, spec, tasks
        self._taken: frozenset[str] = frozenset()

    def take(self, start: Start, data: TaskData) -> str:
        """Begin with the heads of a file, the shared layers being taken; what was taken, in words.

        Raises:
            InputError: Nothing can be kept of it, see :func:`mtl_core.training.transfer.heads.take_heads`.
        """
        taken = take_heads(self._model, start, data, self._spec.tasks)
        self.old, self._taken, self.warning = taken.tasks, taken.names, taken.warning
        new = [task for task in self._model.tasks if task not in self.old]
        return f"old heads: {', '.join(self.old)}; new heads: {', '.join(new) or 'none'}"

    def begin(self, data: TaskData, before: Scores) -> None:
        """Remember the model before its first step.

        Args:
            data: Whose training rows may be looked at.
            before: Scores of all tasks on the test rows.
        """
        self.before = {task: before[task] for task in self.old}

    def begin_epoch(self) -> None:
        """Called when the model is in training mode, parameters that are not frozen learning."""

    def before_backward(
        self, passes: Sequence[ForwardPass], parts: Sequence[Batch], parameters: Sequence[nn.Parameter]
    ) -> None:
        """Look at the forward passes of a step while their graphs are there."""

    def after_backward(self) -> None:
        """Change the gradients of a step."""

    def changes(self, after: Scores) -> list[Change]:
        """What the old tasks lost, as far as the test rows have labels of them that make a score."""
        found = []
        for task, head in zip(self._spec.tasks, self._tasks, strict=True):
            metric = score_of(task)
            one, two = self.before.get(task.name, {}), after.get(task.name, {})
            if math.isfinite(one.get(metric, math.nan)) and math.isfinite(two.get(metric, math.nan)):
                found.append(Change(task.name, metric, one[metric], two[metric], head.directions[metric]))
        return found

    def state(self) -> dict[str, Tensor]:
        """Tensors for a checkpoint."""
        return {}

    def values(self) -> dict[str, Any]:
        """Plain values for a checkpoint."""
        return {"old": list(self.old), "before": self.before, "taken": sorted(self._taken)}

    def restore(self, state: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        """Take back what a checkpoint holds.

        Raises:
            AttributeError, KeyError, RuntimeError, TypeError: It is of other tasks, or not whole.
        """
        self.old, self._taken = tuple(values["old"]), frozenset(values["taken"])
        self.before = {
            task: {metric: number(score) for metric, score in scores.items()}
            for task, scores in values["before"].items()
        }


class Frozen(Keeper):
    """All that was taken stays as it is; batch normalisation in it uses and keeps its running statistics."""

    _held: Sequence[nn.Parameter] = ()

    def begin_epoch(self) -> None:
        """Freeze it; the heads keep their graphs, which some weighting methods need."""
        parameters = dict(self._model.named_parameters())
        self._held = [parameters[name] for name in self._taken & parameters.keys()]
        shared = named_shared_parameters(self._model)
        for name in self._taken & shared.keys():
            shared[name].requires_grad_(False)
        for name, module in self._model.named_modules():
            if isinstance(module, _BatchNorm) and f"{name}.running_mean" in self._taken:
                module.eval()

    def after_backward(self) -> None:
        """Parameters without a gradient take no part in a step."""
        for parameter in self._held:
            parameter.grad = None


class Distilled(Keeper):
    """The outputs of the old tasks stay near those of the old model."""

    def __init__(self, keep: Distil, model: MultiTaskModel, spec: ExperimentSpec, tasks: Sequence[TaskHead]) -> None:
        super().__init__(model, spec, tasks)
        self._strength, self._temperature = keep.strength, keep.temperature
        self._teacher: MultiTaskModel | None = None
        self._penalties: list[Penalty] = []

    def begin(self, data: TaskData, before: Scores) -> None:
        """Copy the model."""
        super().begin(data, before)
        self._teacher = self._copy()

    def _copy(self) -> MultiTaskModel:
        return copy.deepcopy(self._model).requires_grad_(False).eval()

    def before_backward(
        self, passes: Sequence[ForwardPass], parts: Sequence[Batch], parameters: Sequence[nn.Parameter]
    ) -> None:
        """Take the gradients of the distance to the old outputs, the mean over the parts of the batch."""
        self._penalties = [
            Penalty(
                self.distance(one.outputs, part.inputs) * (self._strength / len(parts)), parameters, one.representation
            )
            for one, part in zip(passes, parts, strict=True)
        ]

    def distance(self, outputs: Sequence[Tensor], inputs: Tensor) -> Tensor:
        """0-d, the sum over the old tasks of how far outputs are from the old model's.

        Args:
            outputs: Each task's.
            inputs: The rows they are of.
        """
        assert self._teacher is not None
        with torch.no_grad():
            features = self._teacher.features(inputs)
            wanted = {i: self._teacher.head(i, features) for i, t in enumerate(self._model.tasks) if t in self.old}
        terms = [self._tasks[i].distance(outputs[i], output, self._temperature) for i, output in wanted.items()]
        return torch.stack(terms).sum()

    def after_backward(self) -> None:
        """Add them."""
        for penalty in self._penalties:
            penalty.add()
        self._penalties = []

    def state(self) -> dict[str, Tensor]:
        """The old model."""
        return {} if self._teacher is None else self._teacher.state_dict()

    def restore(self, state: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        """Take back the old model."""
        super().restore(state, values)
        self._teacher = self._copy()
        self._teacher.load_state_dict(dict(state))


class Elastic(Keeper):
    """The shared layers that were taken are tied to their old weights by what the old tasks depend on."""

    def __init__(self, keep: Ewc, model: MultiTaskModel, spec: ExperimentSpec, tasks: Sequence[TaskHead]) -> None:
        super().__init__(model, spec, tasks)
        self._keep = keep
        self._ties: list[tuple[nn.Parameter, Tensor, Tensor]] = []

    def begin(self, data: TaskData, before: Scores) -> None:
        """Find how much the old tasks depend on each weight."""
        super().begin(data, before)
        tied = self._tied()
        old = [i for i, task in enumerate(self._model.tasks) if task in self.old]
        tasks = {i: self._tasks[i] for i in old}
        rows, seed = self._keep.rows, self._spec.training.seed
        found = fisher(self._model, tasks, list(tied.values()), data.train, rows=rows, seed=seed)
        self._tie({name: (p.detach().clone(), f) for (name, p), f in zip(tied.items(), found, strict=True)})

    def _tied(self) -> dict[str, nn.Parameter]:
        return {name: p for name, p in named_shared_parameters(self._model).items() if name in self._taken}

    def _tie(self, old: Mapping[str, tuple[Tensor, Tensor]]) -> None:
        pairs = [(p, old[name]) for name, p in self._tied().items()]
        self._ties = [(p, weight.to(p), importance.to(p)) for p, (weight, importance) in pairs]

    @torch.no_grad()
    def after_backward(self) -> None:
        """Add the gradient of the penalty to the gradients there are: strength · F · (w - old w)."""
        learning = [(p, weight, f) for p, weight, f in self._ties if p.grad is not None]
        if learning:
            parameters, weights, factors = map(list, zip(*learning, strict=True))
            ways = torch._foreach_sub(parameters, weights)
            torch._foreach_mul_(ways, factors)
            torch._foreach_add_([p.grad for p in parameters], ways, alpha=self._keep.strength)

    def state(self) -> dict[str, Tensor]:
        """The old weights and their importance."""
        names = self._tied()
        ties = zip(names, self._ties, strict=True) if self._ties else ()
        return {f"{part}.{name}": t for name, (_, w, f) in ties for part, t in (("weight", w), ("importance", f))}

    def restore(self, state: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        """Take both back."""
        super().restore(state, values)
        self._tie({name: (state[f"weight.{name}"], state[f"importance.{name}"]) for name in self._tied()})


def build_keeper(model: MultiTaskModel, spec: ExperimentSpec, tasks: Sequence[TaskHead]) -> Keeper | None:
    """What keeps the old tasks as the training says; None where only shared layers are taken."""
    match spec.training.keep:
        case NewHeads():
            return None
        case FineTune():
            return Keeper(model, spec, tasks)
        case Freeze():
            return Frozen(model, spec, tasks)
        case Distil() as keep:
            return Distilled(keep, model, spec, tasks)
        case Ewc() as keep:
            return Elastic(keep, model, spec, tasks)
