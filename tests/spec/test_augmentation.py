"""Changes that move what is in a picture do not suit tasks whose targets say where it is."""

from typing import Any

import pytest

from mtl_core.spec import Task, read_spec
from mtl_core.spec.augmentation import ImageAugmentation, MixUp
from mtl_core.spec.unions import kind_of, members

SHAPES: dict[str, Any] = {
    "version": 2,
    "name": "shapes",
    "model": {"shared": [{"kind": "flatten"}]},
    "tasks": [{"name": "shape", "kind": "multiclass", "target": "shape"}],
}
PATH = "dataset.inputs.image.augmentation[0]"
BOX = {"name": "box", "kind": "box", "target": ["x", "y", "width", "height"]}


def mixed(count: int = 1, **inputs: object) -> dict[str, Any]:
    """An experiment whose pictures are mixed, beside further inputs."""
    image = {"kind": "image", "column": "image", "augmentation": [{"kind": "mix_up"}] * count}
    return {**SHAPES, "dataset": {"kind": "bundled", "name": "shapes", "inputs": {"image": image, **inputs}}}


@pytest.mark.parametrize("change", members(ImageAugmentation), ids=kind_of)
def test_a_change_that_moves_things_is_refused_beside_a_box(change: type) -> None:
    image = {"kind": "image", "column": "image", "augmentation": [{"kind": kind_of(change)}]}
    data = {**SHAPES, "dataset": {"kind": "bundled", "name": "shapes", "inputs": {"image": image}}}
    assert read_spec(data)[1] == []
    problems = read_spec({**data, "tasks": [*SHAPES["tasks"], BOX]})[1]
    paths = [problem.path for problem in problems]
    assert paths == ([PATH] if change.is_geometric or change is MixUp else [])


@pytest.mark.parametrize(
    ("task", "text"), [(BOX, "(box)"), ({"name": "map", "kind": "segmentation", "target": "map"}, "(segmentation)")]
)
def test_mix_up_is_refused_beside_a_task_whose_losses_cannot_be_mixed(task: dict[str, object], text: str) -> None:
    problems = read_spec({**mixed(), "tasks": [*SHAPES["tasks"], task]})[1]
    assert [problem.path for problem in problems] == [PATH]
    assert problems[0].rule == f"mixes the losses of two rows, which has no meaning for task {task['name']!r} {text}"


def test_mix_up_is_refused_beside_another_input_and_twice() -> None:
    assert read_spec(mixed())[1] == []
    twice = read_spec(mixed(count=2))[1]
    assert [(problem.path, problem.rule) for problem in twice] == [(f"{PATH[:-2]}1]", "pictures are mixed once")]
    beside = read_spec(mixed(title={"kind": "text", "column": "title"}))[1]
    assert (PATH, "mixes whole rows, so the picture must be the only input") in [(p.path, p.rule) for p in beside]


def test_every_kind_of_task_says_whether_its_losses_can_be_mixed() -> None:
    mixes = {kind_of(kind) for kind in members(Task) if kind.mixes}
    assert mixes == {kind_of(kind) for kind in members(Task)} - {"box", "segmentation", "tagging", "objective"}
