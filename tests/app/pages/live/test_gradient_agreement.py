"""The Live page's text about gradient conflict, without Qt."""

import math

import pytest

from app.pages.live.gradient_agreement import agreement_view, is_norm, is_pair, is_share, norms_view
from mtl_core.store import SeriesKey

TASKS = ("left", "right", "up")


def latest(measure: str = "cosine") -> dict[SeriesKey, float]:
    return {
        SeriesKey("left", "train", f"gradient {measure} right"): -0.5,
        SeriesKey("left", "train", f"gradient {measure} up"): 0.25,
        SeriesKey("right", "train", "gradient norm"): 3.0,
        SeriesKey("total", "train", "gradient conflicts"): 1 / 3,
        SeriesKey("total", "train", "gradient condition"): 4.0,
    }


def test_each_pair_stands_on_both_sides_of_the_diagonal() -> None:
    values = agreement_view(TASKS, "cosine", latest()).values
    assert values[0][1] == values[1][0] == -0.5
    assert values[0][2] == values[2][0] == 0.25


def test_a_pair_never_compared_is_unknown() -> None:
    view = agreement_view(TASKS, "cosine", latest())
    assert math.isnan(view.values[1][2])
    assert view.description == "left and right −0.50, left and up 0.25"


def test_the_two_comparisons_are_kept_apart() -> None:
    values = agreement_view(TASKS, "similarity", latest()).values
    assert all(math.isnan(values[i][j]) for i in range(3) for j in range(3) if i != j)
    assert agreement_view(TASKS, "similarity", latest("similarity")).values[0][2] == 0.25


@pytest.mark.parametrize(
    ("share", "condition", "wanted"),
    [
        (1 / 3, 4.0, "33 % of pairs conflict · condition number 4"),
        (0.0, math.inf, "0 % of pairs conflict · gradients linearly dependent"),
        (1.0, math.nan, "100 % of pairs conflict"),
        (math.nan, math.nan, ""),
    ],
)
def test_the_subtitle_tells_of_all_pairs(share: float, condition: float, wanted: str) -> None:
    total = {"gradient conflicts": share, "gradient condition": condition}
    found = {SeriesKey("total", "train", name): value for name, value in total.items()}
    assert agreement_view(TASKS, "cosine", found).subtitle == wanted


def test_only_comparisons_of_two_tasks_are_pairs() -> None:
    assert [key.metric for key in latest() if is_pair(key)] == ["gradient cosine right", "gradient cosine up"]
    assert [key.metric for key in latest() if is_share(key)] == ["gradient conflicts"]
    assert not is_pair(SeriesKey("left", "val", "gradient cosine right"))


def test_lengths_stand_by_block_in_the_order_of_the_model_with_all_first() -> None:
    found = {
        SeriesKey("left", "train", "gradient norm shared.10"): 3.0,
        SeriesKey("left", "train", "gradient norm shared.2"): 4.0,
        SeriesKey("right", "train", "gradient norm shared.2"): 0.5,
        SeriesKey("left", "train", "gradient norm"): 5.0,
        SeriesKey("left", "train", "gradient cosine right"): 1.0,
    }
    assert sum(map(is_norm, found)) == 4
    view = norms_view(("left", "right"), found)
    assert view.blocks == ("all", "shared.2", "shared.10")
    assert [row[0] for row in view.values] == [5.0, 4.0, 3.0]
    assert view.values[1][1] == 0.5
    assert math.isnan(view.values[0][1])
    assert view.description.startswith("all: left 5.000, right")
    assert norms_view(("left", "right"), {}).values == ()
