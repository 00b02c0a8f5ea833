"""What is said when the input is at fault."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input.

    Attributes:
        path: Where, e.g. ``model.shared[2].out_channels``, a file or a column.
        rule: What is asked for, e.g. ``must be greater than 0``.
        found: What stands there, shortened, or ``""`` when nothing does.
        fix: What to do, or ``""`` when the rule says it all.
    """

    path: str
    rule: str
    found: str = ""
    fix: str = ""

    def __str__(self) -> str:
        found = f"; found {self.found}" if self.found else ""
        fix = f". {self.fix}" if self.fix else ""
        return f"{self.path}: {self.rule}{found}{fix}"


class InputError(ValueError):
    """The input (a spec, data, a store, a checkpoint, a command line) is at fault, and how.

    The command line prints it as one line and exits with status 2; the window shows it where it arose.

    Args:
        where: The place: a path in the spec, a file, a column, an option.
        rule: What is asked for there.
        found: What stands there instead; anything, shown shortened.
        fix: What to do about it.
        more: Further problems found in the same reading.
    """

    def __init__(
        self, where: str, rule: str, *, found: Any = None, fix: str = "", more: tuple[Problem, ...] = ()
    ) -> None:
        self.problem = Problem(where, rule, "" if found is None else shorten(found), fix)
        self.problems = (self.problem, *more)
        super().__init__(str(self.problem))

    @classmethod
    def of(cls, problems: "list[Problem] | tuple[Problem, ...]") -> "InputError":
        """The error that tells the first of some problems and keeps the rest."""
        first, *rest = problems
        error = cls(first.path, first.rule, fix=first.fix, more=tuple(rest))
        error.problem = first
        error.problems = (first, *rest)
        error.args = (str(first) + (f" (and {len(rest)} more)" if rest else ""),)
        return error


def listed(names: Sequence[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def shorten(value: Any, length: int = 80) -> str:
    """A value as one short line of text: its beginning, the end of a path, what an exception says."""
    match value:
        case OSError():
            text = value.strerror or str(value)
        case str() | Path() | BaseException():
            text = str(value)
        case _:
            text = repr(value)
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    return "…" + text[1 - length :] if isinstance(value, Path) else text[: length - 1] + "…"
