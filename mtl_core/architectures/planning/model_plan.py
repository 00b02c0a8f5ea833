"""A whole model tried out: every layer of the trunk, of each head, and each output layer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mtl_core.architectures.layers.errors import Fault, arrives, fix_of
from mtl_core.architectures.planning.layer_stack import Step, end_of, try_out
from mtl_core.spec import Fix, ModelSpec, spec_to_data
from mtl_core.spec import layers as spec
from mtl_core.spec.model import Sharing
from mtl_core.spec.paths import join
from mtl_core.spec.reports import Shape
from mtl_core.spec.tasks import Outputs

SHARED = ("model", "shared")


@dataclass(frozen=True)
class HeadPlan:
    """A task's own layers, and its output layer: a Linear, with a Flatten before it where one is needed.

    For a map or a sequence it is a 1×1 convolution; a task that works on the features themselves has none.
    """

    layers: list[Step]
    output: list[Step]


@dataclass(frozen=True)
class Plan:
    """A model tried out on a shape of input.

    Attributes:
        sharing: The sharing scheme's settings.
        input_shape: Shape of one row of input.
        shared: The shared layers as listed.
        heads: Each task's own layers, in task order.
    """

    sharing: Sharing
    input_shape: Shape
    shared: list[Step]
    heads: dict[str, HeadPlan]

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks' names, in their order."""
        return tuple(self.heads)

    @property
    def faulty(self) -> bool:
        """Whether some layer cannot be built."""
        steps = [*self.shared, *(step for head in self.heads.values() for step in (*head.layers, *head.output))]
        return any(step.fault for step in steps)

    def refuse(self, index: int, fault: Fault) -> "Plan":
        """The same with a fault at a shared layer."""
        steps = [replace(step, fault=fault) if i == index else step for i, step in enumerate(self.shared)]
        return replace(self, shared=steps)


def head_place(task: str) -> tuple[str, ...]:
    """Where a head's list of layers stands in the spec."""
    return ("model", "heads", task)


def plan_model(model: ModelSpec, input_shape: Shape, outputs: Mapping[str, Outputs]) -> Plan:
    """Try out the trunk, then each task's head and the output layer that ``outputs[task]`` asks for."""
    shared = try_out(model.shared, input_shape)
    end = end_of(shared, input_shape)
    reads = None if end is None else model.sharing.representation(end)
    parameters = sum(step.parameters for step in shared)
    heads: dict[str, HeadPlan] = {}
    for task, wanted in outputs.items():
        head = _plan_head(model, task, wanted, reads, parameters)
        heads[task] = head
        parameters += sum(step.parameters for step in (*head.layers, *head.output))
    return Plan(model.sharing, input_shape, shared, heads)


def _plan_head(model: ModelSpec, task: str, wanted: Outputs, shape: Shape | None, parameters: int) -> HeadPlan:
    layers = try_out(model.heads.get(task, ()), shape, parameters, reads_input=not model.shared)
    parameters += sum(step.parameters for step in layers)
    end = end_of(layers, shape)
    return HeadPlan(layers, _output(wanted, end, parameters))


def _output(wanted: Outputs, end: Shape | None, parameters: int) -> list[Step]:
    """The output layer tried out on what leaves the head."""
    match wanted:
        case int():
            flatten = (spec.Flatten(),) if end is not None and len(end) > 1 else ()
            return try_out((*flatten, spec.Linear(out_features=wanted)), end, parameters)
        case (features,):
            if end in (None, wanted):
                return []
            text = f"The task works on {features} features themselves; {arrives(end or ())}."
            return [Step(spec.Linear(out_features=features), end, fault=Fault(text))]
        case (_, length) if end is not None and len(end) == 2 and end[1] != length:
            layer = spec.Conv1d(out_channels=wanted[0], kernel_size=1)
            text = f"The task tags {length} tokens, so {length} positions must arrive; {arrives(end)}."
            return [Step(layer, end, fault=Fault(text))]
        case (channels, _):
            return try_out((spec.Conv1d(out_channels=channels, kernel_size=1),), end, parameters)
    return try_out((spec.Conv2d(out_channels=wanted[0], kernel_size=1),), end, parameters)


def fix_at(step: Step, steps: list[Step], place: tuple[str, ...]) -> Fix | None:
    """What mends a faulty step of the list of layers at ``place``."""
    if step.fault is None or step.fault.mend is None:
        return None
    index = steps.index(step)
    return _later_flatten(steps, index, place) or fix_of(step.fault.mend, [s.layer for s in steps], index, place)


def _later_flatten(steps: list[Step], index: int, place: tuple[str, ...]) -> Fix | None:
    """The list with its Flatten behind the layer at ``index``, where that flattening is what the layer fails of.

    It goes as far down as the next layer that takes a row of features.
    """
    at = next((i for i in reversed(range(index)) if isinstance(steps[i].layer, spec.Flatten)), None)
    if at is None or len(steps[index].arriving or ()) != 1:
        return None
    layers = [step.layer for step in steps]
    to = next((i for i in range(index + 1, len(layers)) if isinstance(layers[i], spec.Linear)), len(layers))
    moved = [*layers[:at], *layers[at + 1 : to], layers[at], *layers[to:]]
    again = try_out(moved[:index], steps[0].arriving)
    if len(again) < index or any(step.fault for step in again):
        return None
    return Fix(label="Move Flatten down", path=join(place), value=[spec_to_data(layer) for layer in moved])


def path_of(index: int, place: tuple[str, ...]) -> str:
    """The path of a layer in the spec."""
    return join((*place, index))
