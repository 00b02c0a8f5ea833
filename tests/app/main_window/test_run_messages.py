"""Messages about runs, and about why an experiment cannot run."""

import pytest

from app.main_window import run_messages
from app.main_window.problem_message import problem_message, setting_title
from mtl_core.spec import Problem


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("weighting.weights", "Weighting › weights"),
        ("model.shared[0].out_channels", "Model › shared 1 › out channels"),
        ("model.heads.first_task[1]", "Model › heads › first_task 2"),
        ("training.early_stopping", "Training › early stopping"),
        ("run 3", "run 3"),
        ("/data/a table.csv", "/data/a table.csv"),
        ("data.csv", "data.csv"),
        ("", ""),
    ],
)
def test_a_setting_is_named_by_where_it_stands(path: str, text: str) -> None:
    assert setting_title(path) == text


def test_the_first_problem_is_told_and_the_rest_are_counted() -> None:
    line = problem_message([Problem("a", "must be given"), Problem("b", "too")])
    assert line == "This experiment cannot run yet. a: must be given (and 1 more)"


@pytest.mark.parametrize(
    ("runs", "text"),
    [([4], "run 4"), ([4, 5], "runs 4 and 5"), ([4, 5, 6], "runs 4 to 6"), ([4, 6, 9], "runs 4, 6 and 9")],
)
def test_runs_are_named_by_their_numbers(runs: list[int], text: str) -> None:
    assert run_messages.run_numbers_text(runs) == text


def test_a_press_is_answered_with_what_is_queued_and_what_was_pressed_twice() -> None:
    assert run_messages.queued_message([4], 1) == "Run 4 is queued, behind 1 other."
    assert run_messages.queued_message([4, 5, 6], 0) == "Runs 4 to 6 are queued."
    assert (
        run_messages.repeated_start_message([4, 5])
        == "Pressed twice: runs 4 and 5 of it are being checked. This press adds no run."
    )
    assert run_messages.repeated_start_message([]) == "Pressed twice: its rows are being made. This press adds no run."
