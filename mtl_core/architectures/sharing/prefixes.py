"""Prefix tuning: keys and values of each task in the attention of a frozen trunk.

Li & Liang: Prefix-Tuning: Optimizing Continuous Prompts for Generation, ACL 2021.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from mtl_core.architectures.components.blocks import TaskModules, build_heads, build_stack
from mtl_core.architectures.components.frozen_trunk import FrozenTrunkModel, attention_layers
from mtl_core.architectures.components.inputs import InputReader, build_inputs
from mtl_core.architectures.layers.modules.attention import Attention, Prefix, PrefixSizes
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.architectures.layers.prefixed_attention import accept_prefixes
from mtl_core.architectures.layers.pretrained_rules import prefix_fault
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.spec.layers import Pretrained
from mtl_core.spec.sharing.prefixes import Prefixes


class TaskPrefixes(nn.Module):
    """A task's prefixes of all attention layers: parameters, or what a perceptron makes of fewer parameters.

    Args:
        sizes: Of the layers' prefixes, in order.
        spec: Length, width of the perceptron's hidden layer, and initial spread.
    """

    def __init__(self, sizes: Sequence[PrefixSizes], spec: Prefixes) -> None:
        super().__init__()
        self._sizes = tuple(sizes)
        width = sum(size.heads * (size.key + size.value) for size in sizes)
        read = width if spec.hidden is None else sizes[0].heads * sizes[0].key
        self.tokens = nn.Parameter(spec.initial_std * torch.randn(spec.length, read))
        self.perceptron = (
            nn.Identity()
            if spec.hidden is None
            else nn.Sequential(nn.Linear(read, spec.hidden), nn.Tanh(), nn.Linear(spec.hidden, width))
        )

    def forward(self) -> list[Prefix]:
        """The prefix of each layer."""
        widths = [number for size in self._sizes for number in (size.heads * size.key, size.heads * size.value)]
        parts: Sequence[Tensor] = self.perceptron(self.tokens).split(widths, dim=1)
        return [
            Prefix(_by_heads(keys, size.heads), _by_heads(values, size.heads))
            for size, keys, values in zip(self._sizes, parts[::2], parts[1::2], strict=True)
        ]


def _by_heads(tokens: Tensor, heads: int) -> Tensor:
    """``[P, heads · D]`` as ``[heads, P, D]``."""
    return tokens.reshape(len(tokens), heads, tokens.shape[1] // heads).transpose(0, 1)


class PrefixModel(FrozenTrunkModel):
    """A frozen trunk, and for each task a prefix of each attention layer, and a head.

    Args:
        inputs: Reads the inputs, as one tensor.
        shared: The trunk.
        start: Index of its first layer with attention.
        heads: Each task's layers, the output layer included, in task order.
        prefixes: Each task's prefixes; empty if no layer has attention.
    """

    def __init__(
        self,
        inputs: InputReader,
        shared: LayerStack,
        start: int,
        heads: Mapping[str, nn.Module],
        prefixes: Mapping[str, TaskPrefixes],
    ) -> None:
        super().__init__(inputs, shared, start, heads)
        self.prefixes = TaskModules(prefixes)

    def run_trunk(self, task: str, inputs: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Runs the layers from the first with attention on, with a task's prefixes."""
        layers = self.layers(self._start, len(self.shared))
        if not self.prefixes:
            return layers.with_mask(inputs, mask)
        with _attached(attention_modules(layers), self.prefixes.for_task(task)()):
            return layers.with_mask(inputs, mask)

    def own_parameters(self, task: str) -> list[nn.Parameter]:
        """The task's prefixes, or what they are computed from."""
        return list(self.prefixes.for_task(task).parameters()) if self.prefixes else []


def attention_modules(layers: nn.Module) -> list[Attention]:
    """The modules that read a prefix, in order: our attention layers, and those of pretrained models that are alike."""
    return [module for module in layers.modules() if hasattr(module, "prefix_sizes")]  # type: ignore[misc]


@contextmanager
def _attached(modules: Sequence[Attention], prefixes: Sequence[Prefix]) -> Iterator[None]:
    """Lets each module read its prefix in this context."""
    for module, prefix in zip(modules, prefixes, strict=True):
        module.prefix = prefix
    try:
        yield
    finally:
        for module in modules:
            module.prefix = None


def check(plan: ModelPlan) -> ModelPlan:
    """Adds a fault at a pretrained transformer whose attention reads no prefixes."""
    for index, layer_plan in enumerate(plan.shared):
        if isinstance(layer_plan.layer, Pretrained) and (
            fault := prefix_fault(layer_plan.layer, layer_plan.input_shape or ())
        ):
            return plan.with_fault(index, fault)
    return plan


def build(plan: ModelPlan) -> PrefixModel:
    """Builds the model of hard sharing, with the same initial weights, then the prefixes."""
    assert isinstance(plan.sharing, Prefixes)
    inputs, shared, heads = build_inputs(plan.inputs), build_stack(plan.shared), build_heads(plan)
    accept_prefixes(shared, plan.input_shape)
    sizes = [module.prefix_sizes for module in attention_modules(shared)]
    start = min(attention_layers(plan.shared), default=len(plan.shared)) if sizes else len(plan.shared)
    prefixes = {task: TaskPrefixes(sizes, plan.sharing) for task in heads} if sizes else {}
    return PrefixModel(inputs, shared, start, heads, prefixes)
