"""A study as the store has it: its runs, and what they came to; free of torch."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mtl_core.analysis.delta_m import Judgement, judge, trials_of
from mtl_core.store.records import RunRecord
from mtl_core.store.store import RunStore


@dataclass(frozen=True)
class Study:
    """A study and its judgement.

    Attributes:
        number: The number of the run that began it.
        name: Its experiment's name.
        runs: Its runs, oldest first.
        judgement: What came of those that have finished.
    """

    number: int
    name: str
    runs: tuple[RunRecord, ...]
    judgement: Judgement

    @property
    def unfinished(self) -> tuple[RunRecord, ...]:
        """The runs that still wait or train."""
        return tuple(run for run in self.runs if not run.has_ended)

    def data(self) -> dict[str, Any]:
        """As plain data."""
        runs = [{"run": r.id, "seed": r.seed, "baseline": r.baseline, "state": r.state} for r in self.runs]
        return {"study": self.number, "name": self.name, "runs": runs, **self.judgement.data()}


def read_study(store: RunStore, number: int) -> Study | None:
    """The study of a number, archived runs included; None where no run of it trains all tasks."""
    runs = sorted(store.runs(archived=True, query=f"study:{number}"), key=lambda run: run.id)
    together = next((run for run in runs if not run.baseline), None)
    if together is None:
        return None
    tasks = store.spec(together.id).tasks
    judgement = judge(tasks, trials_of(runs, store.summaries([run.id for run in runs])))
    return Study(number, together.name, tuple(runs), judgement)


def studies_of(store: RunStore, runs: Iterable[RunRecord]) -> tuple[Study, ...]:
    """The studies that some runs belong to, in the order of their numbers."""
    numbers = sorted({run.study for run in runs if run.study is not None})
    found = (read_study(store, number) for number in numbers)
    return tuple(study for study in found if study is not None)
