"""Errors for the user, one class for each kind of cause."""

import errno
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mtl_core.text import escape_control_characters


@dataclass(frozen=True)
class Problem:
    """A problem of an input; its text has at most 1000 characters, however long the names and values in it are.

    Attributes:
        path: The place, e.g. ``model.shared[2].out_channels``, a file or a column; shortened only in the text.
        rule: The rule that is broken, e.g. ``must be greater than 0``.
        found: The value there, shortened, or ``""`` for none.
        fix: Advice, or ``""`` if the rule suffices.
    """

    path: str
    rule: str
    found: str = ""
    fix: str = ""

    def __post_init__(self) -> None:
        for name, length in (("rule", _RULE_LENGTH), ("found", _FOUND_LENGTH), ("fix", _FIX_LENGTH)):
            object.__setattr__(self, name, _clip(getattr(self, name), length))

    def __str__(self) -> str:
        found = f"; found {self.found}" if self.found else ""
        return escape_control_characters(f"{_clip(self.path, _PATH_LENGTH)}: {with_fix(self.rule + found, self.fix)}")


def with_fix(text: str, fix: str) -> str:
    """A text, which may end in a full stop, and the advice behind it as a sentence of its own."""
    return f"{text.removesuffix('.')}. {fix}" if fix else text


_PATH_LENGTH, _RULE_LENGTH, _FOUND_LENGTH, _FIX_LENGTH = 200, 420, 120, 220


class WorkbenchError(Exception):
    """Base class of errors for the user: the place, the broken rule, the value found, and advice.

    The command line prints it as one line and exits with ``exit_status``; the window shows it at its place. Each kind
    of cause has a subclass.

    Args:
        where: The place: a path in the spec, a file, a column, an option.
        rule: The rule that is broken.
        found: The value there, of any type; shortened.
        fix: Advice.
        more: Further problems of the same input.
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
        """Creates an error with the text of the first problem that keeps all of them."""
        first, *rest = problems
        error = cls(first.path, first.rule, fix=first.fix, more=tuple(rest))
        error.problem = first
        error.problems = (first, *rest)
        error.args = (str(first) + (f" (and {len(rest)} more)" if rest else ""),)
        return error


class InputError(WorkbenchError, ValueError):
    """The user's input is at fault: a spec, a data file, a name, an option."""

    exit_status = 2


class StoreError(WorkbenchError):
    """A store, or a file written by the program, is damaged, missing, locked, unreachable or of another version."""


class WorkerError(WorkbenchError):
    """A worker process has ended, or its reply is not valid."""


class EnvironmentFault(WorkbenchError):  # noqa: N818 - the built-in EnvironmentError is another name of OSError
    """The environment is at fault: a full disk, a missing permission, a lost device, a missing package."""


_NAME_ERRORS = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL)
_OUT_OF_MEMORY = "OutOfMemoryError"
_DEVICE_ERRORS = ("AcceleratorError", "CUDA error", "CUDNN_STATUS", "NCCL error", "MPS backend")
"""Names of torch's device errors, or beginnings of their messages; by name, since torch is not imported here."""


def file_error(
    where: str | Path, rule: str, error: OSError, fix: str = "", *, found: Path | None = None
) -> WorkbenchError:
    """Converts the ``OSError`` of a file: an input error if its name is at fault, else an environment fault.

    Args:
        where: The file, or its place in the spec.
        rule: What cannot be done with it.
        error: The error.
        fix: Advice.
        found: The file, where ``where`` is its place in the spec; the reason then stands behind the rule.
    """
    kind = InputError if error.errno in _NAME_ERRORS else EnvironmentFault
    if found is None:
        return kind(str(where), rule, found=error, fix=fix)
    return kind(str(where), f"{rule} ({(error.strerror or str(error)).lower()})", found=found, fix=fix)


def environment_fault(error: BaseException) -> WorkbenchError | None:
    """Converts an unexpected exception that the environment caused; None for any other exception.

    These are an ``OSError`` of a file, a lack of memory, and torch's device errors. A file name that is too long is an
    input error.
    """
    name, text = type(error).__name__, str(error)
    if isinstance(error, MemoryError) or name == _OUT_OF_MEMORY or "can't allocate memory" in text:
        fix = "Take a smaller batch size or model, or end other programs."
        return EnvironmentFault("memory", "is not enough for this", found=text or None, fix=fix)
    if isinstance(error, RuntimeError) and (name in _DEVICE_ERRORS or text.startswith(_DEVICE_ERRORS)):
        fix = "Resume the run once the device answers again, or train on another."
        return EnvironmentFault("device", "does not answer", found=text, fix=fix)
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:  # the program itself makes no such names
        return InputError(str(error.filename or "name"), "must be shorter", found=error)
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return EnvironmentFault(str(error.filename), "cannot be read or written", found=error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE):
        return EnvironmentFault("files", "cannot be read or written", found=error)
    return None


def _clip(text: str, length: int) -> str:
    """Joins a text to one line and clips it to a length."""
    text = " ".join(text.split()) if any(c in text for c in "\n\r\v\f\x85\u2028\u2029") else text
    return text if len(text) <= length else text[: length - 1] + "…"


def shorten(value: Any, length: int = 80) -> str:
    """Formats a value as one short line: its beginning, the end of a path, the message of an exception.

    Control characters are shown as escapes; null, true and false as a spec file has them.
    """
    match value:
        case None | True | False:
            text = json.dumps(value)
        case OSError():
            text = value.strerror or str(value)
        case str() | Path() | BaseException():
            text = str(value)
        case _:
            text = repr(value)
    text = escape_control_characters(" ".join(text.split()))
    if len(text) <= length:
        return text
    return "…" + text[1 - length :] if isinstance(value, Path) else text[: length - 1] + "…"
