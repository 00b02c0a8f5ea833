"""All file formats of tables, for whoever offers, names or reads them.

A format is a module with a :class:`~mtl_core.tabular.readers.table_format.TableFormat` called ``FORMAT``, and its line
in ``FORMATS``.
"""

from pathlib import PurePath

from mtl_core.tabular.readers import arrow_ipc, delimited_text, json_document, json_lines, parquet, workbook
from mtl_core.tabular.readers.table_format import TableFormat

FORMATS: tuple[TableFormat, ...] = (
    delimited_text.FORMAT,
    workbook.FORMAT,
    parquet.FORMAT,
    arrow_ipc.FORMAT,
    json_document.FORMAT,
    json_lines.FORMAT,
)
"""In the order in which they are named."""

RECOGNITION_ORDER = (
    *(table_format for table_format in FORMATS if table_format.cells == "typed"),
    *(table_format for table_format in reversed(FORMATS) if table_format.cells == "text"),
)
"""In which formats are tried: those that a few bytes tell apart first, delimited text last, which any text may be."""

SUFFIXES = tuple(suffix for table_format in FORMATS for suffix in table_format.suffixes)
"""How the names of table files end."""


def format_of_name(name: str | PurePath) -> TableFormat | None:
    """The format that a file's name speaks for."""
    suffix = PurePath(name).suffix.lower()
    return next((table_format for table_format in FORMATS if suffix in table_format.suffixes), None)


def format_titles() -> str:
    """The formats' titles in a sentence: ``CSV, Parquet or JSON``."""
    *titles, last = (table_format.title for table_format in FORMATS)
    return f"{', '.join(titles)} or {last}"
