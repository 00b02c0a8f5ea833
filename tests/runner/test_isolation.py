"""The results of a run do not depend on what its process did before."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from mtl_core.runner.isolation import isolated_run
from mtl_core.store import RunStore
from tests.runner.conftest import Experiment
from tests.runner.test_execution import assert_same_points
from tests.runner.test_worker import Worker

_OTHERS: tuple[dict[str, Any], ...] = (
    {"training__seed": 7, "training__threads": 2},
    {"training__precision": "bf16"},
    {"training__optimizer": {"kind": "sgd", "lr": 100.0}, "training__epochs": 50},  # ends as failed: it diverges
    {"weighting": {"kind": "pcgrad"}, "training__seed": 3},
)


@pytest.mark.slow
def test_a_run_is_bit_equal_as_the_first_and_as_the_fifth_of_a_process(store: RunStore, experiment: Experiment) -> None:
    """In a warm process of its own, and after others of which one failed: series, events' steps and test scores."""
    specs = [experiment(**changes) for changes in _OTHERS]
    first, *others, fifth = [store.create_run(spec) for spec in (experiment(), *specs, experiment())]
    states = [*train_in_one_process(store, [first]), *train_in_one_process(store, [*others, fifth])]
    assert states == ["finished", "finished", "finished", "failed", "finished", "finished"]
    assert store.run(first).pid != store.run(fifth).pid
    assert_same_points(store.read(first)[0], store.read(fifth)[0])


def train_in_one_process(store: RunStore, runs: list[int]) -> list[str]:
    """Train runs in a new worker process; how each ended."""
    worker = Worker()
    try:
        worker.read()
        return [
            worker.ask(number, "train", run=run, store=store.url).value["state"] for number, run in enumerate(runs, 1)
        ]
    finally:
        worker.end()


def test_a_run_leaves_the_settings_of_the_process_as_they_were() -> None:
    with changes_undone():
        with isolated_run(compiles=False):
            change_settings()
        assert settings() == (torch.float32, 1, "highest", False)


def test_a_run_that_fails_leaves_the_settings_of_the_process_as_they_were() -> None:
    with changes_undone():
        with pytest.raises(RuntimeError, match="wrong"), isolated_run(compiles=False):
            fail_after_changing_settings()
        assert settings() == (torch.float32, 1, "highest", False)


@contextmanager
def changes_undone() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def change_settings() -> None:
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(3)
    torch.set_float32_matmul_precision("medium")
    torch.use_deterministic_algorithms(True)


def fail_after_changing_settings() -> None:
    change_settings()
    raise RuntimeError("wrong")


def settings() -> tuple[torch.dtype, int, str, bool]:
    return (
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.get_float32_matmul_precision(),
        torch.are_deterministic_algorithms_enabled(),
    )


@pytest.mark.slow
def test_a_compiled_run_is_bit_equal_after_compiled_runs_of_other_shapes(
    store: RunStore, experiment: Experiment
) -> None:
    """Without care the compiler makes one program for all the shapes it has seen, and none after eight models."""
    compiled = experiment(training__compile=True, training__epochs=1)
    others = [experiment(training__compile=True, training__epochs=1, training__batch_size=rows) for rows in (11, 13)]
    first, *rest = [store.create_run(spec) for spec in (compiled, *others, compiled)]
    states = [*train_in_one_process(store, [first]), *train_in_one_process(store, rest)]
    assert states == ["finished"] * 4, [store.run(run).error for run in (first, *rest)]
    assert_same_points(store.read(first)[0], store.read(rest[-1])[0])
    messages = [event.message for run in rest for event in store.events(run)]
    assert [message for message in messages if "without torch.compile" in message] == []
