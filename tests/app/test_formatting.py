"""Numbers, durations, times and shapes as the window shows them."""

import math
import time
from typing import get_args

import pytest

from app.formatting import (
    STATE_LABELS,
    Tone,
    elide_middle,
    format_count_short,
    format_duration,
    format_features,
    format_metric,
    format_metric_short,
    format_number,
    format_quantity,
    format_relative_change,
    format_remaining_time,
    format_shape,
    format_ticks,
    format_timestamp,
)
from mtl_core.store import RunState


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, ""),
        (-1, ""),
        (0.84, "0.8 s"),
        (9.97, "10 s"),
        (59.6, "1 min 0 s"),
        (70, "1 min 10 s"),
        (3599.9, "1 h 0 min"),
        (7384, "2 h 3 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (math.nan, "NaN"),
        (-math.inf, "−∞"),
        (0.9731, "0.9731"),
        (123.456, "123.46"),
        (-0.00012, "−1.20e−4"),
    ],
)
def test_a_score_keeps_the_decimals_that_tell_runs_apart(value: float | None, words: str) -> None:
    assert format_metric(value) == words


def test_a_moment_is_shorter_the_nearer_it_is() -> None:
    now = time.mktime((2024, 11, 21, 12, 0, 0, 0, 0, -1))
    assert format_timestamp(None, now) == ""
    assert format_timestamp(now - 60, now) == "Today 11:59"
    assert format_timestamp(now - 86_400, now) == "Yesterday 12:00"
    assert format_timestamp(now - 2 * 365 * 86_400, now).startswith("2022-11")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9664, "0.966"),
        (54.21, "54.2"),
        (1230.4, "1230"),
        (-0.5, "−0.500"),
        (0.00012, "1e−4"),
        (3e7, "3e7"),
        (math.nan, "NaN"),
    ],
)
def test_a_short_metric_has_about_three_digits(value: float, text: str) -> None:
    assert format_metric_short(value) == text


def test_a_relative_change_has_a_sign_and_a_deviation_if_it_is_known() -> None:
    assert format_relative_change(0.012) == "+1.20 %"
    assert format_relative_change(-0.012, 0.0031) == "−1.20 ± 0.31 %"
    assert format_relative_change(math.nan) == "—"


def test_a_quantity_has_grouped_digits_and_a_plural() -> None:
    assert [format_quantity(n, "row") for n in (0, 1, 1200)] == ["0 rows", "1 row", "1\u202f200 rows"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (320, "320"),
        (8256, "8.3 k"),
        (150_016, "150 k"),
        (999_600, "1.0 M"),
        (12_345_678, "12 M"),
        (10**10, "10 G"),
    ],
)
def test_a_short_count_has_an_si_prefix(number: int, text: str) -> None:
    assert format_count_short(number) == text


@pytest.mark.parametrize(
    ("shape", "text", "features"),
    [
        (None, "", ""),
        ((1,), "1", "1 feature"),
        ((128,), "128", "128 features"),
        ((2048,), "2\u202f048", "2\u202f048 features"),
        ((32, 16, 16), "32×16×16", "32×16×16"),
    ],
)
def test_a_shape_is_its_sizes_and_that_of_a_vector_a_number(
    shape: tuple[int, ...] | None, text: str, features: str
) -> None:
    assert format_shape(shape) == text
    assert format_features(shape) == features


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.000"), (-1.5, "−1.500"), (54.216, "54.22"), (1234.5, "1\u202f234"), (2.5e7, "2.50e7"), (-math.inf, "−∞")],
)
def test_a_number_in_a_header_has_at_most_nine_characters(value: float, text: str) -> None:
    assert format_number(value) == text
    assert len(text) <= 9


def test_a_long_name_is_elided_in_its_middle() -> None:
    assert elide_middle("short", 5) == "short"
    assert elide_middle("experiment with seed 7", 11) == "exper…eed 7"


def test_every_state_of_a_run_has_a_label_and_a_tone() -> None:
    assert set(STATE_LABELS) == set(get_args(RunState))
    assert {tone for _, tone in STATE_LABELS.values()} <= set(get_args(Tone))


@pytest.mark.parametrize(
    ("values", "spacing", "texts"),
    [
        ([0.0, 0.5, 1.0], 0.5, ["0.0", "0.5", "1.0"]),
        ([-1.0, 0.0, 1.0], 1.0, ["−1", "0", "1"]),
        ([0.0, 20_000.0, 40_000.0], 20_000.0, ["0", "20\u202f000", "40\u202f000"]),
        ([0.0, 50_000.0, 100_000.0], 50_000.0, ["0", "50k", "100k"]),
        ([100_000.0, 102_500.0], 2_500.0, ["100.0k", "102.5k"]),
        ([0.0, 2.5e6, -5e6], 2.5e6, ["0.0", "2.5M", "−5.0M"]),
        ([0.0, 1e9], 1e9, ["0", "1G"]),
        ([0.0, 2e15, 4e15], 2e15, ["0", "2e15", "4e15"]),
        ([0.0, 0.00002], 0.00002, ["0", "2e-5"]),
    ],
)
def test_numbers_along_an_axis_stay_short_however_large(values: list[float], spacing: float, texts: list[str]) -> None:
    assert format_ticks(values, spacing) == [text.replace("e-", "e−") for text in texts]


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
    assert format_remaining_time(seconds) == text
