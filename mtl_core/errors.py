"""Errors that a person can act on, by the kind of their cause."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mtl_core.text import visible


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
        return visible(f"{self.path}: {self.rule}{found}{fix}")


class WorkbenchError(Exception):
    """Something that a person can understand and act on: where, which rule, what was found, and what to do.

    The command line prints it as one line and exits with ``exit_status``; the window shows it where it arose. Each kind
    of cause has a subclass.

    Args:
        where: The place: a path in the spec, a file, a column, an option.
        rule: What is asked for there.
        found: What stands there instead; anything, shown shortened.
        fix: What to do about it.
        more: Further problems found in the same reading.
    """

    exit_status = 3

    def __init__(
        self, where: str, rule: str, *, found: Any = None, fix: str = "", more: tuple[Problem, ...] = ()
    ) -> None:
        self.problem = Problem(where, rule, "" if found is None else shorten(found), fix)
        self.problems = (self.problem, *more)
        super().__init__(str(self.problem))

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> Self:
        """The error that tells the first of some problems and keeps the rest."""
        first, *rest = problems
        error = cls(first.path, first.rule, fix=first.fix, more=tuple(rest))
        error.problem = first
        error.problems = (first, *rest)
        error.args = (str(first) + (f" (and {len(rest)} more)" if rest else ""),)
        return error


class InputError(WorkbenchError, ValueError):
    """What a person gave is at fault: a spec, a data file, a name, an option."""

    exit_status = 2


class StoreError(WorkbenchError):
    """A store or a file that the program wrote is damaged, missing, locked, of another version, or does not answer."""


class WorkerError(WorkbenchError):
    """A worker process ended, or answered with something that is not an answer."""


class EnvironmentFault(WorkbenchError):  # noqa: N818 - the built-in EnvironmentError is another name of OSError
    """The surroundings are at fault: a full disk, a missing permission, a device that is lost, a missing extra."""


def listed(names: Sequence[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def shorten(value: Any, length: int = 80) -> str:
    """A value as one short line of text: its beginning, the end of a path, what an exception says.

    Control characters are shown as escapes.
    """
    match value:
        case OSError():
            text = value.strerror or str(value)
        case str() | Path() | BaseException():
            text = str(value)
        case _:
            text = repr(value)
    text = visible(" ".join(text.split()))
    if len(text) <= length:
        return text
    return "…" + text[1 - length :] if isinstance(value, Path) else text[: length - 1] + "…"
