"""What the Data page shows, computed from spec data and the description of the data set; no Qt."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from app.pages.data.cards.columns_table import Cell, ColumnRow
from app.pages.data.cards.image_grid import Label
from app.pages.data.cards.preview_header import ColumnView
from app.pages.data.cards.tasks_card import TaskView
from app.pages.data.named_inputs import file_columns, has_names, inputs_by_column, named_inputs, suggested_kinds
from app.pages.data.roles import KIND_TITLES, kinds_for, roles_of, targets_of, task_index_of
from mtl_core.spec import ColumnInfo, DataNote, DatasetInfo, ModelInfo
from mtl_core.spec.data.data_notes import date_parts_note, date_parts_text
from mtl_core.spec.data.dataset import DEFAULT_DATE_PARTS, dataset_kind
from mtl_core.spec.reports import Role
from mtl_core.text import group_digits

Data = Mapping[str, Any]
_ROLE_TITLES: dict[Role, str] = {"input": "Input", "target": "Target", "ignore": "Ignored"}
_MOST_BARS = 40


def column_views(data: Data, info: DatasetInfo) -> list[ColumnView]:
    """The cells of the preview's header.

    A map of pixels cannot be an input, and a column of a bundled data set keeps its type.
    """
    roles = roles_of(data, info)
    inputs = inputs_by_column(named_inputs(data, info)) if has_names(data["dataset"]) else {}
    free = dataset_kind(data["dataset"]).has_column_types
    views = []
    for column in info.columns:
        place = task_index_of(data, column.name)
        task = data["tasks"][place] if place >= 0 else {}
        kind = str(task.get("kind", ""))
        views.append(
            ColumnView(
                name=column.name,
                role=roles[column.name],
                type=column.type,
                roles=("input", "target", "ignore") if suggested_kinds(column) else ("target", "ignore"),
                input=inputs.get(column.name, ""),
                type_free=free,
                kind=kind,
                kinds=_kinds((column,), kind) if kind else (),
                color=place if place >= 0 else None,
                task=str(task.get("name", "")),
                about=about_column(column, stated_parts(data, column)),
            )
        )
    return views


def column_rows(data: Data, info: DatasetInfo, notes: Sequence[DataNote] = ()) -> list[ColumnRow]:
    """The rows of the table of columns; pictures and sounds, which are no columns of the table, come first.

    Args:
        data: The experiment.
        info: The description of its data set.
        notes: Notes about the data.
    """
    used = _Use(data, info, {note.name: str(note) for note in reversed(notes) if note.place == "column"})
    media = [*((name, "Image") for name in info.pictures), *((name, "Sound") for name in info.sounds)]
    rows = [
        ColumnRow(name, kind, _ROLE_TITLES["input" if used.inputs.get(name) else "ignore"], used.inputs.get(name, ""))
        for name, kind in media
    ]
    return [*rows, *map(used.row, info.columns)]


class _Use:
    """What an experiment makes of the columns.

    Args:
        data: The experiment.
        info: The description of its data set.
        warnings: A warning about some columns, by name.
    """

    def __init__(self, data: Data, info: DatasetInfo, warnings: Mapping[str, str]) -> None:
        self._data, self._info, self._warnings = data, info, warnings
        self._roles, self._free = roles_of(data, info), dataset_kind(data["dataset"]).has_column_types
        inputs = named_inputs(data, info)
        self.inputs, self._files = inputs_by_column(inputs), file_columns(inputs)

    def row(self, column: ColumnInfo) -> ColumnRow:
        """The row of a column."""
        role, place = self._roles[column.name], task_index_of(self._data, column.name)
        task = self._data["tasks"][place] if place >= 0 else {}
        kind = KIND_TITLES.get(str(task.get("kind")), "")
        counts = column.histogram.counts if column.histogram else tuple(count for _, count in column.categories)
        return ColumnRow(
            name=column.name,
            type=self._type(column),
            role=_ROLE_TITLES[role],
            use=f"{task.get('name', '')} · {kind}" if task else self.inputs.get(column.name, ""),
            choices=tuple(self._choices(column, role)),
            missing=column.missing / self._info.rows if self._info.rows else 0.0,
            unique=column.unique,
            bars=tuple(counts[:_MOST_BARS]),
            color=place if place >= 0 else None,
            is_used=role != "ignore",
            warning="" if column.name in self._files else _short_note(self._warnings.get(column.name, ""), column.name),
            about=about_column(column, stated_parts(self._data, column)),
        )

    def _type(self, column: ColumnInfo) -> str:
        if kind := self._files.get(column.name):
            return f"{kind.capitalize()} files"
        return "Map of classes" if column.pixels else column.type.capitalize()

    def _choices(self, column: ColumnInfo, role: Role) -> Iterator[Cell]:
        if self._free and role != "target" and not column.pixels and column.name not in self._files:
            yield Cell.TYPE
        yield Cell.ROLE
        if role == "target" or not column.pixels:
            yield Cell.USE


def _short_note(text: str, column: str) -> str:
    """A note about a column without the words that name it, for the row of the column."""
    short = text.removeprefix(f"Column {column!r} is ").removeprefix(f"Column {column!r}").lstrip(": ")
    return short[:1].upper() + short[1:]


def stated_parts(data: Data, column: ColumnInfo) -> tuple[str, ...]:
    """What the experiment says the dates of a column become as inputs; empty where it says nothing."""
    return tuple((data["dataset"].get("date_features") or {}).get(column.name) or ())


def date_notes(data: Data, info: DatasetInfo) -> list[DataNote]:
    """Notes about what the experiment says the dates of its input columns become."""
    roles = roles_of(data, info)
    columns = [column for column in info.columns if column.dates and roles[column.name] == "input"]
    return [
        date_parts_note(column.name, parts, is_time=column.dates == "time")
        for column in columns
        if (parts := stated_parts(data, column))
    ]


def about_column(column: ColumnInfo, date_parts: Sequence[str] = ()) -> str:
    """The tooltip of a column: how it is read, and what counts as missing in it.

    Args:
        column: The column.
        date_parts: What its dates become as inputs, where the experiment says so.
    """
    lines = [f"{group_digits(column.unique)} different values"]
    if column.decimal == ",":
        lines.append("decimal commas")
    if column.unit:
        lines.append(f"without the unit {column.unit!r}")
    if column.dates:
        is_time = column.dates == "time"
        parts = date_parts_text(date_parts or DEFAULT_DATE_PARTS, is_time=is_time)
        lines.append(f"{'times' if is_time else 'dates'}, as {parts}")
    if column.missing:
        counts = [
            f"{text!r} {group_digits(cells)}" if text else f"empty {group_digits(cells)}"
            for text, cells in column.missing_texts
        ]
        lines.append(f"{group_digits(column.missing)} missing" + (f" ({', '.join(counts[:6])})" if counts else ""))
    return "\n".join([column.name, *lines])


def task_views(
    data: Data,
    info: DatasetInfo | None,
    problem_at: Callable[[str], str],
    model: ModelInfo | None = None,
) -> list[TaskView]:
    """The boxes of the Tasks card; without ``info``, from the experiment alone.

    Args:
        data: The experiment.
        info: The description of its data set, if known.
        problem_at: Returns the problem at a path, or ``""``.
        model: The model as planned, if known: says how many rows have labels, and which tasks its layers do not fit.
    """
    by_name = {column.name: column for column in info.columns} if info else {}
    views = []
    for place, task in enumerate(data.get("tasks") or ()):
        targets = targets_of(task)
        columns = tuple(by_name[target] for target in targets if target in by_name)
        missing = [target for target in targets if info is not None and target not in by_name]
        problem = problem_at(f"tasks[{place}]")
        if missing and not problem:
            problem = f"The data have no column {', '.join(repr(name) for name in missing)}"
        kind, name = str(task.get("kind", "")), str(task.get("name", ""))
        common = model.common_labels.get(name, {}) if model is not None else {}
        output = model.outputs.get(name) if model is not None else None
        if output is not None and output.error and not problem:
            problem = "The model's layers do not fit it: see the Model page."
        views.append(
            TaskView(
                name=name,
                kind=kind,
                kinds=_kinds(columns, kind) if columns else (kind,),
                targets=tuple(targets),
                columns=columns,
                rows=info.rows if info else 0,
                color=place,
                problem=problem,
                common_labels=tuple((other, rows) for other, rows in common.items() if other != name),
            )
        )
    return views


def image_labels(data: Data, info: DatasetInfo) -> list[Sequence[Label]]:
    """The classes below the example images, each in the color of its task. Numbers are left out: they do not fit."""
    indices = [i for i, column in enumerate(info.columns) if column.type == "categorical" and not column.pixels]
    places = [task_index_of(data, info.columns[i].name) for i in indices]
    colors = [place if place >= 0 else None for place in places]
    return [tuple(zip((str(row[i]) for i in indices), colors, strict=True)) for row in info.preview]


def _kinds(columns: Sequence[ColumnInfo], kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*kinds_for(*columns), kind)))
