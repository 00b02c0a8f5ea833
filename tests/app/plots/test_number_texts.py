import pytest

from app.plots.canvas import dash_pattern
from app.plots.number_texts import tick_texts


@pytest.mark.parametrize(
    ("values", "spacing", "texts"),
    [
        ([0.0, 0.5, 1.0], 0.5, ["0.0", "0.5", "1.0"]),
        ([-1.0, 0.0, 1.0], 1.0, ["−1", "0", "1"]),
        ([0.0, 20_000.0, 40_000.0], 20_000.0, ["0", "20\u2009000", "40\u2009000"]),
        ([0.0, 50_000.0, 100_000.0], 50_000.0, ["0", "50k", "100k"]),
        ([100_000.0, 102_500.0], 2_500.0, ["100.0k", "102.5k"]),
        ([0.0, 2.5e6, -5e6], 2.5e6, ["0.0", "2.5M", "−5.0M"]),
        ([0.0, 1e9], 1e9, ["0", "1G"]),
        ([0.0, 2e15, 4e15], 2e15, ["0", "2e15", "4e15"]),
        ([0.0, 0.00002], 0.00002, ["0", "2e-5"]),
    ],
)
def test_numbers_along_an_axis_stay_short_however_large(values: list[float], spacing: float, texts: list[str]) -> None:
    assert tick_texts(values, spacing) == [text.replace("e-", "e−") for text in texts]


def test_lines_of_one_hue_differ_by_their_dots_and_those_of_a_split_by_their_strokes() -> None:
    patterns = [tuple(dash_pattern(dash=dash, dots=dots)) for dash in (False, True) for dots in range(5)]
    assert patterns[0] == ()
    assert len(set(patterns)) == len(patterns)
