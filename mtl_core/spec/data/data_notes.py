"""Notes about the data: what the program found in them or decided about them, shown to the user."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator

from mtl_core.errors import shorten
from mtl_core.spec.base import Report

_LONGEST = 400
Sentence = Annotated[str, AfterValidator(lambda text: shorten(text, _LONGEST))]
"""Text that may quote names and cells of any length."""


class DataNote(Report):
    """A finding or decision about the data, such as cells that were left out, converted or guessed.

    Attributes:
        place: The kind of thing it is about.
        name: Name of the column, task or split; empty for the file or for several.
        what: What was found and what was done about it, as complete sentences that name the place.
        count: Number of cells, rows, classes or columns it is about, if that is known.
        fix: How to change the decision, as a complete sentence; empty if there is nothing to do.
    """

    place: Literal["file", "column", "task", "split"]
    name: str = ""
    what: Sentence
    count: int | None = None
    fix: Sentence = ""

    def __str__(self) -> str:
        return f"{self.what} {self.fix}".rstrip()


def date_parts_text(parts: Sequence[str], *, is_time: bool = False) -> str:
    """What the dates of a column become as inputs: ``year, month, days since 1970-01-01``."""
    elapsed = "hours since midnight" if is_time else "days since 1970-01-01"
    return ", ".join(elapsed if part == "elapsed" else part for part in parts)


def date_parts_note(column: str, parts: Sequence[str], *, is_time: bool = False) -> DataNote:
    """The note that says what the dates of an input column become."""
    what = f"Column {column!r}: as an input each {'time' if is_time else 'date'} becomes"
    return DataNote(place="column", name=column, what=f"{what} {date_parts_text(parts, is_time=is_time)}.")
