"""TabM: an ensemble of models that share most weights (Gorishniy, Kotelnikov & Babenko: TabM, ICLR 2025).

The members of a row stand one after the other in the batch: behind the :class:`mtl_core.spec.layers.TabM` layer a batch
has N·k rows, and layers without anything of a member's own are those of any other model. At its end a task head
separates them again, ``[N, k, …]``.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.layers.faults import Fault, QuickFix, arrival_text
from mtl_core.architectures.layers.modules.layer_stack import reads_mask, run_with_mask
from mtl_core.spec import layers as spec
from mtl_core.spec.data.table_shape import TableShape
from mtl_core.spec.reports import Shape


class MemberScaling(nn.Module):
    """The beginning of the members: ``[N, …]`` to ``[N·k, …]``, each member's features times its own scaling.

    Args:
        members: k.
        scaling: ``[1, k, …]`` the initial scalings; None for members without.
    """

    def __init__(self, members: int, scaling: Tensor | None) -> None:
        super().__init__()
        self._members = members
        self.scaling = None if scaling is None else nn.Parameter(scaling)

    def forward(self, inputs: Tensor) -> Tensor:
        """Repeats and scales each row."""
        if self.scaling is None:
            return inputs.repeat_interleave(self._members, dim=0)
        return (inputs.unsqueeze(1) * self.scaling).flatten(0, 1)

    def next_mask(self, mask: Tensor) -> Tensor:
        """The padding mask of each member's positions, from that of the rows'."""
        return mask.repeat_interleave(self._members, dim=0)


class SplitMembers(nn.Module):
    """The end of the members: ``[N·k, …]`` to ``[N, k, …]``.

    Args:
        members: k.
    """

    def __init__(self, members: int) -> None:
        super().__init__()
        self._members = members

    def forward(self, inputs: Tensor) -> Tensor:
        """Gives the members a dimension of their own."""
        return by_member(inputs, self._members)

    def next_mask(self, _: Tensor) -> None:
        """An output has no padding mask."""


class BatchEnsembleLinear(nn.Module):
    """One linear layer for all members, with their own scalings of inputs and outputs and offsets (Wen et al. 2020).

    All members begin alike.

    Args:
        inputs: Number of inputs.
        layer: Number of outputs, and whether there is an offset.
        members: k.
        scale_inputs: Whether the inputs are scaled.
    """

    def __init__(self, inputs: int, layer: spec.Linear, members: int, *, scale_inputs: bool) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self._members = members
        self.linear = nn.Linear(inputs, layer.out_features, bias=False)
        self.input_scaling = nn.Parameter(torch.ones(1, members, inputs)) if scale_inputs else None
        self.output_scaling = nn.Parameter(torch.ones(1, members, layer.out_features))
        offset = torch.empty(1, 1, layer.out_features).uniform_(-bound, bound).repeat(1, members, 1)
        self.bias = nn.Parameter(offset) if layer.bias else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Applies the layer to ``[N·k, in]``."""
        rows = by_member(inputs, self._members)
        if self.input_scaling is not None:
            rows = rows * self.input_scaling
        products = self.linear(rows)
        scaled = (
            products * self.output_scaling
            if self.bias is None
            else torch.addcmul(self.bias, products, self.output_scaling)
        )
        return scaled.flatten(0, 1)


class PackedLinear(nn.Module):
    """A linear layer for each member.

    Args:
        inputs: Number of inputs.
        layer: Number of outputs, and whether there is an offset.
        members: k.
    """

    def __init__(self, inputs: int, layer: spec.Linear, members: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(members, inputs, layer.out_features).uniform_(-bound, bound))
        bias = torch.empty(members, 1, layer.out_features).uniform_(-bound, bound) if layer.bias else None
        self.bias = None if bias is None else nn.Parameter(bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """Applies each member's layer to its rows of ``[N·k, in]``."""
        rows = by_member(inputs, len(self.weight)).transpose(0, 1)
        outputs = rows @ self.weight if self.bias is None else torch.baddbmm(self.bias, rows, self.weight)
        return outputs.transpose(0, 1).flatten(0, 1)


class MemberCopies(nn.Module):
    """A copy of a layer for each member, of any kind.

    Args:
        copies: One for each member.
    """

    def __init__(self, copies: Sequence[nn.Module]) -> None:
        super().__init__()
        # Named so that the last number in a parameter's name stays that of the layer.
        self.copies = nn.ModuleDict({f"member_{number}": layer for number, layer in enumerate(copies)})
        self.reads_mask = any(map(reads_mask, copies))

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Applies each member's layer to its rows of ``[N·k, …]``, with their padding mask if there is one."""
        return self.with_mask(inputs, mask)[0]

    def with_mask(self, inputs: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """As ``forward``; gives the mask of the output too."""
        count = len(self.copies)
        rows = by_member(inputs, count).unbind(1)
        masks = [None] * count if mask is None else by_member(mask, count).unbind(1)
        pairs = [
            run_with_mask(layer, member_rows, member_mask, is_reader=self.reads_mask)
            for layer, member_rows, member_mask in zip(self.copies.values(), rows, masks, strict=True)
        ]
        outputs, output_masks = zip(*pairs, strict=True)
        known = [tensor for tensor in output_masks if tensor is not None]
        return torch.stack(outputs, dim=1).flatten(0, 1), torch.stack(known, dim=1).flatten(0, 1) if known else None


def by_member(inputs: Tensor, members: int) -> Tensor:
    """``[N·k, …]`` as ``[N, k, …]``."""
    return inputs.reshape(len(inputs) // members, members, *inputs.shape[1:])


def build(layer: spec.TabM, shape: Shape) -> MemberScaling:
    """Builds the beginning of the members; the features of a column begin with one scaling."""
    if layer.variant == "packed":
        return MemberScaling(layer.members, None)
    column_of_feature = _columns(shape)
    initial = torch.empty(layer.members, max(column_of_feature) + 1)
    if layer.scaling == "normal":
        initial.normal_()
    else:
        initial.bernoulli_(0.5).mul_(2).sub_(1)
    initial = initial.index_select(1, torch.tensor(column_of_feature))
    if len(shape) == 2:  # channels × columns
        initial = initial.unsqueeze(1).repeat(1, shape[0], 1)
    return MemberScaling(layer.members, initial.unsqueeze(0))


def _columns(shape: Shape) -> list[int]:
    """The number of the column of each feature, where rows are a table; else each feature counts as one."""
    if isinstance(shape, TableShape):
        return [number for number, column in enumerate(shape.columns) for _ in range(column.width)]
    return list(range(shape[-1]))


def check(layer: spec.TabM, shape: Shape) -> Fault | None:
    """Requires a row of features, or channels × columns."""
    if len(shape) in (1, 2):
        return None
    text = f"{layer.title} takes a row of features, or channels × columns; {arrival_text(shape)}."
    return Fault(text, QuickFix("Add Flatten before", (spec.Flatten(), layer)))


def detail(layer: spec.TabM) -> str:
    """The settings in words."""
    return f"{layer.members} members · {layer.variant}"
