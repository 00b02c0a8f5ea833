"""The kinds of input, each from the module of its name, and the inputs of an experiment."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from mtl_core.datasets.inputs.input_kind import InputKind, InputReader, SpecInput
from mtl_core.datasets.inputs.media_reader import MediaReader
from mtl_core.datasets.source import Source
from mtl_core.spec import Dataset, ImageInput, Input, InputError, TableInput, Task, TextInput, kind_of, members, shorten
from mtl_core.spec.reports import Shape
from mtl_core.tabular.column_lookup import find_column

KINDS: dict[str, InputKind] = {
    kind: import_module(f"mtl_core.datasets.inputs.{kind}").KIND for kind in map(kind_of, members(Input))
}
"""By the name of the kind, which is registered in :data:`mtl_core.spec.Input`."""


def open_inputs(spec_inputs: Sequence[SpecInput], source: Source, *, decoded: bool = True) -> dict[str, InputReader]:
    """Read the inputs of a data set, by name.

    Args:
        spec_inputs: The inputs.
        source: The data.
        decoded: Whether files of pictures and sounds will be decoded; if not, only their shapes are known.

    Raises:
        InputError: A column does not exist, or does not suit its input.
    """
    readers = {
        spec_input.name: KINDS[kind_of(type(spec_input.spec))].reader(spec_input, source) for spec_input in spec_inputs
    }
    if decoded:
        return readers
    return {name: reader.outline() if isinstance(reader, MediaReader) else reader for name, reader in readers.items()}


def reads_files(dataset: Dataset) -> bool:
    """Whether an input is read from files of pictures or sounds, which may change without the table."""
    return dataset.kind != "bundled" and bool({"image", "sound"} & set(dataset.input_kinds.values()))


def inputs_of(dataset: Dataset, source: Source, tasks: Sequence[Task]) -> list[SpecInput]:
    """The inputs of an experiment: those by name, or the one of the short form.

    Raises:
        InputError: No column is named where one must be, a column is also a target, or a listed one does not exist.
    """
    targets = {target: task.name for task in tasks for target in task.targets}
    spec_inputs = _spec_inputs(dataset, source, (*targets, *dataset.split.columns))
    for spec_input in spec_inputs:
        for i, name in enumerate(spec_input.spec.source_columns):
            for column in source.expand([name]):
                if column in targets:
                    rule = f"a column is an input or a target, not both: it is the target of task {targets[column]!r}"
                    raise InputError(spec_input.column_path(i), rule, found=repr(column))
            if column in dataset.split.columns:
                rule = "a column that divides the rows is no input"
                raise InputError(spec_input.column_path(i), rule, found=repr(column))
    return spec_inputs


def _spec_inputs(dataset: Dataset, source: Source, other_roles: Sequence[str]) -> list[SpecInput]:
    if (named := dataset.named_inputs) is not None:
        return [SpecInput(name, spec) for name, spec in named.items()]
    listed = dataset.inputs if isinstance(dataset.inputs, tuple) else ()
    if source.has_only_pictures and (dataset.has_default_inputs or not listed):
        if listed:
            raise InputError("dataset.inputs", "the input of this data set is the image", fix="Leave it empty.")
        column = next(iter(source.pictures))
        return [SpecInput("image", ImageInput(column=column), is_short_form=True)]
    names = listed or default_columns(source, other_roles)
    if not names:
        raise InputError("dataset.inputs", "name at least one input column")
    return [_listed_input(dataset, source, names)]


def _listed_input(dataset: Dataset, source: Source, names: Sequence[str]) -> SpecInput:
    """The input of the short form: a text alone, or columns of a table."""
    columns = [
        find_column(source.columns, column, f"dataset.inputs[{i}]")
        for i, name in enumerate(names)
        for column in source.expand([name])
    ]
    text = next((column.name for column in columns if column.type == "text"), None)
    if text is None:
        numeric, categorical = dataset.numeric_inputs, dataset.categorical_inputs
        table = TableInput(columns=tuple(names), numeric_inputs=numeric, categorical_inputs=categorical)
        return SpecInput("table", table, is_short_form=True)
    if len(columns) > 1:
        rule = "in a list of columns a text is read alone, without other inputs"
        fix = f"Leave only {text!r}, or give each input a name: dataset.inputs.<name>."
        raise InputError("dataset.inputs", rule, found=shorten(", ".join(names)), fix=fix)
    return SpecInput("text", TextInput(column=text, **dict(dataset.text)), is_short_form=True)


def default_columns(source: Source, other_roles: Sequence[str]) -> tuple[str, ...]:
    """The columns of the input when none are named; none of a data set that does not come with their roles.

    Args:
        source: The data.
        other_roles: Columns with another role: targets, and those that divide the rows.
    """
    if source.roles is None or source.has_only_pictures:
        return ()
    return tuple(name for name in source.columns if source.roles[name] == "input" and name not in other_roles)


_SHORT_FORM_KINDS = ("table", "text", "image")


def input_preprocessing(preprocessing: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The preprocessing of each input, by name, from that of the data.

    That of the short form stands at the top, as it did before inputs had names.
    """
    if preprocessing["kind"] in _SHORT_FORM_KINDS:
        return {preprocessing["kind"]: dict(preprocessing)}
    return dict(preprocessing["inputs"])


def row_shape(preprocessing: Mapping[str, Any], values_shape: Shape) -> Shape:
    """Shape of a row of an input, from its preprocessing and the shape of the values of all rows."""
    shape = KINDS[preprocessing["kind"]].shape
    return tuple(values_shape[1:]) if shape is None else shape(preprocessing)


def token_input(preprocessing: Mapping[str, Any]) -> str:
    """The input whose tokens are tagged: the first text; of data without a text the first input."""
    inputs = input_preprocessing(preprocessing)
    return next((name for name, fitted in inputs.items() if fitted["kind"] == "text"), next(iter(inputs)))
