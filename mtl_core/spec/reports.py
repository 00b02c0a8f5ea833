"""What a worker reports about a data set, a model or a machine: no torch, JSON over the wire."""

from typing import Any, Literal

from pydantic import Field

from mtl_core.spec.base import Report
from mtl_core.spec.data_notes import DataNote
from mtl_core.spec.dataset import ColumnType, DecimalMark
from mtl_core.spec.tasks import TASK_KINDS, Outputs, TaskKind

Shape = tuple[int, ...]
Role = Literal["input", "target", "ignore"]
"""What a column is for."""


class Histogram(Report):
    """Counts of a numeric column: ``edges`` has one more entry than ``counts``."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class ColumnInfo(Report):
    """A column as looking at the data says it is.

    ``low``, ``high`` and ``mean`` are of numeric columns, as is ``whole``: numbers without fractions. ``categories``
    are (value, rows) of the most frequent values, most frequent first; of text, of what spaces separate. With
    ``pixels`` the column is a map of classes, and they are counted in pixels.

    ``missing_texts`` are (text, cells) of what counts as missing, empty cells as an empty text. ``decimal``, ``unit``
    and ``dates`` say how its numbers are written: the decimal mark, what was left away, and the order of day, month and
    year (``time``: a time of day).
    """

    name: str
    type: ColumnType
    missing: int
    unique: int
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    categories: tuple[tuple[str, int], ...] = ()
    histogram: Histogram | None = None
    whole: bool = False
    pixels: bool = False
    missing_texts: tuple[tuple[str, int], ...] = ()
    decimal: DecimalMark = "."
    unit: str = ""
    dates: str = ""
    suggested: Role = "input"


class TargetInfo(Report):
    """What a task's target looks like in the training rows.

    Attributes:
        width: Values per row where the target is numbers, else 1.
        classes: The classes in the order of their numbers; binary: negative, positive; multilabel: the labels.
        counts: Labeled training rows of each class; multilabel: of each label; segmentation: pixels; tagging: tokens.
        mean: Per value, numbers only; so is ``std``. The identity (0, 1) where nothing is standardized.
        per_value: Outputs for each value: 2 where its variance is learned too.
        size: Height and width of a map of classes, or the positions of a sequence of tags.
        edges: The upper ends of the intervals in which a number is predicted; empty where it is not predicted so.
        labelled: Rows of the training split that have a label.
        value_counts: Those that have each of the values, where some rows have only some of them; else empty.
    """

    name: str
    kind: TaskKind
    width: int = 1
    classes: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    per_value: int = 1
    size: Shape = ()
    edges: tuple[float, ...] = ()
    labelled: int = 0
    value_counts: tuple[int, ...] = ()

    @property
    def outputs(self) -> Outputs:
        """What the output layer must give."""
        return TASK_KINDS[self.kind].outputs(self)


class DatasetInfo(Report):
    """A data set as the Data page shows it.

    Attributes:
        rows: All rows, or for each split when the data set has splits of its own.
        preview: The first rows as text, in the order of ``columns``; an empty one for a map.
        images: The first images, each a few rows of 0…255, or in color of 0xRRGGBB.
        tasks: Tasks that suggest themselves, as spec data.
        inputs: The inputs that suggest themselves.
        delimiter: What separates the cells of a text file; so is ``encoding``, that of its characters.
    """

    name: str
    title: str
    description: str
    rows: int
    input_kind: Literal["table", "image"]
    input_shape: Shape
    columns: tuple[ColumnInfo, ...]
    preview: tuple[tuple[Any, ...], ...] = ()
    images: tuple[tuple[tuple[int, ...], ...], ...] = ()
    inputs: tuple[str, ...] = ()
    tasks: tuple[dict[str, Any], ...] = ()
    notes: tuple[DataNote, ...] = ()
    fingerprint: str = ""
    delimiter: str = ""
    encoding: str = ""


class Fix(Report):
    """A change of the spec that mends a problem: set ``path`` to ``value``."""

    label: str
    path: str
    value: Any


class LayerInfo(Report):
    """A layer as built: its output shape without the batch, and its number of parameters."""

    path: str
    kind: str
    title: str
    detail: str = ""
    output_shape: Shape | None = None
    parameters: int = 0
    error: str | None = None
    fix: Fix | None = None


class ModelInfo(Report):
    """A model as built on no device at all: every layer's shape, or the error at the layer that fails.

    Attributes:
        shared: The shared layers as listed; schemes with copies have several of each.
        sharing: The sharing scheme as spec data.
        stages: Where among the shared layers each stage begins (each level, in a scheme of levels); none where a layer
            fails.
        tail: Where the last stage ends; what follows belongs to none.
        notes: About the data as they are read for the tasks.
    """

    input_shape: Shape
    shared: tuple[LayerInfo, ...]
    heads: dict[str, tuple[LayerInfo, ...]]
    outputs: dict[str, LayerInfo]
    parameters: int
    shared_parameters: int
    sharing: dict[str, Any] = Field(default_factory=lambda: {"kind": "hard"})
    stages: tuple[int, ...] = ()
    tail: int = 0
    notes: tuple[DataNote, ...] = ()

    @property
    def problems(self) -> tuple[LayerInfo, ...]:
        """The layers that cannot be built."""
        every = [
            *self.shared,
            *(layer for head in self.heads.values() for layer in head),
            *self.outputs.values(),
        ]
        return tuple(layer for layer in every if layer.error)


class DeviceInfo(Report):
    """A device one can train on: its torch name and what a person calls it."""

    name: str
    label: str
