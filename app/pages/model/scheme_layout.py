"""Lays out the blocks of a sharing scheme: rows below each other, centered, with boxes for the layers of a block."""

from collections.abc import Sequence

from app.pages.model.diagram_geometry import FRAME_EDGE, PILE, Entry, Frame, Plan, PlanBuilder, boxes_of_layers
from app.pages.model.input_layout import InputLayout
from mtl_core.spec import ModelInfo
from mtl_core.spec.sharing.block_diagram import Block, Row, SchemeDiagram


class SchemeLayout:
    """Lays out one diagram.

    Args:
        diagram: The blocks.
        info: The model whose layers they hold.
        builder: Receives the boxes.
    """

    def __init__(self, diagram: SchemeDiagram, info: ModelInfo, builder: PlanBuilder) -> None:
        self._diagram = diagram
        self._info = info
        self._builder = builder
        self._sizes = builder.sizes
        self._gap = self._column_gap()
        self._centers = self._block_centers()
        self._boxes: dict[Block, list[int]] = {}

    def plan(self) -> Plan:
        """Places all rows, first to last."""
        y = 0.0
        for number, row in enumerate(self._diagram.rows):
            if number:
                y = self._builder.bottom() + self._gap_above(row)
            for block in _blocks(row):
                self._place(block, self._height_beside(block, row, y))
        for left, right in self._diagram.ties:
            self._builder.ties += zip(self._boxes[left], self._boxes[right], strict=True)
        return self._builder.plan()

    def _column_gap(self) -> float:
        """Horizontal gap between columns, with room for the edges and piles of frames side by side."""
        framed = [[block for block in _blocks(row) if _is_framed(block)] for row in self._diagram.rows]
        neighbors = [block for blocks in framed if len(blocks) > 1 for block in blocks]
        if not neighbors:
            return self._sizes.side
        return self._sizes.side + 2 * FRAME_EDGE + (2 * PILE if any(block.copies > 1 for block in neighbors) else 0)

    def _block_centers(self) -> dict[Block, float]:
        """Horizontal center of each block; that of every row is 0."""
        widths: dict[int, list[float]] = {}
        for row in self._diagram.rows:
            before = widths.get(len(row), [self._sizes.head] * len(row))
            widths[len(row)] = [max(pair) for pair in zip(before, map(self._width, row), strict=True)]
        centers: dict[Block, float] = {}
        for row in self._diagram.rows:
            lefts = self._column_lefts(widths[len(row)])
            for block, left, width in zip(row, lefts, widths[len(row)], strict=True):
                if block is not None:
                    centers[block] = left + width / 2
        return centers

    def _column_lefts(self, widths: Sequence[float]) -> list[float]:
        """Left edge of each column of a row; a column as wide as a trunk stands twice as far from the next."""
        lefts, right = [], 0.0
        for width in widths:
            lefts.append(right)
            right += width + (2 * self._gap if width > self._sizes.head else self._gap)
        center = (lefts[-1] + widths[-1]) / 2
        return [left - center for left in lefts]

    def _width(self, block: Block | None) -> float:
        if block is None:
            return self._sizes.head
        if block.wide:
            return self._sizes.trunk
        return block.span * (self._sizes.head + self._gap) - self._gap

    def _gap_above(self, row: Row) -> float:
        """Vertical gap above a row: wide for lines that turn aside, for titles of frames, and to set off heads."""
        sizes = self._sizes
        return sizes.branch if any(self._needs_room(block, row) for block in _blocks(row)) else sizes.gap

    def _needs_room(self, block: Block, row: Row) -> bool:
        sources = [source for source in block.reads if source not in row]
        own_units = [source for source in sources if source.role == "unit" and source.span == 1]
        if _is_framed(block) or (block.role == "head" and len(own_units) < len(sources)):
            return True
        return any(
            abs(self._centers[block] - self._centers[source]) >= 1 for source in sources if not _spans(block, source)
        )

    def _height_beside(self, block: Block, row: Row, y: float) -> float:
        """Top of a block: that of its row, or, if it reads a block of the row, beside the last box of that one."""
        source = next((source for source in block.reads if source in row), None)
        if source is None:
            return y
        return self._builder.boxes[self._boxes[source][-1]].y + (self._sizes.height - self._sizes.unit) / 2

    def _place(self, block: Block, y: float) -> None:
        width = self._width(block)
        x = self._centers[block] - width / 2
        match block.role:
            case "input":
                boxes = InputLayout(self._info, self._builder).place(self._centers[block], y)
            case "unit":
                boxes = [self._builder.unit(block.title, block.task, x, y, width)]
            case "layers":
                boxes = self._place_layers(block, x, y)
            case "head":
                boxes = self._place_head(block.task, x, y)
        self._boxes[block] = boxes
        for source in block.reads:
            self._builder.join(self._boxes[source][-1:], boxes[:1])

    def _place_layers(self, block: Block, x: float, y: float) -> list[int]:
        """Places the boxes of shared layers below each other, in a frame if the block has a title."""
        sizes, width = self._sizes, self._width(block)
        entries = boxes_of_layers(self._info.shared[block.layers.start : block.layers.stop])
        if not _is_framed(block):
            return self._builder.column(entries, block.task, x, y, width)
        height = sizes.unit + len(entries) * (sizes.height + sizes.gap) - sizes.gap + FRAME_EDGE
        title = f"{block.title} ×{block.copies}" if block.copies > 1 else block.title
        self._builder.frames.append(
            Frame(title, block.task, x - FRAME_EDGE, y, width + 2 * FRAME_EDGE, height, block.copies)
        )
        return self._builder.column(entries, block.task, x, y + sizes.unit, width)

    def _place_head(self, task: int, x: float, y: float) -> list[int]:
        """Places a task's own layers and its output layer."""
        name, output = list(self._info.outputs.items())[task]
        entries = [
            *boxes_of_layers(self._info.heads.get(name, ())),
            Entry(name, output.detail, (output.path,), bool(output.error)),
        ]
        return self._builder.column(entries, task, x, y, self._sizes.head)


def _blocks(row: Row) -> list[Block]:
    return [block for block in row if block is not None]


def _is_framed(block: Block) -> bool:
    return block.role == "layers" and bool(block.title)


def _spans(block: Block, source: Block) -> bool:
    """Whether one of two blocks is a bar across columns, which lines meet straight above or below."""
    return block.span > 1 or source.span > 1
