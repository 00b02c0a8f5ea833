import math
import time

import pytest

from app.tables import count, duration, moment, quantity, score, shape, time_left


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, ""),
        (0.84, "0.8 s"),
        (59.6, "1 min 0 s"),
        (70, "1 min 10 s"),
        (7384, "2 h 3 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (math.nan, "NaN"),
        (-math.inf, "−∞"),
        (0.9731, "0.9731"),
        (123.456, "123.46"),
        (-0.00012, "−1.20e−04"),
    ],
)
def test_a_score_keeps_the_decimals_that_tell_runs_apart(value: float | None, words: str) -> None:
    assert score(value) == words


def test_a_moment_is_shorter_the_nearer_it_is() -> None:
    now = time.mktime((2024, 11, 21, 12, 0, 0, 0, 0, -1))
    assert moment(None, now) == ""
    assert moment(now - 60, now) == "Today 11:59"
    assert moment(now - 86_400, now) == "Yesterday 12:00"
    assert moment(now - 2 * 365 * 86_400, now).startswith("2022-11")


def test_counts_and_shapes_read_as_people_write_them() -> None:
    assert count(1234567) == "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567"
    assert [quantity(n, "row") for n in (0, 1, 1200)] == ["0 rows", "1 row", "1\N{NARROW NO-BREAK SPACE}200 rows"]
    assert shape((1, 16, 16)) == "1×16×16"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (42.4, "42 s"),
        (59.7, "1 min"),
        (70, "1 min 10 s"),
        (73, "1 min 15 s"),
        (598, "10 min"),
        (1234, "21 min"),
        (7800, "2 h 10 min"),
    ],
)
def test_a_remaining_time_is_no_finer_than_it_can_be_known(seconds: float, text: str) -> None:
    assert time_left(seconds) == text
