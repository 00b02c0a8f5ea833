"""Templates: each builds on an input of its kind, for each kind of task that reads such inputs."""

from collections.abc import Mapping

import pytest
import torch

from app.pages.model.templates import TEMPLATES, Template, encoder_settings, template_settings
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
    if template.name == "segmenter":
        targets["mask"] = MASK
    if template.reads == "text":
        targets["tags"] = TAGS
    settings = template_settings(template, list(targets), image=image, tagging=["tags"], segmenting=["mask"])
    model = model_of(settings)
    info = describe_model(model, {"input": shape}, targets)
    assert info.problems == ()
    built = build_model(model, {"input": shape}, {name: target.outputs for name, target in targets.items()})
    assert len(built({"input": torch.ones(2, *shape)})) == len(targets)


@every_template
def test_a_template_encodes_one_of_several_inputs(template: Template) -> None:
    image, shape = template.reads in ("image", "sound"), SHAPES[template.reads]
    model = model_of(encoder_settings(template, "input", image=image))
    info = describe_model(model, {"input": shape, "other": (4,)}, {"class": CLASS})
    assert info.problems == ()


@pytest.mark.parametrize("template", [t for t in TEMPLATES if t.reads == "table"], ids=lambda template: template.name)
def test_a_template_for_tables_reads_flattened_images(template: Template) -> None:
    model = model_of(template_settings(template, ["class"], image=True))
    assert describe_model(model, {"input": SHAPES["image"]}, {"class": CLASS}).problems == ()
