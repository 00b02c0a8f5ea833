"""Templates: each builds on an input of its kind, for each kind of task that reads such inputs."""

from collections.abc import Mapping

import pytest
import torch

from app.pages.model.templates import TEMPLATES, Template, encoder_settings, patch_size, template_settings
from mtl_core.architectures import build_model, describe_model
from mtl_core.spec import ModelSpec, TargetInfo
from mtl_core.spec.paths import set_at
from mtl_core.spec.reports import Shape
from tests.architectures.tables import TABLE

SHAPES: dict[str, Shape] = {"table": (10,), "columns": TABLE, "image": (3, 16, 16), "text": (7,), "sound": (1, 64, 20)}
CLASS = TargetInfo(name="class", kind="multiclass", classes=("a", "b", "c"))
MASK = TargetInfo(name="mask", kind="segmentation", classes=("none", "some"), size=(16, 16))
TAGS = TargetInfo(name="tags", kind="tagging", classes=("x", "y"), size=(7,))

every_template = pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)


def model_of(values: Mapping[str, object]) -> ModelSpec:
    data: dict[str, object] = {"model": {}}
    for path, value in values.items():
        data = set_at(data, path, value)
    return ModelSpec.model_validate(data["model"], strict=False)


@every_template
def test_a_template_builds_on_an_input_of_its_kind(template: Template) -> None:
    image, shape = template.reads in ("image", "sound"), SHAPES[template.reads]
    targets = {"class": CLASS}
    if template.map_head is not None:
        targets["mask"] = MASK
    if template.reads == "text":
        targets["tags"] = TAGS
    settings = template_settings(
        template, list(targets), image=image, shape=shape, tagging=["tags"], segmenting=["mask"]
    )
    model = model_of(settings)
    info = describe_model(model, {"input": shape}, targets)
    assert info.problems == ()
    built = build_model(model, {"input": shape}, {name: target.outputs for name, target in targets.items()})
    assert len(built({"input": torch.ones(2, *shape)})) == len(targets)


@pytest.mark.parametrize(
    ("height", "width", "size"),
    [(16, 16, 4), (28, 28, 4), (64, 64, 8), (224, 224, 16), (96, 64, 8), (50, 62, 2), (31, 30, 1)],
)
def test_patches_cover_the_image_and_are_not_too_many_where_that_can_be(height: int, width: int, size: int) -> None:
    assert patch_size(height, width) == size


@pytest.mark.parametrize(
    "template", [t for t in TEMPLATES if t.map_head is not None], ids=lambda template: template.name
)
def test_a_map_has_at_least_a_quarter_of_the_pixels(template: Template) -> None:
    shape = (3, 64, 64)
    settings = template_settings(template, ["class", "mask"], image=True, shape=shape, segmenting=["mask"])
    mask = TargetInfo(name="mask", kind="segmentation", classes=("none", "some"), size=(64, 64))
    info = describe_model(model_of(settings), {"input": shape}, {"class": CLASS, "mask": mask})
    assert info.problems == ()
    assert info.outputs["mask"].output_shape == (2, 32, 32)


@every_template
def test_a_template_encodes_one_of_several_inputs(template: Template) -> None:
    image, shape = template.reads in ("image", "sound"), SHAPES[template.reads]
    model = model_of(encoder_settings(template, "input", image=image, shape=shape))
    info = describe_model(model, {"input": shape, "other": (4,)}, {"class": CLASS})
    assert info.problems == ()


@pytest.mark.parametrize("template", [t for t in TEMPLATES if t.reads == "table"], ids=lambda template: template.name)
def test_a_template_for_tables_reads_flattened_images(template: Template) -> None:
    model = model_of(template_settings(template, ["class"], image=True))
    assert describe_model(model, {"input": SHAPES["image"]}, {"class": CLASS}).problems == ()
