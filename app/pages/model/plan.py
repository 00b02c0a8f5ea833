"""Where the boxes of the diagram stand; without Qt."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.forms import count_text, shape_text
from mtl_core.spec import LAYER_GROUPS, LayerInfo, ModelInfo, kind_of

ACTIVATIONS = frozenset(kind_of(spec) for spec in LAYER_GROUPS["Activation"])


@dataclass(frozen=True)
class Metrics:
    """Sizes in pixels, from the font: width of a trunk's and of a head's box, height of a box, the gaps."""

    trunk: float = 152.0
    head: float = 104.0
    height: float = 36.0
    gap: float = 14.0
    branch: float = 34.0
    side: float = 12.0


@dataclass(frozen=True)
class Box:
    """A box: one layer with the activation that follows it, the input, or an output.

    ``task`` is the index of the task whose colour it has, or -1; ``paths`` are the layers in it.
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

    @property
    def centre(self) -> float:
        """Its middle, across."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Plan:
    """All boxes, the pairs of them that are joined by a line, and the size of the whole."""

    boxes: tuple[Box, ...]
    links: tuple[tuple[int, int], ...]
    width: float
    height: float


def plan_of(info: ModelInfo, input_title: str, sizes: Metrics = Metrics()) -> Plan:
    """The diagram of a model: the trunk down the middle, then a column per task in task order."""
    tasks = list(info.outputs)
    width = max(sizes.trunk, len(tasks) * (sizes.head + sizes.side) - sizes.side)
    step = sizes.height + sizes.gap
    trunk = [(input_title, shape_text(info.input_shape), (), False), *_merged(info.shared)]
    boxes = [
        Box(title, detail, paths, -1, (width - sizes.trunk) / 2, i * step, sizes.trunk, sizes.height, error)
        for i, (title, detail, paths, error) in enumerate(trunk)
    ]
    links = [(i, i + 1) for i in range(len(boxes) - 1)]
    root, top = len(boxes) - 1, len(boxes) * step - sizes.gap + sizes.branch
    left = (width - (len(tasks) * (sizes.head + sizes.side) - sizes.side)) / 2
    for index, task in enumerate(tasks):
        out = info.outputs[task]
        column = [*_merged(info.heads.get(task, ())), (task, out.detail, (out.path,), bool(out.error))]
        x = left + index * (sizes.head + sizes.side)
        above = root
        for row, (title, detail, paths, error) in enumerate(column):
            links.append((above, len(boxes)))
            above = len(boxes)
            boxes.append(Box(title, detail, paths, index, x, top + row * step, sizes.head, sizes.height, error))
    height = max(box.y + box.height for box in boxes)
    return Plan(tuple(boxes), tuple(links), width, height)


def _merged(layers: Sequence[LayerInfo]) -> list[tuple[str, str, tuple[str, ...], bool]]:
    """Title, detail, paths and whether it fails; an activation joins the layer that it follows."""
    groups: list[list[LayerInfo]] = []
    for layer in layers:
        joins = layer.kind in ACTIVATIONS and groups and len(groups[-1]) == 1 and not groups[-1][0].error
        if joins and groups[-1][0].kind not in ACTIVATIONS and groups[-1][0].parameters:
            groups[-1].append(layer)
        else:
            groups.append([layer])
    return [_group(group) for group in groups]


def _group(group: list[LayerInfo]) -> tuple[str, str, tuple[str, ...], bool]:
    parameters = sum(layer.parameters for layer in group)
    shape = shape_text(group[-1].output_shape)
    failed = any(layer.error for layer in group)
    parts = (shape, count_text(parameters) if parameters else "")
    detail = "cannot be built" if failed else " · ".join(part for part in parts if part)
    return " · ".join(layer.title for layer in group), detail, tuple(layer.path for layer in group), failed


def summary(info: ModelInfo) -> str:
    """289 k parameters · 91 % shared."""
    if not info.parameters:
        return "no parameters"
    share = 100 * info.shared_parameters / info.parameters
    return f"{count_text(info.parameters)} parameters · {share:.0f} % shared"
