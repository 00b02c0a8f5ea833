"""Fixtures of forks: a store and short experiments."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtl_core.store import RunStore, open_store
from mtl_core.training import trainer
from tests.runner.conftest import experiment, wait

__all__ = ["experiment", "wait"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """A new store."""
    with open_store(tmp_path / "runs.sqlite") as opened:
        yield opened


@pytest.fixture
def tick_at_every_step(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let requests be handled before every step."""
    monkeypatch.setattr(trainer, "TICK_SECONDS", 0.0)
