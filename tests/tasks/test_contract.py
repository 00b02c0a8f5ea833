"""Every kind of task has a runtime, and every runtime keeps its promises."""

import math

import pytest
import torch
from torch import Tensor

from mtl_core.spec import BinaryTask, MulticlassTask, RegressionTask, TargetInfo, Task, members
from mtl_core.tasks import BUILDERS, TaskHead, build_task

REGRESSION = TargetInfo(name="t", kind="regression", width=1, mean=(100.0,), std=(4.0,))
WIDE = TargetInfo(name="t", kind="regression", width=3, mean=(0.0, 1.0, 2.0), std=(1.0, 2.0, 3.0))
BINARY = TargetInfo(name="t", kind="binary", classes=("no", "yes"))
CLASSES = TargetInfo(name="t", kind="multiclass", classes=("a", "b", "c", "d"))

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
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[TaskHead, TargetInfo]:
    task, info = CASES[request.param]
    return build_task(task, info), info


def batch(info: TargetInfo, rows: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Outputs that ask for a gradient, and targets."""
    torch.manual_seed(seed)
    prediction = torch.randn(rows, info.outputs).requires_grad_()
    match info.kind:
        case "regression":
            return prediction, torch.randn(rows, info.width)
        case "binary":
            return prediction, (torch.arange(rows) % 2).float().unsqueeze(1)
    return prediction, torch.randint(len(info.classes), (rows,))


def spoil(target: Tensor, mask: Tensor) -> Tensor:
    """The target with nonsense where there is no label."""
    spoilt = target.clone()
    spoilt[~mask] = float("nan") if target.is_floating_point() else -1
    return spoilt


def test_every_kind_of_task_has_a_builder() -> None:
    assert set(BUILDERS) == set(members(Task))


def test_every_metric_of_a_spec_has_a_measure_and_a_direction() -> None:
    for kind in members(Task):
        field = kind.model_fields["metrics"].annotation
        names = field.__args__[0].__args__
        task = kind(name="t", target="y", metrics=names)  # type: ignore[call-arg]
        info = {"regression": REGRESSION, "binary": BINARY, "multiclass": CLASSES}[task.kind]  # type: ignore[attr-defined]
        head = build_task(task, info)  # type: ignore[arg-type]
        assert set(head.directions) == {"loss", *names}
        assert set(head.measures()) == set(names)


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
    """Notes which torch functions are called."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[object] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204
        self.seen.append(func)
        with torch._C.DisableTorchFunction():
            return func(*args, **(kwargs or {}))


def test_without_a_mask_the_loss_is_one_functional_call(case: tuple[TaskHead, TargetInfo]) -> None:
    head, info = case
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
    monkeypatch.setattr("mtl_core.tasks.metrics._KEPT_VALUES", 20)
    for start in range(0, 64, 8):
        pieces.update(prediction[start : start + 8], target[start : start + 8])
    assert pieces.compute() == pytest.approx(expected)
