"""Best epoch of each task of a run, and the epoch that the run's rule selected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mtl_core.protocol.series_key import SeriesKey
from mtl_core.spec import Task, score_of
from mtl_core.store.records import RunRecord, Summary
from mtl_core.store.store import RunStore


@dataclass(frozen=True)
class BestEpoch:
    """Epoch with a task's best validation score.

    Attributes:
        task: The task.
        metric: Its score metric.
        value: Its best value.
        step: Number of steps done by then.
        epoch: Number of epochs done by then; None if unknown.
        chosen: The epoch whose model was kept for all tasks; None before the end of the run, or if none was selected.
        missing: The monitored value of the run if it never had a value, so that the total loss was monitored instead.
    """

    task: str
    metric: str
    value: float
    step: int
    epoch: int | None
    chosen: int | None
    missing: str = ""


def best_epochs(
    record: RunRecord, tasks: Sequence[Task], summaries: Iterable[Summary], monitor: str = ""
) -> tuple[BestEpoch, ...]:
    """Return the best epoch of each task by its score, with the epoch that the run's rule selected.

    Args:
        record: The run.
        tasks: Its tasks.
        summaries: Its summaries.
        monitor: The monitored value that selects the best epoch, ``training.monitor`` of the spec; ``""`` for any.
    """
    by_key = {summary.key: summary for summary in summaries if summary.run == record.id}
    monitored_task, _, metric = monitor.partition(".")
    missing = "" if not monitor or SeriesKey(monitored_task, "val", metric or "loss") in by_key else monitor
    none_selected = missing and SeriesKey(monitored_task, "val", "loss") not in by_key
    epochs = []
    for task in tasks:
        metric = score_of(task)
        best = by_key.get(SeriesKey(task.name, "val", metric))
        if best is None or best.best_step is None:
            continue
        test = by_key.get(SeriesKey(task.name, "test", metric))
        selected = None if test is None or none_selected else _epoch(record, test.last_step)
        epoch = _epoch(record, best.best_step)
        epochs.append(BestEpoch(task.name, metric, best.best, best.best_step, epoch, selected, missing))
    return tuple(epochs)


def best_epochs_of(store: RunStore, record: RunRecord, summaries: Iterable[Summary]) -> tuple[BestEpoch, ...]:
    """Return the best epoch of each task of a stored run; see :func:`best_epochs`."""
    spec = store.spec(record.id)
    return best_epochs(record, spec.tasks, summaries, spec.training.monitor)


def _epoch(record: RunRecord, step: int) -> int | None:
    progress = record.progress
    if progress is None or not progress.steps or not progress.epochs:
        return None
    return round(step * progress.epochs / progress.steps)
