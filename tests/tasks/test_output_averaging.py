"""Averaged outputs predict the mean of the predictions."""

import math
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from mtl_core.spec import TargetInfo, Task
from mtl_core.tasks import KINDS, build_task
from tests.tasks.examples import examples

ABC = ("a", "b", "c")
NUMBERS = {"width": 2, "mean": (5.0, -3.0), "std": (2.0, 0.5)}
CASES: list[tuple[dict[str, Any], dict[str, Any], tuple[int, ...]]] = [
    ({"kind": "regression"}, NUMBERS, (2,)),
    ({"kind": "regression", "loss": "gaussian_nll"}, NUMBERS, (4,)),
    ({"kind": "binary"}, {"classes": ("no", "yes")}, (1,)),
    ({"kind": "multiclass"}, {"classes": ABC}, (3,)),
    ({"kind": "multilabel", "target": ("a", "b")}, {"classes": ("a", "b"), "counts": (1, 2)}, (2,)),
    ({"kind": "ordinal", "loss": "cumulative_link"}, {"classes": (*ABC, "d")}, (3,)),
    ({"kind": "ordinal", "loss": "corn"}, {"classes": (*ABC, "d")}, (3,)),
    ({"kind": "count"}, {"width": 1}, (1,)),
    ({"kind": "distribution", "target": ("a", "b", "c")}, {"classes": ABC}, (3,)),
    ({"kind": "box", "target": ("a", "b", "c", "d")}, {"width": 4}, (4,)),
    ({"kind": "segmentation"}, {"classes": ABC, "size": (6, 4)}, (3, 3, 2)),
    ({"kind": "tagging"}, {"classes": ABC, "size": (4,)}, (3, 4)),
    ({"kind": "objective"}, {}, (2,)),
    *((example.fields, example.info, tuple(example.output.shape[1:])) for example in examples().values()),
]


def made(fields: dict[str, Any], info: dict[str, Any]) -> tuple[Task, TargetInfo]:
    task: Task = TypeAdapter(Task).validate_python({"name": "y", "target": "y", **fields})
    return task, TargetInfo(name="y", kind=fields["kind"], **info)


@pytest.mark.parametrize(("fields", "info", "shape"), CASES, ids=str)
def test_the_prediction_of_the_average_is_the_mean_of_the_predictions(
    fields: dict[str, Any], info: dict[str, Any], shape: tuple[int, ...]
) -> None:
    task, target = made(fields, info)
    head = build_task(task, target)
    outputs = 3 * torch.randn(4, 11, *shape, generator=torch.Generator().manual_seed(1))
    average = head.average_outputs(outputs)
    mean = torch.stack([head.predict(output).double() for output in outputs]).mean(dim=0)
    torch.testing.assert_close(head.predict(average).double(), mean, rtol=1e-4, atol=1e-6)
    assert average.dtype == outputs.dtype


@pytest.mark.parametrize(("fields", "info", "shape"), CASES, ids=str)
def test_certain_models_leave_a_finite_average(
    fields: dict[str, Any], info: dict[str, Any], shape: tuple[int, ...]
) -> None:
    task, target = made(fields, info)
    outputs = torch.full((3, 2, *shape), 40.0)
    outputs[:, 1] = -40.0
    assert build_task(task, target).average_outputs(outputs).isfinite().all()


def test_the_variance_of_averaged_normal_distributions_is_that_of_their_mixture() -> None:
    task, target = made({"kind": "regression", "loss": "gaussian_nll"}, {"width": 1})
    outputs = torch.tensor([[[1.0, math.log(0.5)]], [[3.0, math.log(1.5)]]])
    average = build_task(task, target).average_outputs(outputs)
    assert average[0].tolist() == pytest.approx([2.0, math.log(1.0 + 1.0)])


def test_every_kind_of_task_is_averaged_here() -> None:
    assert {fields["kind"] for fields, *_ in CASES} == set(KINDS)
