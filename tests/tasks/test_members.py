"""A task's loss over members is the mean of the members' losses, and its prediction the mean of their predictions.

Covers: mtl_core/tasks/members.py.
"""

from typing import Any

import pytest
import torch

from mtl_core.spec import TargetInfo
from mtl_core.spec.tasks import BinaryTask, MulticlassTask, RegressionTask
from mtl_core.tasks import build_task

CLASSES = TargetInfo(name="t", kind="multiclass", classes=("x", "y", "z"), counts=(3, 2, 1), labelled=6)
NUMBERS = TargetInfo(name="t", kind="regression", width=2, mean=(1.0, -1.0), std=(2.0, 0.5))
TASKS: dict[str, Any] = {
    "classes": (MulticlassTask(name="t", target="t", class_weights="balanced"), CLASSES, torch.arange(6) % 3),
    "numbers": (RegressionTask(name="t", target=("u", "v")), NUMBERS, torch.arange(12.0).view(6, 2) / 5),
}
every_task = pytest.mark.parametrize("kind", TASKS)


def head_and_outputs(kind: str) -> tuple[Any, torch.Tensor, torch.Tensor]:
    task, info, target = TASKS[kind]
    head = build_task(task, info)
    outputs = torch.randn(6, 4, head.out_features, generator=torch.Generator().manual_seed(0))  # type: ignore[arg-type]
    return head, outputs, target


def test_the_loss_of_some_values_of_a_row_is_the_mean_of_the_members_losses() -> None:
    head, outputs, target = head_and_outputs("numbers")
    mask = torch.rand(6, 2, generator=torch.Generator().manual_seed(1)) > 0.5
    losses = [head.loss(outputs[:, member], target, mask) for member in range(4)]
    torch.testing.assert_close(head.loss(outputs, target, mask), torch.stack(losses).mean())


@every_task
def test_the_prediction_is_the_mean_of_the_members_predictions(kind: str) -> None:
    head, outputs, _ = head_and_outputs(kind)
    outputs = outputs.double()
    predictions = torch.stack([head.predict(outputs[:, member]) for member in range(4)])
    torch.testing.assert_close(head.predict(outputs), predictions.mean(0))
    torch.testing.assert_close(head.predict(head.average_members(outputs)), predictions.mean(0))


@every_task
def test_the_distance_of_members_to_members_is_the_mean_of_their_distances(kind: str) -> None:
    head, outputs, _ = head_and_outputs(kind)
    others = outputs.flip(0)
    distances = [head.distance(outputs[:, member], others[:, member], 2.0) for member in range(4)]
    torch.testing.assert_close(head.distance(outputs, others, 2.0), torch.stack(distances).mean())


def test_an_output_without_members_stays_as_it_is() -> None:
    head = build_task(
        BinaryTask(name="t", target="t"), TargetInfo(name="t", kind="binary", classes=("no", "yes"), counts=(1, 1))
    )
    output = torch.zeros(3, 1)
    assert head.average_members(output) is output
