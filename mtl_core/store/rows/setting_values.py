"""Values of settings of many runs, and the names of all settings and metrics."""

from collections.abc import Collection

import sqlalchemy as sa

from mtl_core.store.rows.damage import select_rows
from mtl_core.store.tables import SETTING, SUMMARY

_COLUMNS = sa.select(SETTING.c.run_id, SETTING.c.path, SETTING.c.text, sa.type_coerce(SETTING.c.number, sa.Double))
_METRICS = sa.select(SUMMARY.c.task, SUMMARY.c.split, SUMMARY.c.metric).distinct()


def select(
    connection: sa.Connection, paths: Collection[str], runs: Collection[int]
) -> dict[int, dict[str, float | str]]:
    """Select values of settings, by run and path: a number, else the text; without damaged ones."""
    if not paths:
        return {}
    rows, _ = select_rows(connection, _COLUMNS.where(SETTING.c.path.in_(paths)), SETTING.c.run_id, list(runs))
    values: dict[int, dict[str, float | str]] = {}
    for run, path, text, number in rows:
        value = number if isinstance(number, float | int) else text
        if isinstance(value, float | int | str):
            values.setdefault(run, {})[path] = value
    return values


def select_paths(connection: sa.Connection) -> list[str]:
    """Select the paths of all settings, sorted, by one search in the index for each."""
    first = sa.select(sa.func.min(SETTING.c.path).label("path")).cte(recursive=True)
    following = sa.select(sa.func.min(SETTING.c.path)).where(SETTING.c.path > first.c.path).scalar_subquery()
    paths = first.union_all(sa.select(following).where(first.c.path.is_not(None)))
    return [path for path in connection.scalars(sa.select(paths.c.path)) if isinstance(path, str)]


def select_choices(connection: sa.Connection, path: str) -> list[str]:
    """Select the different values of a setting as texts, sorted; at most a hundred."""
    query = sa.select(SETTING.c.text).where(SETTING.c.path == path).distinct().order_by(SETTING.c.text).limit(100)
    return [text for text in connection.scalars(query) if isinstance(text, str)]


def select_metrics(connection: sa.Connection) -> list[str]:
    """Select the names of all metrics as filters have them, sorted; those of other splits than test name it."""
    rows = [row for row in connection.execute(_METRICS) if all(isinstance(part, str) for part in row)]
    names = (
        f"{task}.{metric}" if split == "test" and task else ".".join(filter(None, (split, task, metric)))
        for task, split, metric in rows
    )
    return sorted(names)
