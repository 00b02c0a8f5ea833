"""Where each task of a run was best, beside the epoch that the run's rule chose; free of torch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mtl_core.spec import Task, score_of
from mtl_core.store.records import RunRecord, Summary


@dataclass(frozen=True)
class BestEpoch:
    """Where a task was best on validation.

    Attributes:
        task: The task.
        metric: What it is judged by.
        value: Its best value.
        step: After how many steps.
        epoch: After how many epochs; None while that is unknown.
        chosen: The epoch whose model was kept for all tasks; None before the run has ended, and where none was chosen.
        missing: What the run's rule says chooses it, where that never had a value and the total loss chose instead.
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
    """Each task's own best epoch by its score, beside the one that the run's rule chose.

    Args:
        record: The run.
        tasks: Its tasks.
        summaries: Its summaries.
        monitor: The value that chooses its best epoch: ``training.monitor`` of its spec; nothing: any that it says.
    """
    known = {(one.task, one.split, one.metric): one for one in summaries if one.run == record.id}
    followed, _, metric = monitor.partition(".")
    missing = "" if not monitor or (followed, "val", metric or "loss") in known else monitor
    nothing = missing and (followed, "val", "loss") not in known
    found = []
    for task in tasks:
        metric = score_of(task)
        best = known.get((task.name, "val", metric))
        if best is None or best.best_step is None:
            continue
        test = known.get((task.name, "test", metric))
        chosen = None if test is None or nothing else _epoch(record, test.last_step)
        epoch = _epoch(record, best.best_step)
        found.append(BestEpoch(task.name, metric, best.best, best.best_step, epoch, chosen, missing))
    return tuple(found)


def _epoch(record: RunRecord, step: int) -> int | None:
    progress = record.progress
    if progress is None or not progress.steps or not progress.epochs:
        return None
    return round(step * progress.epochs / progress.steps)
