"""Every kind of task has a runtime, and every runtime keeps its contract.

Covers: mtl_core/tasks/kinds/, mtl_core/tasks/targets/, mtl_core/tasks/registry.py, mtl_core/tasks/task_head.py,
mtl_core/tasks/task_kind.py, mtl_core/tasks/task_metrics.py.
"""

import math
from typing import Any

import pytest
import torch
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
    TaggingTask,
    TargetInfo,
    Task,
    kind_of,
    members,
)
from mtl_core.tasks import KINDS, TaskHead, build_task
from tests.tasks.examples import examples

REGRESSION = TargetInfo(name="t", kind="regression", width=1, mean=(100.0,), std=(4.0,))
WIDE = TargetInfo(name="t", kind="regression", width=3, mean=(0.0, 1.0, 2.0), std=(1.0, 2.0, 3.0))
BINARY = TargetInfo(name="t", kind="binary", classes=("no", "yes"))
CLASSES = TargetInfo(name="t", kind="multiclass", classes=("a", "b", "c", "d"), counts=(1, 5, 0, 2), labelled=8)
LABELS = TargetInfo(name="t", kind="multilabel", width=3, classes=("a", "b", "c"), counts=(0, 5, 8), labelled=8)
RANKS = TargetInfo(name="t", kind="ordinal", classes=("low", "middle", "high", "top"))
SOFT = TargetInfo(name="t", kind="distribution", width=3, classes=("a", "b", "c"))
VARIANCE = TargetInfo(name="t", kind="regression", width=2, mean=(0.0, 1.0), std=(1.0, 2.0), per_value=2)
BOX = TargetInfo(name="t", kind="box", width=4)
MAP = TargetInfo(name="t", kind="segmentation", classes=("a", "b", "c"), counts=(8, 0, 2), size=(4, 6))
TAGS = TargetInfo(name="t", kind="tagging", classes=("a", "b", "c"), counts=(8, 0, 2), size=(5,))
POINT = TargetInfo(name="t", kind="objective", width=2)
FOUR = ("x", "y", "w", "h")

CASES = {
    "mse": (RegressionTask(name="t", target="y", loss="mse"), REGRESSION),
    "mae": (RegressionTask(name="t", target="y", loss="mae"), REGRESSION),
    "huber": (RegressionTask(name="t", target="y", loss="huber"), REGRESSION),
    "wide": (RegressionTask(name="t", target=("x", "y", "z")), WIDE),
    "binary": (
        BinaryTask(name="t", target="y", metrics=("accuracy", "f1", "precision", "recall", "auroc")),
        BINARY,
    ),
    "multiclass": (
        MulticlassTask(name="t", target="y", metrics=("accuracy", "f1", "precision", "recall")),
        CLASSES,
    ),
    "smoothed": (MulticlassTask(name="t", target="y", label_smoothing=0.1), CLASSES),
    "quantile": (RegressionTask(name="t", target=("x", "y", "z"), loss="quantile", quantile=0.9), WIDE),
    "gaussian": (RegressionTask(name="t", target=("x", "y"), loss="gaussian_nll"), VARIANCE),
    "focal": (BinaryTask(name="t", target="y", loss="focal", gamma=0.5, label_smoothing=0.1), BINARY),
    "positive": (BinaryTask(name="t", target="y", positive_weight=3.0), BINARY),
    "balanced": (MulticlassTask(name="t", target="y", class_weights="balanced"), CLASSES),
    "given": (MulticlassTask(name="t", target="y", class_weights={"b": 2.0}, loss="focal", gamma=0.0), CLASSES),
    "focal classes": (MulticlassTask(name="t", target="y", loss="focal", label_smoothing=0.1), CLASSES),
    "multilabel": (MultilabelTask(name="t", target=("a", "b", "c"), positive_weight="balanced"), LABELS),
    "focal labels": (MultilabelTask(name="t", target=("a", "b", "c"), loss="focal"), LABELS),
    "cumulative": (OrdinalTask(name="t", target="y"), RANKS),
    "corn": (OrdinalTask(name="t", target="y", loss="corn"), RANKS),
    "count": (CountTask(name="t", target=("x", "y")), TargetInfo(name="t", kind="count", width=2)),
    "soft": (DistributionTask(name="t", target=("a", "b", "c")), SOFT),
    "kl": (DistributionTask(name="t", target=("a", "b", "c"), loss="kl"), SOFT),
    "box": (BoxTask(name="t", target=FOUR), BOX),
    "box bce": (BoxTask(name="t", target=FOUR, loss="bce", format="xywh"), BOX),
    "box iou": (BoxTask(name="t", target=FOUR, loss="iou", format="xyxy"), BOX),
    "box giou": (BoxTask(name="t", target=FOUR, loss="giou"), BOX),
    "map": (SegmentationTask(name="t", target="y"), MAP),
    "focal map": (SegmentationTask(name="t", target="y", loss="focal", class_weights="balanced"), MAP),
    "tags": (TaggingTask(name="t", target="y"), TAGS),
    "balanced tags": (TaggingTask(name="t", target="y", class_weights="balanced"), TAGS),
    "objective": (ObjectiveTask(name="t", target=("x", "y"), loss="valley_right"), POINT),
}
EXAMPLES = examples()
CASES |= {kind: example.made("t") for kind, example in EXAMPLES.items()}
PLAIN = ("mse", "mae", "huber", "wide", "binary", "multiclass", "smoothed", "soft")
"""Losses that torch has as they are."""
INFOS = {info.kind: info for _, info in CASES.values()} | {"regression": REGRESSION}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[TaskHead, TargetInfo]:
    task, info = CASES[request.param]
    return build_task(task, info), info


def batch(info: TargetInfo, rows: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Outputs that ask for a gradient, and targets."""
    torch.manual_seed(seed)
    outputs = (info.outputs,) if isinstance(info.outputs, int) else info.outputs
    smaller = outputs[1:] if info.kind == "tagging" else tuple(side // 2 for side in outputs[1:])
    prediction = torch.randn(rows, outputs[0], *smaller).requires_grad_()
    if info.kind in EXAMPLES:
        return prediction, EXAMPLES[info.kind].targets(rows)
    match info.kind:
        case "regression" | "objective":
            return prediction, torch.randn(rows, info.width)
        case "binary":
            return prediction, (torch.arange(rows) % 2).float().unsqueeze(1)
        case "multilabel":
            return prediction, (torch.rand(rows, info.width) < 0.5).float()
        case "count":
            return prediction, torch.randint(9, (rows, info.width)).float()
        case "distribution":
            return prediction, torch.rand(rows, info.width).softmax(1)
        case "box":
            return prediction, 0.2 + 0.3 * torch.rand(rows, 4) + torch.tensor([0.0, 0.0, 0.3, 0.3])
        case "tagging":
            ends = torch.arange(*info.size) < 1 + torch.arange(rows).unsqueeze(1) % info.size[0]
            tags = torch.randint(len(info.classes), (rows, *info.size))
            return prediction, tags.masked_fill(~ends, -1).to(torch.int16)
    return prediction, torch.randint(len(info.classes), (rows, *info.size))


def spoil(target: Tensor, mask: Tensor) -> Tensor:
    """The target with nonsense where there is no label."""
    spoilt = target.clone()
    spoilt[~mask] = float("nan") if target.is_floating_point() else -1
    return spoilt


def test_every_kind_of_task_has_a_builder() -> None:
    assert set(KINDS) == {kind_of(member) for member in members(Task)}


def test_every_metric_of_a_spec_has_a_measure_and_a_direction() -> None:
    for kind in members(Task):
        field = kind.model_fields["metrics"].annotation
        names = field.__args__[0].__args__
        task = kind(name="t", target="y", metrics=names)  # type: ignore[call-arg]
        info = INFOS[task.kind]  # type: ignore[attr-defined]
        head = build_task(task, info)  # type: ignore[arg-type]
        assert set(head.directions) == {"loss", *names}
        assert set(head.build_metrics()) == set(names)


@pytest.mark.parametrize("name", CASES)
def test_an_unknown_metric_is_an_error(name: str) -> None:
    task, info = CASES[name]
    head = build_task(task.model_copy(update={"metrics": ("clairvoyance",)}), info)
    with pytest.raises(ValueError, match=r"no such metric of .*: clairvoyance"):
        head.build_metrics()


def test_directions_say_whether_less_or_more_is_better() -> None:
    head = build_task(*CASES["mse"])
    assert head.directions == {"loss": "min", "rmse": "min", "mae": "min", "r2": "max"}
    assert set(build_task(*CASES["binary"]).directions.values()) == {"min", "max"}


def test_the_output_layer_is_as_wide_as_the_target_says(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
    assert head.out_features == info.outputs


def test_a_masked_loss_is_the_mean_over_the_labelled_rows(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
    prediction, target = batch(info, 10)
    mask = torch.arange(10) % 3 != 0
    masked = head.loss(prediction, spoil(target, mask), mask)
    torch.testing.assert_close(masked, head.loss(prediction[mask], target[mask]))
    (gradient,) = torch.autograd.grad(masked, prediction)
    (wanted,) = torch.autograd.grad(head.loss(prediction[mask], target[mask]), prediction)
    torch.testing.assert_close(gradient, wanted)
    assert not gradient[~mask].any()


def test_a_full_mask_gives_the_unmasked_loss(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
    prediction, target = batch(info, 8)
    full = torch.ones(8, dtype=torch.bool)
    torch.testing.assert_close(head.loss(prediction, target, full), head.loss(prediction, target))


def test_a_batch_without_labels_gives_exactly_zero_and_no_gradient(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
    prediction, target = batch(info, 6)
    mask = torch.zeros(6, dtype=torch.bool)
    loss = head.loss(prediction, spoil(target, mask), mask)
    loss.backward()
    assert loss.shape == ()
    assert loss.item() == 0.0
    assert prediction.grad is not None
    assert torch.equal(prediction.grad, torch.zeros_like(prediction))


class Calls(torch.overrides.TorchFunctionMode):
    """Notes which torch functions are called, but for the question how many dimensions a tensor has."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[object] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204
        if func is not Tensor.dim:
            self.seen.append(func)
        with torch._C.DisableTorchFunction():
            return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", PLAIN)
def test_without_a_mask_a_plain_loss_is_one_functional_call(name: str) -> None:
    head, info = build_task(*CASES[name]), CASES[name][1]
    prediction, target = batch(info, 6)
    with Calls() as calls:
        head.loss(prediction, target)
    assert len(calls.seen) == 1


def test_metrics_do_not_depend_on_how_rows_are_cut_into_batches(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
    prediction, target = batch(info, 30)
    whole, cut = head.metrics("cpu"), head.metrics("cpu")
    whole.update(prediction, target)
    for start, stop in ((0, 1), (1, 18), (18, 30)):
        cut.update(prediction[start:stop], target[start:stop])
    assert cut.compute() == pytest.approx(whole.compute())
    assert set(whole.compute()) == set(head.directions)


def test_metrics_may_be_asked_for_between_batches(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
    prediction, target = batch(info, 40)
    whole, early = head.metrics("cpu"), head.metrics("cpu")
    whole.update(prediction, target)
    with torch.inference_mode():
        early.update(prediction[:20], target[:20])
        early.compute()
    early.update(prediction[20:], target[20:])
    assert early.compute() == pytest.approx(whole.compute())


def test_metrics_pass_over_rows_without_a_label(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
    prediction, target = batch(info, 30)
    mask = torch.arange(30) % 3 != 0
    masked, plain = head.metrics("cpu"), head.metrics("cpu")
    masked.update(prediction[:15], spoil(target, mask)[:15], mask[:15])
    masked.update(prediction[15:], spoil(target, mask)[15:], mask[15:])
    plain.update(prediction[mask], target[mask])
    assert masked.compute() == pytest.approx(plain.compute())


def test_masked_and_whole_batches_may_be_mixed(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
    prediction, target = batch(info, 20)
    mask = torch.arange(10) < 4
    mixed, plain = head.metrics("cpu"), head.metrics("cpu")
    mixed.update(prediction[:10], target[:10], mask)
    mixed.update(prediction[10:], target[10:])
    keep = torch.cat([mask, torch.ones(10, dtype=torch.bool)])
    plain.update(prediction[keep], target[keep])
    assert mixed.compute() == pytest.approx(plain.compute())


def test_a_split_without_labels_has_no_metrics_instead_of_nan(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
    metrics = head.metrics("cpu")
    assert metrics.compute() == {}
    prediction, target = batch(info, 5)
    metrics.update(prediction, target, torch.zeros(5, dtype=torch.bool))
    assert metrics.compute() == {}


@pytest.mark.parametrize("kind", members(Task), ids=lambda kind: kind.model_fields["kind"].default)
def test_every_metric_is_measured_and_does_not_depend_on_batches(kind: type[Any]) -> None:
    names = kind.model_fields["metrics"].annotation.__args__[0].__args__
    info = INFOS[kind.model_fields["kind"].default]
    head = build_task(kind(name="t", target="y", metrics=names), info)
    prediction, target = batch(info, 60)
    whole, cut = head.metrics("cpu"), head.metrics("cpu")
    whole.update(prediction, target)
    for rows in torch.arange(60).split(25):
        cut.update(prediction[rows], target[rows])
    found = whole.compute()
    assert set(found) == {"loss", *names}
    assert all(math.isfinite(value) for value in found.values())
    assert cut.compute() == pytest.approx(found)


@pytest.mark.parametrize("kind", members(Task), ids=lambda kind: kind.model_fields["kind"].default)
def test_any_metric_of_one_row_is_finite_or_left_out(kind: type[Any]) -> None:
    names = kind.model_fields["metrics"].annotation.__args__[0].__args__
    info = INFOS[kind.model_fields["kind"].default]
    metrics = build_task(kind(name="t", target="y", metrics=names), info).metrics("cpu")
    metrics.update(*batch(info, 1))
    assert all(math.isfinite(value) for value in metrics.compute().values())


def test_reset_forgets_every_batch(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
    metrics, fresh = head.metrics("cpu"), head.metrics("cpu")
    metrics.update(*batch(info, 12))
    metrics.compute()
    metrics.update(*batch(info, 12, seed=1))
    metrics.reset()
    metrics.update(*batch(info, 12, seed=2))
    fresh.update(*batch(info, 12, seed=2))
    assert metrics.compute() == pytest.approx(fresh.compute())


def test_one_labelled_row_gives_only_finite_metrics(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
    metrics = head.metrics("cpu")
    metrics.update(*batch(info, 1))
    values = metrics.compute()
    assert "r2" not in values
    assert "auroc" not in values
    assert all(math.isfinite(value) for value in values.values())


def test_outputs_that_are_nan_leave_the_nan_loss_alone(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
    prediction, target = batch(info, 6)
    metrics = head.metrics("cpu")
    metrics.update(prediction * float("nan"), target)
    (loss,) = metrics.compute().items()
    assert loss[0] == "loss"
    assert math.isnan(loss[1])


def test_a_large_split_is_read_in_pieces(case: tuple[TaskHead, TargetInfo], monkeypatch: pytest.MonkeyPatch) -> None:
    head, info = case
    prediction, target = batch(info, 64)
    whole, pieces = head.metrics("cpu"), head.metrics("cpu")
    whole.update(prediction, target)
    expected = whole.compute()
    monkeypatch.setattr("mtl_core.tasks.task_metrics._MAX_PENDING_VALUES", 20)
    for start in range(0, 64, 8):
        pieces.update(prediction[start : start + 8], target[start : start + 8])
    assert pieces.compute() == pytest.approx(expected)


def test_the_loss_over_members_is_the_mean_of_the_members_losses(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
    outputs = torch.stack([batch(info, 6, seed)[0].detach() for seed in range(3)], dim=1)
    target, mask = batch(info, 6)[1], torch.arange(6) != 2
    for labeled in (None, mask):
        losses = [head.loss(outputs[:, member], target, labeled) for member in range(3)]
        torch.testing.assert_close(head.loss(outputs, target, labeled), torch.stack(losses).mean())
    assert torch.equal(head.average_members(outputs), head.average_outputs(outputs.movedim(1, 0)))
