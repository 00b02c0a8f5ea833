"""Δm of experiments with default settings over models that learn each task alone, on the same rows.

Seeds below ``FIRST_SEED`` are not used: the defaults for tables were chosen by their test rows. Every seed is another
split and another initialization. The score of a task is the accuracy of classes, and the root mean squared error of
numbers, in their unit; Δm is the mean over the tasks of its relative change.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import mtl_core
from mtl_core.datasets.preparation import load
from mtl_core.datasets.registry import open_source
from mtl_core.protocol.series_key import relative_change
from mtl_core.spec import ExperimentSpec, Task
from mtl_core.tabular.column import Column
from tests.benchmarks.quality.baselines import BOOSTED, Array, Baseline, Problem

FIRST_SEED = 5
_CLASS_KINDS = ("binary", "multiclass", "distribution")


@dataclass(frozen=True)
class Comparison:
    """An experiment beside the baselines.

    Attributes:
        experiment: Its name.
        seconds: Processor time of a training run, the mean over the seeds.
        scores: Mean scores by task and model; ours is ``default``.
        delta_m: For each baseline, Δm of each seed.
    """

    experiment: str
    seconds: float
    scores: Mapping[str, Mapping[str, float]]
    delta_m: Mapping[str, Sequence[float]]


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard error; the error of a single value is not known."""
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return float(np.mean(values)), error


def compare(
    name: str,
    make: Callable[[int], ExperimentSpec],
    seeds: Sequence[int],
    baselines: Mapping[str, Baseline],
    folder: Path,
) -> Comparison:
    """Train an experiment and the baselines once for each seed.

    Args:
        name: The name of the experiment.
        make: From a seed to the experiment.
        seeds: Of split and initialization.
        baselines: By name.
        folder: Where the runs are kept.
    """
    seconds: list[float] = []
    scores: dict[str, dict[str, list[float]]] = {}
    delta_m: dict[str, list[float]] = {baseline: [] for baseline in baselines}
    for seed in seeds:
        spec = make(seed)
        start = time.process_time()
        run = mtl_core.train(spec, store=folder / "quality.sqlite", progress=False)
        seconds.append(time.process_time() - start)
        own = {task.name: run.test[task.name][_metric(task)] for task in spec.tasks}
        by_model = {baseline: baseline_scores(spec, fit) for baseline, fit in baselines.items()}
        for baseline, other in by_model.items():
            delta_m[baseline].append(delta(spec.tasks, own, other))
        for model, of_tasks in {"default": own, **by_model}.items():
            for task, score in of_tasks.items():
                scores.setdefault(task, {}).setdefault(model, []).append(score)
    means = {task: {model: float(np.mean(v)) for model, v in models.items()} for task, models in scores.items()}
    return Comparison(name, float(np.mean(seconds)), means, delta_m)


def delta(tasks: Sequence[Task], own: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Δm of the scores of tasks over those of a baseline."""
    changes = [relative_change(own[t.name], other[t.name], "max" if _has_classes(t) else "min") for t in tasks]
    return float(np.mean(changes))


def _metric(task: Task) -> str:
    return "accuracy" if _has_classes(task) else "rmse"


def _has_classes(task: Task) -> bool:
    return task.kind in _CLASS_KINDS


def baseline_scores(spec: ExperimentSpec, fit: Baseline) -> dict[str, float]:
    """The score of each task on the test rows, of a model that learns each of its target columns alone."""
    columns = open_source(spec.dataset).columns
    data = load(spec.dataset, spec.tasks)
    rows = [np.asarray(split.rows) for split in (data.train, data.val, data.test)]
    names = [encoder["name"] for encoder in data.preprocessing["inputs"]]
    inputs = pd.DataFrame({name: _input(columns[name]) for name in names})
    return {task.name: _task_score(task, inputs, _targets(task, columns), rows, fit) for task in spec.tasks}


def _input(column: Column) -> Array | pd.Categorical:
    if column.type == "numeric":
        return column.numbers
    return pd.Categorical.from_codes(column.codes, range(len(column.values)))


def _targets(task: Task, columns: Mapping[str, Column]) -> list[Array]:
    """The targets to learn one by one; NaN where there is no label."""
    if task.kind == "distribution":
        return [np.column_stack([columns[name].numbers for name in task.targets]).argmax(1).astype(float)]
    if _has_classes(task):
        return [np.where(columns[name].codes < 0, np.nan, columns[name].codes) for name in task.targets]
    return [columns[name].numbers for name in task.targets]


def _task_score(
    task: Task, inputs: pd.DataFrame, targets: Sequence[Array], rows: Sequence[Array], fit: Baseline
) -> float:
    scores = []
    for target in targets:
        train, val, test = (split[np.isfinite(target[split])] for split in rows)
        kept = [name for name in inputs if inputs[name].iloc[train].notna().any()]
        frames = [inputs[kept].iloc[split].reset_index(drop=True) for split in (train, val, test)]
        classes = _has_classes(task)
        own, chosen = (target[split].astype(int if classes else float) for split in (train, val))
        predicted = fit(Problem(*frames, own, chosen, classes))
        right = predicted == target[test]
        scores.append(float(right.mean() if classes else np.sqrt(np.mean((predicted - target[test]) ** 2))))
    return float(np.mean(scores))


def verdict(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """What the comparisons of all tables say: a line for each baseline."""
    for baseline in comparisons[0].delta_m:
        means = [mean_and_error(one.delta_m[baseline])[0] for one in comparisons]
        ahead, mean = sum(value >= 0 for value in means), float(np.mean(means))
        if baseline in BOOSTED:
            reached, goal = 2 * ahead >= len(means), "at least as good on half of the tables"
        else:
            reached, goal = mean >= 0, "mean Δm at least 0"
        count = f"at least as good on {ahead} of {len(means)} tables"
        yield f"{baseline}: mean Δm {mean:+.1%}, {count}; {goal} is {'reached' if reached else 'missed'}"
