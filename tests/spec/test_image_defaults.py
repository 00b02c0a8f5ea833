"""Default settings of a new experiment on images."""

import math

import pytest

from mtl_core.architectures import describe_model
from mtl_core.spec import TargetInfo, load_preset, spec_from_data, spec_to_data
from mtl_core.spec.image_defaults import STEPS, image_layers, image_training, is_image_default

ROWS = (0, 1, 30, 1400, 9800, 60_000)
CLASS = TargetInfo(name="class", kind="multiclass", classes=("a", "b"))


@pytest.mark.parametrize(("side", "last"), [(4, 1), (16, 4), (28, 7), (64, 8), (224, 7)])
def test_the_convolutions_leave_few_positions_whatever_the_size(side: int, last: int) -> None:
    model = image_layers((3, side, side), ["class"])
    assert is_image_default(model["shared"])
    spec = spec_from_data({**spec_to_data(load_preset("multidigits")), "model": model, "tasks": [_task()]})
    info = describe_model(spec.model, {"image": (3, side, side)}, {"class": CLASS})
    assert info.problems == ()
    flat = next(layer for layer in info.shared if layer.kind == "flatten")
    assert flat.output_shape == (64 * last**2,)


def _task() -> dict[str, str]:
    return {"name": "class", "kind": "multiclass", "target": "left"}


@pytest.mark.parametrize("rows", ROWS)
def test_a_run_has_steps_enough_or_sees_each_row_as_often_as_there_are_rows(rows: int) -> None:
    training = image_training(rows)
    spec_from_data({**spec_to_data(load_preset("multidigits")), "training": training})
    steps = training["epochs"] * math.ceil(rows / training["batch_size"])
    assert steps >= STEPS or training["epochs"] == max(rows, 20)


def test_fewer_images_get_smaller_batches() -> None:
    sizes = [image_training(rows)["batch_size"] for rows in ROWS]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 2


def test_the_example_has_the_defaults_for_its_images() -> None:
    preset = spec_to_data(load_preset("multidigits"))
    assert preset["model"]["shared"] == image_layers((1, 16, 16), ())["shared"]
    training = image_training(9800)
    assert {name: preset["training"][name] for name in training} == training
