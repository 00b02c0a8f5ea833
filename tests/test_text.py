"""Digit grouping, suggestions, and text made safe for a terminal and for any encoding."""

import io
import sys

import pytest

from mtl_core.errors import InputError, shorten
from mtl_core.text import (
    close_matches,
    did_you_mean,
    escape_control_characters,
    group_digits,
    replace_unencodable,
    to_printable,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("wide [v2] [/b] :smile:", "wide [v2] [/b] :smile:"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\x07", "a\\nb\\tc\\x07"),
        ("\x9b31m\x85", "\\x9b31m\\x85"),
        ("a\u202egpj", "a\\u202egpj"),
        ("\udcff", "\\udcff"),
        ("가격 é 👩‍💻", "가격 é 👩‍💻"),
    ],
)
def test_control_and_direction_characters_are_shown_as_escapes(text: str, shown: str) -> None:
    assert escape_control_characters(text) == shown
    assert escape_control_characters(shown) == shown


def test_an_error_shows_control_characters_as_escapes() -> None:
    assert "\x1b" not in str(InputError("a\x1b[2J", "is wrong", found="\x1b]0;x"))
    assert shorten("\x1b[2J") == "\\x1b[2J"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_stream_of_another_encoding_gets_other_words(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    replace_unencodable(stream)
    stream.write("Δm ↑ 가")
    stream.flush()
    assert stream.buffer.getvalue() == b"delta m (max) \\uac00"  # type: ignore[attr-defined]
    monkeypatch.setattr(sys, "stdout", stream)
    assert to_printable("↓ \x1b") == "(min) \\x1b"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1234567, "1\u202f234\u202f567"), (12_840.4, "12\u202f840"), (-1500, "−1\u202f500")],
)
def test_digits_are_grouped_by_a_narrow_no_break_space(number: float, text: str) -> None:
    assert group_digits(number) == text


def test_grouped_digits_can_be_written_in_an_encoding_without_that_space() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    replace_unencodable(stream)
    stream.write(group_digits(-1500))
    stream.flush()
    assert stream.buffer.getvalue() == b"-1 500"  # type: ignore[attr-defined]


def test_suggestions_are_the_most_similar_names_first_and_at_most_three() -> None:
    names = ["left", "lift", "loft", "lefty", "right"]
    assert close_matches("left", names)[0] == "left"
    assert len(close_matches("left", names)) == 3
    assert close_matches("zzz", names) == []
    assert did_you_mean(["lr"]) == "Did you mean lr?"
    assert did_you_mean(["lr", "epochs"]) == "Did you mean lr or epochs?"
