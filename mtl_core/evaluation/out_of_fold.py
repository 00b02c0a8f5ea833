"""Out-of-fold predictions: each row as predicted by the run of the fold whose test it is in.

The runs differ in the fold that is their test, so no run has seen the rows that it predicts here.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from mtl_core.evaluation.ensemble import Predictor, SavedRun, load_predictor
from mtl_core.evaluation.predictions import Predictions, predict
from mtl_core.protocol.questions import EnsembleScores, MemberScores
from mtl_core.spec import InputError
from mtl_core.spec.data.splits import KFoldSplit
from mtl_core.spec.study import is_fold_study
from mtl_core.tabular.table_files import write_table
from mtl_core.tasks.task_metrics import TaskMetrics
from mtl_core.training.metrics.validation import Scorer


def is_fold_runs(saved: Sequence[SavedRun]) -> bool:
    """Whether runs are folds of one experiment."""
    return is_fold_study([run.spec for run in saved])


def out_of_fold_predictions(saved: Sequence[SavedRun]) -> Predictions:
    """Predict the rows of all test folds, in the order of the data; the table has the fold of each row and the targets.

    Args:
        saved: A run for each fold.

    Raises:
        InputError: A fold is missing, a checkpoint is incomplete, or the data has changed.
    """
    check_folds(saved)
    header: tuple[str, ...] = ()
    rows: list[list[Any]] = []
    for run in saved:
        table = predict([run], "test")
        header = ("row", "fold", *table.header[1:])
        rows += [[row, _fold(run), *cells] for row, *cells in table.rows]
    return Predictions(header, iter(sorted(rows, key=lambda cells: cells[0])))


def write_out_of_fold(saved: Sequence[SavedRun], path: Path) -> int:
    """Write the out-of-fold predictions as the suffix says, and return their number of rows; see above for errors."""
    table = out_of_fold_predictions(saved)
    return write_table(path, table.header, table.rows)


def out_of_fold_scores(saved: Sequence[SavedRun]) -> EnsembleScores:
    """Compute losses and metrics of all out-of-fold predictions as one, and of each fold.

    Metrics are those of all rows together, in the units of the target; the loss is the mean over all rows of what each
    fold's loss is, as each fold standardizes targets by its own training rows.

    Args:
        saved: A run for each fold.

    Raises:
        InputError: As of :func:`out_of_fold_predictions`.
    """
    check_folds(saved)
    members: list[MemberScores] = []
    pooled: dict[str, TaskMetrics] = {}
    for run in saved:
        predictor = load_predictor([run])
        batches = predictor.batches("test")
        scores = Scorer(predictor.heads, predictor.device)(predictor.model, batches)
        members.append(MemberScores(run=run.run, metrics=scores))
        _add(pooled, predictor)
    with torch.inference_mode():
        metrics = {task: metric.compute() for task, metric in pooled.items()}
    return EnsembleScores(runs=tuple(run.run for run in saved), metrics=metrics, members=tuple(members))


@torch.inference_mode()
def _add(pooled: dict[str, TaskMetrics], predictor: Predictor) -> None:
    """Add the predictions of a fold to the metrics of all."""
    for head in predictor.heads:
        if head.name not in pooled:
            pooled[head.name] = head.metrics(predictor.device)
        pooled[head.name].continue_with(head.loss, head.metric_inputs, head.target_count)
    for batch in predictor.batches("test").iter_in_order():
        for i, output in enumerate(predictor.model(batch.inputs)):
            pooled[predictor.heads[i].name].update(output, batch.targets[i], batch.masks[i])


def check_folds(saved: Sequence[SavedRun]) -> None:
    """Check that runs are all the folds of one experiment.

    Raises:
        InputError: They are not, or a fold is missing.
    """
    if not is_fold_runs(saved):
        found = " ".join(str(run.run) for run in saved)
        raise InputError("RUN", "the runs must be the folds of one experiment, each once", found=found)
    split = saved[0].spec.dataset.split
    assert isinstance(split, KFoldSplit)
    folds = {_fold(run) for run in saved}
    if missing := [fold for fold in range(1, split.folds + 1) if fold not in folds]:
        rule = "every fold of a study must have a trained run"
        names = ", ".join(map(str, missing))
        raise InputError("RUN", rule, found=f"no run of fold {names}", fix="Train or resume the runs of these folds.")


def _fold(run: SavedRun) -> int:
    split = run.spec.dataset.split
    return split.fold if isinstance(split, KFoldSplit) else 0
