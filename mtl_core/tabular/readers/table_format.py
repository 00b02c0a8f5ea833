"""A file format of tables: its name, and a function that reads the content of a file."""

from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mtl_core.spec import DataNote
from mtl_core.tabular.readers.encodings import decode

if TYPE_CHECKING:  # the window asks for names and suffixes, and starts without pandas
    import pandas as pd

TOO_NARROW = "A table needs at least two columns: an input and a target."
CellKind = Literal["text", "typed"]


@dataclass(frozen=True)
class UnreadableRow:
    """A row of a file that cannot be read.

    Attributes:
        row: Its number among the rows, from 1.
        reason: Why, as a clause.
    """

    row: int
    reason: str


@dataclass(frozen=True, eq=False)
class RawTable:
    """The cells of a table as a file has them.

    Attributes:
        frame: The cells by column, as text or typed.
        description: How they were read, for people: ``comma-separated text, utf-8``.
        digest: Hash of the file.
        notes: Notes about the file as a whole.
        delimiter: What separates the cells of a text; empty for other files.
        encoding: The encoding of a text; empty for other files.
        sheets: The names of the sheets of a workbook; none of other files.
        sheet: The name of the sheet that was read; empty for other files.
        unreadable: The rows that could not be read, whose cells are empty; only where that is allowed.
    """

    frame: "pd.DataFrame"
    description: str
    digest: str = ""
    notes: tuple[DataNote, ...] = ()
    delimiter: str = ""
    encoding: str = ""
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    unreadable: tuple[UnreadableRow, ...] = ()


@dataclass(frozen=True, eq=False)
class FileContent:
    """The bytes of a file, and what the spec states about them.

    Attributes:
        data: The bytes; not empty.
        name: The name of the file, for its suffix and for messages.
        delimiter: What separates the cells of a text; None infers it from the content.
        stated_encoding: The encoding of a text; None detects it.
        min_columns: Least number of columns of a table.
        stated_format: Kind of a format of another package; None infers the format from name and content.
        header: Whether the first row holds the names of the columns; None finds it by looking.
        sheet: The name of the sheet of a workbook; None takes the first with a table.
        allows_unreadable: Whether a row that cannot be read becomes one of empty cells, instead of an error.
    """

    data: bytes
    name: str
    delimiter: str | None = None
    stated_encoding: str | None = None
    min_columns: int = 2
    stated_format: str | None = None
    header: bool | None = None
    sheet: str | None = None
    allows_unreadable: bool = False

    @property
    def text(self) -> str:
        """The bytes as text.

        Raises:
            InputError: They are not text, or not in the stated encoding.
        """
        return self._text_and_encoding[0]

    @property
    def encoding(self) -> str:
        """The encoding of the text, without the suffix that says that it has a byte order mark."""
        return self._text_and_encoding[1].removesuffix("-sig")

    @property
    def utf8(self) -> bytes:
        """The text in UTF-8, without a byte order mark."""
        is_utf8 = self.encoding == "utf-8" and not self.data.startswith(BOM_UTF8)
        return self.data if is_utf8 else self.text.encode("utf-8", "replace")

    @cached_property
    def _text_and_encoding(self) -> tuple[str, str]:
        return decode(self.data, self.stated_encoding)

    def has_suffix(self, suffixes: tuple[str, ...]) -> bool:
        """Whether the file's name ends in one of them."""
        return self.name.lower().endswith(suffixes)


@dataclass(frozen=True, eq=False)
class Excerpt:
    """Some rows of a large file as a small file of the same format, the first ones first.

    Attributes:
        data: The bytes of the small file.
        share: The share of the rows that it has, above 0.
    """

    data: bytes
    share: float


@dataclass(frozen=True)
class TableFormat:
    """A file format of tables.

    Attributes:
        title: Its name in messages, in the help and in file dialogs.
        suffixes: How names of its files end, in small letters with the dot.
        cells: Whether its cells are typed, or text, whose delimiter, encoding and decimal mark can be stated.
        read: Reads the table in a file, with the names of its columns as they are; None of a file in another format.
            It imports libraries when it is called, since the window's process loads this module.
        note: A sentence for the help about files of this format.
        kind: Its kind in a spec if another package reads it, else empty.
        excerpt: Takes some rows out of a file without reading all of it; None of a file in another format, and of one
            that is read at once or from which no rows can be taken. A typed format may have one.
    """

    title: str
    suffixes: tuple[str, ...]
    cells: CellKind
    read: Callable[[FileContent], RawTable | None]
    note: str = ""
    kind: str = ""
    excerpt: Callable[[Path], Excerpt | None] = lambda path: None
