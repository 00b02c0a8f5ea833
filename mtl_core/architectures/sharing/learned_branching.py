"""A tree of stages whose branches are learned (Guo, Lee & Ulbricht: Learning to Branch, ICML 2020)."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

import torch
from torch import Tensor, nn

from mtl_core.architectures.multi_task_model import Features, MultiTaskModel, last_parameters
from mtl_core.architectures.planning.model_plan import Plan
from mtl_core.architectures.sharing.blocks import ByTask, copies_of, heads_of, whole_stages
from mtl_core.architectures.sharing.gates import mixed
from mtl_core.protocol.series import node_name
from mtl_core.spec.model import Branching

_COLDEST = 0.1


class Choice(nn.Module):
    """Each of some children chooses one of some parents.

    Training draws the choice by Gumbel-softmax: one parent on the way forward, the relaxed choice on the way back.
    Evaluation takes the most probable one. Either takes all parents in equal parts while ``warm`` is given.

    Args:
        children: How many choose.
        parents: Among how many.
    """

    def __init__(self, children: int, parents: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(children, parents))

    def forward(self, temperature: Tensor, warm: Tensor) -> Tensor:
        """``[children, parents]`` what each child takes of each parent.

        Args:
            temperature: 0-d, above 0; how random a draw is.
            warm: 0-d bool, whether nothing is chosen yet.
        """
        if self.training:
            noise = -torch.empty_like(self.logits).exponential_().log()
            soft = torch.softmax((self.logits + noise) / temperature, dim=-1)
            chosen = _one_hot(soft) + (soft - soft.detach())
        else:
            chosen = _one_hot(self.logits)
        return torch.where(warm, torch.full_like(chosen, 1 / chosen.shape[1]), chosen)

    def probabilities(self) -> Tensor:
        """``[children, parents]`` without graph."""
        return torch.softmax(self.logits.detach(), dim=-1)


def _one_hot(scores: Tensor) -> Tensor:
    return torch.zeros_like(scores).scatter_(-1, scores.argmax(dim=-1, keepdim=True), 1.0)


class BranchModel(MultiTaskModel):
    """Several nodes a stage, each fed by one of the stage before, and a head per task fed by one of the last.

    The shared half ends at the nodes of the last stage; a task's choice among them belongs to its head. Temperature and
    warm-up follow the number of training steps, which is part of the state.

    Args:
        stages: Each stage's nodes, alike, first to last; those of the first read the input.
        heads: Each task's layers, the output layer included, in task order.
        warmup: Steps in which all parents have an equal part.
        temperature: Of the first step.
        half_life: Steps in which it falls by half.
    """

    steps: Tensor

    def __init__(
        self,
        stages: Sequence[Sequence[nn.Module]],
        heads: Mapping[str, nn.Module],
        *,
        warmup: int,
        temperature: float,
        half_life: int,
    ) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.stages = nn.ModuleList(nn.ModuleList(nodes) for nodes in stages)
        self.heads = ByTask(heads)
        sizes = [len(nodes) for nodes in stages]
        self.choices = nn.ModuleList(Choice(after, before) for before, after in pairwise(sizes))
        self.leaves = nn.ModuleList(Choice(1, sizes[-1] if sizes else 1) for _ in heads)
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self._warmup, self._hottest, self._half_life = warmup, temperature, half_life

    @property
    def temperature(self) -> Tensor:
        """0-d, of the next draw."""
        return (self._hottest * 0.5 ** (self.steps / self._half_life)).clamp(min=_COLDEST)

    def begin_step(self) -> None:
        """Counts it."""
        self.steps += 1

    def features(self, inputs: Tensor) -> Features:
        """What the nodes of the last stage give; the input when there is no stage."""
        reads: Sequence[Tensor] = (inputs,)
        for number, nodes in enumerate(self.stages):
            if number:
                takes = self._drawn(self.choices[number - 1])
                reads = [mixed(takes[child : child + 1], reads) for child in range(len(takes))]
            assert isinstance(nodes, nn.ModuleList)
            reads = [node(reads[child if number else 0]) for child, node in enumerate(nodes)]
        return tuple(reads)

    def _drawn(self, choice: nn.Module) -> Tensor:
        under_way = self.training and self._warmup > 0  # the present step is counted already
        drawn: Tensor = choice(self.temperature, self.steps < self._warmup + under_way)
        return drawn

    def head(self, task: int, features: Features) -> Tensor:
        """A head's output on the node it chose."""
        leaf = mixed(self._drawn(self.leaves[task]), features)
        output: Tensor = self.heads.of(self.tasks[task])(leaf)
        return output

    def learned(self) -> dict[tuple[str, str], float]:
        """How probable it is that a task's way to the input leads through a node."""
        values: dict[tuple[str, str], float] = {}
        for name, leaf in zip(self.tasks, self.leaves, strict=True):
            way: Tensor | None = None
            for number, choice in zip(range(len(self.stages), 0, -1), [leaf, *reversed(self.choices)], strict=False):
                assert isinstance(choice, Choice)
                way = choice.probabilities() if way is None else way @ choice.probabilities()
                values |= {(name, node_name(number, i + 1)): p for i, p in enumerate(way[0].tolist())}
        return values

    def shared_parameters(self) -> list[nn.Parameter]:
        """Those of all nodes and of their choices."""
        return [*self.stages.parameters(), *self.choices.parameters()]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """Those of the last layer of each node of the last stage that has any."""
        for nodes in reversed(list(self.stages)):
            found = [parameter for node in nodes.children() for parameter in last_parameters(node.children())]
            if found:
                return found
        return []

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """Those of a task's layers and of its choice."""
        number = self.tasks.index(task)
        return [*self.heads.of(task).parameters(), *self.leaves[number].parameters()]


def build(plan: Plan) -> BranchModel:
    """A row of nodes for every stage; what lies behind the last stage belongs to its nodes."""
    spec = plan.sharing
    assert isinstance(spec, Branching)
    parts = whole_stages(plan.shared)
    firsts = accumulate([0, *(len(steps) for steps in parts)])
    stages = [copies_of(steps, spec.nodes, first) for steps, first in zip(parts, firsts, strict=False)]
    settings = {"warmup": spec.warmup, "half_life": spec.half_life}
    return BranchModel(stages, heads_of(plan), temperature=spec.temperature, **settings)
