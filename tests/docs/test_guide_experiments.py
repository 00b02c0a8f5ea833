"""The whole experiments of the guides are valid specs."""

import re
from pathlib import Path
from typing import Any

import pytest

from mtl_core.spec import parse_yaml, problems_of

GUIDES = sorted((Path(__file__).parents[2] / "docs" / "guides").glob("*.md"))
EXPERIMENTS: list[Any] = [
    pytest.param(data, id=f"{guide.stem}-{number}")
    for guide in GUIDES
    for number, text in enumerate(re.findall(r"```yaml\n(.+?)```", guide.read_text("utf-8"), re.DOTALL), 1)
    if "version" in (data := parse_yaml(text))
]


@pytest.mark.parametrize("data", EXPERIMENTS)
def test_an_experiment_of_a_guide_is_valid(data: Any) -> None:
    assert problems_of(data) == []


def test_guides_have_experiments() -> None:
    assert len(EXPERIMENTS) >= 3
