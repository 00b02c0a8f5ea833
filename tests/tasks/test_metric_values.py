"""The metrics of all kinds against scikit-learn and SciPy.

Covers: mtl_core/tasks/additional_metrics.py, mtl_core/tasks/class_metrics.py.
"""

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn import metrics as reference

from mtl_core.spec import (
    BinaryTask,
    BoxTask,
    CountTask,
    DistributionTask,
    MulticlassTask,
    MultilabelTask,
    OrdinalTask,
    RegressionTask,
    SegmentationTask,
    TaggingTask,
    TargetInfo,
    Task,
)
from mtl_core.tasks import build_task


def values(task: Task, info: TargetInfo, prediction: torch.Tensor, target: torch.Tensor) -> dict[str, float]:
    metrics = build_task(task, info).metrics("cpu")
    metrics.update(prediction, target)
    return metrics.compute()


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_regression_metrics_are_means_over_the_values() -> None:
    names = ("mape", "explained_variance", "pearson", "spearman")
    task = RegressionTask(name="t", target=("x", "y"), metrics=names)
    info = TargetInfo(name="t", kind="regression", width=2, mean=(50.0, 1e5), std=(1e-6, 3.0))
    target = torch.randn(40, 2).round(decimals=1)
    prediction = (target + 0.7 * torch.randn(40, 2)).round(decimals=1)
    scale, shift = np.array(info.std), np.array(info.mean)
    p, t = prediction.double().numpy() * scale + shift, target.double().numpy() * scale + shift
    found = values(task, info, prediction, target)
    assert found["mape"] == pytest.approx(reference.mean_absolute_percentage_error(t, p))
    assert found["explained_variance"] == pytest.approx(reference.explained_variance_score(t, p), rel=1e-5)
    assert found["pearson"] == pytest.approx(np.mean([stats.pearsonr(p[:, i], t[:, i])[0] for i in (0, 1)]), rel=1e-5)
    plain = [stats.spearmanr(prediction[:, i], target[:, i])[0] for i in (0, 1)]
    assert found["spearman"] == pytest.approx(np.mean(plain), rel=1e-5)


def test_a_correlation_with_a_constant_is_left_out() -> None:
    names = ("mae", "pearson", "spearman", "explained_variance")
    task = RegressionTask(name="t", target="y", metrics=names)
    found = values(task, TargetInfo(name="t", kind="regression"), torch.randn(9, 1), torch.ones(9, 1))
    assert set(found) == {"loss", "mae"}


def test_binary_metrics_are_those_of_the_positive_class() -> None:
    names = ("balanced_accuracy", "specificity", "average_precision", "mcc", "log_loss", "brier")
    info = TargetInfo(name="t", kind="binary", classes=("no", "yes"))
    logits, target = torch.randn(90, 1), (torch.rand(90, 1) < 0.3).float()
    y, p = target.squeeze(1).numpy(), torch.sigmoid(logits.double()).squeeze(1).numpy()
    found = values(BinaryTask(name="t", target="y", metrics=names), info, logits, target)
    assert found["balanced_accuracy"] == pytest.approx(reference.balanced_accuracy_score(y, p > 0.5))
    assert found["specificity"] == pytest.approx(reference.recall_score(y, p > 0.5, pos_label=0))
    assert found["average_precision"] == pytest.approx(reference.average_precision_score(y, p))
    assert found["mcc"] == pytest.approx(reference.matthews_corrcoef(y, p > 0.5))
    assert found["log_loss"] == pytest.approx(reference.log_loss(y, p))
    assert found["brier"] == pytest.approx(reference.brier_score_loss(y, p))


def test_multiclass_metrics_are_those_of_scikit_learn() -> None:
    names = ("balanced_accuracy", "top3_accuracy", "auroc", "mcc", "kappa", "log_loss", "brier")
    info = TargetInfo(name="t", kind="multiclass", classes=tuple("abcde"))
    logits, target = 2 * torch.randn(120, 5), torch.randint(5, (120,))
    y, p = target.numpy(), logits.double().softmax(1).numpy()
    found = values(MulticlassTask(name="t", target="y", metrics=names), info, logits, target)
    assert found["balanced_accuracy"] == pytest.approx(reference.balanced_accuracy_score(y, p.argmax(1)))
    assert found["top3_accuracy"] == pytest.approx(reference.top_k_accuracy_score(y, p, k=3))
    assert found["auroc"] == pytest.approx(reference.roc_auc_score(y, p, multi_class="ovr"))
    assert found["mcc"] == pytest.approx(reference.matthews_corrcoef(y, p.argmax(1)))
    assert found["kappa"] == pytest.approx(reference.cohen_kappa_score(y, p.argmax(1)), abs=1e-6)
    assert found["log_loss"] == pytest.approx(reference.log_loss(y, p))
    assert found["brier"] == pytest.approx(((p - np.eye(5)[y]) ** 2).sum(1).mean())


def test_classes_that_no_row_is_of_do_not_count_as_wrong() -> None:
    info = TargetInfo(name="t", kind="multiclass", classes=("a", "b", "c"))
    task = MulticlassTask(name="t", target="y", metrics=("balanced_accuracy", "auroc"))
    logits = torch.tensor([[3.0, 1.0, 0.0], [0.0, 3.0, 4.0], [2.0, 3.0, 0.0], [5.0, 1.0, 0.0]])
    found = values(task, info, logits, torch.tensor([0, 1, 1, 0]))
    assert found["balanced_accuracy"] == 0.75
    assert found["auroc"] == 1.0


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    info = TargetInfo(name="t", kind="multiclass", classes=("a", "b"))
    task = MulticlassTask(name="t", target="y", metrics=("calibration_error",))
    logits = torch.tensor([[0.8, 0.2]]).log().expand(10, 2)
    found = values(task, info, logits, torch.tensor([0] * 6 + [1] * 4))
    assert found["calibration_error"] == pytest.approx(0.2, abs=1e-6)


def test_multilabel_metrics_are_means_over_the_labels() -> None:
    names = ("f1", "f1_micro", "accuracy", "exact_match", "precision", "recall", "auroc", "map")
    info = TargetInfo(name="t", kind="multilabel", width=3, classes=("a", "b", "c"))
    logits, target = torch.randn(60, 3), (torch.rand(60, 3) < 0.4).float()
    y, p = target.numpy().astype(int), torch.sigmoid(logits.double()).numpy()
    hit = (p > 0.5).astype(int)
    found = values(MultilabelTask(name="t", target=("a", "b", "c"), metrics=names), info, logits, target)
    assert found["f1"] == pytest.approx(reference.f1_score(y, hit, average="macro"))
    assert found["f1_micro"] == pytest.approx(reference.f1_score(y, hit, average="micro"))
    assert found["accuracy"] == pytest.approx((y == hit).mean())
    assert found["exact_match"] == pytest.approx(reference.accuracy_score(y, hit))
    assert found["precision"] == pytest.approx(reference.precision_score(y, hit, average="macro"))
    assert found["recall"] == pytest.approx(reference.recall_score(y, hit, average="macro"))
    assert found["auroc"] == pytest.approx(reference.roc_auc_score(y, p, average="macro"))
    assert found["map"] == pytest.approx(reference.average_precision_score(y, p, average="macro"))


@pytest.mark.parametrize("loss", ["cumulative_link", "corn"])
def test_ordinal_metrics_judge_the_median_rank(loss: str) -> None:
    names = ("quadratic_kappa", "mae", "accuracy", "spearman", "log_loss")
    info = TargetInfo(name="t", kind="ordinal", classes=("1", "2", "3", "4"))
    task = OrdinalTask(name="t", target="y", loss=loss, metrics=names)  # type: ignore[arg-type]
    output, target = 2 * torch.randn(80, 3), torch.randint(4, (80,))
    chances = build_task(task, info).predict(output.double()).numpy()
    rank, y = (chances.cumsum(1) < 0.5).sum(1), target.numpy()
    found = values(task, info, output, target)
    assert found["quadratic_kappa"] == pytest.approx(
        reference.cohen_kappa_score(y, rank, weights="quadratic"), abs=1e-6
    )
    assert found["mae"] == pytest.approx(abs(y - rank).mean())
    assert found["accuracy"] == pytest.approx((y == rank).mean())
    assert found["spearman"] == pytest.approx(stats.spearmanr(rank, y)[0])
    assert found["log_loss"] == pytest.approx(-np.log(chances[np.arange(80), y]).mean())


def test_count_metrics_judge_the_expected_count() -> None:
    names = ("deviance", "mae", "rmse", "r2", "spearman")
    output, target = torch.randn(70, 1), torch.randint(7, (70, 1)).float()
    y, rate = target.double().numpy().ravel(), output.double().exp().numpy().ravel()
    found = values(CountTask(name="t", target="y", metrics=names), TargetInfo(name="t", kind="count"), output, target)
    assert found["deviance"] == pytest.approx(reference.mean_poisson_deviance(y, rate))
    assert found["mae"] == pytest.approx(reference.mean_absolute_error(y, rate))
    assert found["rmse"] == pytest.approx(reference.root_mean_squared_error(y, rate))
    assert found["r2"] == pytest.approx(reference.r2_score(y, rate))
    assert found["spearman"] == pytest.approx(stats.spearmanr(rate, y)[0])


def test_distributions_are_judged_by_their_distance() -> None:
    names = ("kl", "total_variation", "accuracy", "mae")
    info = TargetInfo(name="t", kind="distribution", width=3, classes=("a", "b", "c"))
    logits, target = torch.randn(50, 3), torch.randn(50, 3).softmax(1)
    p, q = logits.double().softmax(1).numpy(), target.double().numpy()
    found = values(DistributionTask(name="t", target=("a", "b", "c"), metrics=names), info, logits, target)
    assert found["kl"] == pytest.approx(stats.entropy(q, p, axis=1).mean(), rel=1e-5)
    assert found["total_variation"] == pytest.approx(abs(p - q).sum(1).mean() / 2)
    assert found["accuracy"] == pytest.approx((p.argmax(1) == q.argmax(1)).mean())
    assert found["mae"] == pytest.approx(abs(p - q).mean())


def test_boxes_are_judged_by_their_overlap() -> None:
    names = ("iou", "giou", "iou50", "mae")
    task = BoxTask(name="t", target=("a", "b", "c", "d"), format="xyxy", metrics=names)
    target = torch.tensor([[0.1, 0.1, 0.5, 0.5]]).expand(2, 4)
    prediction = torch.logit(torch.tensor([[0.1, 0.1, 0.5, 0.5], [0.3, 0.1, 0.7, 0.5]]))
    found = values(task, TargetInfo(name="t", kind="box", width=4), prediction, target)
    assert found["iou"] == pytest.approx((1 + 1 / 3) / 2, abs=1e-6)
    assert found["giou"] == pytest.approx((1 + 1 / 3) / 2, abs=1e-6)
    assert found["iou50"] == 0.5
    assert found["mae"] == pytest.approx(0.05, abs=1e-6)


def test_segmentations_are_judged_pixel_by_pixel() -> None:
    names = ("iou", "accuracy", "dice")
    info = TargetInfo(name="t", kind="segmentation", classes=("a", "b", "c"), size=(4, 4))
    output, target = torch.randn(6, 3, 4, 4), torch.randint(3, (6, 4, 4))
    y, hit = target.numpy().ravel(), output.argmax(1).numpy().ravel()
    found = values(SegmentationTask(name="t", target="y", metrics=names), info, output, target)
    assert found["iou"] == pytest.approx(reference.jaccard_score(y, hit, average="macro"))
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(y, hit))
    assert found["dice"] == pytest.approx(reference.f1_score(y, hit, average="macro"))


def test_tags_are_judged_token_by_token_and_padding_is_left_out() -> None:
    info = TargetInfo(name="t", kind="tagging", classes=("a", "b", "c"), size=(6,))
    logits, target = torch.randn(20, 3, 6), torch.randint(3, (20, 6))
    target[torch.arange(6) >= torch.randint(1, 7, (20, 1))] = -1
    there = (target >= 0).numpy()
    y, hit = target.numpy()[there], logits.argmax(1).numpy()[there]
    chances = logits.double().softmax(1).movedim(1, 2).numpy()[there]
    found = values(TaggingTask(name="t", target="y", metrics=("accuracy", "f1")), info, logits, target)
    assert found["accuracy"] == pytest.approx((y == hit).mean())
    assert found["f1"] == pytest.approx(reference.f1_score(y, hit, average="macro"))
    assert found["loss"] == pytest.approx(-np.log(chances[np.arange(len(y)), y]).mean(), rel=1e-5)
