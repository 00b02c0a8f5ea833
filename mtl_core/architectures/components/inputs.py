"""The module that reads the inputs of a model: encoders and their fusion, or the only input as it comes."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from mtl_core.architectures.fusion.encoded_inputs import EncodedInputs, SingleInput
from mtl_core.architectures.fusion.registry import build_fusion
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.architectures.multi_task_model import last_parameters
from mtl_core.architectures.planning.inputs_plan import InputsPlan
from mtl_core.architectures.planning.layer_stack import build_modules
from mtl_core.datasets.data import Inputs
from mtl_core.spec.inputs import presence_key


class EncodedInput(nn.Module):
    """The encoder of a model's only input.

    Args:
        name: The name of the input.
        encoder: Its layers.
    """

    def __init__(self, name: str, encoder: LayerStack) -> None:
        super().__init__()
        self.names = (name,)
        self.encoder = encoder

    def forward(self, inputs: Inputs) -> Tensor:
        """Encodes the input ``[N, …]``."""
        output: Tensor = self.encoder(inputs[self.names[0]])
        return output

    def with_mask(self, inputs: Inputs) -> tuple[Tensor, Tensor | None]:
        """The encoded input, and its padding mask where it is known."""
        return self.encoder.with_mask(inputs[self.names[0]])


InputReader = SingleInput | EncodedInput | EncodedInputs
"""What reads the inputs of a model, as one tensor ``[N, …]``."""


def build_inputs(plan: InputsPlan) -> InputReader:
    """Builds the encoders in the order of the inputs, then the fusion; call it before the layers that read it."""
    encoders = {name: LayerStack(*build_modules(layers)) for name, layers in plan.encoders.items()}
    if plan.fusion is None:
        ((name, encoder),) = encoders.items()
        return EncodedInput(name, encoder) if len(encoder) else SingleInput(name)
    shapes = {name: shape for name, shape in plan.output_shapes.items() if shape is not None}
    fusion = build_fusion(plan.fusion.fusion, shapes)
    return EncodedInputs(encoders, fusion, shapes, plan.fusion.fusion)


def last_input_parameters(reader: nn.Module) -> list[nn.Parameter]:
    """The parameters of the fusion, or else of the last layer of each encoder that has any."""
    match reader:
        case EncodedInput():
            return last_parameters(reader.encoder.children())
        case EncodedInputs():
            encoders = reader.encoders.children()
            last_layers = [parameter for encoder in encoders for parameter in last_parameters(encoder.children())]
            return list(reader.fusion.parameters()) or last_layers
    return []


def pack_inputs(reader: InputReader, inputs: Inputs) -> tuple[Tensor, ...]:
    """The inputs as a tuple of float tensors, for schemes whose tasks read the inputs themselves.

    Where some row lacks an input, the masks of all inputs follow, so that it can be told which is whose.
    """
    tensors = [inputs[name] for name in reader.names]
    masks = [inputs.get(presence_key(name)) for name in reader.names]
    if all(mask is None for mask in masks):
        return tuple(tensors)
    ones = tensors[0].new_ones(tensors[0].shape[:1])
    return (*tensors, *(ones if mask is None else mask.to(ones.dtype) for mask in masks))


def unpack_inputs(reader: InputReader, tensors: Sequence[Tensor]) -> Mapping[str, Tensor]:
    """The inputs from the tuple that :func:`pack_inputs` makes."""
    inputs = dict(zip(reader.names, tensors, strict=False))
    masks = tensors[len(inputs) :]
    return inputs | {presence_key(name): mask > 0 for name, mask in zip(reader.names, masks, strict=False)}
