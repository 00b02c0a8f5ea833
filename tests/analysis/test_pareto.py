"""Which points are on the Pareto front, and the volume that they dominate."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.analysis.pareto import hypervolume, pareto_front

POINTS = st.lists(st.tuples(*[st.integers(0, 6)] * 3), min_size=1, max_size=12)


def test_a_point_that_is_worse_in_one_metric_and_better_in_none_is_not_on_the_front() -> None:
    scores = [[0.9, 0.2], [0.8, 0.3], [0.9, 0.1], [0.7, 0.1]]
    assert pareto_front(scores, ("max", "min")).tolist() == [False, False, True, False]
    assert pareto_front(scores, ("max", "max")).tolist() == [True, True, False, False]


def test_equal_points_are_all_on_the_front_and_missing_values_never() -> None:
    assert pareto_front([[1, 1], [1, 1], [math.nan, 2]], ("max", "max")).tolist() == [True, True, False]
    assert pareto_front(np.empty((0, 2)), ("max", "max")).tolist() == []


@given(POINTS)
def test_the_front_is_what_no_other_point_dominates(points: list[tuple[int, ...]]) -> None:
    def dominates(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
        return all(x <= y for x, y in zip(a, b, strict=True)) and a != b

    expected = [not any(dominates(other, point) for other in points) for point in points]
    assert pareto_front(points, ("min",) * 3).tolist() == expected


@given(POINTS, st.sampled_from(["min", "max"]))
def test_the_hypervolume_is_the_number_of_unit_cells_that_points_dominate(
    points: list[tuple[int, ...]], direction: str
) -> None:
    reference = 5 if direction == "min" else 1
    cells = itertools.product(range(7), repeat=3)
    if direction == "min":
        expected = sum(
            max(cell) < reference and any(all(p <= c for p, c in zip(point, cell, strict=True)) for point in points)
            for cell in cells
        )
    else:
        expected = sum(
            min(cell) >= reference
            and any(all(c < p for p, c in zip(point, cell, strict=True)) and min(point) > reference for point in points)
            for cell in cells
        )
    assert hypervolume(points, (direction,) * 3, (reference,) * 3) == pytest.approx(expected)  # type: ignore[arg-type]


def test_the_hypervolume_of_two_metrics_is_an_area() -> None:
    scores = [[0.5, 2.0], [0.8, 3.0], [0.6, 9.0]]
    assert hypervolume(scores, ("max", "min"), (0.0, 4.0)) == pytest.approx(0.5 * 2 + 0.3 * 1)
    assert hypervolume([], ("max", "min"), (0.0, 4.0)) == 0
