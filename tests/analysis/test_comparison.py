"""Comparisons of runs: groups of seeds and their titles, Δm and paired tests against baselines, held against SciPy.

Covers: mtl_core/analysis/paired_tests.py, mtl_core/analysis/method_titles.py, mtl_core/analysis/seed_groups.py.
"""

import math
from collections.abc import Mapping

import pytest
from scipy import stats

from mtl_core.analysis.comparison import Comparison, StoredRun, compare_runs
from mtl_core.analysis.paired_tests import describe_tests
from mtl_core.errors import InputError
from mtl_core.store import RunRecord, Summary

SCORES = {"price": "r2", "sold": "accuracy"}
EQUAL = {"price": (0.80, 0.81, 0.79), "sold": (0.90, 0.91, 0.92)}
UNCERTAINTY = {"price": (0.85, 0.87, 0.84), "sold": (0.91, 0.90, 0.93)}


def stored_run(number: int, method: str, seed: int, *, baseline: str = "", lr: float = 0.1) -> StoredRun:
    """A finished run of two tasks, or a baseline."""
    tasks = (baseline,) if baseline else ("price", "sold")
    record = RunRecord(
        number, "houses", "finished", method, "houses", tasks, seed, "CPU", {}, "", 0.0, 1.0, 2.0, 1.0, None, None,
        None, "", "", (), "", False, False, None, 1, baseline,
    )  # fmt: skip
    settings = {"name": "houses", "weighting.kind": method, "training.seed": seed, "training.optimizer.lr": lr}
    return StoredRun(record, {**settings, "tasks": tasks})


def test_score(run: int, task: str, value: float) -> Summary:
    """The score of a run on a task."""
    return Summary(run, task, "test", SCORES[task], "max", 1, value, 9, value, value, value, 9)


test_score.__test__ = False  # type: ignore[attr-defined]


def houses(*groups: tuple[str, str, Mapping[str, tuple[float, ...]]], against: tuple[int, ...] = ()) -> Comparison:
    """Compare groups of three seeds, given by method, baseline and scores."""
    runs, summaries = [], []
    for method, baseline, scores in groups:
        for seed in range(3):
            number = len(runs) + 1
            runs.append(stored_run(number, method, seed, baseline=baseline))
            summaries += [test_score(number, task, values[seed]) for task, values in scores.items()]
    return compare_runs(runs, summaries, SCORES, against)


def test_probabilities_are_those_of_scipy_and_stated_in_a_sentence() -> None:
    comparison = houses(("equal", "", EQUAL), ("uncertainty", "", UNCERTAINTY))
    price, sold = comparison.tests
    for test, task in ((price, "price"), (sold, "sold")):
        assert test.p_value == pytest.approx(stats.ttest_rel(UNCERTAINTY[task], EQUAL[task]).pvalue, abs=1e-6)
    assert (price.verdict, sold.verdict) == ("better", "unclear")
    assert describe_tests(comparison.tests, comparison.titles, comparison.against_title) == (
        "Uncertainty against Equal: better on “price” in 3 of 3 seeds; no difference can be told on “sold”.",
    )


def test_probabilities_are_adjusted_for_the_number_of_groups() -> None:
    third = {"price": (0.81, 0.80, 0.80), "sold": (0.9, 0.9, 0.9)}
    comparison = houses(("equal", "", EQUAL), ("uncertainty", "", UNCERTAINTY), ("pcgrad", "", third))
    price = [test for test in comparison.tests if test.row.task == "price"]
    single = [stats.ttest_rel(values["price"], EQUAL["price"]).pvalue for values in (UNCERTAINTY, third)]
    assert [test.p_value for test in price] == pytest.approx([2 * single[0], single[1]], abs=1e-6)


def test_changes_are_relative_to_the_baseline_of_each_task() -> None:
    alone = {"price": (0.9, 0.9, 0.91)}, {"sold": (0.9, 0.9, 0.9)}
    comparison = houses(("equal", "", EQUAL), ("equal", "price", alone[0]), ("equal", "sold", alone[1]))
    assert comparison.titles == ("Equal", "price alone", "sold alone")
    assert comparison.against_title == "each task alone"
    (change,) = comparison.changes
    price, _ = change.tests
    expected = [(one - two) / two for one, two in zip(EQUAL["price"], alone[0]["price"], strict=True)]
    assert list(price.change.values()) == pytest.approx(expected)
    assert price.transfer == "negative"
    sold = [(one - 0.9) / 0.9 for one in EQUAL["sold"]]
    assert change.delta_m.mean == pytest.approx((sum(expected) + sum(sold)) / 6)


def test_a_chosen_run_stands_for_its_group_and_must_be_compared() -> None:
    comparison = houses(("equal", "", EQUAL), ("uncertainty", "", UNCERTAINTY), against=(5,))
    assert comparison.against_title == "Uncertainty"
    assert {test.verdict for test in comparison.tests} == {"worse", "unclear"}
    with pytest.raises(InputError, match="not one of the compared runs"):
        houses(("equal", "", EQUAL), against=(9,))


def test_one_seed_tells_nothing_and_equal_methods_are_told_apart_by_what_differs() -> None:
    runs = [stored_run(1, "equal", 0), stored_run(2, "equal", 0, lr=0.5)]
    comparison = compare_runs(runs, [test_score(1, "price", 0.5), test_score(2, "price", 0.7)], SCORES)
    assert comparison.titles == ("Equal, lr 0.1", "Equal, lr 0.5")
    (test,) = comparison.tests
    assert test.verdict == "one seed"
    assert math.isnan(test.p_value)
    assert comparison.metrics[0].best == 0.7
