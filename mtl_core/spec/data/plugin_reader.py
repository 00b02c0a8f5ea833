"""What a table format of another package inherits."""

from pathlib import PurePath
from typing import ClassVar, Literal

from mtl_core.spec.base import Spec


class PluginReader(Spec):
    """A file format of tables that another package reads.

    Attributes:
        builder: The module whose ``read(file)`` returns the table in a
            :class:`mtl_core.tabular.readers.table_format.FileContent`, a ``RawTable`` of the same module; None if the
            file has another format. It is imported where data is read.
        suffixes: The ends of the names of its files, in lower case with the dot. Files with one of them are read by
            it; others if ``dataset.format`` says so.
        cells: Whether its cells are ``text``, whose delimiter, encoding and decimal mark can be stated, or ``typed``.
    """

    builder: ClassVar[str] = ""
    suffixes: ClassVar[tuple[str, ...]] = ()
    cells: ClassVar[Literal["text", "typed"]] = "typed"

    @classmethod
    def reads_name(cls, path: str) -> bool:
        """Whether a file's name ends in one of the suffixes."""
        return PurePath(path.replace("\\", "/")).name.lower().endswith(cls.suffixes)
