"""Mixture-of-experts models with a gate per task: MMoE (Ma et al. 2018), CGC and PLE (Tang et al. 2020), DSelect-k."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.components.blocks import TaskModules
from mtl_core.architectures.components.gates import Gate, mix_outputs
from mtl_core.architectures.components.inputs import InputReader, last_input_parameters
from mtl_core.architectures.layers.modules.layer_stack import LayerStack, reads_mask
from mtl_core.architectures.layers.modules.masks import zero_padding
from mtl_core.architectures.multi_task_model import Features, MultiTaskModel, last_parameters
from mtl_core.datasets.data import Inputs
from mtl_core.spec.reports import Shape
from mtl_core.spec.sharing.learned_series import GATE_WEIGHTS, LEVEL_GATE_WEIGHTS


class ExpertLevel(nn.Module):
    """A level of experts and the gates that mix them.

    Args:
        shared: Experts read by every task.
        own: Each task's own experts, in task order; may be empty lists.
    """

    def __init__(self, shared: Sequence[nn.Module], own: Sequence[Sequence[nn.Module]]) -> None:
        super().__init__()
        self.shared = nn.ModuleList(shared)
        self.own = nn.ModuleList(nn.ModuleList(experts) for experts in own)
        self.gates = nn.ModuleList()
        self.shared_gate: nn.Module | None = None
        self._usage: dict[int, Tensor] = {}

    def add_gates(self, shape: Shape, gate: Callable[[Shape, int], Gate], *, last: bool) -> None:
        """Adds a gate per task over its own and the shared experts, and one over all experts if a level follows.

        Args:
            shape: Input shape of the experts without the batch dimension.
            gate: Builds a gate from that shape and the number of experts.
            last: Whether this is the last level.
        """
        counts = [len(self._own_experts(task)) for task in range(len(self.own))]
        self.gates = nn.ModuleList(gate(shape, count + len(self.shared)) for count in counts)
        self.shared_gate = None if last else gate(shape, sum(counts) + len(self.shared))

    def _own_experts(self, task: int) -> list[nn.Module]:
        return list(self.own[task].children())

    @property
    def has_own_experts(self) -> bool:
        """Whether tasks have experts of their own, each as many."""
        return bool(self._own_experts(0))

    def run_shared(self, state: Tensor, mask: Tensor | None) -> tuple[list[Tensor], Tensor | None]:
        """Runs the shared experts on their input and its padding mask; gives the mask of their outputs too."""
        return _run_experts(self.shared, state, mask)

    def run_own(self, task: int, state: Tensor, mask: Tensor | None) -> tuple[list[Tensor], Tensor | None]:
        """As `run_shared`, a task's own experts on its input; without any, the mask is that of the input."""
        return _run_experts(self.own[task], state, mask)

    def mix(
        self, task: int, state: Tensor, mask: Tensor | None, own: Sequence[Tensor], shared: Sequence[Tensor]
    ) -> Tensor:
        """Mixes the outputs of a task's own and the shared experts, by its gate on ``state`` with zeros at padding."""
        weights = self.gates[task](zero_padding(state, mask))
        if self.training:
            self._usage[task] = weights.detach().mean(dim=0)
        return mix_outputs(weights, [*own, *shared])

    def forward(
        self, states: Sequence[Tensor], shared_state: Tensor, mask: Tensor | None
    ) -> tuple[list[Tensor], Tensor, Tensor | None]:
        """The inputs of the next level: of every task, and of the shared experts; then their padding mask."""
        shared, next_mask = self.run_shared(shared_state, mask)
        own = [self.run_own(task, state, mask)[0] for task, state in enumerate(states)]
        mixtures = [self.mix(task, state, mask, own[task], shared) for task, state in enumerate(states)]
        assert self.shared_gate is not None
        all_outputs = [expert for experts in own for expert in experts] + shared
        return mixtures, mix_outputs(self.shared_gate(zero_padding(shared_state, mask)), all_outputs), next_mask

    def usage(self, task: int) -> dict[str, float]:
        """A task's mean gate weight of each expert in the last training pass."""
        if task not in self._usage:
            return {}
        names = [f"own expert {i + 1}" for i in range(len(self._own_experts(task)))]
        shared_name = "shared expert" if names else "expert"
        names += [f"{shared_name} {i + 1}" for i in range(len(self.shared))]
        return dict(zip(names, self._usage[task].tolist(), strict=True))


def _run_experts(experts: nn.Module, state: Tensor, mask: Tensor | None) -> tuple[list[Tensor], Tensor | None]:
    outputs: list[Tensor] = []
    output_mask = mask
    for expert in experts.children():
        assert isinstance(expert, LayerStack)
        output, output_mask = expert.with_mask(state, mask)
        outputs.append(output)
    return outputs, output_mask


class ExpertsModel(MultiTaskModel):
    """Levels of experts, then each task's head on its mixture.

    The shared half ends at the shared experts of the last level. A task's own experts and gate there belong to its
    head, as no other task's loss reaches them.

    Args:
        inputs: Reads the inputs, as one tensor.
        levels: First to last, with their gates.
        heads: Each task's layers, the output layer included, in task order.
    """

    def __init__(self, inputs: InputReader, levels: Sequence[ExpertLevel], heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.inputs = inputs
        self.levels = nn.ModuleList(levels)
        self.heads = TaskModules(heads)
        self._states = len(heads) if len(levels) > 1 else 1
        self._uses_mask = any(map(reads_mask, self.modules()))
        self._last_inputs: Tensor | None = None

    @property
    def _last_level(self) -> ExpertLevel:
        last = self.levels[-1]
        assert isinstance(last, ExpertLevel)
        return last

    def features(self, inputs: Inputs) -> Features:
        """The last level's inputs, one or one per task, followed by the outputs of its shared experts.

        Then comes a padding mask that heads or own experts read: that of these inputs, if tasks have experts of their
        own; else that of the outputs, and the inputs, which then only gates read, have zeros at their padding.
        """
        last = self._last_level
        fused, mask = self.inputs.with_mask(inputs) if self._uses_mask else (self.inputs(inputs), None)
        self._last_inputs = zero_padding(fused, mask) if self.training else self._last_inputs
        states, shared_state = [fused] * self._states, fused
        for level in list(self.levels)[:-1]:
            states, shared_state, next_mask = level(states, shared_state, mask)
            mask = next_mask if self._uses_mask else None
        outputs, output_mask = last.run_shared(shared_state, mask)
        if not last.has_own_experts:
            states, mask = [zero_padding(state, mask) for state in states], output_mask
        if mask is None or not self._uses_mask:
            return (*states, *outputs)
        return (*states, *outputs, mask.to(outputs[0].dtype))

    def head(self, task: int, features: Features) -> Tensor:
        """Runs a task's own experts, gate and head."""
        last = self._last_level
        count = self._states + len(last.shared)
        state, mask = features[task % self._states], features[count] if len(features) > count else None
        own, output_mask = last.run_own(task, state, mask)
        gate_mask = mask if last.has_own_experts else None
        mixture = last.mix(task, state, gate_mask, own, features[self._states : count])
        output: Tensor = self.heads.for_task(self.tasks[task])(mixture, output_mask)
        return output

    def penalty(self) -> Tensor | None:
        """The sum of the penalties of the first level's gates, which read the input."""
        if self._last_inputs is None:
            return None
        gates = [gate for gate in self.levels[0].modules() if isinstance(gate, Gate)]
        penalties = [gate.penalty(self._last_inputs) for gate in gates]
        terms = [penalty for penalty in penalties if penalty is not None and penalty.requires_grad]
        return torch.stack(terms).sum() if terms else None

    def sharing_metrics(self) -> dict[tuple[str, str], float]:
        """Every task's mean gate weights in the last training pass."""
        series = GATE_WEIGHTS if len(self.levels) == 1 else LEVEL_GATE_WEIGHTS
        values: dict[tuple[str, str], float] = {}
        for number, level in enumerate(self.levels, 1):
            assert isinstance(level, ExpertLevel)
            for task, name in enumerate(self.tasks):
                values |= {(name, series.metric(expert, number)): used for expert, used in level.usage(task).items()}
        return values

    def shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of what reads the inputs, of all levels but the last, and of its shared experts."""
        parameters = [parameter for level in list(self.levels)[:-1] for parameter in level.parameters()]
        return [*self.inputs.parameters(), *parameters, *self._last_level.shared.parameters()]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the last layer of each shared expert of the last level."""
        parameters = [
            parameter for expert in self._last_level.shared for parameter in last_parameters(expert.children())
        ]
        return parameters or last_parameters(list(self.levels)[:-1]) or last_input_parameters(self.inputs)

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters of a task's head, and of its gate and own experts in the last level."""
        number = self.tasks.index(task)
        parts = (self.heads.for_task(task), self._last_level.gates[number], self._last_level.own[number])
        return [parameter for part in parts for parameter in part.parameters()]
