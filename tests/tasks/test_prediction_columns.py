"""Predictions and targets as columns of a table."""

from typing import Any

import pytest
import torch

from mtl_core.tasks import KINDS, build_task
from tests.tasks.examples import examples
from tests.tasks.test_output_averaging import ABC, made

INPUTS = torch.tensor([[5.0, 1.0, 0.0]])
"""A text of two tokens; only tagging looks at it."""
FOUR = ("a", "b", "c", "d")
CASES: list[tuple[dict[str, Any], dict[str, Any], torch.Tensor, torch.Tensor, dict[str, Any]]] = [
    (
        {"kind": "regression", "target": ("h", "w")},
        {"width": 2, "mean": (170.0, 60.0), "std": (10.0, 5.0)},
        torch.tensor([[0.5, -1.0]]),
        torch.tensor([[0.11, 0.02]]),
        {"y.predicted.h": 175.0, "y.predicted.w": 55.0, "y.truth.h": 171.1, "y.truth.w": 60.1},
    ),
    (
        {"kind": "regression", "loss": "gaussian_nll"},
        {"width": 1, "mean": (2000.0,), "std": (0.5,)},
        torch.tensor([[1.0, 9.0]]),
        torch.tensor([[3.4]]),
        {"y.predicted": 2000.5, "y.truth": 2001.7},
    ),
    (
        {"kind": "count"},
        {"width": 1, "mean": (0.0,), "std": (4.0,)},
        torch.tensor([[0.0]]),
        torch.tensor([[0.75]]),
        {"y.predicted": 4.0, "y.truth": 3.0},
    ),
    (
        {"kind": "binary"},
        {"classes": ("no", "yes")},
        torch.tensor([[-1.0]]),
        torch.tensor([[1.0]]),
        {"y.predicted": "no", "y.p.no": pytest.approx(0.73106, abs=1e-5), "y.p.yes": pytest.approx(0.26894, abs=1e-5)}
        | {"y.truth": "yes"},
    ),
    (
        {"kind": "multiclass"},
        {"classes": ABC},
        torch.tensor([[0.0, 1000.0, 0.0]]),
        torch.tensor([2]),
        {"y.predicted": "b", "y.p.a": 0.0, "y.p.b": 1.0, "y.p.c": 0.0, "y.truth": "c"},
    ),
    (
        {"kind": "multilabel", "target": ("a", "b")},
        {"classes": ("a", "b"), "width": 2},
        torch.tensor([[1000.0, -1000.0]]),
        torch.tensor([[0.0, 1.0]]),
        {"y.predicted.a": 1, "y.predicted.b": 0, "y.p.a": 1.0, "y.p.b": 0.0, "y.truth.a": 0, "y.truth.b": 1},
    ),
    (
        # P(y > 0) = 0.6 and P(y > 1) = 0.3: the most probable class is a (0.4), the median b.
        {"kind": "ordinal", "loss": "corn"},
        {"classes": ABC},
        torch.logit(torch.tensor([[0.6, 0.5]], dtype=torch.float64)),
        torch.tensor([0]),
        {"y.predicted": "b"}
        | {f"y.p.{name}": pytest.approx(p) for name, p in zip(ABC, (0.4, 0.3, 0.3), strict=True)}
        | {"y.truth": "a"},
    ),
    (
        {"kind": "distribution", "target": ABC},
        {"classes": ABC, "width": 3},
        torch.tensor([[0.0, 0.0, 100.0]]),
        torch.tensor([[0.2, 0.3, 0.5]]),
        {"y.predicted": "c", "y.p.a": pytest.approx(0), "y.p.b": pytest.approx(0), "y.p.c": 1.0}
        | {"y.truth.a": 0.2, "y.truth.b": 0.3, "y.truth.c": 0.5},
    ),
    (
        {"kind": "box", "target": FOUR},
        {"width": 4},
        torch.zeros(1, 4),
        torch.tensor([[0.1, 0.2, 0.3, 0.4]]),
        {f"y.predicted.{name}": 0.5 for name in FOUR}
        | {f"y.truth.{name}": value for name, value in zip(FOUR, (0.1, 0.2, 0.3, 0.4), strict=True)},
    ),
    (
        {"kind": "segmentation"},
        {"classes": ("back", "front"), "size": (2, 2)},
        torch.tensor([[[[1.0, 1.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]]]),
        torch.tensor([[[0, 1], [0, 1]]], dtype=torch.uint8),
        {"y.predicted.back": 0.75, "y.predicted.front": 0.25, "y.truth.back": 0.5, "y.truth.front": 0.5},
    ),
    (
        {"kind": "tagging"},
        {"classes": ("noun", "verb"), "size": (3,)},
        torch.tensor([[[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]]),
        torch.tensor([[0, 1, -1]], dtype=torch.int16),
        {"y.predicted": "noun verb", "y.truth": "noun verb"},
    ),
    (
        {"kind": "objective", "target": ("p", "q")},
        {"width": 2},
        torch.tensor([[1.0, -2.0]]),
        torch.tensor([[5.0, 5.0]]),
        {"y.predicted.p": 1.0, "y.predicted.q": -2.0},
    ),
    *((one.fields, one.info, one.output, one.target, one.cells) for one in examples().values()),
]


@pytest.mark.parametrize(("fields", "info", "output", "target", "told"), CASES, ids=[str(case[0]) for case in CASES])
def test_a_row_tells_prediction_probabilities_and_truth(
    fields: dict[str, Any], info: dict[str, Any], output: torch.Tensor, target: torch.Tensor, told: dict[str, Any]
) -> None:
    task, look = made(fields, info)
    head = build_task(task, look)
    columns = head.columns()
    (predicted,) = columns.format_predictions(head.predict(output.double()), INPUTS)
    (truth,) = columns.format_targets(target)
    cells = dict(zip(columns.predicted, predicted, strict=True)) | dict(zip(columns.truth, truth, strict=True))
    assert list(cells) == list(told)
    assert cells == told


def test_every_kind_of_task_is_told_here() -> None:
    assert {fields["kind"] for fields, *_ in CASES} == set(KINDS)
