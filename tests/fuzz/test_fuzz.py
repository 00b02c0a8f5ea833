"""A few damaged inputs of each kind."""

from pathlib import Path

import pytest

from tests.bad_input.place import make_runs
from tests.fuzz.inputs import KINDS
from tests.fuzz.trials import tried

_COUNTS = {"specs": 150, "settings": 30, "data": 25, "checkpoints": 15, "stores": 4}
"""A few of what ``python -m tests.fuzz`` tries by the thousand."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    make_runs(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_inputs_are_refused_in_one_line_and_change_nothing(kind: str, tmp_path: Path, template: Path) -> None:
    results = [result for seed in range(_COUNTS[kind]) for result in tried(kind, seed, tmp_path / "place", template)]
    assert [fault for result in results for fault in result.faults] == []
    assert "refused" in {result.outcome for result in results}
