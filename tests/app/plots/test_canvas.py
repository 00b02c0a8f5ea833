"""Colors and dash patterns of lines."""

from app.plots.canvas import dash_pattern


def test_lines_of_one_hue_differ_by_their_dots_and_those_of_a_split_by_their_strokes() -> None:
    patterns = [tuple(dash_pattern(dash=dash, dots=dots)) for dash in (False, True) for dots in range(5)]
    assert patterns[0] == ()
    assert len(set(patterns)) == len(patterns)
