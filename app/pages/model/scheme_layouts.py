"""How each family of sharing schemes is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.formatting import format_shape
from app.pages.model.diagram_geometry import PILE, Entry, Frame, PlanBuilder, boxes_of_layers
from mtl_core.spec import LayerInfo, ModelInfo, Sharing, sharing_of
from mtl_core.spec.model import Cgc, DselectK, Mmoe, Ple

_UNITS = {"cross_stitch": "cross-stitch {}", "sluice": "sluice unit {}", "nddr": "NDDR {}: 1×1 · norm · ReLU"}
_EDGE = 7.0
"""Room between a frame and what it holds, and its title above."""


@dataclass
class Sketch:
    """A model, and the draft it is drawn on."""

    info: ModelInfo
    input_title: str
    draft: PlanBuilder

    @property
    def tasks(self) -> list[str]:
        """In their order."""
        return list(self.info.outputs)

    @property
    def parts(self) -> list[list[Entry]]:
        """The boxes of each stage or level, then those of the tail, if there is one."""
        ends = [*self.info.stages[1:], self.info.tail]
        cuts = [*zip(self.info.stages, ends, strict=True), (self.info.tail, len(self.info.shared))]
        return [boxes_of_layers(self.info.shared[a:b]) for a, b in cuts if a < b]

    @property
    def levels(self) -> list[list[Entry]]:
        """The boxes of each level of a scheme of levels, or all shared layers as one."""
        return self.parts if self.info.sharing["kind"] == "ple" else [boxes_of_layers(self.info.shared)]

    def middle(self, row: Sequence[int], width: float, like: Sequence[float]) -> list[tuple[int, float]]:
        """Where those of a row stand: as the columns above do if they are as many, else close in the middle."""
        if len(row) == len(like):
            return list(zip(row, like, strict=True))
        step = (
            self.draft.sizes.head
            + self.draft.sizes.side
            + (like[1] - like[0] - self.draft.sizes.head - self.draft.sizes.side if len(like) > 1 else 0)
        )
        left = (width - len(row) * step + step - self.draft.sizes.head) / 2
        return [(item, left + i * step) for i, item in enumerate(row)]

    def input_box(self, width: float) -> int:
        """The input, in the middle of ``width``."""
        entry = (self.input_title, format_shape(self.info.input_shape), (), False)
        sizes = self.draft.sizes
        return self.draft.box(entry, -1, (width - sizes.trunk) / 2, 0, sizes.trunk)

    def spread(self, count: int, each: float, gap: float = 0.0) -> tuple[float, list[float]]:
        """The width that holds ``count`` columns, a trunk's and all tasks' columns, and where the columns begin."""
        sizes = self.draft.sizes
        gap = gap or sizes.side
        wide = count * (each + gap) - gap
        width = max(wide, sizes.trunk, len(self.tasks) * (sizes.head + sizes.side) - sizes.side)
        return width, [(width - wide) / 2 + i * (each + gap) for i in range(count)]

    def heads(self, feeds: Sequence[Sequence[int]], lefts: Sequence[float], y: float) -> None:
        """Each task's own layers and output under what feeds them."""
        for index, (task, left) in enumerate(zip(self.tasks, lefts, strict=True)):
            out: LayerInfo = self.info.outputs[task]
            entries = [
                *boxes_of_layers(self.info.heads.get(task, ())),
                (task, out.detail, (out.path,), bool(out.error)),
            ]
            boxes = self.draft.column(entries, index, left, y, self.draft.sizes.head)
            self.draft.join(feeds[index], boxes[:1])


def trunk(sketch: Sketch) -> None:
    """One trunk down the middle that every task reads."""
    draft, sizes = sketch.draft, sketch.draft.sizes
    width, lefts = sketch.spread(len(sketch.tasks), sizes.head)
    top = sketch.input_box(width)
    entries = boxes_of_layers(sketch.info.shared)
    boxes = draft.column(entries, -1, (width - sizes.trunk) / 2, sizes.height + sizes.gap, sizes.trunk)
    draft.join([top], boxes[:1])
    root = boxes[-1] if boxes else top
    sketch.heads([[root]] * len(lefts), lefts, draft.bottom() + sizes.branch)


def towers(sketch: Sketch) -> None:
    """A tower for each task; between them what lets them exchange features, or ties that hold them close."""
    draft, sizes, kind = sketch.draft, sketch.draft.sizes, str(sketch.info.sharing["kind"])
    width, lefts = sketch.spread(len(sketch.tasks), sizes.head)
    feeds = [[sketch.input_box(width)]] * len(lefts)
    y = draft.bottom() + sizes.branch
    for number, part in enumerate(sketch.parts, 1):
        columns = [draft.column(part, task, left, y, sizes.head) for task, left in enumerate(lefts)]
        for feed, column in zip(feeds, columns, strict=True):
            draft.join(feed, column[:1])
        y = draft.bottom() + sizes.gap
        feeds = [column[-1:] for column in columns]
        if kind in _UNITS and number <= len(sketch.info.stages):
            unit = draft.unit(_UNITS[kind].format(number), -1, lefts[0], y, lefts[-1] - lefts[0] + sizes.head)
            for feed in feeds:
                draft.join(feed, [unit])
            feeds = [[unit]] * len(lefts)
            y = draft.bottom() + sizes.gap
        if kind == "soft":
            draft.ties += [pair for row in zip(*columns, strict=True) for pair in pairwise(row)]
    sketch.heads(feeds, lefts, y + (sizes.branch - sizes.gap) / 2)


def masks(sketch: Sketch) -> None:
    """One trunk at the left; each task's masks on what its stages give stand beside them."""
    draft, sizes = sketch.draft, sketch.draft.sizes
    count = len(sketch.tasks)
    lefts = [sizes.trunk + 2 * sizes.side + i * (sizes.head + sizes.side) for i in range(count)]
    entry = (sketch.input_title, format_shape(sketch.info.input_shape), (), False)
    last = draft.box(entry, -1, 0, 0, sizes.trunk)
    y = draft.bottom() + sizes.gap
    before: list[list[int]] = [[]] * count
    for number, part in enumerate(sketch.parts, 1):
        boxes = draft.column(part, -1, 0, y, sizes.trunk)
        draft.join([last], boxes[:1])
        last = boxes[-1]
        if number <= len(sketch.info.stages):
            level = draft.boxes[last].y + (sizes.height - sizes.unit) / 2
            units = [draft.unit(f"mask {number}", i, left, level, sizes.head) for i, left in enumerate(lefts)]
            draft.join([last], units)
            for feed, unit in zip(before, units, strict=True):
                draft.join(feed, [unit])
            before = [[unit] for unit in units]
        y = draft.bottom() + sizes.gap
    sketch.heads(before, lefts, y + sizes.gap)


@dataclass(frozen=True)
class _Pile:
    """Copies of the same layers, of one task or, with -1, of all."""

    title: str
    task: int
    copies: int


def _framed(draft: PlanBuilder, pile: _Pile, entries: Sequence[Entry], x: float, y: float) -> list[int]:
    """A column in a frame; its boxes, or none where there are no copies."""
    if not pile.copies:
        return []
    sizes = draft.sizes
    boxes = draft.column(entries, pile.task, x, y + sizes.unit, sizes.head)
    height = sizes.unit + len(entries) * (sizes.height + sizes.gap) - sizes.gap + _EDGE
    title = f"{pile.title} ×{pile.copies}" if pile.copies > 1 else pile.title
    draft.frames.append(Frame(title, pile.task, x - _EDGE, y, sizes.head + 2 * _EDGE, height, pile.copies))
    return boxes


def experts(sketch: Sketch) -> None:
    """Piles of experts, those of all tasks in the middle; a gate for each task, and below it what it feeds."""
    draft, sizes, spec = sketch.draft, sketch.draft.sizes, sharing_of(sketch.info)
    piles, parts = _experts_of(spec, len(sketch.tasks)), sketch.levels
    width, lefts = sketch.spread(len(piles), sizes.head, sizes.side + 2 * _EDGE + 2 * PILE)
    row = sketch.middle([*range(len(sketch.tasks))] if len(parts) == 1 else _around(len(sketch.tasks)), width, lefts)
    top = [sketch.input_box(width)]
    feeds = {task: top for task, _ in [*row, (-1, 0.0)]}
    for number, part in enumerate(parts, 1):
        y = draft.bottom() + sizes.branch
        ends: dict[int, list[int]] = {}
        for pile, x in zip(piles, lefts, strict=True):
            boxes = _framed(draft, pile, part, x, y)
            draft.join(feeds[pile.task], boxes[:1])
            ends[pile.task] = boxes[-1:]
        y = draft.bottom() + sizes.branch
        for task, x in row:
            if task >= 0 or number < len(parts):
                feeds[task] = [draft.unit("gate", task, x, y, sizes.head)]
                reads = ends if task < 0 else {owner: end for owner, end in ends.items() if owner in (-1, task)}
                draft.join([box for end in reads.values() for box in end], feeds[task])
    heads = dict(row)
    tasks = range(len(sketch.tasks))
    sketch.heads([feeds[task] for task in tasks], [heads[task] for task in tasks], draft.bottom() + sizes.gap)


def _experts_of(spec: Sharing, tasks: int) -> list[_Pile]:
    match spec:
        case Cgc(shared_experts=shared, own_experts=own) | Ple(shared_experts=shared, own_experts=own) if own:
            return [
                _Pile("own" if task >= 0 else "shared", task, own if task >= 0 else shared) for task in _around(tasks)
            ]
        case Cgc(shared_experts=shared) | Ple(shared_experts=shared):
            return [_Pile("experts", -1, shared)]
        case Mmoe(experts=experts) | DselectK(experts=experts):
            return [_Pile("experts", -1, experts)]
    raise TypeError(f"no experts in {spec.title}")


def _around(count: int) -> list[int]:
    """The tasks' numbers with -1, for what is shared, in the middle."""
    half = count // 2
    return [*range(half), -1, *range(half, count)]


def tree(sketch: Sketch) -> None:
    """The nodes of every stage side by side, with all the ways that can be chosen."""
    draft, sizes = sketch.draft, sketch.draft.sizes
    nodes = int(sketch.info.sharing["nodes"])
    width, lefts = sketch.spread(max(nodes, len(sketch.tasks)), sizes.head)
    places = [x for _, x in sketch.middle(range(nodes), width, lefts)]
    heads = [x for _, x in sketch.middle(range(len(sketch.tasks)), width, lefts)]
    feed = [sketch.input_box(width)]
    y = draft.bottom() + sizes.branch
    parts = sketch.parts
    if len(parts) > len(sketch.info.stages):  # what follows the last stage belongs to its nodes
        parts[-2:] = [[*parts[-2], *parts[-1]]]
    for part in parts:
        columns = [draft.column(part, -1, x, y, sizes.head) for x in places]
        draft.join(feed, [column[0] for column in columns])
        feed = [column[-1] for column in columns]
        y = draft.bottom() + sizes.branch
    sketch.heads([feed] * len(sketch.tasks), heads, y)


def private(sketch: Sketch) -> None:
    """The shared trunk in the middle with the adversary below it, each task's own beside it."""
    draft, sizes = sketch.draft, sketch.draft.sizes
    order = _around(len(sketch.tasks))
    gap = sizes.side + 2 * _EDGE
    width, lefts = sketch.spread(len(order), sizes.head, gap)
    top = [sketch.input_box(width)]
    y, entries = draft.bottom() + sizes.branch, boxes_of_layers(sketch.info.shared)
    piles = [_Pile("own" if task >= 0 else "shared", task, 1) for task in order]
    columns = {pile.task: _framed(draft, pile, entries, x, y) for pile, x in zip(piles, lefts, strict=True)}
    for column in columns.values():
        draft.join(top, column[:1])
    shared = columns.pop(-1)[-1]
    y = draft.bottom() + sizes.branch
    adversary = draft.unit("adversary", -1, lefts[order.index(-1)], y, sizes.head)
    draft.join([shared], [adversary])
    heads = [lefts[order.index(task)] for task in range(len(sketch.tasks))]
    sketch.heads([[shared, columns[task][-1]] for task in range(len(heads))], heads, y)
