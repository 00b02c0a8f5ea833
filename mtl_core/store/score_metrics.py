"""The metric by which each task of many runs is judged, read from their settings without reading their specs."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import sqlalchemy as sa

from mtl_core.store.records import RunRecord
from mtl_core.store.tables import SETTING

_AT_ONCE = 5000  # databases limit the number of values in a statement
_UNSET = "null"


def score_metrics(connection: sa.Connection, records: Iterable[RunRecord]) -> dict[int, dict[str, str]]:
    """The metric of each task by run: the ``score`` of its spec, or the first of its metrics where that is not set."""
    records = list(records)
    settings = _settings(connection, records)
    return {record.id: dict(_of_tasks(record, settings.get(record.id, {}))) for record in records}


def _of_tasks(record: RunRecord, settings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for i, task in enumerate(record.tasks):
        score = settings.get(_score(i), _UNSET)
        metric = settings.get(_first_metric(i)) if score == _UNSET else score
        if metric is not None:
            yield task, metric


def _settings(connection: sa.Connection, records: list[RunRecord]) -> dict[int, dict[str, str]]:
    most = max((len(record.tasks) for record in records), default=0)
    paths = [path(i) for i in range(most) for path in (_score, _first_metric)]
    found: dict[int, dict[str, str]] = {}
    numbers = iter(record.id for record in records)
    while some := list(islice(numbers, _AT_ONCE)):
        query = sa.select(SETTING.c.run_id, SETTING.c.path, SETTING.c.text)
        rows = connection.execute(query.where(SETTING.c.run_id.in_(some), SETTING.c.path.in_(paths)))
        for run, path, text in rows:
            found.setdefault(run, {})[path] = text
    return found


def _score(task: int) -> str:
    return f"tasks[{task}].score"


def _first_metric(task: int) -> str:
    return f"tasks[{task}].metrics[0]"
