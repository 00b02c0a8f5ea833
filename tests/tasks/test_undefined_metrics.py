"""Metrics that are undefined on the given rows are left out, with a reason."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as reference
from torch import Tensor

from mtl_core.spec import (
    BinaryTask,
    CountTask,
    MulticlassTask,
    MultilabelTask,
    OrdinalTask,
    RegressionTask,
    TargetInfo,
    Task,
    members,
)
from mtl_core.tasks import build_task
from mtl_core.tasks.undefined_metrics import undefined_metrics, why_undefined

NUMBER = TargetInfo(name="t", kind="regression", width=1, mean=(0.1,), std=(0.3,))
PAIR = TargetInfo(name="t", kind="binary", classes=("no", "yes"))
THREE = TargetInfo(name="t", kind="multiclass", classes=("a", "b", "c"))
LABELS = TargetInfo(name="t", kind="multilabel", width=2, classes=("a", "b"), counts=(4, 4), labelled=9)
RANKS = TargetInfo(name="t", kind="ordinal", classes=("low", "middle", "high"))

REGRESSION = RegressionTask(
    name="t", target="t", metrics=("rmse", "mae", "r2", "mape", "explained_variance", "pearson", "spearman")
)
COUNT = CountTask(name="t", target="t", metrics=("mae", "r2", "spearman"), standardize=False)
BINARY = BinaryTask(
    name="t",
    target="t",
    metrics=("accuracy", "f1", "precision", "recall", "specificity", "auroc", "average_precision", "mcc"),
)
MULTICLASS = MulticlassTask(name="t", target="t", metrics=("accuracy", "f1", "auroc", "mcc", "kappa"))
MULTILABEL = MultilabelTask(
    name="t", target="t", metrics=("accuracy", "f1", "f1_micro", "precision", "recall", "auroc", "map")
)
ORDINAL = OrdinalTask(name="t", target="t", metrics=("mae", "quadratic_kappa", "spearman"))


def values(task: Task, info: TargetInfo, prediction: Tensor, target: Tensor) -> dict[str, float]:
    metrics = build_task(task, info).metrics("cpu")
    metrics.update(prediction, target)
    return metrics.compute()


def left_out(task: Task, info: TargetInfo, prediction: Tensor, target: Tensor) -> set[str]:
    return set(task.metrics) - set(values(task, info, prediction, target))


def column(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32)[:, None]


VARIED = column(0.5, -1.0, 2.0, 0.25)
CONSTANT = torch.full((4, 1), 0.1)


@pytest.mark.parametrize("level", [0.1, 0.0, 1e6, -1 / 3])
def test_a_constant_target_has_neither_r2_nor_variance_nor_correlation(level: float) -> None:
    target = torch.full((4, 1), level)
    assert left_out(REGRESSION, NUMBER, VARIED, target) == {"r2", "explained_variance", "pearson", "spearman"}


def test_a_constant_prediction_has_no_correlation_and_an_r2_of_at_most_0() -> None:
    found = values(REGRESSION, NUMBER, CONSTANT, VARIED)
    assert set(REGRESSION.metrics) - set(found) == {"pearson", "spearman"}
    assert found["r2"] <= 0
    assert found["explained_variance"] == pytest.approx(0, abs=1e-6)


def test_a_single_row_has_errors_alone() -> None:
    assert left_out(REGRESSION, NUMBER, column(1.0), column(2.0)) == {"r2", "explained_variance", "pearson", "spearman"}


def test_a_true_value_of_zero_has_no_relative_error() -> None:
    plain = TargetInfo(name="t", kind="regression")
    assert left_out(REGRESSION, plain, VARIED, column(1.0, 0.0, 2.0, 3.0)) == {"mape"}
    found = values(REGRESSION, plain, VARIED, column(1.0, 1e-3, 2.0, 3.0))
    wanted = reference.mean_absolute_percentage_error([1.0, 1e-3, 2.0, 3.0], VARIED[:, 0].numpy())
    assert found["mape"] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_numbers_that_hardly_differ_are_not_taken_for_constant(scale: float) -> None:
    info = TargetInfo(name="t", kind="regression", mean=(1e3 * scale,), std=(1e-5 * scale,))
    found = values(REGRESSION, info, VARIED, VARIED + column(0.1, -0.1, 0.0, 0.2))
    assert set(found) == {"loss", *REGRESSION.metrics}
    assert 0.9 < found["r2"] <= 1
    assert 0.9 < found["pearson"] <= 1


def test_constant_counts_have_no_r2_and_no_rank_correlation() -> None:
    info = TargetInfo(name="t", kind="count")
    assert left_out(COUNT, info, VARIED, torch.full((4, 1), 3.0)) == {"r2", "spearman"}


@pytest.mark.parametrize(
    ("logits", "target", "missing"),
    [
        # all truth negative, all predicted so
        ([-1.0, -2.0, -3.0], [0, 0, 0], {"f1", "precision", "recall", "auroc", "average_precision", "mcc"}),
        # all truth negative, one predicted positive: F1 and precision are 0
        ([1.0, -2.0, -3.0], [0, 0, 0], {"recall", "auroc", "average_precision", "mcc"}),
        # all truth positive
        ([1.0, 2.0, 3.0], [1, 1, 1], {"specificity", "auroc", "average_precision", "mcc"}),
        # nothing predicted positive
        ([-1.0, -2.0, -3.0], [0, 1, 0], {"precision", "mcc"}),
        ([1.0, -2.0, -3.0], [1, 1, 0], set()),
    ],
)
def test_one_class_leaves_binary_ratios_undefined(logits: list[float], target: list[int], missing: set[str]) -> None:
    truth = torch.tensor(target, dtype=torch.float32)[:, None]
    found = values(BINARY, PAIR, column(*logits), truth)
    assert set(BINARY.metrics) - set(found) == missing
    predicted = np.array(logits) > 0
    for name, score in (("f1", reference.f1_score), ("precision", reference.precision_score)):
        if name in found:
            assert found[name] == pytest.approx(score(target, predicted))
    if "mcc" in found:
        assert found["mcc"] == pytest.approx(reference.matthews_corrcoef(target, predicted))


def test_one_class_leaves_multiclass_agreement_undefined() -> None:
    one, other = torch.eye(3)[[0, 0, 0]], torch.eye(3)[[0, 1, 2]]
    target = torch.tensor([0, 0, 0])
    assert left_out(MULTICLASS, THREE, one, target) == {"auroc", "mcc", "kappa"}
    found = values(MULTICLASS, THREE, other, target)
    assert set(MULTICLASS.metrics) - set(found) == {"auroc", "mcc"}
    assert found["kappa"] == pytest.approx(reference.cohen_kappa_score(target, [0, 1, 2]))


def test_labels_that_nobody_has_or_expects_leave_their_ratios_undefined() -> None:
    none = torch.zeros(3, 2)
    missing = {"f1", "f1_micro", "precision", "recall", "auroc", "map"}
    assert left_out(MULTILABEL, LABELS, none - 5, none) == missing
    assert left_out(MULTILABEL, LABELS, none + 5, none) == missing - {"f1", "f1_micro", "precision"}


def test_one_rank_leaves_ordinal_agreement_undefined() -> None:
    low = torch.full((4, 2), -9.0)
    assert left_out(ORDINAL, RANKS, low, torch.zeros(4, dtype=torch.long)) == {"quadratic_kappa", "spearman"}


def test_an_undefined_metric_is_named_with_what_it_needs() -> None:
    texts = list(undefined_metrics([BINARY, REGRESSION], {"t": {"loss": 1.0, "auroc": 0.5}}, "validation"))
    assert any(
        text.startswith("t.mcc is not defined on the validation rows, and left out: it needs ") for text in texts
    )
    assert not any("auroc" in text for text in texts)
    assert not list(undefined_metrics([BINARY], {"t": {"loss": math.nan}}, "test"))
    assert not list(undefined_metrics([BINARY], {}, "test"))


def test_every_metric_that_can_be_undefined_says_what_it_needs() -> None:
    tasks: list[Any] = [REGRESSION, COUNT, BINARY, MULTICLASS, MULTILABEL, ORDINAL]
    assert members(Task)
    always = {"rmse", "mae", "accuracy"}
    for metric in {metric for task in tasks for metric in task.metrics} - always:
        assert "it needs" in why_undefined(metric)
