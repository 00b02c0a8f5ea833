"""The template of TabM begins members in the shared layers, and not in the encoder of an input."""

from app.pages.model.templates import TEMPLATES, encoder_settings, template_settings
from mtl_core.architectures import describe_model
from mtl_core.spec import ModelSpec, TargetInfo
from tests.architectures.tables import INPUTS

TARGETS = {
    "a": TargetInfo(name="a", kind="multiclass", classes=("x", "y")),
    "b": TargetInfo(name="b", kind="regression"),
}
(TABM,) = (template for template in TEMPLATES if template.name == "tabm")


def test_tabm_fits_a_table() -> None:
    settings = template_settings(TABM, ["a", "b"], image=False)
    values = {"shared": settings["model.shared"], "heads": settings["model.heads"]}
    described = describe_model(ModelSpec.model_validate(values, strict=False), INPUTS, TARGETS)
    assert described.problems == ()
    assert described.shared[0].detail == "32 members · full"


def test_an_encoder_gets_the_layers_without_members() -> None:
    (layers,) = encoder_settings(TABM, "table", image=False).values()
    assert layers[0]["kind"] == "linear"
