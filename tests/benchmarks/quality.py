"""The quality of an experiment with default settings, beside scikit-learn's models on the same rows.

Seeds below ``FIRST_SEED`` are not used: the defaults for tables were chosen by their test rows.

For each bundled table the experiment that the window makes when the table is chosen is trained, untouched, and so are
the presets of tables; ridge or logistic regression and a random forest learn the same columns, with standardized
numbers, one task at a time. Every seed is another split and another initialization. The score is the accuracy of
classes, and of numbers 1 - MSE / variance, with the mean of the MSE over the seeds and the variance of the training
rows (an R² that also means something for a test split of three rows).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV

import mtl_core
from app.pages.data import dataset_choice
from mtl_core.datasets.data import TaskData
from mtl_core.datasets.description import describe
from mtl_core.datasets.preparation import load
from mtl_core.spec import BundledDataset, ExperimentSpec, Standardized, Task, load_preset, spec_from_data, spec_to_data

TABLES = ("iris", "wine", "diabetes", "linnerud", "breast_cancer", "houses", "two_heads", "many_heads")
PRESETS = ("diabetes", "houses", "wine", "two_heads", "many_heads")
MARGIN = 0.02
FIRST_SEED = 5
_TREES = 300
_Array = NDArray[Any]
_Maker = Callable[[int], ExperimentSpec]


@dataclass(frozen=True)
class Comparison:
    """The mean scores of one task: those of the two models of scikit-learn and ours.

    Attributes:
        error: The standard error of the gap, from the differences on each split.
    """

    experiment: str
    task: str
    score: str
    linear: float
    forest: float
    ours: float
    error: float

    @property
    def gap(self) -> float:
        """Our score beside the better of the two others; positive when ours is better."""
        return self.ours - max(self.linear, self.forest)


def quality(folder: Path, seeds: int) -> Iterator[Comparison]:
    """Train every table's new experiment and every preset, and compare each of their tasks.

    Args:
        folder: Where the runs are kept.
        seeds: How many splits and initializations of each experiment, from ``FIRST_SEED`` on.
    """
    makers: dict[str, _Maker] = {name: lambda seed, name=name: _fresh(name, seed) for name in TABLES}
    makers |= {f"preset {name}": lambda seed, name=name: _preset(name, seed) for name in PRESETS}
    for name, make in makers.items():
        yield from _compare(name, [make(seed) for seed in range(FIRST_SEED, FIRST_SEED + seeds)], folder)


def _fresh(name: str, seed: int) -> ExperimentSpec:
    """What the window makes when a table is chosen after its start, with another split and seed."""
    start = spec_to_data(load_preset("multidigits"))
    data = dataset_choice.with_dataset(
        start, dataset_choice.bundled_dataset(name), describe(BundledDataset(name=name)), 14_000
    )
    return _seeded(data, seed)


def _preset(name: str, seed: int) -> ExperimentSpec:
    return _seeded(spec_to_data(load_preset(name)), seed)


def _seeded(data: dict[str, Any], seed: int) -> ExperimentSpec:
    split = {**data["dataset"]["split"], "seed": seed}
    training = {**data["training"], "seed": seed, "device": "cpu"}
    return spec_from_data({**data, "dataset": {**data["dataset"], "split": split}, "training": training})


def _compare(name: str, specs: Sequence[ExperimentSpec], folder: Path) -> Iterator[Comparison]:
    errors: dict[str, list[list[float]]] = {}
    for spec in specs:
        data = load(spec.dataset.model_copy(update={"numeric_inputs": Standardized()}), spec.tasks)
        run = mtl_core.train(spec, store=folder / "quality.sqlite")
        for task in spec.tasks:
            own = _own_error(task, data, run.test[task.name])
            errors.setdefault(task.name, []).append([*_errors_of_others(task, data), own])
    for task in specs[0].tasks:
        found = np.array(errors[task.name])
        means = found.mean(axis=0)
        gaps = found[:, 2] - found[:, int(means[:2].argmin())]
        linear, forest, ours = (1 - means).tolist()
        error = float(gaps.std(ddof=1)) / math.sqrt(len(gaps))
        yield Comparison(name, task.name, "accuracy" if _is_class(task) else "R²", linear, forest, ours, error)


def _is_class(task: Task) -> bool:
    return task.kind in ("binary", "multiclass", "distribution")


def _own_error(task: Task, data: TaskData, metrics: dict[str, float]) -> float:
    """Share of wrong classes; mean squared error in variances of the training rows."""
    if _is_class(task):
        return 1 - metrics["accuracy"]
    return metrics["rmse"] ** 2 / _variance(task, data)


def _variance(task: Task, data: TaskData) -> float:
    """The mean over the task's columns, in the target's own units."""
    return float(np.mean(np.square(data.targets[task.name].std)))


def _errors_of_others(task: Task, data: TaskData) -> list[float]:
    inputs, targets = data.train.inputs["table"].numpy(), _labels(task, data.train.targets[task.name].numpy())
    test, truth = data.test.inputs["table"].numpy(), _labels(task, data.test.targets[task.name].numpy())
    forest: Any
    if _is_class(task):
        linear, forest = LogisticRegression(max_iter=5000), RandomForestClassifier(_TREES, random_state=0)
    else:
        linear, forest = RidgeCV(np.logspace(-3, 3, 13)), RandomForestRegressor(_TREES, random_state=0)
    return [_error(task, data, model.fit(inputs, targets).predict(test), truth) for model in (linear, forest)]


def _labels(task: Task, values: _Array) -> _Array:
    if task.kind == "distribution":
        labels: _Array = values.argmax(axis=1)
        return labels
    return values.reshape(-1) if values.ndim == 1 or values.shape[1] == 1 else values


def _error(task: Task, data: TaskData, predicted: _Array, truth: _Array) -> float:
    if _is_class(task):
        return float(np.mean(predicted != truth))
    scale = np.square(data.targets[task.name].std)  # the targets are standardized
    return float(np.mean(np.square(predicted - truth) * scale)) / float(np.mean(scale))
