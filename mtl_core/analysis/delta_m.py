"""Δm: comparison of multi-task runs with single-task baselines.

Δm is the mean over the tasks of the relative change of the task's score against its single-task baseline, positive
where multi-task training is better (Maninis et al. 2019; Vandenhende et al. 2021)::

    Δm = 1/K · Σ_k s_k · (M_multi,k - M_single,k) / |M_single,k|      s_k = 1 where more is better, -1 where less is

Each seed has its own Δm, relative to the baselines of the same seed; statistics of Δm are those over the seeds. The
score of a task is its score metric (its ``score``, else the first metric) on the test split, of the epoch that the rule
of the run selected.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mtl_core.analysis.statistics import Spread
from mtl_core.protocol.series_key import relative_change
from mtl_core.spec import Direction, Task, direction, score_of
from mtl_core.store.records import RunRecord, Summary

Scores = Mapping[str, Mapping[str, float]]
Transfer = Literal["positive", "negative", "unclear", "unknown"]


@dataclass(frozen=True)
class ScoredRun:
    """Run of a study that has test scores.

    Attributes:
        run: Number of the run.
        seed: Its seed.
        baseline: Its task if it is a single-task baseline; ``""`` if it trained all tasks.
        scores: Test metrics by task and name.
    """

    run: int
    seed: int
    baseline: str
    scores: Scores


@dataclass(frozen=True)
class MetricResult:
    """Comparison of one metric of one task between multi-task runs and baselines.

    Attributes:
        direction: Whether lower or higher values are better.
        score: Whether it is the score metric of the task.
        multi: Values of the multi-task runs, one per seed.
        single: Values of the single-task baselines, one per seed.
        by_seed: Relative change of each seed that has both, positive if the multi-task run is better.
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
        """Relative change over the seeds."""
        return Spread.of(list(self.by_seed.values()))

    @property
    def transfer(self) -> Transfer:
        """Positive or negative transfer; unclear if the 95 % confidence interval of the change contains 0."""
        return transfer_of(self.change)


@dataclass(frozen=True)
class StudyResult:
    """Result of a study.

    Attributes:
        seeds: The seeds with test scores of a multi-task run.
        metrics: Every metric of every task, the task's score first.
        by_seed: Δm of each seed with all its baselines.
        missing: For each seed without Δm what is missing, for people.
    """

    seeds: tuple[int, ...]
    metrics: tuple[MetricResult, ...]
    by_seed: Mapping[int, float]
    missing: tuple[str, ...] = ()

    @property
    def delta_m(self) -> Spread:
        """Δm over the seeds, as a fraction: 0.01 is one percent."""
        return Spread.of(list(self.by_seed.values()))

    @property
    def scores(self) -> tuple[MetricResult, ...]:
        """The score metric of each task."""
        return tuple(metric for metric in self.metrics if metric.score)

    @property
    def negative_transfers(self) -> tuple[MetricResult, ...]:
        """The scores that on average are worse in multi-task runs than in baselines."""
        return tuple(metric for metric in self.scores if metric.change and metric.change.mean < 0)

    def data(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "seeds": list(self.seeds),
            "tasks": {score.task: _metric_data(score) for score in self.scores},
            "metrics": [{"task": metric.task, **_metric_data(metric)} for metric in self.metrics],
            "delta_m": self.delta_m.data() if self.by_seed else None,
            "delta_m_by_seed": dict(self.by_seed),
            "negative_transfer": [score.task for score in self.negative_transfers],
            "missing": list(self.missing),
        }


def _metric_data(metric: MetricResult) -> dict[str, Any]:
    spreads = {"multi": metric.multi, "single": metric.single, "change": metric.change}
    statistics = {name: spread.data() for name, spread in spreads.items()}
    return {"metric": metric.metric, "direction": metric.direction, **statistics, "transfer": metric.transfer}


def scored_runs(records: Iterable[RunRecord], summaries: Iterable[Summary]) -> list[ScoredRun]:
    """Return the finished runs with test scores; the last one of several with equal seed and baseline.

    Args:
        records: The runs of one study.
        summaries: Their summaries.
    """
    scores: dict[int, dict[str, dict[str, float]]] = {}
    for summary in summaries:
        if summary.split == "test":
            scores.setdefault(summary.run, {}).setdefault(summary.task, {})[summary.metric] = summary.last
    by_seed_and_baseline: dict[tuple[int, str], ScoredRun] = {}
    for record in sorted(records, key=lambda record: record.id):
        if record.state == "finished" and record.id in scores:
            key = record.seed, record.baseline
            by_seed_and_baseline[key] = ScoredRun(record.id, *key, scores[record.id])
    return list(by_seed_and_baseline.values())


def compare_with_baselines(tasks: Sequence[Task], runs: Iterable[ScoredRun]) -> StudyResult:
    """Compare the multi-task runs of a study with its baselines.

    Args:
        tasks: The tasks of the experiment.
        runs: Its runs, one per seed and baseline.
    """
    multi: dict[int, Scores] = {}
    single: dict[int, dict[str, Mapping[str, float]]] = {}
    for run in runs:
        if run.baseline:
            single.setdefault(run.seed, {})[run.baseline] = run.scores.get(run.baseline, {})
        else:
            multi[run.seed] = run.scores
    by_seed = {seed: _delta_m(tasks, multi[seed], single.get(seed, {})) for seed in multi}
    metrics = [_compare_metric(task, metric, multi, single) for task in tasks for metric in _metrics(task)]
    finite = {seed: value for seed, value in by_seed.items() if math.isfinite(value)}
    return StudyResult(tuple(multi), tuple(metrics), finite, _describe_missing(tasks, multi, single) if single else ())


def transfer_of(change: Spread) -> Transfer:
    """Return the transfer that a relative change over seeds shows; unclear if its 95 % interval contains 0."""
    if not change:
        return "unknown"
    low, high = change.interval
    if math.isnan(low) or low <= 0 <= high:
        return "unclear"
    return "positive" if low > 0 else "negative"


def _metrics(task: Task) -> list[str]:
    score = score_of(task)
    return [score, *(name for name in (*task.metrics, "loss") if name != score)]


def _delta_m(tasks: Sequence[Task], multi: Scores, single: Scores) -> float:
    """Return Δm of one seed; NaN if a score is missing."""
    changes = [_change(task, score_of(task), multi, single) for task in tasks]
    return math.fsum(changes) / len(changes) if all(map(math.isfinite, changes)) else math.nan


def _change(task: Task, metric: str, multi: Scores, single: Scores) -> float:
    multi_value, single_value = (scores.get(task.name, {}).get(metric, math.nan) for scores in (multi, single))
    return relative_change(multi_value, single_value, direction(task, metric))


def _compare_metric(task: Task, metric: str, multi: Mapping[int, Scores], single: Mapping[int, Scores]) -> MetricResult:
    def spread(scores_by_seed: Mapping[int, Scores]) -> Spread:
        return Spread.of([scores.get(task.name, {}).get(metric, math.nan) for scores in scores_by_seed.values()])

    seeds = [seed for seed in multi if seed in single]
    return MetricResult(
        task.name,
        metric,
        direction(task, metric),
        metric == score_of(task),
        spread(multi),
        spread(single),
        {seed: _change(task, metric, multi[seed], single[seed]) for seed in seeds},
    )


def _describe_missing(
    tasks: Sequence[Task], multi: Mapping[int, Scores], single: Mapping[int, Scores]
) -> tuple[str, ...]:
    """Describe for each seed without Δm what is missing."""
    messages = []
    for seed in dict.fromkeys((*multi, *single)):
        if seed not in multi:
            messages.append(f"seed {seed} has no finished run of all tasks")
            continue
        for task in tasks:
            metric = score_of(task)
            if single.get(seed, {}).get(task.name) is None:
                messages.append(f"seed {seed} has no finished baseline of {task.name}")
            elif not math.isfinite(_change(task, metric, multi[seed], single[seed])):
                messages.append(f"seed {seed}: the {metric} of {task.name} is missing, or 0 in its baseline")
    return tuple(messages)
