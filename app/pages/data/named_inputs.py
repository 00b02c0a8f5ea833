"""The inputs of an experiment by name, and the changes of spec data that edit them; no widgets.

Every change is a mapping of paths to values, made in one step of undo. An experiment with one table or one text that
nobody has named has the short form: a list of columns.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from app.forms import defaults_of
from app.input_references import default_inputs, input_kinds
from app.pages.data.encoders import encoder_changes
from mtl_core.spec import ColumnInfo, DatasetInfo, kind_of, members
from mtl_core.spec.data.dataset import dataset_kind
from mtl_core.spec.inputs import BaseInput, Input
from mtl_core.spec.tasks import unique_task_name

Data = Mapping[str, Any]
Inputs = dict[str, dict[str, Any]]
INPUT_KINDS: dict[str, type[BaseInput]] = {
    kind_of(spec): spec for spec in members(Input) if issubclass(spec, BaseInput)
}
"""The class of each kind of input."""
_SHORT_KINDS = ("table", "text")
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
_MANY_VALUES, _SENTENCE_WORDS = 20, 3
"""From so many different values on, of so many words on average, the values of a column are sentences."""
_COLUMN_SETTINGS = ("kind", "column", "columns")


def is_named(dataset: Data) -> bool:
    """Whether a data set says its inputs by name."""
    return isinstance(dataset.get("inputs"), Mapping)


def has_names(dataset: Data) -> bool:
    """Whether the inputs of a data set have names: those that it states, or that it comes with."""
    return is_named(dataset) or (dataset.get("inputs") is None and bool(default_inputs(dataset)))


def columns_of(value: Data) -> list[str]:
    """The columns that an input reads."""
    columns = value.get("columns") if value.get("columns") is not None else value.get("column")
    return [columns] if isinstance(columns, str) else [str(column) for column in columns or ()]


def input_columns(dataset: Data) -> list[str]:
    """The columns that a data set says are inputs, in any form."""
    inputs = dataset.get("inputs") or ()
    if not isinstance(inputs, Mapping):
        return list(inputs)
    return [column for value in inputs.values() if isinstance(value, Mapping) for column in columns_of(value)]


def named_inputs(data: Data, info: DatasetInfo) -> Inputs:
    """The inputs by name, also of an experiment in the short form."""
    dataset = data["dataset"]
    stated = dataset.get("inputs")
    if isinstance(stated, Mapping):
        return {name: dict(value) for name, value in stated.items() if isinstance(value, Mapping)}
    if stated is None and (defaults := default_inputs(dataset)):
        return defaults
    ((name, kind),) = input_kinds(dataset).items()
    columns = list(stated) if stated is not None else list(info.inputs)
    texts = [column.name for column in info.columns if column.type == "text" and column.name in columns]
    if kind == "image":
        return {name: {"kind": "image", "column": next(iter(info.pictures), name)}}
    if not columns:
        return {}
    if columns == texts[:1]:
        return {"text": {"kind": "text", "column": columns[0], **_options(dataset, "text")}}
    return {"table": {"kind": "table", "columns": columns, **_options(dataset, "table")}}


def _options(dataset: Data, kind: str) -> dict[str, Any]:
    """The settings of the short form for an input of this kind."""
    settings = (dataset.get("text") or {}) if kind == "text" else dataset
    fields = [name for name in INPUT_KINDS[kind].model_fields if name not in _COLUMN_SETTINGS]
    return {name: settings[name] for name in fields if settings.get(name) is not None}


def file_columns(inputs: Inputs) -> dict[str, str]:
    """The kind of the input of each column that names files or pictures."""
    others = {name: value for name, value in inputs.items() if value.get("kind") not in _SHORT_KINDS}
    return {column: str(value.get("kind")) for value in others.values() for column in columns_of(value)}


def inputs_by_column(inputs: Inputs) -> dict[str, str]:
    """The name of the first input that reads each column."""
    return {column: name for name, value in reversed(inputs.items()) for column in columns_of(value)}


def input_of(inputs: Data, column: str) -> str:
    """The name of the first input that reads a column, or ``""``."""
    return next((name for name, value in inputs.items() if column in columns_of(value)), "")


def suggested_kinds(column: ColumnInfo) -> list[str]:
    """The kinds of input that a column can be, the most likely one first."""
    if column.pixels:
        return []
    if column.type == "numeric":
        return ["table"]
    kinds = ["text", "image", "sound"] if column.type == "text" else ["table", "text", "image", "sound"]
    likely = _kind_of_files(column) or ("text" if _holds_sentences(column) else "")
    ordered = [likely, *kinds] if likely else kinds
    return [kind for kind in dict.fromkeys(ordered) if kind in INPUT_KINDS]


def _holds_sentences(column: ColumnInfo) -> bool:
    """Whether the values of a column are many and of several words, so that they are no categories."""
    words = [len(value.split()) for value, _ in column.categories]
    return bool(words) and column.unique >= _MANY_VALUES and sum(words) >= _SENTENCE_WORDS * len(words)


def _kind_of_files(column: ColumnInfo) -> str:
    """``image`` or ``sound`` where the values of a column are names of such files, else ``""``."""
    values = [value.lower() for value, _ in column.categories]
    for kind, suffixes in (("image", _PICTURES), ("sound", _SOUNDS)):
        if values and sum(value.endswith(suffixes) for value in values) > len(values) / 2:
            return kind
    return ""


def with_inputs(data: Data, info: DatasetInfo, inputs: Inputs) -> dict[str, Any]:
    """The changes that give an experiment these inputs, in the short form where that says as much, with encoders.

    A column is read as its input needs it: a text as text, and a text that became a column of a table as categories.
    """
    dataset = data["dataset"]
    changes = _short_form(dataset, inputs) or {"dataset.inputs": inputs}
    types = needed_types(inputs, info)
    if isinstance(columns := changes.get("dataset.inputs"), list) and "text" in inputs:
        types |= dict.fromkeys(columns, "text")  # by which the spec knows that the short form is a text
    if types and dataset_kind(dataset).has_column_types:
        changes["dataset.types"] = {**(dataset.get("types") or {}), **types}
    after = {name: str(value.get("kind")) for name, value in inputs.items()}
    return {**changes, **encoder_changes(data, input_kinds(dataset), after)}


def needed_types(inputs: Inputs, info: DatasetInfo) -> dict[str, str]:
    """The types of columns that are read otherwise than their inputs need."""
    types = {column.name: column.type for column in info.columns}
    needed: dict[str, str] = {}
    for value in inputs.values():
        for column in columns_of(value):
            if value.get("kind") == "text" and types.get(column, "text") != "text":
                needed[column] = "text"
            elif value.get("kind") == "table" and types.get(column) == "text":
                needed[column] = "categorical"
    return needed


def _short_form(dataset: Data, inputs: Inputs) -> dict[str, Any]:
    if not inputs:
        return {"dataset.inputs": []}
    (name, value), *others = inputs.items()
    if others or name != value.get("kind"):
        return {}
    if name == "image" and not default_inputs(dataset) and input_kinds({**dataset, "inputs": None}) == {name: name}:
        return {"dataset.inputs": None}
    if name not in _SHORT_KINDS:
        return {}
    options = {key: setting for key, setting in value.items() if key not in _COLUMN_SETTINGS}
    changes: dict[str, Any] = {"dataset.inputs": columns_of(value)}
    if name == "table":
        return changes | {f"dataset.{key}": setting for key, setting in options.items() if setting != dataset.get(key)}
    return changes if options == dataset.get("text") else {**changes, "dataset.text": options}


def with_input_columns(data: Data, info: DatasetInfo, columns: Collection[str]) -> dict[str, Any]:
    """The changes that make these columns the inputs: each stays where it is, a new one joins a table or stands alone.

    Args:
        data: The experiment.
        info: The description of its data.
        columns: Names of all input columns; pictures and sounds stay.
    """
    current = named_inputs(data, info)
    stay = {*columns, *info.pictures, *info.sounds}
    others = {name for value in current.values() for name in columns_of(value)} - stay
    return with_inputs(data, info, _with_columns(without_columns(current, others), info, {*columns}))


def suggested_inputs(dataset: Data, info: DatasetInfo) -> Any:
    """The suggested inputs of fresh data: a list of columns, or by name where there are several."""
    if info.pictures and not info.inputs:
        return {"image": {"kind": "image", "column": info.pictures[0]}}
    inputs = _with_columns({}, info, {*info.inputs})
    if len(inputs) <= 1:
        return list(info.inputs)
    return {name: {**value, **_options(dataset, str(value["kind"]))} for name, value in inputs.items()}


def without_columns(inputs: Inputs, columns: Collection[str]) -> Inputs:
    """The inputs without some columns; an input that has none left is gone."""
    result: Inputs = {}
    for name, value in inputs.items():
        rest = [column for column in columns_of(value) if column not in columns]
        if rest == columns_of(value):
            result[name] = value
        elif rest:
            result[name] = {**value, "columns": rest}
    return result


def moved_to(inputs: Inputs, info: DatasetInfo, column: str, name: str) -> Inputs:
    """The inputs with a column moved to the table of that name."""
    if input_of(inputs, column) == name:
        return inputs
    rest = without_columns(inputs, {column})
    table = rest.get(name) or {**inputs[name], "columns": []}
    return {**rest, name: _with_table_columns(table, info, [column])}


def _with_table_columns(table: dict[str, Any], info: DatasetInfo, columns: Sequence[str]) -> dict[str, Any]:
    """A table with more columns, in the order of the data."""
    order = {column.name: place for place, column in enumerate(info.columns)}
    return {**table, "columns": sorted({*columns_of(table), *columns}, key=lambda name: order.get(name, len(order)))}


def moved_to_new(inputs: Inputs, column: ColumnInfo, kind: str) -> Inputs:
    """The inputs with a column moved to a new input of this kind, which is named after it."""
    place = list(inputs).index(input_of(inputs, column.name)) if input_of(inputs, column.name) else len(inputs)
    rest = without_columns(inputs, {column.name})
    setting = {"columns": [column.name]} if kind == "table" else {"column": column.name}
    new = {"kind": kind, **setting, **defaults_of(INPUT_KINDS[kind])}
    if not rest:
        return {kind if kind in _SHORT_KINDS else unique_task_name(column.name, []): new}
    entries = list(rest.items())
    entries.insert(place + 1, (unique_task_name(column.name, list(rest)), new))
    return dict(entries)


def renamed(inputs: Inputs, old: str, new: str) -> Inputs:
    """The inputs with one under another name, at the same place."""
    return {new if name == old else name: value for name, value in inputs.items()}


def tables_of(inputs: Inputs) -> list[str]:
    """The names of the inputs that hold several columns."""
    return [name for name, value in inputs.items() if value.get("kind") == "table"]


def _with_columns(inputs: Inputs, info: DatasetInfo, columns: Collection[str]) -> Inputs:
    """The inputs with all these columns: those without an input join the first table, or stand alone if they must."""
    present = inputs_by_column(inputs)
    new = [column for column in info.columns if column.name in columns and column.name not in present]
    kinds = {column.name: next(iter(suggested_kinds(column)), "table") for column in new}
    numbers = [name for name, kind in kinds.items() if kind == "table"]
    for column in new:
        if column.name in numbers[:1] and not tables_of(inputs):
            inputs = moved_to_new(inputs, column, "table")
        elif kinds[column.name] != "table":
            inputs = moved_to_new(inputs, column, kinds[column.name])
    if numbers:
        name = tables_of(inputs)[0]
        inputs = {**inputs, name: _with_table_columns(inputs[name], info, numbers)}
    return inputs
