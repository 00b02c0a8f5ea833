"""A method that needs positive losses is refused for a loss that can be negative."""

from typing import Any

import pytest

from mtl_core.spec import ExperimentSpec, InputError, members, spec_from_data
from mtl_core.spec.weighting import Weighting

POSITIVE = [member.model_fields["kind"].default for member in members(Weighting) if member.positive]


def spec(weighting: dict[str, Any], loss: str = "gaussian_nll") -> ExperimentSpec:
    return spec_from_data(
        {
            "version": 1,
            "name": "two regressions",
            "dataset": {"kind": "table", "path": "d.csv", "inputs": ["x"]},
            "tasks": [
                {"name": "width", "kind": "regression", "target": "width", "loss": loss},
                {"name": "height", "kind": "regression", "target": "height"},
            ],
            "model": {"shared": [{"kind": "linear", "out_features": 4}]},
            "weighting": weighting,
        }
    )


@pytest.mark.parametrize("kind", POSITIVE)
def test_it_names_task_loss_and_method_and_what_to_do(kind: str) -> None:
    with pytest.raises(InputError, match=r"weighting\.kind.*gaussian_nll.*task 'width'.*Take another loss") as caught:
        spec({"kind": kind})
    assert kind in str(caught.value)
    assert spec({"kind": kind}, loss="mse").weighting.kind == kind


def test_logarithms_of_such_a_loss_are_refused_under_any_method() -> None:
    with pytest.raises(InputError, match=r"weighting\.normalize: logarithms need losses above 0"):
        spec({"kind": "equal", "normalize": "log"})


def test_famo_takes_an_offset_below_it() -> None:
    assert spec({"kind": "famo", "lowest": {"width": -20.0}}).weighting.kind == "famo"
    with pytest.raises(InputError, match=r"weighting\.lowest\.width"):
        spec({"kind": "famo", "lowest": {"height": -20.0}})


@pytest.mark.parametrize("kind", ["equal", "mgda", "uncertainty", "pcgrad"])
def test_other_methods_take_any_loss(kind: str) -> None:
    assert spec({"kind": kind}).weighting.kind == kind
