"""Lays out what stands before the shared layers: the inputs side by side, their encoders, and the fusion below."""

from app.formatting import format_shape
from app.pages.model.diagram_geometry import FRAME_EDGE, Entry, Frame, PlanBuilder, box_of_layer, boxes_of_layers
from mtl_core.spec import ModelInfo, join
from mtl_core.spec.sharing import sharing_of

_WIDE_INPUTS = 3
"""Number of inputs up to which their columns are as wide as the trunk."""


class InputLayout:
    """Lays out the inputs of one model.

    The inputs stand in one row, and the encoders end in one, so that every line to the fusion is free.

    Args:
        info: The model.
        builder: Receives the boxes.
    """

    def __init__(self, info: ModelInfo, builder: PlanBuilder) -> None:
        self._info, self._builder, self._sizes = info, builder, builder.sizes
        self._layers = {name: boxes_of_layers(info.encoders.get(name, ())) for name in info.input_shapes}
        self._width = self._sizes.trunk if len(self._layers) <= _WIDE_INPUTS else self._sizes.head
        self._longest = max(map(len, self._layers.values()), default=0)
        self._has_blocks = info.fusion is not None or self._longest > 0

    def place(self, center: float, y: float) -> list[int]:
        """Place inputs, encoders and fusion, and return their last boxes; the shared layers read the very last.

        Args:
            center: Horizontal center.
            y: Top.
        """
        sizes, builder = self._sizes, self._builder
        copies = self._copies()
        top = y + sizes.unit if copies > 1 else y
        step = self._width + sizes.side
        whole = len(self._layers) * step - sizes.side
        boxes = [self._place_input(name, center - whole / 2 + i * step, top) for i, name in enumerate(self._layers)]
        if self._info.fusion is not None:
            y_fusion = builder.bottom() + sizes.branch
            fusion = builder.box(box_of_layer(self._info.fusion), -1, center - sizes.trunk / 2, y_fusion, sizes.trunk)
            builder.join(boxes, [fusion])
            boxes.append(fusion)
        if copies > 1:
            width = max(whole, sizes.trunk) + 2 * FRAME_EDGE
            height = builder.bottom() - y + FRAME_EDGE
            builder.frames.append(Frame(f"copies ×{copies}", -1, center - width / 2, y, width, height, copies))
        return boxes

    def _place_input(self, name: str, x: float, y: float) -> int:
        """Place an input and its encoder, which ends in the row of the longest one; return the last box."""
        layers, step = self._layers[name], self._sizes.height + self._sizes.gap
        paths = (join(("model", "inputs", name)),) if self._has_blocks else ()
        entry = Entry(name, format_shape(self._info.input_shapes[name]), paths, False)
        first = self._builder.box(entry, -1, x, y if layers else y + self._longest * step, self._width)
        if not layers:
            return first
        boxes = self._builder.column(layers, -1, x, y + (self._longest + 1 - len(layers)) * step, self._width)
        self._builder.join([first], boxes[:1])
        return boxes[-1]

    def _copies(self) -> int:
        """The number of encoders of each input; a model with a layer that cannot be built is drawn with one."""
        info = self._info
        if not self._has_blocks or not info.stages or not info.shared or info.problems:
            return 1
        return sharing_of(info).input_copies(len(info.outputs))
