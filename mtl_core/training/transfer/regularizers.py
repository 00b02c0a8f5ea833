"""Continual learning regularizers: freezing, distillation (LwF) and EWC against forgetting of old tasks."""

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mtl_core.architectures import MultiTaskModel
from mtl_core.datasets.data import Inputs, TaskData
from mtl_core.spec import ExperimentSpec, score_of
from mtl_core.spec.training.continual import Distil, Ewc, FineTune, Freeze, NewHeads
from mtl_core.tasks import TaskHead
from mtl_core.training.batching.batches import Batch
from mtl_core.training.metrics.validation import Scores
from mtl_core.training.optimization.param_groups import named_shared_parameters
from mtl_core.training.persistence.checkpoints import read_number
from mtl_core.training.step.forward import PenaltyGradient
from mtl_core.training.transfer.fisher import fisher_diagonal
from mtl_core.training.transfer.forgetting import ScoreChange
from mtl_core.training.transfer.heads import load_heads
from mtl_core.training.transfer.initial_weights import InitialWeights
from mtl_core.weighting import ForwardPass


class ContinualRegularizer:
    """Base class: loads the old tasks' heads and measures forgetting; adds no regularization (fine-tuning).

    Args:
        model: The trained model, on its device.
        spec: The experiment.
        tasks: Task heads, in its order.

    Attributes:
        old_tasks: Tasks whose heads come from the other run.
        initial_scores: Test scores of the old tasks before the first step; empty until then.
        warning: Warning to log when the run starts, or empty.
    """

    def __init__(self, model: MultiTaskModel, spec: ExperimentSpec, tasks: Sequence[TaskHead]) -> None:
        self.old_tasks: tuple[str, ...] = ()
        self.initial_scores: Scores = {}
        self.warning = ""
        self._model, self._spec, self._tasks = model, spec, tasks
        self._loaded_names: frozenset[str] = frozenset()

    def load_heads(self, initial: InitialWeights, data: TaskData) -> str:
        """Load the heads of a file, after its shared layers; return a summary.

        Raises:
            InputError: They do not fit, see :func:`mtl_core.training.transfer.heads.load_heads`.
        """
        loaded = load_heads(self._model, initial, data, self._spec.tasks)
        self.old_tasks, self._loaded_names, self.warning = loaded.tasks, loaded.names, loaded.warning
        new_tasks = [task for task in self._model.tasks if task not in self.old_tasks]
        return f"old heads: {', '.join(self.old_tasks)}; new heads: {', '.join(new_tasks) or 'none'}"

    def start(self, data: TaskData, scores: Scores) -> None:
        """Prepare for the first step.

        Args:
            data: Data of the run.
            scores: Test scores of all tasks.
        """
        self.initial_scores = {task: scores[task] for task in self.old_tasks}

    def begin_epoch(self) -> None:
        """Called at the start of an epoch, in training mode, after parameters were frozen or unfrozen."""

    def before_backward(
        self, passes: Sequence[ForwardPass], parts: Sequence[Batch], parameters: Sequence[nn.Parameter]
    ) -> None:
        """Called with the forward passes of a step while their graphs exist."""

    def after_backward(self) -> None:
        """Called after the backward pass; may change gradients."""

    def score_changes(self, scores: Scores) -> list[ScoreChange]:
        """Return the score change of each old task whose score is defined before and after."""
        changes = []
        for task, head in zip(self._spec.tasks, self._tasks, strict=True):
            metric = score_of(task)
            before, after = self.initial_scores.get(task.name, {}), scores.get(task.name, {})
            if math.isfinite(before.get(metric, math.nan)) and math.isfinite(after.get(metric, math.nan)):
                changes.append(ScoreChange(task.name, metric, before[metric], after[metric], head.directions[metric]))
        return changes

    def state_dict(self) -> dict[str, Any]:
        """Return the old tasks with their initial scores, and the names of the loaded tensors."""
        return {"old": list(self.old_tasks), "before": self.initial_scores, "taken": sorted(self._loaded_names)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state.

        Raises:
            AttributeError, KeyError, RuntimeError, TypeError: It belongs to other tasks, or is incomplete.
        """
        self.old_tasks, self._loaded_names = tuple(state["old"]), frozenset(state["taken"])
        self.initial_scores = {
            task: {metric: read_number(score) for metric, score in scores.items()}
            for task, scores in state["before"].items()
        }


class FreezeRegularizer(ContinualRegularizer):
    """Freezes all loaded parameters, and the batch norm statistics of the loaded layers."""

    def __init__(self, model: MultiTaskModel, spec: ExperimentSpec, tasks: Sequence[TaskHead]) -> None:
        super().__init__(model, spec, tasks)
        self._frozen_parameters: Sequence[nn.Parameter] = ()

    def begin_epoch(self) -> None:
        """Freeze the loaded shared layers; heads keep their graphs, which some weighting methods need."""
        parameters = dict(self._model.named_parameters())
        self._frozen_parameters = [parameters[name] for name in self._loaded_names & parameters.keys()]
        shared = named_shared_parameters(self._model)
        for name in self._loaded_names & shared.keys():
            shared[name].requires_grad_(False)
        for name, module in self._model.named_modules():
            if isinstance(module, _BatchNorm) and f"{name}.running_mean" in self._loaded_names:
                module.eval()

    def after_backward(self) -> None:
        """Drop the gradients of the frozen parameters, so that the optimizer skips them."""
        for parameter in self._frozen_parameters:
            parameter.grad = None


class DistillationRegularizer(ContinualRegularizer):
    """Penalizes the distance of the old tasks' outputs to those of the initial model (learning without forgetting)."""

    def __init__(self, keep: Distil, model: MultiTaskModel, spec: ExperimentSpec, tasks: Sequence[TaskHead]) -> None:
        super().__init__(model, spec, tasks)
        self._strength, self._temperature = keep.strength, keep.temperature
        self._teacher: MultiTaskModel | None = None
        self._penalties: list[PenaltyGradient] = []

    def start(self, data: TaskData, scores: Scores) -> None:
        """Copy the initial model as the teacher."""
        super().start(data, scores)
        self._teacher = self._copy_model()

    def _copy_model(self) -> MultiTaskModel:
        return copy.deepcopy(self._model).requires_grad_(False).eval()

    def before_backward(
        self, passes: Sequence[ForwardPass], parts: Sequence[Batch], parameters: Sequence[nn.Parameter]
    ) -> None:
        """Compute the gradient of the distillation loss, averaged over the parts of the batch."""
        self._penalties = [
            PenaltyGradient(
                self.distance(forward_pass.outputs, part.inputs) * (self._strength / len(parts)),
                parameters,
                forward_pass.representation,
            )
            for forward_pass, part in zip(passes, parts, strict=True)
        ]

    def distance(self, outputs: Sequence[Tensor], inputs: Inputs) -> Tensor:
        """Compute the 0-d distillation loss: distances to the teacher's outputs, summed over the old tasks.

        Args:
            outputs: Output of each task.
            inputs: Inputs of these outputs.
        """
        assert self._teacher is not None
        with torch.no_grad():
            features = self._teacher.features(inputs)
            old_outputs = {
                i: self._teacher.head(i, features) for i, task in enumerate(self._model.tasks) if task in self.old_tasks
            }
        terms = [self._tasks[i].distance(outputs[i], output, self._temperature) for i, output in old_outputs.items()]
        return torch.stack(terms).sum()

    def after_backward(self) -> None:
        """Add the gradients of the distillation loss."""
        for penalty in self._penalties:
            penalty.add()
        self._penalties = []

    def state_dict(self) -> dict[str, Any]:
        """Return the weights of the teacher too."""
        return super().state_dict() | ({} if self._teacher is None else self._teacher.state_dict())

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the teacher too."""
        super().load_state_dict(state)
        self._teacher = self._copy_model()
        self._teacher.load_state_dict({name: value for name, value in state.items() if isinstance(value, Tensor)})


class EwcRegularizer(ContinualRegularizer):
    """Elastic weight consolidation: penalizes changes of loaded shared weights by their Fisher information."""

    def __init__(self, keep: Ewc, model: MultiTaskModel, spec: ExperimentSpec, tasks: Sequence[TaskHead]) -> None:
        super().__init__(model, spec, tasks)
        self._keep = keep
        self._anchors: list[tuple[nn.Parameter, Tensor, Tensor]] = []

    def start(self, data: TaskData, scores: Scores) -> None:
        """Compute the importance of each weight for the old tasks."""
        super().start(data, scores)
        parameters = self._anchored_parameters()
        old_indices = [i for i, task in enumerate(self._model.tasks) if task in self.old_tasks]
        tasks = {i: self._tasks[i] for i in old_indices}
        rows, seed = self._keep.rows, self._spec.training.seed
        importances = fisher_diagonal(self._model, tasks, list(parameters.values()), data.train, rows=rows, seed=seed)
        self._set_anchors(
            {
                name: (parameter.detach().clone(), importance)
                for (name, parameter), importance in zip(parameters.items(), importances, strict=True)
            }
        )

    def _anchored_parameters(self) -> dict[str, nn.Parameter]:
        return {name: p for name, p in named_shared_parameters(self._model).items() if name in self._loaded_names}

    def _set_anchors(self, anchors: Mapping[str, tuple[Tensor, Tensor]]) -> None:
        anchored = [(p, anchors[name]) for name, p in self._anchored_parameters().items()]
        self._anchors = [(p, weight.to(p), importance.to(p)) for p, (weight, importance) in anchored]

    @torch.no_grad()
    def after_backward(self) -> None:
        """Add the gradient of the penalty, strength · F · (w - old w), to existing gradients."""
        trained = [(p, weight, importance) for p, weight, importance in self._anchors if p.grad is not None]
        if trained:
            parameters, weights, importances = map(list, zip(*trained, strict=True))
            differences = torch._foreach_sub(parameters, weights)
            torch._foreach_mul_(differences, importances)
            torch._foreach_add_([p.grad for p in parameters], differences, alpha=self._keep.strength)

    def state_dict(self) -> dict[str, Any]:
        """Return the old weights and their importance too."""
        anchors = zip(self._anchored_parameters(), self._anchors, strict=True) if self._anchors else ()
        return super().state_dict() | {
            f"{part}.{name}": tensor
            for name, (_, weight, importance) in anchors
            for part, tensor in (("weight", weight), ("importance", importance))
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the old weights and their importance too."""
        super().load_state_dict(state)
        self._set_anchors(
            {name: (state[f"weight.{name}"], state[f"importance.{name}"]) for name in self._anchored_parameters()}
        )


def build_regularizer(
    model: MultiTaskModel, spec: ExperimentSpec, tasks: Sequence[TaskHead]
) -> ContinualRegularizer | None:
    """Build the regularizer of the spec; None if only shared layers are loaded."""
    match spec.training.keep:
        case NewHeads():
            return None
        case FineTune():
            return ContinualRegularizer(model, spec, tasks)
        case Freeze():
            return FreezeRegularizer(model, spec, tasks)
        case Distil() as keep:
            return DistillationRegularizer(keep, model, spec, tasks)
        case Ewc() as keep:
            return EwcRegularizer(keep, model, spec, tasks)
