"""Soft prompts on a frozen trunk, one for each task.

Lester, Al-Rfou & Constant: The Power of Scale for Parameter-Efficient Prompt Tuning, EMNLP 2021.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from mtl_core.architectures.components.blocks import TaskModules, build_heads, build_stack
from mtl_core.architectures.components.inputs import InputReader, build_inputs
from mtl_core.architectures.layers.faults import Fault
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.architectures.multi_task_model import Features, MultiTaskModel
from mtl_core.architectures.planning.layer_stack import LayerPlan, plan_layers
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.datasets.data import Inputs
from mtl_core.spec.reports import Shape
from mtl_core.spec.sharing.prompts import SoftPrompts, reads_prompts


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


class PromptModel(MultiTaskModel):
    """A frozen trunk, and for each task a prompt in front of what its attention reads, and a head.

    The shared half ends where the prompts begin; the trunk runs on from there once for each task, as part of its head,
    so that a prompt gets the plain gradient of its task. Parameters of the trunk would there get the sum of all tasks'
    gradients, past the weighting, which is why the scheme never trains them.

    Args:
        inputs: Reads the inputs, as one tensor.
        shared: The trunk.
        span: The indices of its layers that read the prompts; empty for none.
        heads: Each task's layers, the output layer included, in task order.
        prompts: Each task's prompt; empty if no layer reads them.
    """

    depends_on_task_order: ClassVar[bool] = False

    def __init__(
        self,
        inputs: InputReader,
        shared: LayerStack,
        span: range,
        heads: Mapping[str, nn.Module],
        prompts: Mapping[str, Prompt],
    ) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.inputs = inputs.requires_grad_(False)
        self.shared = shared.requires_grad_(False)
        self.heads = TaskModules(heads)
        self.prompts = TaskModules(prompts)
        self._span = span

    def features(self, inputs: Inputs) -> Features:
        """Runs the layers before the prompts; the padding mask of their output follows if there is one."""
        outputs, mask = self._layers(0, self._span.start).with_mask(*self.inputs.with_mask(inputs))
        return (outputs,) if mask is None else (outputs, mask.to(outputs.dtype))

    def head(self, task: int, features: Features) -> Tensor:
        """Runs the rest of the trunk with a task's prompt, then its head."""
        name = self.tasks[task]
        outputs, *masks = features
        mask = masks[0] if masks else None
        if self._span:
            outputs, mask = self._run_prompted(name, outputs, mask)
        outputs, mask = self._layers(self._span.stop, len(self.shared)).with_mask(outputs, mask)
        result: Tensor = self.heads.for_task(name)(outputs, mask)
        return result

    def _run_prompted(self, task: str, inputs: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Runs the layers that read the prompts, and leaves the prompt's positions out of their output."""
        length = inputs.shape[2]
        prompted = self.prompts.for_task(task)(inputs, mask)
        outputs, _ = self._layers(self._span.start, self._span.stop).with_mask(*prompted)
        return outputs[:, :, -length:], mask

    def _layers(self, start: int, stop: int) -> LayerStack:
        layers = self.shared[start:stop]
        assert isinstance(layers, LayerStack)
        return layers

    def shared_parameters(self) -> list[nn.Parameter]:
        """An empty list: nothing that the tasks share is trained."""
        return []

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """An empty list: nothing that the tasks share is trained."""
        return []

    def frozen_parameters(self) -> list[nn.Parameter]:
        """The parameters of what reads the inputs, and of the trunk."""
        return [*self.inputs.parameters(), *self.shared.parameters()]

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters of the task's prompt and head."""
        prompt = self.prompts.for_task(task).parameters() if self._span else ()
        return [*self.heads.for_task(task).parameters(), *prompt]


def _prompted_span(layer_plans: Sequence[LayerPlan]) -> range:
    """The indices from the first shared layer with attention to the last; empty, behind the trunk, if there is none."""
    indices = [index for index, layer_plan in enumerate(layer_plans) if reads_prompts(layer_plan.layer)]
    return range(indices[0], indices[-1] + 1) if indices else range(len(layer_plans), len(layer_plans))


def check(plan: ModelPlan) -> ModelPlan:
    """Adds a fault at the first layer between those with attention that cannot take a prompt's positions too."""
    spec, span = plan.sharing, _prompted_span(plan.shared)
    assert isinstance(spec, SoftPrompts)
    if not span:
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
    shape = plan.shared[span.start].input_shape if span else None
    prompts = {task: Prompt(shape[0], spec.length, spec.initial_std) for task in heads} if shape else {}
    return PromptModel(inputs, shared, span, heads, prompts)
