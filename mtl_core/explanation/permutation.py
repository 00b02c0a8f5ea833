"""Permutation importance (Breiman 2001; Fisher et al. 2019): how much worse a task becomes with an input shuffled."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean, stdev

import numpy as np
import torch

from mtl_core.datasets.data import Split
from mtl_core.errors import InputError
from mtl_core.explanation.explained_model import ExplainedModel
from mtl_core.explanation.row_selection import draw_rows
from mtl_core.protocol.explanation import PartImportance, TaskImportance
from mtl_core.protocol.work_progress import report_progress
from mtl_core.tasks.task_metrics import TaskMetrics
from mtl_core.text import format_names
from mtl_core.training.metrics.validation import evaluation_batches

MOST_ROWS = 2000
LOSS = "loss"


def permutation_importance(
    model: ExplainedModel,
    split: Split,
    *,
    tasks: Sequence[str] = (),
    score: str = LOSS,
    repeats: int = 5,
    seed: int = 0,
    most_rows: int = MOST_ROWS,
) -> tuple[TaskImportance, ...]:
    """Shuffle each column and input among the rows, and measure how much worse each task becomes.

    The importance is the rise of the loss, or the fall of a metric of which more is better; exactly 0 for a part that
    the outputs do not depend on.

    Args:
        model: The model.
        split: The rows; of more than ``most_rows`` some are drawn.
        tasks: The tasks to report; empty for all.
        score: ``loss``, or a metric of every task reported.
        repeats: Shuffles of each part.
        seed: Of the shuffles and of the rows drawn.
        most_rows: Most rows.

    Raises:
        InputError: There is no such task, a task has no such metric, or the split has no rows.
    """
    reported = tuple(tasks) or model.task_names
    for task in reported:
        head = model.heads[model.task_index(task)]
        if score not in head.directions:
            fix = f"It has {format_names(list(head.directions), 12)}."
            raise InputError("score", f"is no metric of task {task!r}", found=score, fix=fix)
    if not len(split):
        raise InputError("split", "has no rows to shuffle")
    rows = draw_rows(split, most_rows, seed)
    measure = _Scorer(model, reported, score)
    base = measure(rows)
    rises: dict[str, dict[str, list[float]]] = {task: {part.name: [] for part in model.parts} for task in reported}
    total = len(model.parts) * repeats
    for number, part in enumerate(model.parts):
        for repeat in range(repeats):
            report_progress(f"Shuffling {part.name}", (number * repeats + repeat) / max(total, 1))
            order = torch.from_numpy(np.random.default_rng((seed, number, repeat)).permutation(len(rows)))
            shuffled = replace(rows, inputs=part.shuffle(rows.inputs, order.to(rows.device)))
            for task, value in measure(shuffled).items():
                sign = -1.0 if model.heads[model.task_index(task)].directions[score] == "max" else 1.0
                rises[task][part.name].append(sign * (value - base[task]))
    return tuple(_report(task, score, base.get(task, float("nan")), rises[task]) for task in reported)


def _report(task: str, score: str, base: float, rises: dict[str, list[float]]) -> TaskImportance:
    parts = [
        PartImportance(name=name, mean=fmean(values), std=stdev(values) if len(values) > 1 else 0.0)
        for name, values in rises.items()
        if values
    ]
    return TaskImportance(
        task=task, score=score, base=base, parts=tuple(sorted(parts, key=lambda part: part.mean, reverse=True))
    )


class _Scorer:
    """Computes one score of each task; a task without labels has none.

    Args:
        model: The model.
        tasks: The tasks.
        score: ``loss`` or a metric.
    """

    def __init__(self, model: ExplainedModel, tasks: Sequence[str], score: str) -> None:
        self._model, self._score = model, score
        self._indices = [model.task_index(task) for task in tasks]
        self._metrics: list[TaskMetrics] = []
        for index in self._indices:
            head = model.heads[index]
            metrics = {} if score == LOSS else {score: head.build_metrics()[score]}
            self._metrics.append(TaskMetrics(head.loss, head.metric_inputs, metrics, model.device, head.target_count))

    @torch.inference_mode()
    def __call__(self, rows: Split) -> dict[str, float]:
        for metrics in self._metrics:
            metrics.reset()
        for batch in evaluation_batches(rows, self._model.task_names, self._model.device).iter_in_order():
            outputs = self._model.model(batch.inputs)
            for index, metrics in zip(self._indices, self._metrics, strict=True):
                output = self._model.heads[index].average_members(outputs[index])
                metrics.update(output, batch.targets[index], batch.masks[index])
        scores = {}
        for index, metrics in zip(self._indices, self._metrics, strict=True):
            values = metrics.compute()
            if self._score in values:
                scores[self._model.task_names[index]] = values[self._score]
        return scores
