"""Boxes, lines and frames of a diagram; without Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

from app.formatting import format_count_short, format_shape
from mtl_core.spec import LAYER_GROUPS, LayerInfo, kind_of

ACTIVATIONS = frozenset(kind_of(spec) for spec in LAYER_GROUPS["Activation"])

PILE = 4.0
"""Offset of each sheet of a pile."""
FRAME_EDGE = 7.0
"""Distance between a frame and the boxes in it."""


@dataclass(frozen=True)
class Metrics:
    """Sizes in pixels: widths of the boxes of a trunk and a head, heights of a box and a unit, and gaps."""

    trunk: float = 152.0
    head: float = 104.0
    height: float = 36.0
    unit: float = 20.0
    gap: float = 14.0
    branch: float = 34.0
    side: float = 12.0


@dataclass(frozen=True)
class Box:
    """A box: a layer with the activation that follows it, the input, an output, or a unit of the sharing scheme.

    ``task`` is the index of the task whose color it has, or -1; ``paths`` are those of its layers. A ``unit`` is a part
    of the scheme between layers, such as a gate; it has round ends and one line of text.
    """

    title: str
    detail: str
    paths: tuple[str, ...]
    task: int
    x: float
    y: float
    width: float
    height: float
    error: bool = False
    unit: bool = False

    @property
    def center(self) -> float:
        """The x coordinate of its center."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Frame:
    """A frame around boxes that belong together; ``copies`` of them are drawn as a pile of at most three sheets."""

    title: str
    task: int
    x: float
    y: float
    width: float
    height: float
    copies: int = 1

    @property
    def pile(self) -> float:
        """How far the pile extends to the right and below."""
        return PILE * (min(self.copies, 3) - 1)


@dataclass(frozen=True)
class Plan:
    """The layout of a diagram: all boxes, ``links`` between pairs of them, frames, and the total size.

    ``ties`` are pairs of boxes side by side whose weights are coupled, without data flowing between them; ``skips`` are
    pairs of the first box that a skip passes by and the box where it ends.
    """

    boxes: tuple[Box, ...]
    links: tuple[tuple[int, int], ...]
    width: float
    height: float
    frames: tuple[Frame, ...] = ()
    ties: tuple[tuple[int, int], ...] = ()
    skips: tuple[tuple[int, int], ...] = ()

    def frame_of(self, box: Box) -> Frame | None:
        """The frame that contains a box, if any."""
        return next((f for f in self.frames if f.x <= box.x < f.x + f.width and f.y <= box.y < f.y + f.height), None)


class Entry(NamedTuple):
    """What a box shows.

    Attributes:
        title: Its title.
        detail: The line below.
        paths: Those of its layers.
        error: Whether a layer has an error.
        skip: The number of boxes right above it that a skip passes by, which ends here.
    """

    title: str
    detail: str
    paths: tuple[str, ...]
    error: bool
    skip: int = 0


@dataclass
class PlanBuilder:
    """Builds a :class:`Plan`."""

    sizes: Metrics
    boxes: list[Box] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    ties: list[tuple[int, int]] = field(default_factory=list)
    skips: list[tuple[int, int]] = field(default_factory=list)

    def box(self, entry: Entry, task: int, x: float, y: float, width: float) -> int:
        """Add a box and return its index."""
        title, detail, paths, error, _ = entry
        self.boxes.append(Box(title, detail, paths, task, x, y, width, self.sizes.height, error))
        return len(self.boxes) - 1

    def unit(self, title: str, task: int, x: float, y: float, width: float) -> int:
        """Add a unit of the scheme and return its index."""
        self.boxes.append(Box(title, "", (), task, x, y, width, self.sizes.unit, unit=True))
        return len(self.boxes) - 1

    def column(self, entries: Sequence[Entry], task: int, x: float, y: float, width: float) -> list[int]:
        """Add linked boxes one below the other and return their indices."""
        step = self.sizes.height + self.sizes.gap
        boxes = [self.box(entry, task, x, y + row * step, width) for row, entry in enumerate(entries)]
        self.links += pairwise(boxes)
        self.skips += [(boxes[row - entry.skip], boxes[row]) for row, entry in enumerate(entries) if entry.skip]
        return boxes

    def join(self, above: Sequence[int], below: Sequence[int]) -> None:
        """Link each of some boxes with each of others."""
        self.links += [(a, b) for a in above for b in below]

    def bottom(self) -> float:
        """The lower edge of all boxes and frames."""
        return max(
            [box.y + box.height for box in self.boxes] + [frame.y + frame.height + frame.pile for frame in self.frames]
        )

    def plan(self) -> Plan:
        """The plan of what was added, shifted to start at x = 0."""
        areas: list[Box | Frame] = [*self.boxes, *self.frames]
        left = min(area.x for area in areas)
        boxes = tuple(replace(box, x=box.x - left) for box in self.boxes)
        frames = tuple(replace(frame, x=frame.x - left) for frame in self.frames)
        width = max([box.x + box.width for box in boxes] + [frame.x + frame.width + frame.pile for frame in frames])
        return Plan(boxes, tuple(self.links), width, self.bottom(), frames, tuple(self.ties), tuple(self.skips))


def boxes_of_layers(layers: Sequence[LayerInfo]) -> list[Entry]:
    """The entries of the boxes of layers: an activation shares the box of the layer before it.

    The layers of a block stand above the box of the block, where its skip ends.
    """
    groups: list[list[LayerInfo]] = []
    for layer in layers:
        joins = layer.kind in ACTIVATIONS and groups and len(groups[-1]) == 1 and not groups[-1][0].error
        if joins and groups[-1][0].kind not in ACTIVATIONS and groups[-1][0].parameters:
            groups[-1].append(layer)
        else:
            groups.append([layer])
    return [entry for group in groups for entry in _entries(group)]


def box_of_layer(layer: LayerInfo) -> Entry:
    """The entry of the box of one layer."""
    return _group([layer])


def _entries(group: list[LayerInfo]) -> list[Entry]:
    """The box of a group, below the boxes of its own layers if it is a block."""
    inner = boxes_of_layers(group[0].layers)
    entry = _group(group)
    return [*inner, entry._replace(title=f"+ {entry.title}", skip=len(inner))] if inner else [entry]


def _group(group: list[LayerInfo]) -> Entry:
    parameters = sum(layer.parameters for layer in group)
    shape = format_shape(group[-1].output_shape)
    failed = any(layer.problems for layer in group)
    parts = (shape, format_count_short(parameters) if parameters else "")
    detail = "cannot be built" if failed else " · ".join(part for part in parts if part)
    return Entry(" · ".join(layer.title for layer in group), detail, tuple(layer.path for layer in group), failed)
