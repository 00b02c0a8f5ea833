"""Plans the front of a model: the encoder of each input, and their fusion."""

from collections.abc import Mapping
from dataclasses import dataclass

from mtl_core.architectures.planning.fusion_plan import FusionPlan, plan_fusion
from mtl_core.architectures.planning.layer_stack import LayerPlan, final_shape, plan_layers, refuse_members
from mtl_core.spec import ModelSpec
from mtl_core.spec.reports import Shape


@dataclass(frozen=True)
class InputsPlan:
    """The plan of what reads the inputs.

    Attributes:
        shapes: Shape of one row of each input, by name.
        encoders: Each input's own layers; empty lists for inputs that are read as they come.
        fusion: How they meet; None with a single input.
    """

    shapes: Mapping[str, Shape]
    encoders: dict[str, list[LayerPlan]]
    fusion: FusionPlan | None = None

    @property
    def output_shapes(self) -> dict[str, Shape | None]:
        """Output shape of each encoder; None where a layer has a fault."""
        return {name: final_shape(layers, self.shapes[name]) for name, layers in self.encoders.items()}

    @property
    def output_shape(self) -> Shape | None:
        """Shape of what the first shared layer reads; None behind a fault."""
        if self.fusion is not None:
            return self.fusion.output_shape
        return next(iter(self.output_shapes.values()))

    @property
    def parameters(self) -> int:
        """Number of parameters of encoders and fusion."""
        encoders = sum(layer_plan.parameters for layers in self.encoders.values() for layer_plan in layers)
        return encoders + (self.fusion.parameters if self.fusion else 0)

    @property
    def is_plain(self) -> bool:
        """Whether the first shared layer reads the only input as it comes."""
        return self.fusion is None and not any(self.encoders.values())

    @property
    def has_fault(self) -> bool:
        """Whether an encoder or the fusion cannot be built."""
        faults = [layer_plan.has_fault for layers in self.encoders.values() for layer_plan in layers]
        return any(faults) or (self.fusion is not None and self.fusion.fault is not None)


def encoder_path(name: str) -> tuple[str, ...]:
    """The path of the list of an input's own layers in the spec."""
    return ("model", "inputs", name)


def plan_inputs(model: ModelSpec, shapes: Mapping[str, Shape]) -> InputsPlan:
    """Plans the encoder of each input in the order of the inputs, then the fusion of several."""
    encoders: dict[str, list[LayerPlan]] = {}
    parameters = 0
    for name, shape in shapes.items():
        encoders[name] = refuse_members(plan_layers(model.inputs.get(name, ()), shape, parameters))
        parameters += sum(layer_plan.parameters for layer_plan in encoders[name])
    plan = InputsPlan(shapes, encoders)
    if len(shapes) == 1:
        return plan
    return InputsPlan(shapes, encoders, plan_fusion(model.fusion, plan.output_shapes, parameters))
