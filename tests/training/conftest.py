"""Fixtures of the intervals of the training loop: a tick before every step, and none at all."""

from collections.abc import Callable

import pytest
import torch

from mtl_core.training import request_handler, trainer
from mtl_core.training.batching import batches


@pytest.fixture(autouse=True)
def _tick_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "TICK_SECONDS", 0.0)
    monkeypatch.setattr(request_handler, "PAUSE_SECONDS", 0.0)


@pytest.fixture
def chunk_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how many batches are gathered at once."""
    return lambda count: monkeypatch.setattr(batches, "_CHUNK_BATCHES", count)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
