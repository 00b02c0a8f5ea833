"""Numbers, times and states as a person reads them."""

import pytest

from app.main_window import words
from mtl_core.spec import Problem


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0 s"), (59.4, "59 s"), (70, "1 min 10 s"), (7500, "2 h 5 min"), (3599.9, "1 h 0 min")]
)
def test_a_time_has_at_most_two_units(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("model.shared[0].out_channels", "model"),
        ("weighting.weights.left", "training"),
        ("training.optimizer.lr", "training"),
        ("tasks[0].target", "data"),
        ("dataset.inputs", "data"),
        ("name", "data"),
    ],
)
def test_a_setting_is_found_on_its_page(path: str, page: str) -> None:
    assert words.page_of(path) == page


def test_the_first_problem_is_told_and_the_rest_are_counted() -> None:
    line = words.problem_line([Problem("a", "must be given"), Problem("b", "too")])
    assert line == "This experiment cannot run yet. a: must be given (and 1 more)"
