"""A tree of stages whose branches are learned (Guo, Lee & Ulbricht: Learning to Branch, ICML 2020)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise

import torch
from torch import Tensor, nn

from mtl_core.architectures.components.blocks import TaskModules, build_copies, build_heads
from mtl_core.architectures.components.gates import mix_outputs
from mtl_core.architectures.components.inputs import InputReader, build_inputs, last_input_parameters
from mtl_core.architectures.layers.modules.layer_stack import LayerStack, reads_mask
from mtl_core.architectures.multi_task_model import Features, MultiTaskModel, last_parameters
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.architectures.planning.stages import stages_with_tail
from mtl_core.datasets.data import Inputs
from mtl_core.spec.sharing.branch import NODE_PROBABILITIES, Branching

_MIN_TEMPERATURE = 0.1


class Choice(nn.Module):
    """Learned choice of one parent node for each child node.

    In training the choice is sampled by straight-through Gumbel-softmax: one parent in the forward pass, the relaxed
    choice in the backward pass. In evaluation it is the most probable parent. During warm-up all parents are averaged.

    Args:
        children: Number of child nodes.
        parents: Number of parent nodes.
    """

    def __init__(self, children: int, parents: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(children, parents))

    def forward(self, temperature: Tensor, warm: Tensor) -> Tensor:
        """Computes ``[children, parents]``, the weight of each parent for each child.

        Args:
            temperature: 0-d, above 0, of the Gumbel-softmax.
            warm: 0-d bool, whether this is a warm-up step, without a choice.
        """
        if self.training:
            noise = -torch.empty_like(self.logits).exponential_().log()
            soft = torch.softmax((self.logits + noise) / temperature, dim=-1)
            weights = _one_hot(soft) + (soft - soft.detach())
        else:
            weights = _one_hot(self.logits)
        return torch.where(warm, torch.full_like(weights, 1 / weights.shape[1]), weights)

    def probabilities(self) -> Tensor:
        """The probability of each choice, ``[children, parents]``, without graph."""
        return torch.softmax(self.logits.detach(), dim=-1)


def _one_hot(scores: Tensor) -> Tensor:
    return torch.zeros_like(scores).scatter_(-1, scores.argmax(dim=-1, keepdim=True), 1.0)


class BranchModel(MultiTaskModel):
    """Several nodes per stage, each reading one node of the stage before, and a head per task reading one of the last.

    The shared half ends at the nodes of the last stage; a task's choice among them belongs to its head. Temperature and
    warm-up follow the number of training steps, which is part of the state.

    Args:
        inputs: Reads the inputs, as one tensor.
        stages: Each stage's nodes, copies of the same layers; those of the first stage read the input.
        heads: Each task's layers, the output layer included, in task order.
        warmup: Number of steps in which all parents are averaged.
        temperature: Temperature of the first step.
        half_life: Number of steps in which the temperature halves.
    """

    steps: Tensor

    def __init__(
        self,
        inputs: InputReader,
        stages: Sequence[Sequence[nn.Module]],
        heads: Mapping[str, nn.Module],
        *,
        warmup: int,
        temperature: float,
        half_life: int,
    ) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.inputs = inputs
        self.stages = nn.ModuleList(nn.ModuleList(nodes) for nodes in stages)
        self.heads = TaskModules(heads)
        sizes = [len(nodes) for nodes in stages]
        self.choices = nn.ModuleList(Choice(after, before) for before, after in pairwise(sizes))
        self._last_nodes = sizes[-1] if sizes else 1
        self.leaves = nn.ModuleList(Choice(1, self._last_nodes) for _ in heads)
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self._heads_read_mask = any(map(reads_mask, heads.values()))
        self._warmup, self._initial_temperature, self._half_life = warmup, temperature, half_life

    @property
    def temperature(self) -> Tensor:
        """The current temperature, 0-d."""
        return (self._initial_temperature * 0.5 ** (self.steps / self._half_life)).clamp(min=_MIN_TEMPERATURE)

    def begin_step(self) -> None:
        """Counts the training step."""
        self.steps += 1

    def features(self, inputs: Inputs) -> Features:
        """Outputs of the last stage's nodes; what they would read if there is no stage.

        Then comes their padding mask if a head reads it.
        """
        fused, mask = self.inputs.with_mask(inputs)
        outputs: Sequence[Tensor] = (fused,)
        for number, nodes in enumerate(self.stages):
            if number:
                parent_weights = self._sample_choice(self.choices[number - 1])
                outputs = [
                    mix_outputs(parent_weights[child : child + 1], outputs) for child in range(len(parent_weights))
                ]
            assert isinstance(nodes, nn.ModuleList)
            outputs, masks = zip(*self._run_nodes(nodes, outputs, mask), strict=True)
            mask = masks[0]  # the same for all, which have the same layers
        return (*outputs,) if mask is None or not self._heads_read_mask else (*outputs, mask.to(outputs[0].dtype))

    def _run_nodes(
        self, nodes: nn.ModuleList, inputs: Sequence[Tensor], mask: Tensor | None
    ) -> Iterator[tuple[Tensor, Tensor | None]]:
        """The outputs of a stage's nodes and their padding mask, each from its own input or all from a single one."""
        for child, node in enumerate(nodes):
            assert isinstance(node, LayerStack)
            yield node.with_mask(inputs[child % len(inputs)], mask)

    def _sample_choice(self, choice: nn.Module) -> Tensor:
        current_step = int(self.training and self._warmup > 0)  # `steps` includes the current one
        weights: Tensor = choice(self.temperature, self.steps < self._warmup + current_step)
        return weights

    def head(self, task: int, features: Features) -> Tensor:
        """Runs a task's head on the node it chooses."""
        nodes = self._last_nodes
        leaf = mix_outputs(self._sample_choice(self.leaves[task]), features[:nodes])
        output: Tensor = self.heads.for_task(self.tasks[task])(leaf, *features[nodes:])
        return output

    def sharing_metrics(self) -> dict[tuple[str, str], float]:
        """The probability that a task's path to the input leads through each node."""
        values: dict[tuple[str, str], float] = {}
        for name, leaf in zip(self.tasks, self.leaves, strict=True):
            path_probabilities: Tensor | None = None
            for number, choice in zip(range(len(self.stages), 0, -1), [leaf, *reversed(self.choices)], strict=False):
                assert isinstance(choice, Choice)
                probabilities = choice.probabilities()
                path_probabilities = probabilities if path_probabilities is None else path_probabilities @ probabilities
                row = path_probabilities[0].tolist()
                values |= {(name, NODE_PROBABILITIES.metric(f"node {i + 1}", number)): p for i, p in enumerate(row)}
        return values

    def shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of what reads the inputs, of all nodes and of their choices."""
        return [*self.inputs.parameters(), *self.stages.parameters(), *self.choices.parameters()]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the last layer of each node, in the last stage that has any."""
        for nodes in reversed(list(self.stages)):
            parameters = [parameter for node in nodes.children() for parameter in last_parameters(node.children())]
            if parameters:
                return parameters
        return last_input_parameters(self.inputs)

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters of a task's head and of its choice."""
        number = self.tasks.index(task)
        return [*self.heads.for_task(task).parameters(), *self.leaves[number].parameters()]


def build(plan: ModelPlan) -> BranchModel:
    """Builds what reads the inputs, and the nodes of every stage; the trunk's tail belongs to the last ones."""
    spec = plan.sharing
    assert isinstance(spec, Branching)
    parts = stages_with_tail(plan.shared)
    firsts = accumulate([0, *(len(steps) for steps in parts)])
    inputs = build_inputs(plan.inputs)
    stages = [build_copies(steps, spec.nodes, first) for steps, first in zip(parts, firsts, strict=False)]
    settings = {"warmup": spec.warmup, "half_life": spec.half_life}
    return BranchModel(inputs, stages, build_heads(plan), temperature=spec.temperature, **settings)
