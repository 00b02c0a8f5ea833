"""The losses of all kinds against values computed by hand or by another library.

Covers: mtl_core/tasks/losses.py, mtl_core/tasks/standardization.py.
"""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from scipy import stats
from torch import Tensor

from mtl_core.spec import (
    BinaryTask,
    BoxTask,
    CountTask,
    DistributionTask,
    MulticlassTask,
    MultilabelTask,
    ObjectiveTask,
    OrdinalTask,
    RegressionTask,
    SegmentationTask,
    TargetInfo,
    Task,
)
from mtl_core.tasks import TaskHead, build_task
from mtl_core.tasks.kinds.box import corners, overlap

FOUR = ("x", "y", "w", "h")
BINARY = TargetInfo(name="t", kind="binary", classes=("no", "yes"), counts=(6, 2), labelled=8)
CLASSES = TargetInfo(name="t", kind="multiclass", classes=("a", "b", "c"), counts=(1, 5, 2), labelled=8)
RANKS = TargetInfo(name="t", kind="ordinal", classes=("1", "2", "3", "4"))


def head(task: Task, info: TargetInfo | None = None) -> TaskHead:
    width = len(task.targets)
    return build_task(task, info or TargetInfo(name="t", kind=task.kind, width=width))


def test_huber_turns_from_squared_to_absolute_at_delta() -> None:
    task = RegressionTask(name="t", target="y", loss="huber", delta=2.0)
    loss = head(task).loss
    assert loss(torch.tensor([[1.0]]), torch.tensor([[0.0]])).item() == pytest.approx(0.5)
    assert loss(torch.tensor([[5.0]]), torch.tensor([[0.0]])).item() == pytest.approx(2 * (5 - 1))


def test_the_quantile_error_is_least_at_the_quantile() -> None:
    task = RegressionTask(name="t", target="y", loss="quantile", quantile=0.8)
    target = torch.arange(1.0, 102.0).unsqueeze(1)
    loss = head(task).loss
    assert loss(torch.tensor([[3.0]]), torch.tensor([[5.0]])).item() == pytest.approx(1.6)
    assert loss(torch.tensor([[5.0]]), torch.tensor([[3.0]])).item() == pytest.approx(0.4)
    errors = [loss(torch.full_like(target, value), target).item() for value in range(1, 102)]
    assert int(np.argmin(errors)) + 1 == 81


def test_a_learned_variance_gives_the_likelihood_of_a_gaussian() -> None:
    task = RegressionTask(name="t", target=("x", "y"), loss="gaussian_nll")
    info = TargetInfo(name="t", kind="regression", width=2, mean=(1.0, 0.0), std=(2.0, 1.0), per_value=2)
    runtime = head(task, info)
    assert runtime.out_features == 4
    output, target = torch.randn(6, 4), torch.randn(6, 2)
    mean, deviation = output[:, :2].numpy(), output[:, 2:].mul(0.5).exp().numpy()
    expected = -stats.norm.logpdf(target.numpy(), mean, deviation).mean() - math.log(2 * math.pi) / 2
    assert runtime.loss(output, target).item() == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(runtime.predict(output).numpy(), mean * [2.0, 1.0] + [1.0, 0.0], rtol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_loss_of_two_classes_is_that_of_the_paper(gamma: float) -> None:
    runtime = head(BinaryTask(name="t", target="y", loss="focal", gamma=gamma), BINARY)
    logits, target = torch.tensor([[2.0], [-1.0]]), torch.tensor([[1.0], [1.0]])
    p = torch.sigmoid(logits)
    expected = (-((1 - p) ** gamma) * p.log()).mean()
    torch.testing.assert_close(runtime.loss(logits, target), expected)


def test_focal_loss_of_several_classes_is_that_of_the_paper() -> None:
    runtime = head(MulticlassTask(name="t", target="y", loss="focal", gamma=2.0), CLASSES)
    logits, target = torch.randn(5, 3), torch.tensor([0, 1, 2, 1, 0])
    p = logits.softmax(1).gather(1, target.unsqueeze(1)).squeeze(1)
    torch.testing.assert_close(runtime.loss(logits, target), (-((1 - p) ** 2) * p.log()).mean())


def test_a_certain_row_leaves_the_focal_gradient_finite() -> None:
    runtime = head(BinaryTask(name="t", target="y", loss="focal", gamma=0.5), BINARY)
    logits = torch.tensor([[200.0]], requires_grad=True)
    runtime.loss(logits, torch.ones(1, 1)).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_balanced_positives_weigh_as_much_as_negatives() -> None:
    runtime = head(BinaryTask(name="t", target="y", positive_weight="balanced"), BINARY)
    logits, target = torch.randn(8, 1), torch.tensor([[1.0], [1.0], *[[0.0]] * 6])
    expected = F.binary_cross_entropy_with_logits(logits, target, pos_weight=torch.tensor(3.0))
    torch.testing.assert_close(runtime.loss(logits, target), expected)


def test_smoothed_binary_labels_move_towards_one_half() -> None:
    runtime = head(BinaryTask(name="t", target="y", label_smoothing=0.2), BINARY)
    logits, target = torch.randn(4, 1), torch.tensor([[1.0], [0.0], [1.0], [0.0]])
    expected = F.binary_cross_entropy_with_logits(logits, target * 0.8 + 0.1)
    torch.testing.assert_close(runtime.loss(logits, target), expected)


def test_balanced_classes_are_weighed_by_the_inverse_of_their_rows() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    runtime = head(MulticlassTask(name="t", target="y", class_weights="balanced"), CLASSES)
    target = torch.tensor([0, 1, 1, 1, 1, 1, 2, 2])
    weights = compute_class_weight("balanced", classes=np.arange(3), y=target.numpy())
    logits = torch.randn(8, 3)
    # With the training rows themselves the weights sum to the rows, so torch's own mean is the same.
    expected = F.cross_entropy(logits, target, weight=torch.tensor(weights).float())
    torch.testing.assert_close(runtime.loss(logits, target), expected)


def test_given_class_weights_multiply_the_rows_of_their_class() -> None:
    runtime = head(MulticlassTask(name="t", target="y", class_weights={"c": 4.0}), CLASSES)
    logits = torch.randn(1, 3)
    for code, factor in ((0, 1.0), (2, 4.0)):
        target = torch.tensor([code])
        torch.testing.assert_close(runtime.loss(logits, target), factor * F.cross_entropy(logits, target))


def test_a_multilabel_loss_is_the_mean_over_the_labels() -> None:
    info = TargetInfo(name="t", kind="multilabel", width=2, classes=("a", "b"), counts=(2, 6), labelled=8)
    logits, target = torch.randn(5, 2), torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    plain = head(MultilabelTask(name="t", target=("a", "b")), info)
    torch.testing.assert_close(plain.loss(logits, target), F.binary_cross_entropy_with_logits(logits, target))
    balanced = head(MultilabelTask(name="t", target=("a", "b"), positive_weight="balanced"), info)
    expected = F.binary_cross_entropy_with_logits(logits, target, pos_weight=torch.tensor([3.0, 1 / 3]))
    torch.testing.assert_close(balanced.loss(logits, target), expected)


def test_a_count_has_the_likelihood_of_a_poisson_distribution() -> None:
    output, target = torch.randn(20, 1), torch.randint(6, (20, 1)).float()
    y, rate = target.numpy(), output.exp().numpy()
    expected = -(stats.poisson.logpmf(y, rate) + np.vectorize(math.lgamma)(y + 1)).mean()
    runtime = head(CountTask(name="t", target="y"))
    assert runtime.loss(output, target).item() == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(runtime.predict(output).numpy(), rate, rtol=1e-6)


def test_counts_in_units_of_their_mean_have_the_same_best_point_and_real_counts_as_predictions() -> None:
    task, info = CountTask(name="t", target="y"), TargetInfo(name="t", kind="count", mean=(0.0,), std=(50.0,))
    runtime, counts = head(task, info), torch.tensor([[40.0], [70.0]])
    output = torch.full((2, 1), math.log(55 / 50), requires_grad=True)
    runtime.loss(output, counts / 50).backward()
    assert output.grad is not None
    assert output.grad.sum().item() == pytest.approx(0, abs=1e-6)
    assert runtime.predict(output.detach())[0].item() == pytest.approx(55)
    metrics = runtime.metrics("cpu")
    metrics.update(output, counts / 50)
    assert metrics.compute()["mae"] == pytest.approx(15)


def test_soft_labels_give_cross_entropy_and_their_own_entropy_less_is_the_divergence() -> None:
    info = TargetInfo(name="t", kind="distribution", width=3, classes=("a", "b", "c"))
    columns = ("a", "b", "c")
    logits, target = torch.randn(7, 3), torch.rand(7, 3).softmax(1)
    target[0] = torch.tensor([1.0, 0.0, 0.0])
    entropy = head(DistributionTask(name="t", target=columns), info)
    divergence = head(DistributionTask(name="t", target=columns, loss="kl"), info)
    expected = F.kl_div(logits.log_softmax(1), target, reduction="batchmean")
    torch.testing.assert_close(divergence.loss(logits, target), expected)
    own = torch.special.entr(target).sum(1).mean()
    torch.testing.assert_close(entropy.loss(logits, target), expected + own)
    assert divergence.loss(target.log().clamp(min=-90), target).item() == pytest.approx(0, abs=1e-6)


def test_ordered_thresholds_give_the_cumulative_link_likelihood() -> None:
    runtime = head(OrdinalTask(name="t", target="y"), RANKS)
    output, target = torch.randn(6, 3).double(), torch.tensor([0, 1, 2, 3, 1, 2])
    steps = output.clone()
    steps[:, 1:] = -F.softplus(output[:, 1:])
    above = torch.sigmoid(steps.cumsum(1))
    one, zero = torch.ones(6, 1), torch.zeros(6, 1)
    chances = torch.cat([one, above], 1) - torch.cat([above, zero], 1)
    torch.testing.assert_close(runtime.predict(output), chances)
    assert (runtime.predict(output) > 0).all()
    expected = -chances.gather(1, target.unsqueeze(1)).log().mean()
    torch.testing.assert_close(runtime.loss(output, target), expected)


def test_a_far_off_rank_still_pulls() -> None:
    runtime = head(OrdinalTask(name="t", target="y"), RANKS)
    output = torch.tensor([[60.0, 0.0, 0.0]], requires_grad=True)
    runtime.loss(output, torch.tensor([0])).backward()
    assert output.grad is not None
    assert output.grad[0, 0] == pytest.approx(1.0)


def test_corn_trains_each_threshold_on_the_rows_that_passed_the_one_before() -> None:
    runtime = head(OrdinalTask(name="t", target="y", loss="corn"), RANKS)
    output, target = torch.randn(5, 3), torch.tensor([0, 1, 2, 3, 3])
    total = torch.zeros(())
    for k in range(3):
        rows = target >= k
        truth = (target[rows] > k).float()
        total = total + F.binary_cross_entropy_with_logits(output[rows, k], truth, reduction="sum")
    torch.testing.assert_close(runtime.loss(output, target), total / 5)
    chances = runtime.predict(output)
    torch.testing.assert_close(chances.sum(1), torch.ones(5))
    torch.testing.assert_close(chances[:, 3], torch.sigmoid(output).prod(1))


BOXES = [
    # a, b, IoU, GIoU by hand
    ([0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.5, 0.5], 1.0, 1.0),
    ([0.0, 0.0, 0.5, 0.5], [0.25, 0.0, 0.75, 0.5], 1 / 3, 1 / 3),
    ([0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0], 0.0, -0.5),
    ([0.0, 0.0, 1.0, 1.0], [0.25, 0.25, 0.75, 0.75], 0.25, 0.25),
]


@pytest.mark.parametrize(("a", "b", "iou", "giou"), BOXES)
def test_overlaps_are_those_computed_by_hand(a: list[float], b: list[float], iou: float, giou: float) -> None:
    found = overlap(torch.tensor([a]), torch.tensor([b]))
    assert [value.item() for value in found] == pytest.approx([iou, giou])


def test_the_three_formats_mean_the_same_box() -> None:
    whole = torch.tensor([[0.1, 0.2, 0.5, 0.8]])
    torch.testing.assert_close(corners(torch.tensor([[0.1, 0.2, 0.4, 0.6]]), "xywh"), whole)
    torch.testing.assert_close(corners(torch.tensor([[0.3, 0.5, 0.4, 0.6]]), "cxcywh"), whole)
    assert corners(whole, "xyxy") is whole


@pytest.mark.parametrize("loss", ["smooth_l1", "bce", "iou", "giou"])
def test_box_losses_are_least_at_the_box_itself(loss: str) -> None:
    runtime = head(BoxTask(name="t", target=FOUR, loss=loss))  # type: ignore[arg-type]
    target = torch.tensor([[0.4, 0.5, 0.3, 0.2]])
    there = torch.logit(target).requires_grad_()
    best = runtime.loss(there, target)
    (gradient,) = torch.autograd.grad(best, there)
    assert gradient.abs().max() < (1 if "iou" in loss else 1e-6)  # an overlap has a kink at its best
    for shift in torch.eye(4):
        assert runtime.loss(torch.logit(target) + 0.1 * shift, target) > best


def test_box_losses_are_those_of_torch() -> None:
    output, target = torch.randn(6, 4), torch.rand(6, 4)
    smooth = head(BoxTask(name="t", target=FOUR, beta=0.2)).loss(output, target)
    torch.testing.assert_close(smooth, F.smooth_l1_loss(torch.sigmoid(output), target, beta=0.2))
    entropy = head(BoxTask(name="t", target=FOUR, loss="bce")).loss(output, target)
    torch.testing.assert_close(entropy, F.binary_cross_entropy_with_logits(output, target))


def test_a_segmentation_is_the_mean_over_the_pixels_of_enlarged_logits() -> None:
    info = TargetInfo(name="t", kind="segmentation", classes=("a", "b"), size=(4, 4))
    runtime = head(SegmentationTask(name="t", target="y"), info)
    assert runtime.out_features == (2, 4, 4)
    output, target = torch.randn(3, 2, 2, 2), torch.randint(2, (3, 4, 4))
    large = F.interpolate(output, size=(4, 4), mode="bilinear", align_corners=False)
    torch.testing.assert_close(runtime.loss(output, target), F.cross_entropy(large, target))
    assert runtime.predict(output).shape == (3, 2, 4, 4)


def published(x: float, y: float) -> tuple[float, float]:
    """The two objectives as the authors' program computes them."""
    left = math.log(max(abs(0.5 * (-x - 7) - math.tanh(-y)), 5e-6)) + 6
    right = math.log(max(abs(0.5 * (-x + 3) + math.tanh(-y) + 2), 5e-6)) + 6
    up, down = max(math.tanh(y * 0.5), 0), max(math.tanh(-y * 0.5), 0)
    left_bowl = ((-x + 7) ** 2 + 0.1 * (-y - 8) ** 2) / 10 - 20
    right_bowl = ((-x - 7) ** 2 + 0.1 * (-y - 8) ** 2) / 10 - 20
    return left * up + left_bowl * down, right * up + right_bowl * down


@pytest.mark.parametrize("point", [(-8.5, 7.5), (0.0, 0.0), (9.0, 9.0), (-7.5, -0.5), (9.0, -1.0), (3.0, -8.0)])
def test_the_objectives_are_those_of_the_published_program(point: tuple[float, float]) -> None:
    start = torch.tensor([[1.0, -2.0]], dtype=torch.float64)
    features = torch.tensor([point], dtype=torch.float64) - start
    values: list[Tensor] = []
    for loss in ("valley_left", "valley_right"):
        runtime = head(ObjectiveTask(name="t", target=("a", "b"), loss=loss))  # type: ignore[arg-type]
        values.append(runtime.loss(features, start))
    assert [value.item() for value in values] == pytest.approx(published(*point))
