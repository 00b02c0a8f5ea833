"""View model of the Data page, from spec data and the description of the data set; no Qt."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.pages.data.cards.images import Label
from app.pages.data.cards.preview_header import ColumnView
from app.pages.data.cards.tasks import TaskView
from app.pages.data.roles import kinds_for, roles_of, targets_of, task_index_of
from mtl_core.spec import ColumnInfo, DatasetInfo
from mtl_core.spec.dataset import dataset_kind
from mtl_core.text import group_digits

Data = Mapping[str, Any]


def column_views(data: Data, info: DatasetInfo) -> list[ColumnView]:
    """The header's boxes: a column of images is a target or nothing; bundled columns keep their type."""
    roles = roles_of(data, info)
    allowed = ("input", "target", "ignore") if info.input_kind == "table" else ("target", "ignore")
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
                roles=allowed,
                type_free=free,
                kind=kind,
                kinds=_kinds((column,), kind) if kind else (),
                color=place if place >= 0 else None,
                task=str(task.get("name", "")),
                about=about_column(column),
            )
        )
    return views


def about_column(column: ColumnInfo) -> str:
    """How a column is read, and what counts as missing in it, in a few words."""
    words = [f"{group_digits(column.unique)} different values"]
    if column.decimal == ",":
        words.append("decimal commas")
    if column.unit:
        words.append(f"without the unit {column.unit!r}")
    if column.dates:
        words.append("hours of the day" if column.dates == "time" else "dates, as days since 1970-01-01")
    if column.missing:
        counts = [
            f"{text!r} {group_digits(cells)}" if text else f"empty {group_digits(cells)}"
            for text, cells in column.missing_texts
        ]
        words.append(f"{group_digits(column.missing)} missing" + (f" ({', '.join(counts[:6])})" if counts else ""))
    return "\n".join([column.name, *words])


def task_views(data: Data, info: DatasetInfo | None, problem_at: Callable[[str], str]) -> list[TaskView]:
    """The boxes of the Tasks card; without ``info`` what the experiment itself says.

    Args:
        data: The experiment.
        info: Its data set, if known.
        problem_at: What is wrong at a path, or ``""``.
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
        kind = str(task.get("kind", ""))
        views.append(
            TaskView(
                name=str(task.get("name", "")),
                kind=kind,
                kinds=_kinds(columns, kind) if columns else (kind,),
                targets=tuple(targets),
                columns=columns,
                rows=info.rows if info else 0,
                color=place,
                problem=problem,
            )
        )
    return views


def image_labels(data: Data, info: DatasetInfo) -> list[Sequence[Label]]:
    """The classes below example images, each in the color of the task that predicts it; numbers would not fit."""
    indices = [i for i, column in enumerate(info.columns) if column.type == "categorical" and not column.pixels]
    places = [task_index_of(data, info.columns[i].name) for i in indices]
    colors = [place if place >= 0 else None for place in places]
    return [tuple(zip((str(row[i]) for i in indices), colors, strict=True)) for row in info.preview]


def data_name(dataset: Mapping[str, Any]) -> str:
    """What to call a data set while it is being read."""
    return str(dataset.get("path") or dataset.get("name") or "").replace("\\", "/").rpartition("/")[2]


def _kinds(columns: Sequence[ColumnInfo], kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*kinds_for(*columns), kind)))
