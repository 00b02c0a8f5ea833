"""Generated data sets are the same every time and as their descriptions say.

Covers: mtl_core/tabular/pixel_maps.py.
"""

import numpy as np
import pytest
import torch

from mtl_core.datasets.bundled import gradnorm_toy, many_heads, two_heads, two_objectives
from mtl_core.datasets.bundled.shapes import NAMES, SIDE, boxes_around, generate_shapes
from mtl_core.datasets.description import describe
from mtl_core.datasets.preparation import load
from mtl_core.spec import BundledDataset, MulticlassTask, RegressionTask
from mtl_core.spec.data.bundled import BUNDLED, numbered
from tests.inputs import only


def test_shapes_are_the_same_for_a_seed_and_others_for_another() -> None:
    first, again, other = generate_shapes(40, 3), generate_shapes(40, 3), generate_shapes(40, 4)
    assert np.array_equal(first.images, again.images)
    assert np.array_equal(first.masks, again.masks)
    assert not np.array_equal(first.images, other.images)


def test_each_image_has_one_whole_shape_inside_its_box() -> None:
    shapes = generate_shapes(80)
    assert set(shapes.classes.tolist()) == set(range(len(NAMES)))
    for code, box, mask in zip(shapes.classes, shapes.boxes, shapes.masks, strict=True):
        assert set(np.unique(mask)) == {0, code + 1}
        rows, columns = np.nonzero(mask)
        left, top = (box[:2] - box[2:] / 2) * SIDE
        right, bottom = (box[:2] + box[2:] / 2) * SIDE
        assert [left, top, right, bottom] == pytest.approx(
            [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        )
        assert (box[2:] * SIDE >= 12).all()


def test_a_shape_stands_out_from_its_background() -> None:
    shapes = generate_shapes(60)
    for image, mask in zip(shapes.images, shapes.masks, strict=True):
        assert image[mask > 0].mean() > image[mask == 0].mean() + 40


def test_a_box_is_in_shares_of_the_image() -> None:
    inside = np.zeros((1, 8, 4), bool)
    inside[0, 2:4, 1:4] = True
    assert boxes_around(inside)[0].tolist() == [0.625, 0.375, 0.75, 0.25]


def test_color_images_are_channels_first() -> None:
    data = load(BundledDataset(name="shapes"), (MulticlassTask(name="shape", target="shape"),))
    assert next(iter(data.input_shapes.values())) == (3, SIDE, SIDE)


def test_shapes_are_described_with_small_color_examples_and_their_mask() -> None:
    info = describe(BundledDataset(name="shapes"))
    assert next(iter(info.input_shapes.values())) == (3, SIDE, SIDE)
    pixels = np.array(info.images)
    assert pixels.shape[1:] == (32, 32)
    assert pixels.max() > 0xFF00
    mask = info.columns[-1]
    assert (mask.name, mask.pixels) == ("mask", True)
    assert dict(mask.categories).keys() == {"background", *NAMES}
    assert all(len(row) == len(info.columns) for row in info.preview)


def test_the_tasks_of_the_gradnorm_toy_differ_in_scale_alone() -> None:
    frame = gradnorm_toy.gradnorm_toy(rows=500)
    targets = [frame[list(task["target"])].to_numpy() for task in BUNDLED["gradnorm_toy"].tasks]
    spreads = [values.std() for values in targets]
    np.testing.assert_allclose(np.array(spreads) / gradnorm_toy.SCALES, spreads[0], rtol=0.08)
    for values, scale in zip(targets, gradnorm_toy.SCALES, strict=True):
        assert np.abs(values).max() <= scale


def test_soft_targets_of_the_two_heads_are_probabilities() -> None:
    frame = two_heads.two_heads(rows=200)
    odds = frame[numbered("p", 3)].to_numpy()
    assert (odds > 0).all()
    np.testing.assert_allclose(odds.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("make", [two_heads.two_heads, gradnorm_toy.gradnorm_toy, many_heads.many_heads])
def test_toy_tables_are_the_same_for_a_seed(make) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    assert make(20, seed=1).equals(make(20, seed=1))
    assert not make(20, seed=1).equals(make(20, seed=2))


def test_the_input_of_the_two_objectives_is_zero_so_that_the_bias_alone_is_learned() -> None:
    task = RegressionTask(name="t", target="start_1", standardize=False)
    data = load(BundledDataset(name="two_objectives", inputs=("one",)), (task,))
    assert torch.equal(only(data.train.inputs), torch.zeros(len(data.train), 1))
    assert set(data.train.targets["t"].flatten().tolist()) == {two_objectives.START[0]}
