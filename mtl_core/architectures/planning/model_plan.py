"""Plans a whole model: every layer of the trunk and of each head, and each output layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mtl_core.architectures.layers.faults import Fault, arrival_text, to_spec_fix
from mtl_core.architectures.planning.inputs_plan import InputsPlan, plan_inputs
from mtl_core.architectures.planning.layer_stack import LayerPlan, final_members, final_shape, plan_layers
from mtl_core.architectures.planning.members import Members
from mtl_core.spec import Fix, ModelSpec, spec_to_data
from mtl_core.spec import layers as spec
from mtl_core.spec.base import Spec
from mtl_core.spec.paths import Key, join
from mtl_core.spec.reports import Shape
from mtl_core.spec.sharing import Sharing
from mtl_core.spec.tasks import Outputs

SHARED_PATH = ("model", "shared")


@dataclass(frozen=True)
class HeadPlan:
    """The plan of a task's own layers and its output layer: a Linear, after a Flatten if one is needed.

    For a map or a sequence it is a 1×1 convolution; a task that works on the features themselves has none. Behind the
    beginning of members (TabM) each of them has an output layer of its own.

    Attributes:
        layers: The task's own layers.
        output: The output layer.
        shared_members: The members that have begun in the shared layers.
    """

    layers: list[LayerPlan]
    output: list[LayerPlan]
    shared_members: Members | None = None

    @property
    def members(self) -> Members | None:
        """The members of the ensemble that the head ends, if it does."""
        return final_members([*self.layers, *self.output], self.shared_members)


@dataclass(frozen=True)
class ModelPlan:
    """The plan of a model for the shapes of its inputs.

    Attributes:
        sharing: The sharing scheme's settings.
        inputs: What reads the inputs.
        shared: The shared layers, in the order of the spec.
        heads: Each task's own layers, in task order.
    """

    sharing: Sharing
    inputs: InputsPlan
    shared: list[LayerPlan]
    heads: dict[str, HeadPlan]

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks' names, in their order."""
        return tuple(self.heads)

    @property
    def has_fault(self) -> bool:
        """Whether any layer cannot be built."""
        layer_plans = [
            *self.shared,
            *(layer_plan for head in self.heads.values() for layer_plan in (*head.layers, *head.output)),
        ]
        return self.inputs.has_fault or any(layer_plan.has_fault for layer_plan in layer_plans)

    @property
    def input_shape(self) -> Shape:
        """Shape of what the first shared layer reads, of a plan without faults.

        Raises:
            ValueError: An encoder or the fusion cannot be built.
        """
        if (shape := self.inputs.output_shape) is None:
            raise ValueError("the inputs cannot be read")
        return shape

    def with_fault(self, index: int, fault: Fault) -> "ModelPlan":
        """A copy of the plan with a fault at a shared layer."""
        layer_plans = [
            replace(layer_plan, fault=fault) if i == index else layer_plan for i, layer_plan in enumerate(self.shared)
        ]
        return replace(self, shared=layer_plans)


def head_path(task: str) -> tuple[str, ...]:
    """The path of a head's list of layers in the spec."""
    return ("model", "heads", task)


def plan_model(model: ModelSpec, input_shapes: Mapping[str, Shape], outputs: Mapping[str, Outputs]) -> ModelPlan:
    """Plans encoders, fusion and trunk, then each task's head and the output layer for ``outputs[task]``."""
    inputs = plan_inputs(model, input_shapes)
    shared = plan_layers(model.shared, inputs.output_shape, inputs.parameters, reads_input=inputs.is_plain)
    output_shape = final_shape(shared, inputs.output_shape)
    head_input = None if output_shape is None else model.sharing.representation(output_shape)
    parameters = inputs.parameters + sum(layer_plan.parameters for layer_plan in shared)
    members = final_members(shared)
    reads_input = inputs.is_plain and not shared
    heads: dict[str, HeadPlan] = {}
    for task, task_outputs in outputs.items():
        own_layers = model.heads.get(task, ())
        head = _plan_head(own_layers, task_outputs, head_input, parameters, members, reads_input=reads_input)
        heads[task] = head
        parameters += sum(layer_plan.parameters for layer_plan in (*head.layers, *head.output))
    return ModelPlan(model.sharing, inputs, shared, heads)


def _plan_head(
    own_layers: Sequence[Spec],
    task_outputs: Outputs,
    shape: Shape | None,
    parameters: int,
    shared_members: Members | None,
    *,
    reads_input: bool,
) -> HeadPlan:
    layers = plan_layers(own_layers, shape, parameters, reads_input=reads_input, members=shared_members)
    parameters += sum(layer_plan.parameters for layer_plan in layers)
    members = final_members(layers, shared_members)
    output = _plan_output(task_outputs, final_shape(layers, shape), parameters, members and members.independent)
    return HeadPlan(layers, output, shared_members)


def _plan_output(
    task_outputs: Outputs, output_shape: Shape | None, parameters: int, members: Members | None
) -> list[LayerPlan]:
    """Plans the output layer for the head's output shape."""
    match task_outputs:
        case int():
            flatten = (spec.Flatten(),) if output_shape is not None and len(output_shape) > 1 else ()
            layers = (*flatten, spec.Linear(out_features=task_outputs))
            return plan_layers(layers, output_shape, parameters, members=members)
        case (features,):
            if output_shape in (None, task_outputs):
                return []
            text = f"The task works on {features} features themselves; {arrival_text(output_shape or ())}."
            return [LayerPlan(spec.Linear(out_features=features), output_shape, fault=Fault(text))]
        case (channels, *positions):
            layer = _pointwise(channels, len(positions))
            text = _position_error(positions, output_shape)
            if text:
                return [LayerPlan(layer, output_shape, fault=Fault(text))]
            return plan_layers((layer,), output_shape, parameters, members=members)
    raise TypeError(f"no output layer for {task_outputs}")


def _pointwise(channels: int, dimensions: int) -> spec.Conv1d | spec.Conv2d:
    """The output layer of a sequence or a map."""
    if dimensions == 1:
        return spec.Conv1d(out_channels=channels, kernel_size=1)
    return spec.Conv2d(out_channels=channels, kernel_size=1)


def _position_error(positions: Sequence[int], shape: Shape | None) -> str:
    """What keeps a task from predicting at every position of what arrives; empty if nothing does."""
    if shape is None:
        return ""
    if len(shape) == 1 or (len(positions) == 2 and len(shape) != 3):
        what, needed = ("token", "channels × length") if len(positions) == 1 else ("pixel", "channels × height × width")
        rule = f"The task predicts at every {what}, so {needed} must arrive; {arrival_text(shape)}."
        return f"{rule} Remove layers that pool or flatten." if len(shape) == 1 else rule
    if len(positions) == 1 and len(shape) == 2 and shape[1] != positions[0]:
        return f"The task tags {positions[0]} tokens, so {positions[0]} positions must arrive; {arrival_text(shape)}."
    return ""


def spec_fix(layer_plan: LayerPlan, layer_plans: Sequence[LayerPlan], list_path: tuple[Key, ...]) -> Fix | None:
    """The change of the spec that fixes a faulty layer of the list at ``list_path``; None if there is none."""
    if layer_plan.fault is None or layer_plan.fault.quick_fix is None:
        return None
    index = layer_plans.index(layer_plan)
    return _move_flatten_fix(layer_plans, index, list_path) or to_spec_fix(
        layer_plan.fault.quick_fix, [s.layer for s in layer_plans], index, list_path
    )


def _move_flatten_fix(layer_plans: Sequence[LayerPlan], index: int, list_path: tuple[Key, ...]) -> Fix | None:
    """Moves a Flatten behind the layer at ``index``, if its flattened input is why the layer fails.

    The Flatten moves down to the next layer that takes a row of features.
    """
    flatten_index = next((i for i in reversed(range(index)) if isinstance(layer_plans[i].layer, spec.Flatten)), None)
    if flatten_index is None or len(layer_plans[index].input_shape or ()) != 1:
        return None
    layers = [layer_plan.layer for layer_plan in layer_plans]
    target_index = next((i for i in range(index + 1, len(layers)) if isinstance(layers[i], spec.Linear)), len(layers))
    reordered = [
        *layers[:flatten_index],
        *layers[flatten_index + 1 : target_index],
        layers[flatten_index],
        *layers[target_index:],
    ]
    new_plans = plan_layers(reordered[:index], layer_plans[0].input_shape)
    if len(new_plans) < index or any(layer_plan.has_fault for layer_plan in new_plans):
        return None
    return Fix(label="Move Flatten down", path=join(list_path), value=[spec_to_data(layer) for layer in reordered])


def layer_path(index: int, list_path: tuple[Key, ...]) -> str:
    """The path of a layer in the spec."""
    return join((*list_path, index))


def inner_path(index: int, list_path: tuple[Key, ...]) -> tuple[Key, ...]:
    """The path of the list of layers of a block."""
    return (*list_path, index, "layers")
