"""The data set: its source, its input columns, their encoding, and its split."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, cast, get_args

from pydantic import AfterValidator, Field, TypeAdapter, model_validator

from mtl_core.spec.base import Spec, field
from mtl_core.spec.data.bundled import BUNDLED, BundledName, InputKind
from mtl_core.spec.data.database_url import without_secrets
from mtl_core.spec.data.joined_table import JoinedTable
from mtl_core.spec.data.readers import READER_PLUGINS, reader_of_name
from mtl_core.spec.data.splits import SplitSpec, StratifiedSplit
from mtl_core.spec.inputs import ImageInput, Inputs, NamedInputs, NumericInputs, OneHot, Standardized, TextSpec
from mtl_core.spec.inputs.column_encodings import categorical_inputs_field, numeric_inputs_field
from mtl_core.spec.tasks import Column
from mtl_core.spec.unions import kind_of, members

DecimalMark = Literal[".", ","]
ColumnType = Literal["numeric", "categorical", "text"]
DatePart = Literal["year", "month", "weekday", "hour", "elapsed"]
"""What a date becomes as an input; ``elapsed`` are the days since 1970, the hours of a time of day."""
DATE_PARTS: tuple[DatePart, ...] = get_args(DatePart)
TIME_PARTS: tuple[DatePart, ...] = ("hour", "elapsed")
"""The parts that a time of day has; a date has all."""
DEFAULT_DATE_PARTS: tuple[DatePart, ...] = ("elapsed",)
"""What a date becomes that the spec says nothing about."""


class BaseDataset(Spec):
    """What all kinds of data set have in common.

    Kinds repeat some fields, such as ``types`` and ``split``: in written specs those of a base class would stand before
    the kind's own.

    Attributes:
        from_file: Whether the data are a file of the user's, at ``path``.
        from_folder: Whether the data are a folder of the user's, at ``path``.
        has_column_types: Whether types of columns, and what counts as missing in them, can be set.
        has_default_inputs: Whether there are inputs when none are named.
    """

    from_file: ClassVar[bool] = False
    from_folder: ClassVar[bool] = False
    has_column_types: ClassVar[bool] = False
    has_default_inputs: ClassVar[bool] = False

    @property
    def named_inputs(self) -> NamedInputs | None:
        """The inputs by name; None in the short form, whose columns are one input."""
        return _named(getattr(self, "inputs", None))

    @property
    def short_form_kind(self) -> InputKind:
        """The kind of the one input of the short form, which is its name; ``text`` where its column is stated so."""
        types = getattr(self, "types", {})
        return "text" if any(types.get(column) == "text" for column in getattr(self, "inputs", ())) else "table"

    @property
    def input_kinds(self) -> dict[str, str]:
        """The kind of each input, by name."""
        if (inputs := self.named_inputs) is None:
            return {self.short_form_kind: self.short_form_kind}
        return {name: value.kind for name, value in inputs.items()}


def reviewed_field() -> str | None:
    """A field for the list of reviewed rows."""
    default: str | None = field(
        None,
        "A file that says which rows are left out and which labels are changed (JSON lines); empty: none. A relative "
        "path starts at the spec file's folder.",
        title="Reviewed list",
        min_length=1,
        widget="hidden",
    )
    return default


class BundledDataset(BaseDataset):
    """A data set that comes with the application."""

    title: ClassVar[str] = "Bundled"
    has_default_inputs: ClassVar[bool] = True
    kind: Literal["bundled"] = "bundled"
    name: BundledName = field("multidigits", "Which one.")
    inputs: Inputs | None = field(
        None,
        "The input columns of a table, or inputs by name; empty: those that the set comes with, but targets.",
        widget="columns",
    )
    numeric_inputs: NumericInputs = numeric_inputs_field()
    categorical_inputs: OneHot = categorical_inputs_field()
    text: TextSpec = field(TextSpec(), "How a text input of the short form is read.", advanced=True)
    split: SplitSpec = field(StratifiedSplit(), "How the rows are divided.")
    reviewed: str | None = reviewed_field()

    @property
    def named_inputs(self) -> NamedInputs | None:
        """The inputs by name that the spec gives, or else those that the set comes with."""
        return _bundled_inputs(self.name) if self.inputs is None else _named(self.inputs)

    @property
    def short_form_kind(self) -> InputKind:
        """The kind of input of the bundled set; ``text`` where a listed column is one of its texts."""
        entry = BUNDLED[self.name]
        texts = {value["column"] for value in entry.inputs.values() if value["kind"] == "text"}
        return "text" if texts & set(self.inputs or ()) else entry.input_kind


@cache
def _bundled_inputs(name: str) -> NamedInputs | None:
    """The inputs by name that a bundled set comes with; None where it has none, or there is no such set."""
    entry = BUNDLED.get(name)
    if entry is None or not entry.inputs:
        return None
    return TypeAdapter(NamedInputs).validate_json(json.dumps(entry.inputs))


def _named(inputs: Inputs | None) -> NamedInputs | None:
    return inputs if isinstance(inputs, dict) else None


def _known_reader(kind: str) -> str:
    if kind not in READER_PLUGINS:
        raise ValueError("no installed package reads such a format")
    return kind


def date_features_field() -> dict[Column, tuple[DatePart, ...]]:
    """A field for what dates become as inputs."""
    default: dict[Column, tuple[DatePart, ...]] = field(
        help="What the dates of an input column become: year and elapsed (days since 1970) as numbers, month, weekday "
        "and hour as categories. A column that is not named becomes elapsed alone.",
        default_factory=dict,
    )
    return default


class TableDataset(BaseDataset):
    """A table file of yours."""

    title: ClassVar[str] = "Table"
    from_file: ClassVar[bool] = True
    has_column_types: ClassVar[bool] = True
    kind: Literal["table"] = "table"
    path: str = field(help="The file; a relative path starts at the spec file's folder.", widget="file")
    inputs: Inputs = field((), "The input columns, or inputs by name.", widget="columns")
    types: dict[Column, ColumnType] = field(
        help="Column types that differ from what looking at the file says.", default_factory=dict
    )
    missing: dict[Column, tuple[str, ...]] = field(
        help="The cells that count as missing in a column, beside empty ones, where they differ from the usual: NA, "
        "N/A, NaN, NaT, null, None, ? and -, in any case. An empty list makes each of these a category.",
        default_factory=dict,
    )
    format: Annotated[str, AfterValidator(_known_reader)] | None = field(
        None,
        "The kind of a file format that another package reads, such as my-package/fixed_width; empty: by the name and "
        "the content of the file.",
        widget="hidden",
    )
    delimiter: str | None = field(None, "What separates the cells; empty: found by looking.", min_length=1)
    decimal: DecimalMark | None = field(
        None,
        "The decimal mark of numbers: a point (1,234.5) or a comma (1.234,5); empty: found by looking at each column.",
        title="Decimal mark",
    )
    encoding: str | None = field(None, "E.g. utf-8 or cp949; empty: found by looking.", min_length=1)
    header: bool | None = field(
        None,
        "Whether the first row of a text or a sheet holds the names of the columns; empty: it does, unless it repeats "
        "numbers.",
        widget="hidden",
    )
    sheet: str | None = field(
        None, "The name of the sheet of a workbook; empty: the first with a table.", min_length=1, widget="hidden"
    )
    join: tuple[JoinedTable, ...] = field(
        (),
        "Other tables, whose columns each row gets by a key: so a task's labels can stand in a file of their own.",
        widget="hidden",
    )
    date_features: dict[Column, tuple[DatePart, ...]] = date_features_field()
    numeric_inputs: NumericInputs = numeric_inputs_field()
    categorical_inputs: OneHot = categorical_inputs_field()
    text: TextSpec = field(TextSpec(), "How a text input of the short form is read.", advanced=True)
    split: SplitSpec = field(StratifiedSplit(), "How the rows are divided.")
    reviewed: str | None = reviewed_field()

    @model_validator(mode="after")
    def _state_format(self) -> "TableDataset":
        """State the format that another package reads, so that the experiment says which package it needs."""
        if self.format is None and (kind := reader_of_name(self.path)):
            object.__setattr__(self, "format", kind)  # the model is frozen, but no one else has a reference to it yet
        return self


class ImageFolderDataset(BaseDataset):
    """A folder of images of yours, with a folder for each class."""

    title: ClassVar[str] = "Folder of images"
    from_folder: ClassVar[bool] = True
    has_column_types: ClassVar[bool] = True
    has_default_inputs: ClassVar[bool] = True
    decimal: ClassVar[DecimalMark | None] = None
    numeric_inputs: ClassVar[NumericInputs] = Standardized()
    categorical_inputs: ClassVar[OneHot] = OneHot()
    text: ClassVar[TextSpec] = TextSpec()
    kind: Literal["image_folder"] = "image_folder"
    path: str = field(help="The folder; a relative path starts at the spec file's folder.", widget="folder")
    labels: str = field(
        "",
        "A table of further columns of the images, whose first column holds their names: paths in the folder, or the "
        "last parts of these. A relative path starts at the spec file's folder; empty: none.",
        widget="file",
    )
    inputs: NamedInputs | None = field(None, "Inputs by name; empty: the image.", widget="columns")
    types: dict[Column, ColumnType] = field(
        help="Column types that differ from what looking at the table of labels says.", default_factory=dict
    )
    missing: dict[Column, tuple[str, ...]] = field(
        help="The cells that count as missing in a column, as of a table.", default_factory=dict
    )
    split: SplitSpec = field(
        StratifiedSplit(), "How the rows are divided, if the images do not lie in folders train, val and test."
    )
    reviewed: str | None = reviewed_field()

    @property
    def named_inputs(self) -> NamedInputs:
        """The inputs by name; by default the image."""
        return self.inputs or {IMAGE_COLUMN: ImageInput(column=IMAGE_COLUMN)}


class QueryDataset(BaseDataset):
    """The rows that a query of a database answers."""

    title: ClassVar[str] = "Query"
    has_column_types: ClassVar[bool] = True
    kind: Literal["query"] = "query"
    url: Annotated[str, AfterValidator(without_secrets)] = field(
        help="The URL of the database, such as postgresql://reader:${DB_PASSWORD}@host/name; ${…} is the value of an "
        "environment variable, so that no password is stored. sqlite:///homes.db is a file; a relative one starts at "
        "the spec file's folder.",
        min_length=1,
    )
    sql: str = field(help="The query, a SELECT. It cannot change the database.", min_length=1)
    inputs: Inputs = field((), "The input columns, or inputs by name.", widget="columns")
    types: dict[Column, ColumnType] = field(
        help="Column types that differ from what looking at the rows says.", default_factory=dict
    )
    missing: dict[Column, tuple[str, ...]] = field(
        help="The cells that count as missing in a column, as of a table.", default_factory=dict
    )
    decimal: DecimalMark | None = field(None, "The decimal mark of numbers that are text.", title="Decimal mark")
    date_features: dict[Column, tuple[DatePart, ...]] = date_features_field()
    numeric_inputs: NumericInputs = numeric_inputs_field()
    categorical_inputs: OneHot = categorical_inputs_field()
    text: TextSpec = field(TextSpec(), "How a text input of the short form is read.", advanced=True)
    split: SplitSpec = field(StratifiedSplit(), "How the rows are divided.")
    reviewed: str | None = reviewed_field()


class ArraysDataset(BaseDataset):
    """Arrays of yours: files of NumPy (.npz, .npy) or of MNIST (IDX)."""

    title: ClassVar[str] = "Arrays"
    from_file: ClassVar[bool] = True
    has_column_types: ClassVar[bool] = True
    decimal: ClassVar[DecimalMark | None] = None
    kind: Literal["arrays"] = "arrays"
    path: str = field(
        help="The file, or a folder of such files; a relative path starts at the spec file's folder. The first "
        "dimension of an array are the rows: one of 1 dimension is a column, one of 2 is columns x[0], x[1] …, one of "
        "3 or 4 is pictures.",
        widget="file",
    )
    inputs: Inputs = field(
        (), "Columns, or arrays of columns, of a table; or inputs by name. Pictures need names.", widget="columns"
    )
    types: dict[Column, ColumnType] = field(
        help="Column types that differ from what looking at the arrays says.", default_factory=dict
    )
    numeric_inputs: NumericInputs = numeric_inputs_field()
    categorical_inputs: OneHot = categorical_inputs_field()
    text: TextSpec = field(TextSpec(), "How a text input of the short form is read.", advanced=True)
    split: SplitSpec = field(StratifiedSplit(), "How the rows are divided.")
    reviewed: str | None = reviewed_field()


IMAGE_COLUMN, CLASS_COLUMN = "image", "class"
"""The columns of a folder of images: names of files and names of classes."""

Dataset = Annotated[
    BundledDataset | TableDataset | ImageFolderDataset | QueryDataset | ArraysDataset, Field(discriminator="kind")
]

DATASET_KINDS = {kind_of(member): cast(type[BaseDataset], member) for member in members(Dataset)}
"""The class of each kind of data set."""


def dataset_kind(dataset: Mapping[str, Any]) -> type[BaseDataset]:
    """The class of a data set that is spec data; where its kind is not known, that of any data set."""
    return DATASET_KINDS.get(str(dataset.get("kind")), BaseDataset)
