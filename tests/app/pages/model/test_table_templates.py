"""Templates for tables: TabM begins members in the shared layers alone, FT-Transformer reads columns in any order."""

from typing import Any

import torch

from app.pages.model.templates import TEMPLATES, encoder_settings, template_settings
from mtl_core.architectures import build_model, describe_model
from mtl_core.spec import ModelSpec, TargetInfo
from tests.architectures.tables import INPUTS, table_rows

TARGETS = {
    "a": TargetInfo(name="a", kind="multiclass", classes=("x", "y")),
    "b": TargetInfo(name="b", kind="regression"),
}
BY_NAME = {template.name: template for template in TEMPLATES}


def spec_of(name: str) -> ModelSpec:
    settings = template_settings(BY_NAME[name], ["a", "b"], image=False)
    values = {"shared": settings["model.shared"], "heads": settings["model.heads"]}
    return ModelSpec.model_validate(values, strict=False)


def test_they_fit_a_table_of_numbers_and_categories() -> None:
    assert describe_model(spec_of("ft-transformer"), INPUTS, TARGETS).problems == ()
    described = describe_model(spec_of("tabm"), INPUTS, TARGETS)
    assert described.problems == ()
    assert described.shared[0].detail == "32 members · full"


def test_ft_transformer_does_not_depend_on_the_order_of_the_columns() -> None:
    torch.manual_seed(0)
    model: Any = build_model(spec_of("ft-transformer"), INPUTS, {"a": 2, "b": 1}).eval()
    embedding, *others = model.shared
    columns, behind = embedding(table_rows()["table"]), torch.nn.Sequential(*others)
    order = torch.tensor([3, 0, 4, 2, 1])
    torch.testing.assert_close(behind(columns), behind(columns[:, :, order]), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(behind(columns), behind(columns.flip(0)))


def test_an_encoder_gets_the_layers_without_members() -> None:
    (layers,) = encoder_settings(BY_NAME["tabm"], "table", image=False).values()
    assert layers[0]["kind"] == "linear"
