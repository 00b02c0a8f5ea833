"""The filter language of the list of runs."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from mtl_core.spec import ExperimentSpec, InputError
from mtl_core.store import RunStore

Experiment = Callable[..., ExperimentSpec]


@pytest.fixture
def runs(store: RunStore, experiment: Experiment) -> dict[int, str]:
    """Two runs that differ in most things."""
    other = [{"name": "price", "kind": "regression", "target": "price"}]
    table = {"kind": "table", "path": "houses.csv", "inputs": ["area"]}
    first = store.create_run(experiment(training={"epochs": 5}))
    weighting = {"kind": "pcgrad"}
    second = store.create_run(
        experiment(name="Häuser 100%", tasks=other, dataset=table, weighting=weighting, training={"epochs": 20})
    )
    store.edit(first, tags=["Baseline", "한글"], notes="slow lr")
    store.edit(second, starred=True)
    store.finish(second, "finished")
    return {first: "first", second: "second"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "first second"),
        ("digits", "first"),
        ("DIGITS", "first"),
        ('"two digits"', "first"),
        ('"digits two"', ""),
        ("digits two", "first"),
        ("100%", "second"),
        ("%", "second"),
        ("_", ""),
        ("slow", "first"),
        ("base", "first"),
        ("한글", "first"),
        ("state:finished", "second"),
        ("state:QUEUED", "first"),
        ("tag:baseline", "first"),
        ("tag:base", ""),
        ("tag:한글", "first"),
        ("task:price", "second"),
        ("task:left digits", "first"),
        ("task:left state:finished", ""),
        ("method:pcgrad", "second"),
        ("dataset:houses", "second"),
        ('name:"two digits"', "first"),
        ("starred:yes", "second"),
        ("starred:no", "first"),
        ("training.epochs>10", "second"),
        ("training.epochs>=5", "first second"),
        ("training.epochs<5", ""),
        ("training.epochs<=5", "first"),
        ("training.epochs=5", "first"),
        ("training.epochs=5.0", "first"),
        ("training.epochs!=5", "second"),
        ("weighting.kind=pcgrad", "second"),
        ("weighting.kind!=PCGrad", "first"),
        ("tasks[0].target=left", "first"),
        ("no.such.setting=1", ""),
    ],
)
def test_a_filter_finds(store: RunStore, runs: dict[int, str], query: str, found: str) -> None:
    assert sorted(runs[record.id] for record in store.runs(query=query)) == found.split()


def test_a_number_finds_the_run_of_that_number(store: RunStore, runs: dict[int, str]) -> None:
    first = min(runs)
    assert first in [record.id for record in store.runs(query=str(first))]
    assert [record.id for record in store.runs(query=f"id:{first}")] == [first]


@pytest.mark.parametrize(
    "query",
    [
        "state:resting",
        "state:",
        "colour:red",
        "training.epochs>",
        "training.epochs>ten",
        "training.epochs>nan",
        "training.epochs=",
        "id:first",
        "id:1.5",
        "id:99999999999999999999",
        "starred:perhaps",
        'name:"two',
    ],
)
def test_a_malformed_filter_is_told(store: RunStore, runs: dict[int, str], query: str) -> None:
    with pytest.raises(InputError, match=r"^filter: "):
        store.runs(query=query)


@pytest.mark.parametrize(
    "query", ["'; DROP TABLE runs; --", "a\x00b", "\\", "=5", ">", ":", "((", "training.epochs>1e999"]
)
def test_a_strange_filter_does_no_harm(store: RunStore, runs: dict[int, str], query: str) -> None:
    with suppress(InputError):
        store.runs(query=query)
    assert len(store.runs()) == 2
