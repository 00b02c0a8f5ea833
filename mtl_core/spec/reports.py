"""Reports of a worker about a data set, a model or a device, sent as JSON; without torch."""

from typing import Any, Literal

from pydantic import Field

from mtl_core.spec.base import Report
from mtl_core.spec.data.data_notes import DataNote
from mtl_core.spec.data.dataset import ColumnType, DatePart, DecimalMark
from mtl_core.spec.tasks import TASK_KINDS, Outputs, TargetTransform, TaskKind

Shape = tuple[int, ...]
Role = Literal["input", "target", "ignore"]
"""The use of a column in an experiment."""


class Histogram(Report):
    """Counts of a numeric column: ``edges`` has one more entry than ``counts``."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class ColumnInfo(Report):
    """The type and statistics of a column, inferred from the data.

    Attributes:
        missing: Number of missing cells.
        unique: Number of different values.
        low: Least value of a numeric column.
        high: Greatest value of a numeric column.
        mean: Mean of a numeric column.
        categories: The most frequent values with their numbers of rows, most frequent first; of a text, its words;
            with ``pixels``, numbers of pixels.
        histogram: Histogram of a numeric column.
        whole: Whether all numbers are whole.
        pixels: Whether the column is a map of classes.
        missing_texts: The texts of missing cells with their numbers of cells; an empty text for empty cells.
        decimal: Decimal mark of its numbers.
        unit: A unit that was removed from its numbers.
        dates: Order of day, month and year in its dates; ``time`` for times of day.
        date_parts: The parts of its dates that are not the same in all rows, and the days elapsed.
        suggested: The role that its content suggests.
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
    date_parts: tuple[DatePart, ...] = ()
    suggested: Role = "input"


class TargetInfo(Report):
    """Statistics of a task's target in the training rows.

    Attributes:
        width: Number of values per row of a numeric target, else 1.
        classes: The classes by index; binary: negative, positive; multilabel: the labels.
        counts: Number of labeled training rows of each class or label; segmentation: of pixels; tagging: of tokens.
        mean: Mean of each value of a numeric target, after its transform; 0 if it is not standardized.
        std: Standard deviation of each value of a numeric target, after its transform; 1 if it is not standardized.
        transform: What is learned of a numeric target: the number itself, its logarithm or its normal score.
        knots: For each value, numbers and their normal scores, both rising, if scores are learned; linear in between.
        per_value: Number of outputs for each value: 2 if its variance is predicted too.
        size: Height and width of a map of classes, or the length of a sequence of tags.
        edges: The upper ends of the intervals of a target that is predicted by interval, else empty.
        labelled: Number of training rows with a label.
        value_counts: Number of training rows with each value, if some rows have only some of the values; else empty.
    """

    name: str
    kind: TaskKind
    width: int = 1
    classes: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    transform: TargetTransform = "none"
    knots: tuple[tuple[tuple[float, float], ...], ...] = ()
    per_value: int = 1
    size: Shape = ()
    edges: tuple[float, ...] = ()
    labelled: int = 0
    value_counts: tuple[int, ...] = ()

    @property
    def outputs(self) -> Outputs:
        """The shape of the output layer's output."""
        return TASK_KINDS[self.kind].outputs(self)


class DatasetInfo(Report):
    """The columns, preview and suggested tasks of a data set.

    Attributes:
        rows: All rows, or for each split when the data set has splits of its own.
        sample: The number of rows that are described where not all were read; ``rows`` is then an estimate. 0: all.
        preview: The first rows as text, in the order of ``columns``; an empty one for a map.
        split_rows: The rows of training, validation and test, where the user's data come with them. Without validation
            rows there, a share of the training rows is drawn.
        input_kind: What the input is when no columns are named: columns of the table, or an image.
        input_shapes: Shape of one row of each input, by name.
        images: The first images as rows of pixels: 0…255, or 0xRRGGBB in color.
        pictures: The columns of pictures, which are none of ``columns``.
        sounds: The columns of sounds, likewise.
        tasks: Suggested tasks, as spec data.
        inputs: Suggested input columns.
        delimiter: The separator of the cells of a text file; empty for other files.
        encoding: The character encoding of a text file.
        sheets: The names of the sheets of a workbook; none of other files.
        sheet: The name of the sheet that was read; empty for other files.
        version: What changes whenever the data do, such as a file; empty where it is not known.
    """

    name: str
    title: str
    description: str
    rows: int
    sample: int = 0
    split_rows: tuple[int, int, int] | None = None
    input_kind: Literal["table", "image"]
    input_shapes: dict[str, Shape]
    columns: tuple[ColumnInfo, ...]
    preview: tuple[tuple[Any, ...], ...] = ()
    images: tuple[tuple[tuple[int, ...], ...], ...] = ()
    pictures: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    tasks: tuple[dict[str, Any], ...] = ()
    notes: tuple[DataNote, ...] = ()
    fingerprint: str = ""
    delimiter: str = ""
    encoding: str = ""
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    version: str = ""


class Fix(Report):
    """A change of the spec that fixes a problem: set ``path`` to ``value``."""

    label: str
    path: str
    value: Any


class LayerInfo(Report):
    """A planned layer: its output shape without the batch dimension, its number of parameters, or its error.

    Attributes:
        layers: Its own layers, of a block that has some.
    """

    path: str
    kind: str
    title: str
    detail: str = ""
    output_shape: Shape | None = None
    parameters: int = 0
    error: str | None = None
    fix: Fix | None = None
    layers: tuple["LayerInfo", ...] = ()

    @property
    def problems(self) -> tuple["LayerInfo", ...]:
        """The layer and those in it, as far as they cannot be built."""
        inner = tuple(problem for layer in self.layers for problem in layer.problems)
        return (self, *inner) if self.error else inner


class ModelInfo(Report):
    """A model as planned on torch's meta device: the shape of every layer, or the error of a layer that fails.

    Attributes:
        input_shapes: Shape of one row of each input, by name.
        shared_parameters: Number of parameters that the tasks share, frozen ones included.
        trained_parameters: Number of parameters that are not frozen; None if that is all.
        encoders: Each input's own layers as listed.
        fusion: How the inputs meet; None with a single input.
        fused_shape: What the first shared layer reads; None where an encoder or the fusion cannot be built.
        shared: The shared layers as listed; schemes with copies have several of each.
        sharing: The sharing scheme as spec data.
        stages: Where among the shared layers each stage begins (each level, in a scheme of levels); none where a layer
            fails.
        tail: Where the last stage ends; what follows belongs to none.
        notes: Notes about the data as read for the tasks.
        common_labels: For each task the number of rows with a label of it and of each task; empty where no label lacks.
        complete_rows: Number of rows with a label of every task.
    """

    input_shapes: dict[str, Shape]
    encoders: dict[str, tuple[LayerInfo, ...]]
    fusion: LayerInfo | None
    fused_shape: Shape | None
    shared: tuple[LayerInfo, ...]
    heads: dict[str, tuple[LayerInfo, ...]]
    outputs: dict[str, LayerInfo]
    parameters: int
    shared_parameters: int
    trained_parameters: int | None = None
    sharing: dict[str, Any] = Field(default_factory=lambda: {"kind": "hard"})
    stages: tuple[int, ...] = ()
    tail: int = 0
    notes: tuple[DataNote, ...] = ()
    common_labels: dict[str, dict[str, int]] = Field(default_factory=dict)
    complete_rows: int = 0

    @property
    def problems(self) -> tuple[LayerInfo, ...]:
        """The layers that cannot be built."""
        every = [
            *(layer for encoder in self.encoders.values() for layer in encoder),
            *((self.fusion,) if self.fusion else ()),
            *self.shared,
            *(layer for head in self.heads.values() for layer in head),
            *self.outputs.values(),
        ]
        return tuple(problem for layer in every for problem in layer.problems)


class DeviceInfo(Report):
    """A device for training: its name in torch and its label in the window."""

    name: str
    label: str
