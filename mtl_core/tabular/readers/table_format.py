"""What a file format of tables is: how it is called, and a function from the content of a file to cells."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from mtl_core.spec import DataNote
from mtl_core.tabular.readers.encodings import decode

if TYPE_CHECKING:  # the window asks for names and suffixes, and starts without pandas
    import pandas as pd

TOO_NARROW = "A table needs at least two columns: an input and a target."
CellKind = Literal["text", "typed"]


@dataclass(frozen=True, eq=False)
class RawTable:
    """Cells by column, as text or typed; how they were read; a hash of the file."""

    frame: "pd.DataFrame"
    form: str
    digest: str = ""
    notes: tuple[DataNote, ...] = ()
    delimiter: str = ""
    encoding: str = ""


@dataclass(frozen=True, eq=False)
class FileContent:
    """The bytes of a file, and what is stated about them.

    Attributes:
        data: The bytes; not empty.
        name: The name of the file, for its suffix and for messages.
        delimiter: What separates the cells of a text; None for what its content says.
        stated_encoding: The encoding of a text; None for what its content says.
        min_columns: How many columns a table has at least.
        stated_format: The kind of the format, of another package; None for what name and content say.
    """

    data: bytes
    name: str
    delimiter: str | None = None
    stated_encoding: str | None = None
    min_columns: int = 2
    stated_format: str | None = None

    @property
    def text(self) -> str:
        """The bytes as text.

        Raises:
            InputError: They are no text, or not in the stated encoding.
        """
        return self._decoded[0]

    @property
    def encoding(self) -> str:
        """The encoding of the text, as people know it, whether or not there is a byte order mark."""
        return self._decoded[1].removesuffix("-sig")

    @cached_property
    def _decoded(self) -> tuple[str, str]:
        return decode(self.data, self.stated_encoding)

    def has_suffix(self, suffixes: tuple[str, ...]) -> bool:
        """Whether the file's name ends in one of them."""
        return self.name.lower().endswith(suffixes)


@dataclass(frozen=True)
class TableFormat:
    """A file format of tables.

    Attributes:
        title: Its name in messages, in the help and in file dialogs.
        suffixes: How names of its files end, in small letters with the dot.
        cells: Whether its cells are text, whose delimiter, encoding and decimal mark can be stated, or typed.
        read: The table in a file, with the names of its columns as they stand there; None of a file in another format.
            What it imports for that it imports when called, since the window's process loads this module.
        note: What people should know about files of this format, a sentence for the help.
        kind: Its kind in a spec, if another package reads it; else empty.
    """

    title: str
    suffixes: tuple[str, ...]
    cells: CellKind
    read: Callable[[FileContent], RawTable | None]
    note: str = ""
    kind: str = ""
