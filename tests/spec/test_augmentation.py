"""Changes that move what is in a picture do not suit tasks whose targets say where it is."""

import pytest

from mtl_core.spec import read_spec
from mtl_core.spec.augmentation import ImageAugmentation
from mtl_core.spec.unions import kind_of, members

SHAPES = {
    "version": 2,
    "name": "shapes",
    "model": {"shared": [{"kind": "flatten"}]},
    "tasks": [{"name": "shape", "kind": "multiclass", "target": "shape"}],
}
BOX = {"name": "box", "kind": "box", "target": ["x", "y", "width", "height"]}


@pytest.mark.parametrize("change", members(ImageAugmentation), ids=kind_of)
def test_a_change_that_moves_things_is_refused_beside_a_box(change: type) -> None:
    image = {"kind": "image", "column": "image", "augmentation": [{"kind": kind_of(change)}]}
    data = {**SHAPES, "dataset": {"kind": "bundled", "name": "shapes", "inputs": {"image": image}}}
    assert read_spec(data)[1] == []
    problems = read_spec({**data, "tasks": [*SHAPES["tasks"], BOX]})[1]
    paths = [problem.path for problem in problems]
    assert paths == (["dataset.inputs.image.augmentation[0]"] if change.is_geometric else [])
