"""The list of reviewed rows: a file of JSON lines beside the data that leaves out rows and changes labels.

The last line about a row, or about a row's label of a task, is in force; lines are only ever added.
"""

import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mtl_core.errors import InputError, file_error, shorten
from mtl_core.files import atomic_write
from mtl_core.locations import home
from mtl_core.spec.data.dataset import BundledDataset, Dataset, QueryDataset
from mtl_core.tabular.query import sqlite_file

SUFFIX = ".reviewed.jsonl"
_PLACE = "dataset.reviewed"
_MOST_BYTES = 64 << 20
Label = str | float | tuple[str, ...] | tuple[float, ...] | None
"""A class, a number, the names of the labels that apply, the values of a target, or None for no label."""
Action = Literal["leave out", "relabel", "keep"]


class ReviewedLine(BaseModel):
    """One line of the list.

    Attributes:
        row: Number of the row in the data, from 1.
        cells: Digest of the cells of the row when it was reviewed; empty if the line was written by hand without it.
        action: ``leave out`` the row, ``relabel`` it, or ``keep`` it, or its label, as the data has it.
        task: The task whose label is meant; empty for the row itself.
        label: The new label.
        remark: A remark for people.
        time: When the line was written, in ISO 8601; empty if it is not known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    row: int = Field(ge=1)
    cells: str = ""
    action: Action
    task: str = ""
    label: Label = None
    remark: str = ""
    time: str = ""

    @model_validator(mode="after")
    def _check_parts(self) -> "ReviewedLine":
        if self.action == "relabel" and not (self.task and "label" in self.model_fields_set):
            raise ValueError("to relabel a row needs a task and a label (null for none)")
        if self.action == "leave out" and self.task:
            raise ValueError("a row is left out for all tasks; to drop one label, relabel it with null")
        if self.action != "relabel" and self.label is not None:
            raise ValueError("only relabel takes a label")
        return self

    def text(self) -> str:
        """The line as it is written, without its end."""
        excluded = {name for name in ("cells", "task", "remark", "time") if not getattr(self, name)}
        excluded |= set() if self.action == "relabel" else {"label"}
        return json.dumps(self.model_dump(mode="json", exclude=excluded), ensure_ascii=False)


@dataclass(frozen=True)
class ReviewedList:
    """The lines of a list.

    Attributes:
        path: The file.
        lines: The lines and their numbers in the file, from 1.
    """

    path: str
    lines: tuple[tuple[int, ReviewedLine], ...] = ()

    @cached_property
    def in_force(self) -> dict[tuple[int, str], tuple[int, ReviewedLine]]:
        """The lines that leave out or relabel, by row and task, with their numbers; in the order of the rows."""
        last = {(line.row, line.task): (number, line) for number, line in self.lines}
        return {key: last[key] for key in sorted(last) if last[key][1].action != "keep"}

    @property
    def left_out(self) -> tuple[int, ...]:
        """The numbers of the rows that are left out."""
        return tuple(row for row, task in self.in_force if not task)

    @property
    def relabeled(self) -> int:
        """Number of labels that are changed."""
        return sum(bool(task) for _, task in self.in_force)


def read_reviewed_list(path: str | Path) -> ReviewedList:
    """Read a list.

    Raises:
        InputError: There is no such file, or a line is not valid; the error names it.
        EnvironmentFault: It may not or cannot be read.
    """
    return _parse(path, _read(path))


def read_if_any(path: str | Path) -> ReviewedList:
    """Read a list that may not exist yet; as :func:`read_reviewed_list`."""
    return read_reviewed_list(path) if os.path.lexists(Path(path).expanduser()) else ReviewedList(str(path))


def append_lines(path: str | Path, lines: Iterable[ReviewedLine]) -> ReviewedList:
    """Add lines to a list, which is made if it does not exist; what it has stays as it is. Returns the whole list.

    Raises:
        InputError: The file is no list of reviewed rows, or its folder does not exist.
        EnvironmentFault: It cannot be written.
    """
    file = Path(path).expanduser()
    content = _read(file) if os.path.lexists(file) else b""
    _parse(path, content)  # a file that is no list is not added to
    if file.parent == home() / "reviewed":
        file.parent.mkdir(parents=True, exist_ok=True)
    now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    stamped = (line if line.time else line.model_copy(update={"time": now}) for line in lines)
    added = "".join(f"{line.text()}\n" for line in stamped).encode()
    if content and not content.endswith(b"\n"):
        content += b"\n"
    with atomic_write(file) as temporary:
        temporary.write_bytes(content + added)
    return _parse(path, content + added)


def reviewed_list_path(dataset: Dataset) -> Path:
    """Where the list of a data set lies: the file that it names, else one beside its data.

    For data that are no file of the user's it lies in the application's folder.
    """
    if dataset.reviewed is not None:
        return Path(dataset.reviewed).expanduser()
    own = home() / "reviewed"
    if isinstance(dataset, BundledDataset):
        return own / f"{dataset.name}{SUFFIX}"
    if isinstance(dataset, QueryDataset):
        file = sqlite_file(dataset.url)
        return Path(f"{Path(file).expanduser()}{SUFFIX}") if file else own / f"query{SUFFIX}"
    return Path(f"{Path(dataset.path).expanduser()}{SUFFIX}")


def _read(path: str | Path) -> bytes:
    try:
        with Path(path).expanduser().open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        fix = "Put it back, or remove it from the experiment."
        raise InputError(_PLACE, "there is no such file", found=str(path), fix=fix) from None
    except OSError as error:
        raise file_error(_PLACE, "cannot be read", error, found=Path(path)) from None
    except ValueError as error:  # a NUL character in the name
        raise InputError(_PLACE, "must be a file name", found=error) from None
    if len(content) > _MOST_BYTES:
        raise InputError(_PLACE, f"must be a list of at most {_MOST_BYTES >> 20} MB", found=str(path))
    return content


def _parse(path: str | Path, content: bytes) -> ReviewedList:
    try:
        texts: Sequence[str] = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise InputError(_PLACE, "must be JSON lines in UTF-8", found=str(path)) from None
    lines = []
    for number, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            lines.append((number, ReviewedLine.model_validate_json(text)))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"][:1]))
            message = f"{where}: {first['msg']}" if where else first["msg"]
            rule = f"line {number} of {Path(path).name} is not valid ({shorten(message, 160)})"
            fix = 'A line is such as {"row": 12, "action": "leave out"}.'
            raise InputError(_PLACE, rule, found=shorten(text.strip()), fix=fix) from None
    return ReviewedList(str(path), tuple(lines))
