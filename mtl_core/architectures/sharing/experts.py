"""Experts that tasks mix by gates: MMoE (Ma et al. 2018), CGC and PLE (Tang et al. 2020), DSelect-k."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.multi_task_model import Features, MultiTaskModel, last_parameters
from mtl_core.architectures.sharing.blocks import ByTask
from mtl_core.architectures.sharing.gates import Gate, mixed
from mtl_core.protocol.series import gate_name
from mtl_core.spec.reports import Shape


class Level(nn.Module):
    """Experts and the gates that mix them.

    Args:
        shared: Experts that every task reads.
        own: Each task's own, in task order; an empty list for a task without.
    """

    def __init__(self, shared: Sequence[nn.Module], own: Sequence[Sequence[nn.Module]]) -> None:
        super().__init__()
        self.shared = nn.ModuleList(shared)
        self.own = nn.ModuleList(nn.ModuleList(experts) for experts in own)
        self.gates = nn.ModuleList()
        self.shared_gate: nn.Module | None = None
        self._usage: dict[int, Tensor] = {}

    def add_gates(self, shape: Shape, gate: Callable[[Shape, int], Gate], *, last: bool) -> None:
        """Make the gates: one per task over its own and the shared experts; one over all where a level follows.

        Args:
            shape: Of what the experts read, without the batch.
            gate: From that and the number of experts.
            last: Whether this is the last level.
        """
        counts = [len(self._own(task)) for task in range(len(self.own))]
        self.gates = nn.ModuleList(gate(shape, count + len(self.shared)) for count in counts)
        self.shared_gate = None if last else gate(shape, sum(counts) + len(self.shared))

    def _own(self, task: int) -> list[nn.Module]:
        return list(self.own[task].children())

    def experts_of(self, task: int, state: Tensor) -> list[Tensor]:
        """What a task's own experts make of what it reads."""
        return [expert(state) for expert in self._own(task)]

    def mix(self, task: int, state: Tensor, own: Sequence[Tensor], shared: Sequence[Tensor]) -> Tensor:
        """A task's mixture of its own and the shared experts, by its gate on ``state``."""
        weights = self.gates[task](state)
        if self.training:
            self._usage[task] = weights.detach().mean(dim=0)
        return mixed(weights, [*own, *shared])

    def forward(self, states: Sequence[Tensor], common: Tensor) -> tuple[list[Tensor], Tensor]:
        """What every task, and what the shared experts of the next level read."""
        shared = [expert(common) for expert in self.shared]
        own = [self.experts_of(task, state) for task, state in enumerate(states)]
        after = [self.mix(task, state, own[task], shared) for task, state in enumerate(states)]
        assert self.shared_gate is not None
        every = [expert for experts in own for expert in experts] + shared
        return after, mixed(self.shared_gate(common), every)

    def usage(self, task: int) -> dict[str, float]:
        """What a task took of each expert on the mean in the last training pass."""
        if task not in self._usage:
            return {}
        names = [f"own expert {i + 1}" for i in range(len(self._own(task)))]
        word = "shared expert" if names else "expert"
        names += [f"{word} {i + 1}" for i in range(len(self.shared))]
        return dict(zip(names, self._usage[task].tolist(), strict=True))


class ExpertsModel(MultiTaskModel):
    """Levels of experts, then each task's layers on its mixture.

    The shared half ends at the shared experts of the last level. A task's own experts and gate there belong to its
    head, as no other task's loss reaches them.

    Args:
        levels: First to last, with their gates.
        heads: Each task's layers, the output layer included, in task order.
    """

    def __init__(self, levels: Sequence[Level], heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.levels = nn.ModuleList(levels)
        self.heads = ByTask(heads)
        self._inputs: Tensor | None = None

    @property
    def _last(self) -> Level:
        last = self.levels[-1]
        assert isinstance(last, Level)
        return last

    def features(self, inputs: Tensor) -> Features:
        """What gates and own experts of the last level read, the input or a tensor per task; then shared experts'."""
        self._inputs = inputs if self.training else self._inputs
        states, common = [inputs] * len(self.tasks), inputs
        for level in list(self.levels)[:-1]:
            states, common = level(states, common)
        read = states if len(self.levels) > 1 else [inputs]
        return (*read, *(expert(common) for expert in self._last.shared))

    def head(self, task: int, features: Features) -> Tensor:
        """A head's output on the task's mixture."""
        last = self._last
        count = len(features) - len(last.shared)
        state = features[task if len(self.levels) > 1 else 0]
        mixture = last.mix(task, state, last.experts_of(task, state), features[count:])
        output: Tensor = self.heads.of(self.tasks[task])(mixture)
        return output

    def penalty(self) -> Tensor | None:
        """What the gates that read the input add."""
        if self._inputs is None:
            return None
        gates = [gate for gate in self.levels[0].modules() if isinstance(gate, Gate)]
        found = [gate.penalty(self._inputs) for gate in gates]
        terms = [penalty for penalty in found if penalty is not None and penalty.requires_grad]
        return torch.stack(terms).sum() if terms else None

    def learned(self) -> dict[tuple[str, str], float]:
        """Every task's mean gate weights in the last training pass."""
        values: dict[tuple[str, str], float] = {}
        for number, level in enumerate(self.levels, 1):
            assert isinstance(level, Level)
            place = number if len(self.levels) > 1 else None
            for task, name in enumerate(self.tasks):
                values |= {(name, gate_name(expert, place)): used for expert, used in level.usage(task).items()}
        return values

    def shared_parameters(self) -> list[nn.Parameter]:
        """All levels but the last, and its shared experts."""
        before = [parameter for level in list(self.levels)[:-1] for parameter in level.parameters()]
        return [*before, *self._last.shared.parameters()]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """Those of the last layer of each shared expert of the last level."""
        found = [parameter for expert in self._last.shared for parameter in last_parameters(expert.children())]
        return found or last_parameters(list(self.levels)[:-1])

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """Those of a task's layers, of its gate and of its own experts in the last level."""
        number = self.tasks.index(task)
        parts = (self.heads.of(task), self._last.gates[number], self._last.own[number])
        return [parameter for part in parts for parameter in part.parameters()]
