"""What training tasks together brought: Δm against single-task baselines; free of torch.

Δm is the mean over the tasks of the relative change of the task's score against its single-task baseline, positive
where multi-task training is better (Maninis et al. 2019; Vandenhende et al. 2021)::

    Δm = 1/K · Σ_k s_k · (M_multi,k - M_single,k) / |M_single,k|      s_k = 1 where more is better, -1 where less is

Each seed has its own Δm, against the baselines of the same seed; their spread is that of Δm. The score of a task is the
metric that it is judged by (its ``score``, else the first), on the test split, of the epoch that the run's rule chose.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mtl_core.analysis.statistics import Spread
from mtl_core.spec import Direction, Task, direction, score_of
from mtl_core.store.records import RunRecord, Summary

Scores = Mapping[str, Mapping[str, float]]
Transfer = Literal["positive", "negative", "unclear", "unknown"]


@dataclass(frozen=True)
class Trial:
    """A run of a study that has come to test scores.

    Attributes:
        run: Its number.
        seed: Its seed.
        baseline: The task it trained alone; ``""`` when it trained all.
        scores: Test metrics by task and name.
    """

    run: int
    seed: int
    baseline: str
    scores: Scores


@dataclass(frozen=True)
class MetricJudgement:
    """One metric of one task, trained together and alone.

    Attributes:
        direction: Which way is better.
        score: Whether the task is judged by this metric.
        multi: Values of the runs of all tasks, one a seed.
        single: Values of the single-task baselines, one a seed.
        by_seed: Relative change of each seed that has both, positive where it is better together.
    """

    task: str
    metric: str
    direction: Direction
    score: bool
    multi: Spread
    single: Spread
    by_seed: Mapping[int, float]

    @property
    def change(self) -> Spread:
        """The relative change over the seeds."""
        return Spread.of(list(self.by_seed.values()))

    @property
    def transfer(self) -> Transfer:
        """Whether training together helped or harmed; unclear while the 95 % interval of the change holds 0."""
        if not self.change:
            return "unknown"
        low, high = self.change.interval
        if math.isnan(low) or low <= 0 <= high:
            return "unclear"
        return "positive" if low > 0 else "negative"


@dataclass(frozen=True)
class Judgement:
    """What a study came to.

    Attributes:
        seeds: The seeds that have test scores of all tasks trained together.
        metrics: Every metric of every task, the task's score first.
        by_seed: Δm of each seed with all its baselines.
        missing: What keeps seeds out of Δm, in words; nothing when all count.
    """

    seeds: tuple[int, ...]
    metrics: tuple[MetricJudgement, ...]
    by_seed: Mapping[int, float]
    missing: tuple[str, ...] = ()

    @property
    def delta_m(self) -> Spread:
        """Δm over the seeds, as a share: 0.01 is one per cent."""
        return Spread.of(list(self.by_seed.values()))

    @property
    def scores(self) -> tuple[MetricJudgement, ...]:
        """The metric that each task is judged by."""
        return tuple(one for one in self.metrics if one.score)

    @property
    def harmed(self) -> tuple[MetricJudgement, ...]:
        """The tasks that on average do worse together than alone: negative transfer."""
        return tuple(one for one in self.scores if one.change and one.change.mean < 0)

    def data(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "seeds": list(self.seeds),
            "tasks": {one.task: _task_data(one) for one in self.scores},
            "metrics": [{"task": one.task, "metric": one.metric, **_task_data(one)} for one in self.metrics],
            "delta_m": self.delta_m.data() if self.by_seed else None,
            "delta_m_by_seed": dict(self.by_seed),
            "negative_transfer": [one.task for one in self.harmed],
            "missing": list(self.missing),
        }


def _task_data(one: MetricJudgement) -> dict[str, Any]:
    spreads = {"multi": one.multi, "single": one.single, "change": one.change}
    told = {name: spread.data() for name, spread in spreads.items()}
    return {"metric": one.metric, "direction": one.direction, **told, "transfer": one.transfer}


def trials_of(records: Iterable[RunRecord], summaries: Iterable[Summary]) -> list[Trial]:
    """The runs that ended with test scores; of several runs of one seed and role the last.

    Args:
        records: The runs of one study.
        summaries: Their summaries.
    """
    scores: dict[int, dict[str, dict[str, float]]] = {}
    for one in summaries:
        if one.split == "test":
            scores.setdefault(one.run, {}).setdefault(one.task, {})[one.metric] = one.last
    found: dict[tuple[int, str], Trial] = {}
    for record in sorted(records, key=lambda record: record.id):
        if record.state == "finished" and record.id in scores:
            key = record.seed, record.baseline
            found[key] = Trial(record.id, *key, scores[record.id])
    return list(found.values())


def judge(tasks: Sequence[Task], trials: Iterable[Trial]) -> Judgement:
    """Hold the multi-task runs of a study against its baselines.

    Args:
        tasks: The tasks of the experiment.
        trials: Its runs, one of a seed and role.
    """
    multi: dict[int, Scores] = {}
    single: dict[int, dict[str, Mapping[str, float]]] = {}
    for trial in trials:
        if trial.baseline:
            single.setdefault(trial.seed, {})[trial.baseline] = trial.scores.get(trial.baseline, {})
        else:
            multi[trial.seed] = trial.scores
    by_seed = {seed: _delta_m(tasks, multi[seed], single.get(seed, {})) for seed in multi}
    metrics = [_judged(task, metric, multi, single) for task in tasks for metric in _metrics(task)]
    known = {seed: value for seed, value in by_seed.items() if math.isfinite(value)}
    return Judgement(tuple(multi), tuple(metrics), known, _missing(tasks, multi, single) if single else ())


def relative_change(multi: float, single: float, way: Direction) -> float:
    """The change against a baseline as a share of it, positive where it is better; NaN against a baseline of 0."""
    if single == 0 or not (math.isfinite(multi) and math.isfinite(single)):
        return math.nan
    change = (multi - single) / abs(single)
    return change if way == "max" else -change


def _metrics(task: Task) -> list[str]:
    score = score_of(task)
    return [score, *(name for name in (*task.metrics, "loss") if name != score)]


def _delta_m(tasks: Sequence[Task], multi: Scores, single: Scores) -> float:
    """Δm of one seed; NaN when a task has no score on either side."""
    changes = [_change(task, score_of(task), multi, single) for task in tasks]
    return math.fsum(changes) / len(changes) if all(map(math.isfinite, changes)) else math.nan


def _change(task: Task, metric: str, multi: Scores, single: Scores) -> float:
    together, alone = (scores.get(task.name, {}).get(metric, math.nan) for scores in (multi, single))
    return relative_change(together, alone, direction(task, metric))


def _judged(task: Task, metric: str, multi: Mapping[int, Scores], single: Mapping[int, Scores]) -> MetricJudgement:
    def values(side: Mapping[int, Scores]) -> Spread:
        return Spread.of([scores.get(task.name, {}).get(metric, math.nan) for scores in side.values()])

    both = [seed for seed in multi if seed in single]
    return MetricJudgement(
        task.name,
        metric,
        direction(task, metric),
        metric == score_of(task),
        values(multi),
        values(single),
        {seed: _change(task, metric, multi[seed], single[seed]) for seed in both},
    )


def _missing(tasks: Sequence[Task], multi: Mapping[int, Scores], single: Mapping[int, Scores]) -> tuple[str, ...]:
    told = []
    for seed in dict.fromkeys((*multi, *single)):
        if seed not in multi:
            told.append(f"seed {seed} has no finished run of all tasks")
            continue
        for task in tasks:
            metric = score_of(task)
            alone = single.get(seed, {}).get(task.name)
            if alone is None:
                told.append(f"seed {seed} has no finished baseline of {task.name}")
            elif not math.isfinite(_change(task, metric, multi[seed], single[seed])):
                told.append(f"seed {seed}: the {metric} of {task.name} is missing, or 0 in its baseline")
    return tuple(told)
