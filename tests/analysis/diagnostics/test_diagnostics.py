"""Diagnostics agree with scikit-learn and SciPy within 1e-6 on random predictions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap
from sklearn import metrics
from sklearn.calibration import calibration_curve

from mtl_core.analysis.diagnostics.calibration import reliability
from mtl_core.analysis.diagnostics.confusion import confusion_counts, normalize_rows
from mtl_core.analysis.diagnostics.curves import (
    affordable_resamples,
    curve_areas,
    precision_recall_curve,
    roc_curve,
    threshold_costs,
    threshold_counts,
)
from mtl_core.analysis.diagnostics.predictions import TaskPredictions, binary_targets
from mtl_core.analysis.diagnostics.residuals import residuals
from mtl_core.analysis.diagnostics.row_errors import common_errors, hardest_rows
from mtl_core.analysis.diagnostics.row_groups import MOST_GROUPS, group_by_category, group_by_number, group_scores

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=10, deadline=None)


def scored(seed: int, rows: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Targets with both classes, and scores with ties."""
    rng = np.random.default_rng(seed)
    rows = rows or int(rng.integers(4, 80))
    targets = rng.random(rows) < rng.uniform(0.2, 0.8)
    targets[:2] = True, False
    return targets, np.round(np.clip(rng.normal(0.4 + 0.2 * targets, 0.3), 0, 1), int(rng.integers(1, 4)))


def classes(targets: list[int], probabilities: list[list[float]], losses: list[float], **more: bool) -> TaskPredictions:
    names = tuple("abc"[: len(probabilities[0])])
    rows = np.arange(len(targets)) + 10
    return TaskPredictions(
        "t", "classes", names, rows, np.array(targets), np.array(probabilities), np.array(losses), **more
    )


@FEW
@given(SEEDS)
def test_curves_and_areas_are_those_of_scikit_learn(seed: int) -> None:
    targets, scores = scored(seed)
    counts = threshold_counts(targets, scores)
    false_rate, true_rate = roc_curve(counts)
    expected = metrics.roc_curve(targets, scores, drop_intermediate=False)
    for mine, reference in zip((false_rate, true_rate, counts.thresholds), expected, strict=True):
        np.testing.assert_allclose(mine, reference, atol=1e-12)
    recall, precision = precision_recall_curve(counts)
    reference_precision, reference_recall, _ = metrics.precision_recall_curve(targets, scores)
    np.testing.assert_allclose(recall[::-1], reference_recall, atol=1e-12)
    np.testing.assert_allclose(precision[::-1], reference_precision, atol=1e-12)
    areas = curve_areas(targets, scores, resamples=1)
    assert areas.roc.value == pytest.approx(metrics.roc_auc_score(targets, scores), abs=1e-9)
    expected_precision = metrics.average_precision_score(targets, scores)
    assert areas.average_precision.value == pytest.approx(expected_precision, abs=1e-9)


def test_intervals_are_those_of_scipy_with_the_same_seed() -> None:
    targets, scores = scored(3, rows=60)
    areas = curve_areas(targets, scores, resamples=60, seed=7)
    for mine, score in (
        (areas.roc, metrics.roc_auc_score),
        (areas.average_precision, metrics.average_precision_score),
    ):
        drawn = bootstrap(
            (np.arange(60),),
            lambda rows, score=score: score(targets[rows], scores[rows]),
            n_resamples=60,
            vectorized=False,
            method="percentile",
            rng=np.random.default_rng(7),
        ).confidence_interval
        assert (mine.low, mine.high) == pytest.approx((drawn.low, drawn.high), abs=1e-6)


def test_a_class_without_rows_has_no_area_and_larger_splits_fewer_resamples() -> None:
    for targets, scores in (([True, True], [0.1, 0.2]), ([], [])):
        areas = curve_areas(targets, scores)
        assert np.isnan(areas.roc.value)
        assert np.isnan(areas.average_precision.high)
    assert (affordable_resamples(100), affordable_resamples(10**9)) == (200, 50)


@FEW
@given(SEEDS, st.floats(0, 10), st.floats(0, 10))
def test_costs_are_those_of_the_errors_at_each_threshold(seed: int, positive: float, negative: float) -> None:
    targets, scores = scored(seed)
    counts = threshold_counts(targets, scores)
    costs = threshold_costs(counts, positive, negative)
    for threshold, cost in zip(counts.thresholds, costs, strict=True):
        guess = scores >= threshold
        expected = positive * (guess & ~targets).mean() + negative * (~guess & targets).mean()
        assert cost == pytest.approx(expected, abs=1e-9)
    thin = counts.thin(5)
    assert len(thin.thresholds) <= 5
    assert thin.true_positives[-1] == counts.positives
    assert thin.thresholds[0] == np.inf
    assert set(thin.thresholds) <= set(counts.thresholds)


@FEW
@given(SEEDS)
def test_reliability_is_that_of_scikit_learn(seed: int) -> None:
    targets, scores = scored(seed)
    mine = reliability(targets, scores)
    frequency, probability = calibration_curve(targets, scores, n_bins=10)
    np.testing.assert_allclose(mine.probability, probability, atol=1e-9)
    np.testing.assert_allclose(mine.frequency, frequency, atol=1e-9)
    assert mine.counts.sum() == len(targets)
    assert mine.error == pytest.approx(np.average(np.abs(frequency - probability), weights=mine.counts), abs=1e-9)


@FEW
@given(SEEDS)
def test_confusion_and_residuals_are_those_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true, guess = rng.integers(0, 4, (2, 50))
    counts = confusion_counts(np.append(true, -1), np.append(guess, 0), 4)
    np.testing.assert_array_equal(counts, metrics.confusion_matrix(true, guess, labels=range(4)))
    np.testing.assert_allclose(
        np.nan_to_num(normalize_rows(counts)),
        metrics.confusion_matrix(true, guess, labels=range(4), normalize="true"),
        atol=1e-12,
    )
    target, value = rng.normal(size=(2, 50))
    found = residuals(np.append(target, np.nan), np.append(value, 1.0))
    assert found.mae == pytest.approx(metrics.mean_absolute_error(target, value), abs=1e-9)
    assert found.rmse == pytest.approx(metrics.root_mean_squared_error(target, value), abs=1e-9)
    assert found.r2 == pytest.approx(metrics.r2_score(target, value), abs=1e-9)
    assert found.counts.sum() == 50


def test_residuals_without_rows_are_undefined() -> None:
    empty = residuals([np.nan], [1.0])
    assert np.isnan(empty.mae)
    assert len(empty.counts) == 0
    assert np.isnan(residuals([1.0, 1.0], [0.0, 2.0]).r2)


def test_the_predicted_class_is_the_most_probable_or_of_ordered_classes_the_median() -> None:
    probabilities = [[0.4, 0.3, 0.3], [0.1, 0.2, 0.7]]
    assert classes([0, 2], probabilities, [1, 1]).predicted_classes.tolist() == [0, 2]
    ordered = classes([0, 2], probabilities, [1, 1], ordered=True)
    assert ordered.predicted_classes.tolist() == [1, 2]
    assert ordered.errors.tolist() == [True, False]


def test_rows_without_a_label_are_in_no_statistic() -> None:
    task = classes([0, -1, 1], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]], [0.1, np.nan, 1.2])
    targets, probabilities = binary_targets(task, 1)
    assert targets.tolist() == [False, True]
    assert probabilities.tolist() == [0.1, 0.3]
    assert task.errors.tolist() == [False, False, True]
    assert hardest_rows(task, 5).tolist() == [2, 0]


def test_errors_of_values_are_the_rows_of_highest_loss_and_of_labels_any_wrong_one() -> None:
    losses = np.arange(20.0)
    values = TaskPredictions("v", "values", ("v",), np.arange(20), np.zeros((20, 1)), np.sqrt(losses)[:, None], losses)
    assert np.flatnonzero(values.errors).tolist() == [18, 19]
    labels = TaskPredictions(
        "l",
        "labels",
        ("x", "y"),
        np.arange(3),
        np.array([[1, 0], [1, -1], [0, 1]]),
        np.array([[0.9, 0.1], [0.8, 0.9], [0.1, 0.2]]),
        np.ones(3),
    )
    assert labels.errors.tolist() == [False, False, True]
    targets, probabilities = binary_targets(labels, 1)
    assert targets.tolist() == [False, True]
    assert probabilities.tolist() == [0.1, 0.2]


def test_common_errors_are_counted_and_ranked() -> None:
    right, wrong = [0.9, 0.1], [0.1, 0.9]
    first = classes([0, 0, 0, 0], [wrong, wrong, right, right], [2, 3, 0.1, 0.2])
    second = classes([0, 0, 0, -1], [wrong, wrong, wrong, wrong], [1, 2, 3, np.nan])
    found = common_errors([first, second])
    assert found.counts.tolist() == [[2, 2], [2, 3]]
    assert found.expected.tolist() == [[2.0, 2.0], [2.0, 3.0]]
    assert found.positions.tolist() == [1, 0]
    assert found.wrong.tolist() == [2, 2, 1, 0]


def test_groups_have_their_own_scores() -> None:
    task = classes([0, 0, 1, -1], [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.5, 0.5]], [0.1, 1.6, 0.4, np.nan])
    scores = group_scores(task, group_by_category([0, 0, -1, 1], ("x", "y")))
    assert [(entry.group, entry.rows, entry.scores["accuracy"]) for entry in scores] == [
        ("x", 2, 0.5),
        ("missing", 1, 1.0),
    ]
    assert scores[0].scores["loss"] == pytest.approx(0.85)
    values = TaskPredictions(
        "v", "values", ("v",), np.arange(2), np.array([[1.0], [2.0]]), np.array([[2.0], [5.0]]), np.ones(2)
    )
    (entry,) = group_scores(values, group_by_number([4.0, 4.0]))
    assert entry.scores == {"loss": 1.0, "mae": 2.0, "bias": 2.0}


@FEW
@given(SEEDS, st.integers(1, 60))
def test_every_row_is_in_one_group_and_groups_are_few(seed: int, categories: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(-1, categories, 200)
    groups = group_by_category(codes, [f"c{index}" for index in range(categories)])
    assert len(groups.names) <= MOST_GROUPS + 1
    assert ((groups.codes >= 0) & (groups.codes < len(groups.names))).all()
    for code, group in zip(codes, groups.codes, strict=True):
        name = "missing" if code < 0 else f"c{code}"
        assert groups.names[group] in {name, "other"}
    numbers = np.where(rng.random(200) < 0.1, np.nan, rng.normal(size=200))
    quarters = group_by_number(numbers)
    assert len(quarters.names) == 5
    for code in range(4):
        low, high = map(float, quarters.names[code].split(" … "))
        inside = numbers[quarters.codes == code]
        assert 40 <= len(inside) <= 60
        assert low - 0.01 <= inside.min()
        assert inside.max() <= high + 0.01
