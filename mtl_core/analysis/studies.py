"""Studies of a store: their runs and results."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mtl_core.analysis.delta_m import StudyResult, compare_with_baselines, scored_runs
from mtl_core.store.records import RunRecord
from mtl_core.store.store import RunStore


@dataclass(frozen=True)
class Study:
    """A study and its result.

    Attributes:
        number: Number of the study, which is that of its first run.
        name: Name of its experiment.
        runs: Its runs, oldest first.
        result: Result of its finished runs.
    """

    number: int
    name: str
    runs: tuple[RunRecord, ...]
    result: StudyResult

    @property
    def unfinished(self) -> tuple[RunRecord, ...]:
        """The runs that have not ended."""
        return tuple(run for run in self.runs if not run.has_ended)

    def data(self) -> dict[str, Any]:
        """Return the study as plain data."""
        runs = [{"run": r.id, "seed": r.seed, "baseline": r.baseline, "state": r.state} for r in self.runs]
        return {"study": self.number, "name": self.name, "runs": runs, **self.result.data()}


def read_study(store: RunStore, number: int) -> Study | None:
    """Read a study, including its archived runs; return None if it has no multi-task run."""
    runs = sorted(store.runs(archived=True, query=f"study:{number}"), key=lambda run: run.id)
    multi_task_run = next((run for run in runs if not run.baseline), None)
    if multi_task_run is None:
        return None
    tasks = store.spec(multi_task_run.id).tasks
    result = compare_with_baselines(tasks, scored_runs(runs, store.summaries([run.id for run in runs])))
    return Study(number, multi_task_run.name, tuple(runs), result)


def studies_of(store: RunStore, runs: Iterable[RunRecord]) -> tuple[Study, ...]:
    """Read the studies that runs belong to, in the order of their numbers."""
    numbers = sorted({run.study for run in runs if run.study is not None})
    studies = (read_study(store, number) for number in numbers)
    return tuple(study for study in studies if study is not None)
