"""Soft prompts on a frozen trunk, one for each task.

Lester, Al-Rfou & Constant: The Power of Scale for Parameter-Efficient Prompt Tuning, EMNLP 2021.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.components.blocks import TaskModules, build_heads, build_stack
from mtl_core.architectures.components.frozen_trunk import FrozenTrunkModel, attention_layers
from mtl_core.architectures.components.inputs import InputReader, build_inputs
from mtl_core.architectures.layers.faults import Fault
from mtl_core.architectures.layers.modules.layer_stack import LayerStack, next_mask
from mtl_core.architectures.layers.pretrained import Pretrained
from mtl_core.architectures.layers.pretrained_rules import prompt_fault
from mtl_core.architectures.planning.layer_stack import LayerPlan, plan_layers
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.spec import layers as spec_layers
from mtl_core.spec.reports import Shape
from mtl_core.spec.sharing.prompts import SoftPrompts


class Prompt(nn.Module):
    """Puts learned tokens before the others: ``[N, C, L]`` to ``[N, C, P + L]``.

    Args:
        channels: C.
        length: P.
        initial_std: Standard deviation of their initial values.
    """

    def __init__(self, channels: int, length: int, initial_std: float) -> None:
        super().__init__()
        self.tokens = nn.Parameter(initial_std * torch.randn(channels, length))

    def forward(self, inputs: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Adds the tokens; gives the padding mask with them too, if there is one: they are no padding."""
        tokens = self.tokens.to(inputs.dtype).expand(inputs.shape[0], -1, -1)
        if mask is not None:
            mask = torch.cat([mask.new_ones(len(mask), tokens.shape[2]), mask], dim=1)
        return torch.cat([tokens, inputs], dim=2), mask


class PromptModel(FrozenTrunkModel):
    """A frozen trunk, and for each task a prompt in front of what its attention reads, and a head.

    Args:
        inputs: Reads the inputs, as one tensor.
        shared: The trunk.
        span: The indices of its layers that read the prompts; empty for none.
        heads: Each task's layers, the output layer included, in task order.
        prompts: Each task's prompt; empty if no layer reads them.
    """

    def __init__(
        self,
        inputs: InputReader,
        shared: LayerStack,
        span: range,
        heads: Mapping[str, nn.Module],
        prompts: Mapping[str, Prompt],
    ) -> None:
        super().__init__(inputs, shared, span.start, heads)
        self.prompts = TaskModules(prompts)
        self._span = span

    def run_trunk(self, task: str, inputs: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Runs the layers that read the prompts, without their positions in the output, then those behind."""
        if self._span:
            inputs, mask = self._run_prompted(task, inputs, mask)
        return self.layers(self._span.stop, len(self.shared)).with_mask(inputs, mask)

    def _run_prompted(self, task: str, inputs: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        prompt, first = self.prompts.for_task(task), self.shared[self._span.start]
        if isinstance(first, Pretrained):
            outputs: Tensor = first(inputs, prompt.tokens)
            return outputs, next_mask(first, outputs, first.padding_mask(inputs))
        length = inputs.shape[2]
        outputs, _ = self.layers(self._span.start, self._span.stop).with_mask(*prompt(inputs, mask))
        return outputs[:, :, -length:], mask

    def own_parameters(self, task: str) -> list[nn.Parameter]:
        """The task's prompt."""
        return list(self.prompts.for_task(task).parameters()) if self._span else []


def _prompted_span(layer_plans: Sequence[LayerPlan]) -> range:
    """The indices from the first shared layer with attention to the last; empty, behind the trunk, if there is none.

    A pretrained model of texts in front reads the prompts alone; other pretrained models read none.
    """
    indices = attention_layers(layer_plans)
    if indices and _reads_text(layer_plans[indices[0]]):
        return range(indices[0], indices[0] + 1)
    indices = [index for index in indices if not isinstance(layer_plans[index].layer, spec_layers.Pretrained)]
    return range(indices[0], indices[-1] + 1) if indices else range(len(layer_plans), len(layer_plans))


def _reads_text(layer_plan: LayerPlan) -> bool:
    return isinstance(layer_plan.layer, spec_layers.Pretrained) and len(layer_plan.input_shape or ()) == 1


def check(plan: ModelPlan) -> ModelPlan:
    """Adds a fault at the first layer between those with attention that cannot take a prompt's positions too."""
    spec, span = plan.sharing, _prompted_span(plan.shared)
    assert isinstance(spec, SoftPrompts)
    for index, layer_plan in enumerate(plan.shared):
        if isinstance(layer_plan.layer, spec_layers.Pretrained) and (
            fault := prompt_fault(layer_plan.layer, layer_plan.input_shape or (), spec.length)
        ):
            return plan.with_fault(index, fault)
    if not span or _reads_text(plan.shared[span.start]):
        return plan
    layer_plans = [plan.shared[index] for index in span]
    channels, length = layer_plans[0].input_shape or (0, 0)
    longer = plan_layers(
        [layer_plan.layer for layer_plan in layer_plans],
        (channels, spec.length + length),
        plan.inputs.parameters,
        reads_input=False,
        members=layer_plans[0].members,
    )
    for index, layer_plan, prompted in zip(span, layer_plans, longer, strict=True):
        if prompted.fault is not None:
            return plan.with_fault(index, prompted.fault)
        if not _takes_prompts(layer_plan.output_shape, prompted, length, spec.length) or (
            prompted.parameters != layer_plan.parameters
        ):
            text = (
                f"{layer_plan.layer.title} stands between layers that read soft prompts, so it must give one position "
                f"for each that arrives, whatever their number. Move it before or behind the layers with attention."
            )
            return plan.with_fault(index, Fault(text))
    return plan


def _takes_prompts(shape: Shape | None, prompted: LayerPlan, length: int, prompt_length: int) -> bool:
    """Whether a layer keeps all positions, without and with a prompt."""
    lengths = [each[1:] for each in (shape, prompted.output_shape) if each is not None]
    return lengths == [(length,), (prompt_length + length,)]


def build(plan: ModelPlan) -> PromptModel:
    """Builds the model of hard sharing, with the same initial weights, then the prompts."""
    spec, span = plan.sharing, _prompted_span(plan.shared)
    assert isinstance(spec, SoftPrompts)
    inputs, shared, heads = build_inputs(plan.inputs), build_stack(plan.shared), build_heads(plan)
    if not span:
        return PromptModel(inputs, shared, span, heads, {})
    channels = _channels(shared[span.start], plan.shared[span.start])
    prompts = {task: Prompt(channels, spec.length, spec.initial_std) for task in heads}
    return PromptModel(inputs, shared, span, heads, prompts)


def _channels(module: nn.Module, layer_plan: LayerPlan) -> int:
    """Numbers in a token of what a layer reads."""
    return module.embedding_width if isinstance(module, Pretrained) else (layer_plan.input_shape or (0,))[0]
