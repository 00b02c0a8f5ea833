"""Low-rank updates of a frozen trunk (Hu et al.: LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022)."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtl_core.architectures.components.blocks import build_heads, build_stack
from mtl_core.architectures.components.inputs import InputReader, build_inputs
from mtl_core.architectures.layers.faults import Fault
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.architectures.layers.pretrained import Pretrained
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.architectures.sharing.hard import HardSharingModel
from mtl_core.spec.reports import Shape
from mtl_core.spec.sharing.lora import Lora


class LowRankLinear(nn.Module):
    """A linear layer with an update of low rank, Wx + b + (α / r)·BAx, under the same names of W and b.

    B begins at zero, so at first the layer computes what it did without the update.

    Args:
        linear: The layer, whose parameters it takes: a linear one, or the transposed one of GPT-2 (``Conv1D``).
        spec: Rank r, α and dropout before A.
    """

    def __init__(self, linear: nn.Module, spec: Lora) -> None:
        super().__init__()
        weight, bias = linear.weight, linear.bias
        assert isinstance(weight, nn.Parameter)
        self.weight = weight
        self.bias = bias if isinstance(bias, nn.Parameter) else None
        self._is_transposed = not isinstance(linear, nn.Linear)
        outputs, inputs = weight.T.shape if self._is_transposed else weight.shape
        self.in_features, self.out_features = inputs, outputs
        rank = min(spec.rank, inputs, outputs)
        self.lora_a = nn.Parameter(weight.new_empty(rank, inputs))
        self.lora_b = nn.Parameter(weight.new_zeros(outputs, rank))
        nn.init.kaiming_uniform_(self.lora_a, a=math.sqrt(5))  # as a linear layer begins
        self.dropout = nn.Dropout(spec.dropout)
        self._scale = spec.alpha / rank

    def forward(self, inputs: Tensor) -> Tensor:
        """Runs the layer and its update."""
        weight: Tensor = self.weight.T if self._is_transposed else self.weight
        update = functional.linear(functional.linear(self.dropout(inputs), self.lora_a), self.lora_b)
        return functional.linear(inputs, weight, self.bias) + self._scale * update


class LoraModel(HardSharingModel):
    """Hard sharing with a frozen trunk, whose linear layers, or those of its attention, have updates of low rank.

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
    """Replaces the linear layers in a module, or those of its attention alone, by ones with an update."""
    is_updated = spec.layers == "all" or _is_attention(module)
    for name, child in module.named_children():
        if is_updated and _is_linear(child):
            setattr(module, name, LowRankLinear(child, spec))
        else:
            add_updates(child, spec.model_copy(update={"layers": "all"}) if is_updated else spec)


def _is_attention(module: nn.Module) -> bool:
    """Whether a module is attention, ours or the library's, which names its classes so in all models."""
    return "Attention" in type(module).__name__


def _is_linear(module: nn.Module) -> bool:
    return type(module) is nn.Linear or type(module).__name__ == "Conv1D"


def _updates(module: nn.Module) -> list[nn.Parameter]:
    return [parameter for layer in _updated_layers(module).values() for parameter in (layer.lora_a, layer.lora_b)]


def _updated_layers(module: nn.Module) -> dict[str, LowRankLinear]:
    return {name: layer for name, layer in module.named_modules() if isinstance(layer, LowRankLinear)}


def _drop_idle_updates(model: LoraModel, shapes: Mapping[str, Shape]) -> None:
    """Takes the update from layers that a pretrained model never runs, since it reads their weights only (WavLM).

    The model runs once to find them, on one empty row.
    """
    if not any(isinstance(module, Pretrained) for module in model.modules()):
        return
    layers, run = _updated_layers(model), set[nn.Module]()
    hooks = [layer.register_forward_hook(lambda layer, _, __: run.add(layer)) for layer in layers.values()]
    device = next(model.parameters()).device
    with torch.no_grad():
        model.eval().features({name: torch.zeros(1, *shape, device=device) for name, shape in shapes.items()})
    model.train()
    for hook in hooks:
        hook.remove()
    for name, layer in layers.items():
        if layer not in run:
            plain = nn.Linear(layer.in_features, layer.out_features, bias=False, device="meta")
            plain.weight, plain.bias = layer.weight, layer.bias  # type: ignore[assignment]
            model.set_submodule(name, plain)


def check(plan: ModelPlan) -> ModelPlan:
    """Adds a fault at the last shared layer where updates of attention alone find none."""
    assert isinstance(plan.sharing, Lora)
    if plan.sharing.layers == "all" or not plan.shared:
        return plan
    with torch.device("meta"):
        has_updates = bool(_updated_layers(build(plan)))
    if has_updates:
        return plan
    text = "No shared layer has attention whose linear layers can be updated; let LoRA update all linear layers."
    return plan.with_fault(len(plan.shared) - 1, Fault(text))


def build(plan: ModelPlan) -> LoraModel:
    """Builds the model of hard sharing, with the same initial weights, then the updates."""
    assert isinstance(plan.sharing, Lora)
    inputs, shared, heads = build_inputs(plan.inputs), build_stack(plan.shared), build_heads(plan)
    model = LoraModel(inputs, shared, heads, plan.sharing)
    _drop_idle_updates(model, plan.inputs.shapes)
    return model
