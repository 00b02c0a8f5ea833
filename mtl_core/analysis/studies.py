"""Studies of a store: their runs and results."""

from collections.abc import Iterable, Mapping
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
        results: Result of the finished runs of each weighting method, in the order of their first runs.
    """

    number: int
    name: str
    runs: tuple[RunRecord, ...]
    results: Mapping[str, StudyResult]

    @property
    def result(self) -> StudyResult:
        """Result of the first method, which is the only one unless methods are compared."""
        return next(iter(self.results.values()))

    @property
    def unfinished(self) -> tuple[RunRecord, ...]:
        """The runs that have not ended."""
        return tuple(run for run in self.runs if not run.has_ended)

    def data(self) -> dict[str, Any]:
        """Return the study as plain data."""
        runs = [{"run": r.id, "seed": r.seed, "baseline": r.baseline, "state": r.state} for r in self.runs]
        several = {method: result.data() for method, result in self.results.items()} if len(self.results) > 1 else {}
        methods = {"methods": several} if several else {}
        return {"study": self.number, "name": self.name, "runs": runs, **self.result.data(), **methods}


def read_study(store: RunStore, number: int) -> Study | None:
    """Read a study, including its archived runs; return None if it has no multi-task run."""
    runs = sorted(store.runs(archived=True, query=f"study:{number}"), key=lambda run: run.id)
    multi_task_run = next((run for run in runs if not run.baseline), None)
    if multi_task_run is None:
        return None
    tasks = store.spec(multi_task_run.id).tasks
    summaries = store.summaries([run.id for run in runs])
    results = {}
    for method in dict.fromkeys(run.method for run in runs if not run.baseline):
        own = [run for run in runs if run.baseline or run.method == method]
        results[method] = compare_with_baselines(tasks, scored_runs(own, summaries))
    return Study(number, multi_task_run.name, tuple(runs), results)


def studies_of(store: RunStore, runs: Iterable[RunRecord]) -> tuple[Study, ...]:
    """Read the studies that runs belong to, in the order of their numbers."""
    numbers = sorted({run.study for run in runs if run.study is not None})
    studies = (read_study(store, number) for number in numbers)
    return tuple(study for study in studies if study is not None)
