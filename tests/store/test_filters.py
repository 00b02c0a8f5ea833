"""The filter language of the list of runs.

Covers: mtl_core/store/rows/delta_m.py, mtl_core/store/rows/filter_syntax.py, mtl_core/store/rows/setting_values.py,
mtl_core/store/run_list.py.
"""

import re
from collections.abc import Callable
from contextlib import suppress

import pytest

from mtl_core.spec import ExperimentSpec, InputError
from mtl_core.store import Points, RunStore, SeriesKey
from mtl_core.store.rows.filters import SETTING_ROOTS

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
    accuracy = SeriesKey("left", "test", "accuracy")
    store.append(second, {accuracy: Points.of([1, 2], [0.97, 0.95])}, {accuracy: "max"})
    accuracy, rate = SeriesKey("left", "val", "accuracy"), SeriesKey("", "train", "lr")
    points = {accuracy: Points.of([1, 2], [0.75, 0.7]), rate: Points.of([1], [0.1])}
    store.append(first, points, {accuracy: "max"})
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
        ('weighting.kind == "pcgrad"', "second"),
        ("weighting.kind == 'pcgrad' and training.epochs > 10", "second"),
        ("training.epochs > 10 or digits", "first second"),
        ("not state:finished", "first"),
        ("not (training.epochs > 10 or digits)", ""),
        ("state == finished and (training.epochs < 10 or starred == yes)", "second"),
        ("digits or state:finished training.epochs < 10", "first"),
        ("left.accuracy > 0.9", "second"),
        ("test.left.accuracy.last <= 0.95 and test.left.accuracy.max > 0.96", "second"),
        ("val.left.accuracy > 0.5", "first"),
        ("val.left.accuracy.best == 0.75", "first"),
        ("train.lr < 1", "first"),
        ("not left.accuracy > 0.9", "first"),
        ("study == 7", ""),
        ("study != 7", ""),
        ("not study == 7", "first second"),
        ("tag == baseline", "first"),
        ("tag != baseline", "second"),
        ("task == price", "second"),
        ("seed == 0 and seconds < 5", "first second"),
        ("finished > 2020-01-01", "second"),
        ("created < 2020-01-01", ""),
        ('name == "two digits"', "first"),
        ('"and" or "("', ""),
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
    ("query", "position", "rule"),
    [
        ("left.accuracy > high", 17, "must be compared with a number"),
        ("accuracy > 0.9", 1, "there is no field 'accuracy'"),
        ("digits and", 11, "a condition is missing"),
        ("or digits", 1, "a condition is missing"),
        ("digits and (left.accuracy > 0.9", 12, "a parenthesis is not closed"),
        ("digits)", 7, "a closing parenthesis"),
        ("digits > ", 9, "a value must follow >"),
        ("(> 3)", 2, "must come before the comparison"),
        ("left. > 3", 1, "a metric needs its task and its name"),
        ("started > yesterday", 11, "must compare with a date"),
        ("tag > paper", 1, "can be compared by == and != only"),
        ("digits and state == resting", 12, "state must be one of"),
        ("(" * 40 + "a" + ")" * 40, 32, "in each other"),
        ("a " * 101, 201, "at most 100 conditions"),
    ],
)
def test_an_error_has_its_position(store: RunStore, query: str, position: int, rule: str) -> None:
    with pytest.raises(InputError, match=rf"{re.escape(rule)}.*\(character {position}\)"):
        store.runs(query=query)


def test_only_the_runs_asked_for_are_filtered(store: RunStore, runs: dict[int, str]) -> None:
    first, second = runs
    assert [record.id for record in store.runs(query="digits or state:finished", ids=[first])] == [first]
    assert store.run_ids(query="digits or state:finished") == [second, first]


def test_every_setting_is_known_by_its_first_part() -> None:
    assert set(SETTING_ROOTS) == ExperimentSpec.model_fields.keys() - {"name"}


def test_the_names_to_compare_are_those_of_the_store(store: RunStore, runs: dict[int, str]) -> None:
    names = store.filter_names()
    assert {"state", "delta_m"} <= set(names.fields)
    assert {"training.epochs", "dataset.path"} <= set(names.settings)
    assert names.metrics == ("left.accuracy", "train.lr", "val.left.accuracy")


def test_values_of_settings_are_numbers_or_text(store: RunStore, runs: dict[int, str]) -> None:
    paths = ("training.epochs", "weighting.kind", "dataset.path")
    assert store.setting_values(paths, list(runs)) == {
        1: {"training.epochs": 5.0, "weighting.kind": "equal"},
        2: {"training.epochs": 20.0, "weighting.kind": "pcgrad", "dataset.path": "houses.csv"},
    }


@pytest.mark.parametrize(
    "query", ["'; DROP TABLE runs; --", "a\x00b", "\\", "=5", ">", ":", "((", "training.epochs>1e999"]
)
def test_a_strange_filter_does_no_harm(store: RunStore, runs: dict[int, str], query: str) -> None:
    with suppress(InputError):
        store.runs(query=query)
    assert len(store.runs()) == 2
