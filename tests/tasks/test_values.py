"""Losses, metrics and predictions against values computed another way."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from sklearn import metrics as reference

from mtl_core.spec import BinaryTask, InputError, MulticlassTask, RegressionTask, TargetInfo
from mtl_core.tasks import build_task


def values(head, prediction, target):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    metrics = head.metrics("cpu")
    metrics.update(prediction, target)
    return metrics.compute()


@pytest.mark.parametrize(("loss", "function"), [("mse", F.mse_loss), ("mae", F.l1_loss), ("huber", F.huber_loss)])
def test_a_regression_trains_on_the_loss_it_names(loss: str, function) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    head = build_task(
        RegressionTask(name="t", target="y", loss=loss),  # type: ignore[arg-type]
        TargetInfo(name="t", kind="regression"),
    )
    prediction, target = torch.randn(9, 1), torch.randn(9, 1)
    assert torch.equal(head.loss(prediction, target), function(prediction, target))


def test_regression_metrics_are_in_the_units_of_the_target() -> None:
    info = TargetInfo(name="t", kind="regression", width=2, mean=(2000.0, -3.0), std=(10.0, 0.5))
    head = build_task(RegressionTask(name="t", target=("year", "dose")), info)
    prediction, target = torch.randn(50, 2), torch.randn(50, 2)
    scale, shift = np.array(info.std), np.array(info.mean)
    p, t = prediction.double().numpy() * scale + shift, target.double().numpy() * scale + shift
    found = values(head, prediction, target)
    assert found["rmse"] == pytest.approx(reference.root_mean_squared_error(t, p))
    assert found["mae"] == pytest.approx(reference.mean_absolute_error(t, p))
    assert found["r2"] == pytest.approx(reference.r2_score(t, p))
    np.testing.assert_allclose(head.predict(prediction).numpy(), p)


@pytest.mark.parametrize(("offset", "unit"), [(0.0, 1e-6), (1e6, 1.0), (-5e3, 1e-2)])
def test_r2_depends_on_neither_unit_nor_offset(offset: float, unit: float) -> None:
    head = build_task(
        RegressionTask(name="t", target="y", metrics=("r2",)),
        TargetInfo(name="t", kind="regression", mean=(offset,), std=(unit,)),
    )
    torch.manual_seed(0)
    prediction, target = torch.randn(100, 1), torch.randn(100, 1)
    expected = reference.r2_score(target.double().numpy(), prediction.double().numpy())
    assert values(head, prediction, target)["r2"] == pytest.approx(expected, rel=1e-6)


def test_r2_of_a_constant_target_is_left_out_even_where_every_prediction_hits_it() -> None:
    head = build_task(RegressionTask(name="t", target="y"), TargetInfo(name="t", kind="regression"))
    target = torch.full((5, 1), 3.0)
    assert "r2" not in values(head, target + 1, target)
    assert "r2" not in values(head, target, target)


def test_binary_metrics_are_those_of_the_positive_class() -> None:
    names = ("accuracy", "f1", "precision", "recall", "auroc")
    head = build_task(
        BinaryTask(name="t", target="y", metrics=names),
        TargetInfo(name="t", kind="binary", classes=("no", "yes")),
    )
    torch.manual_seed(1)
    logits, target = torch.randn(80, 1), (torch.rand(80, 1) < 0.3).float()
    y, hit = target.squeeze(1).numpy(), (logits > 0).squeeze(1).numpy()
    found = values(head, logits, target)
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(y, hit))
    assert found["f1"] == pytest.approx(reference.f1_score(y, hit))
    assert found["precision"] == pytest.approx(reference.precision_score(y, hit))
    assert found["recall"] == pytest.approx(reference.recall_score(y, hit))
    assert found["auroc"] == pytest.approx(reference.roc_auc_score(y, logits.squeeze(1).numpy()))
    assert found["loss"] == pytest.approx(F.binary_cross_entropy_with_logits(logits, target).item())


@pytest.mark.parametrize("shift", [0.0, 0.5, 25.0])
def test_auroc_keeps_the_order_of_any_logits(shift: float) -> None:
    head = build_task(
        BinaryTask(name="t", target="y", metrics=("auroc",)),
        TargetInfo(name="t", kind="binary", classes=("no", "yes")),
    )
    logits = torch.tensor([[0.1], [0.2], [0.3], [0.4]]) + shift
    assert values(head, logits, torch.tensor([[0.0], [0.0], [1.0], [1.0]]))["auroc"] == 1.0


def test_auroc_is_left_out_when_only_one_class_is_there() -> None:
    head = build_task(BinaryTask(name="t", target="y"), TargetInfo(name="t", kind="binary", classes=("no", "yes")))
    found = values(head, torch.randn(6, 1), torch.zeros(6, 1))
    assert set(found) == {"loss", "accuracy", "f1"}


def test_multiclass_metrics_are_macro_but_for_accuracy() -> None:
    names = ("accuracy", "f1", "precision", "recall")
    head = build_task(
        MulticlassTask(name="t", target="y", metrics=names),
        TargetInfo(name="t", kind="multiclass", classes=("a", "b", "c")),
    )
    torch.manual_seed(2)
    logits, target = torch.randn(90, 3), torch.randint(3, (90,))
    y, p = target.numpy(), logits.argmax(1).numpy()
    found = values(head, logits, target)
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(y, p))
    assert found["f1"] == pytest.approx(reference.f1_score(y, p, average="macro"))
    assert found["precision"] == pytest.approx(reference.precision_score(y, p, average="macro"))
    assert found["recall"] == pytest.approx(reference.recall_score(y, p, average="macro"))


def test_the_loss_of_a_split_weighs_rows_not_batches() -> None:
    head = build_task(
        RegressionTask(name="t", target="y"), TargetInfo(name="t", kind="regression", mean=(5.0,), std=(2.0,))
    )
    metrics = head.metrics("cpu")
    metrics.update(torch.ones(3, 1), torch.zeros(3, 1))
    metrics.update(torch.full((1, 1), 3.0), torch.zeros(1, 1))
    assert metrics.compute()["loss"] == pytest.approx((3 * 1 + 9) / 4)


def test_label_smoothing_reaches_the_loss() -> None:
    info = TargetInfo(name="t", kind="multiclass", classes=("a", "b", "c"))
    head = build_task(MulticlassTask(name="t", target="y", label_smoothing=0.2), info)
    logits, target = torch.randn(7, 3), torch.randint(3, (7,))
    assert torch.equal(head.loss(logits, target), F.cross_entropy(logits, target, label_smoothing=0.2))


def test_predictions_of_a_classification_are_probabilities_per_class() -> None:
    binary = build_task(BinaryTask(name="t", target="y"), TargetInfo(name="t", kind="binary", classes=("no", "yes")))
    found = binary.predict(torch.tensor([[0.0], [math.log(3)]]))
    torch.testing.assert_close(found, torch.tensor([[0.5, 0.5], [0.25, 0.75]]))
    many = build_task(
        MulticlassTask(name="t", target="y"),
        TargetInfo(name="t", kind="multiclass", classes=("a", "b", "c")),
    )
    assert many.predict(torch.zeros(2, 3)).sum(1).tolist() == pytest.approx([1.0, 1.0])


def test_a_multiclass_target_of_one_class_is_refused() -> None:
    with pytest.raises(InputError, match="at least two classes"):
        build_task(
            MulticlassTask(name="size", target="y"),
            TargetInfo(name="size", kind="multiclass", classes=("a",)),
        )
