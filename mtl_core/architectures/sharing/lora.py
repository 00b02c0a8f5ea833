"""Low-rank updates of a frozen trunk (Hu et al.: LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022)."""

import math
from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional

from mtl_core.architectures.components.blocks import build_heads, build_stack
from mtl_core.architectures.components.inputs import InputReader, build_inputs
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.architectures.sharing.hard import HardSharingModel
from mtl_core.spec.sharing.lora import Lora


class LowRankLinear(nn.Linear):
    """A linear layer with an update of low rank, Wx + b + (α / r)·BAx, under the same names of W and b.

    B begins at zero, so at first the layer computes what it did without the update.

    Args:
        linear: The layer, whose parameters it takes.
        spec: Rank r, α and dropout before A.
    """

    def __init__(self, linear: nn.Linear, spec: Lora) -> None:
        super().__init__(linear.in_features, linear.out_features, bias=False, device="meta")
        rank = min(spec.rank, linear.in_features, linear.out_features)
        self.weight, self.bias = linear.weight, linear.bias
        self.lora_a = nn.Parameter(linear.weight.new_empty(rank, linear.in_features))
        self.lora_b = nn.Parameter(linear.weight.new_zeros(linear.out_features, rank))
        nn.init.kaiming_uniform_(self.lora_a, a=math.sqrt(5))  # as a linear layer begins
        self.dropout = nn.Dropout(spec.dropout)
        self._scale = spec.alpha / rank

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # the name in torch
        """Runs the layer and its update."""
        update = functional.linear(functional.linear(self.dropout(input), self.lora_a), self.lora_b)
        return super().forward(input) + self._scale * update


class LoraModel(HardSharingModel):
    """Hard sharing with a frozen trunk, whose linear layers have updates of low rank.

    Args:
        inputs: Reads the inputs, as one tensor.
        shared: The trunk.
        heads: Each task's layers, the output layer included, in task order.
        spec: The settings of the updates.
    """

    def __init__(self, inputs: InputReader, shared: LayerStack, heads: Mapping[str, nn.Module], spec: Lora) -> None:
        super().__init__(inputs.requires_grad_(False), shared.requires_grad_(False), heads)
        for part in (self.inputs, self.shared):
            add_updates(part, spec)

    def shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of all updates."""
        return [*_updates(self.inputs), *_updates(self.shared)]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the updates in the trunk's last layer that has any."""
        for layer in reversed(list(self.shared)):
            if parameters := _updates(layer):
                return parameters
        return _updates(self.inputs)

    def frozen_parameters(self) -> list[nn.Parameter]:
        """The parameters of inputs and trunk but for the updates."""
        updates = set(map(id, self.shared_parameters()))
        parameters = [*self.inputs.parameters(), *self.shared.parameters()]
        return [parameter for parameter in parameters if id(parameter) not in updates]


def add_updates(module: nn.Module, spec: Lora) -> None:
    """Replaces the linear layers in a module by ones with an update."""
    for name, child in module.named_children():
        if type(child) is nn.Linear:
            setattr(module, name, LowRankLinear(child, spec))
        else:
            add_updates(child, spec)


def _updates(module: nn.Module) -> list[nn.Parameter]:
    layers = [layer for layer in module.modules() if isinstance(layer, LowRankLinear)]
    return [parameter for layer in layers for parameter in (layer.lora_a, layer.lora_b)]


def build(plan: ModelPlan) -> LoraModel:
    """Builds the model of hard sharing, with the same initial weights, then the updates."""
    assert isinstance(plan.sharing, Lora)
    inputs, shared, heads = build_inputs(plan.inputs), build_stack(plan.shared), build_heads(plan)
    return LoraModel(inputs, shared, heads, plan.sharing)
