"""The best group of runs on each task and over all, with every pair tested and the probabilities held against SciPy."""

import dataclasses
from collections.abc import Mapping, Sequence

import pytest
from scipy import stats

from mtl_core.analysis.best_group import best_groups, describe_best
from mtl_core.analysis.comparison import compare_runs
from mtl_core.analysis.paired import adjust_p_values
from mtl_core.analysis.paired_tests import MetricRow
from mtl_core.analysis.statistics import Spread
from mtl_core.report.tables import best_sentences, sentences
from tests.analysis.test_comparison import EQUAL, SCORES, UNCERTAINTY, houses, stored_run, test_score

ALONE_PRICE, ALONE_SOLD = {"price": (0.70, 0.72, 0.71)}, {"sold": (0.92, 0.93, 0.94)}
PCGRAD = {"price": (0.79, 0.82, 0.80), "sold": (0.91, 0.90, 0.93)}


def score(groups: Sequence[Mapping[int, float]], *, direction: str = "max") -> MetricRow:
    """A score of several groups."""
    columns = tuple(Spread.of(list(group.values())) for group in groups)
    marks = tuple("" for _ in groups)
    return MetricRow("price", "r2", direction, True, columns, tuple(groups), marks, tuple(map(bool, groups)))  # type: ignore[arg-type]


def test_the_best_mean_is_tested_against_each_other_and_adjusted_for_all_pairs() -> None:
    groups = [dict(enumerate(values)) for values in (EQUAL["price"], UNCERTAINTY["price"], PCGRAD["price"])]
    (found,) = best_groups([score(groups)], (0, 1, 2))
    pairs = [stats.ttest_rel(EQUAL["price"], UNCERTAINTY["price"]).pvalue]
    pairs.append(stats.ttest_rel(EQUAL["price"], PCGRAD["price"]).pvalue)
    pairs.append(stats.ttest_rel(UNCERTAINTY["price"], PCGRAD["price"]).pvalue)
    ranked = sorted(pairs)
    holm = [max(ranked[j] * (3 - j) for j in range(ranked.index(p) + 1)) for p in pairs]
    assert adjust_p_values(pairs) == pytest.approx(holm, abs=1e-12)
    assert (found.best, found.wins, found.seeds) == (1, 3, 3)
    assert found.worse == tuple(group for group, p in ((0, holm[0]), (2, holm[2])) if p < 0.05)


def test_a_lower_error_is_better_and_seeds_that_a_group_lacks_do_not_count() -> None:
    groups = [{0: 3.0, 1: 3.1, 2: 9.0}, {0: 2.0, 1: 2.1}]
    (found,) = best_groups([score(groups, direction="min")], (0, 1))
    assert (found.best, found.wins, found.seeds) == (1, 2, 2)
    assert found.is_clear
    (text,) = describe_best([found], None, ("Equal", "PCGrad"), "")
    assert text == (
        "On “price” (r2): PCGrad is best, 2.050 ± 0.071, best in 2 of 2 seeds; "
        "better than every other one beyond chance."
    )


def test_nothing_is_claimed_of_one_seed_or_of_equal_means() -> None:
    (single,) = best_groups([score([{0: 0.8}, {0: 0.9}])], (0, 1))
    assert describe_best([single], None, ("a", "b"), "")[0].endswith("one seed says nothing about chance.")
    (equal,) = best_groups([score([{0: 0.8}, {0: 0.8}])], (0, 1))
    assert (equal.best, equal.is_clear) == (None, False)
    assert describe_best([equal], None, ("a", "b"), "")[0] == "On “price” (r2): the best mean is shared."
    (apart,) = best_groups([score([{0: 0.8}, {1: 0.9}])], (0, 1))
    assert "no seed in common" in describe_best([apart], None, ("a", "b"), "")[0]
    assert best_groups([score([{0: 0.8}, {}])], (0, 1)) == ()


def test_methods_with_baselines_are_judged_by_their_delta_m_too() -> None:
    comparison = houses(
        ("equal", "", EQUAL), ("uncertainty", "", UNCERTAINTY), ("pcgrad", "", PCGRAD),
        ("equal", "price", ALONE_PRICE), ("equal", "sold", ALONE_SOLD),
    )  # fmt: skip
    assert comparison.contenders == (0, 1, 2)
    change = comparison.best_change
    assert change is not None
    assert (change.best, change.spread.values) == (1, comparison.changes[1].delta_m.values)
    first, *others = best_sentences(comparison)
    assert first.startswith("Over all tasks, against each task alone: ")
    assert "Uncertainty" in first
    assert change.spread.percent_text() in first
    assert [text.partition(" (")[0] for text in others] == ["On “price”", "On “sold”"]
    assert sentences(comparison)[:3] == (first, *others)


def test_two_groups_alone_are_only_tested_against_each_other() -> None:
    comparison = houses(("equal", "", EQUAL), ("uncertainty", "", UNCERTAINTY))
    assert (best_sentences(comparison), comparison.best_change) == ((), None)


def test_nothing_is_said_of_groups_that_learn_from_different_data() -> None:
    groups = [stored_run(number, method, 0) for number, method in enumerate(("equal", "uncertainty", "pcgrad"), 1)]
    scores = [test_score(number, "price", value) for number, value in ((1, 0.7), (2, 0.8), (3, 0.9))]
    assert best_sentences(compare_runs(groups, scores, SCORES))
    groups[2] = dataclasses.replace(groups[2], run=dataclasses.replace(groups[2].run, dataset="other"))
    assert best_sentences(compare_runs(groups, scores, SCORES)) == ()
