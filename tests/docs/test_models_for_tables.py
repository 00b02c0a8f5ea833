"""The models of the guide to tables can be built on a table."""

import re
from pathlib import Path
from typing import Any

import pytest

from mtl_core.architectures import describe_model
from mtl_core.spec import ModelSpec, TargetInfo, parse_yaml
from tests.architectures.tables import INPUTS

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "models_for_tables.md"
EXAMPLES: list[Any] = [
    parse_yaml(text) for text in re.findall(r"```yaml\n(.+?)```", GUIDE.read_text("utf-8"), re.DOTALL)
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["model"]["shared"][0]["kind"])
def test_a_model_of_the_guide_fits_a_table(example: Any) -> None:
    model = ModelSpec.model_validate(example["model"], strict=False)
    info = describe_model(model, INPUTS, {"t": TargetInfo(name="t", kind="regression")})
    assert info.problems == ()
