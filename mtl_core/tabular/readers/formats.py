"""All file formats of tables, for whoever offers, names or reads them.

A format is a module with a :class:`~mtl_core.tabular.readers.table_format.TableFormat` called ``FORMAT``, its line in
``FORMATS`` and its suffixes in :data:`mtl_core.spec.data.readers.TABLE_SUFFIXES`; or a reader of another installed
package.
"""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from mtl_core.spec.data.readers import READER_PLUGINS
from mtl_core.tabular.readers import (
    arrow_ipc,
    conll,
    delimited_text,
    json_document,
    json_lines,
    parquet,
    plugin,
    workbook,
)
from mtl_core.tabular.readers.table_format import TableFormat

FORMATS: tuple[TableFormat, ...] = (
    delimited_text.FORMAT,
    workbook.FORMAT,
    parquet.FORMAT,
    arrow_ipc.FORMAT,
    conll.FORMAT,
    json_document.FORMAT,
    json_lines.FORMAT,
    *map(plugin.table_format, READER_PLUGINS.values()),
)
"""In the order in which they are named."""

RECOGNITION_ORDER = (
    *(table_format for table_format in FORMATS if table_format.cells == "typed" and not table_format.kind),
    *(table_format for table_format in FORMATS if table_format.kind),
    *(table_format for table_format in reversed(FORMATS) if table_format.cells == "text" and not table_format.kind),
)
"""The order in which formats are tried: those with a signature first, then those of other packages, which go by the
name of the file, and delimited text last, since any text may be it."""

SUFFIXES = tuple(suffix for table_format in FORMATS for suffix in table_format.suffixes)
"""How the names of table files end."""


def format_of_name(name: str | PurePath) -> TableFormat | None:
    """The format that a file's name speaks for."""
    suffix = PurePath(name).suffix.lower()
    return next((table_format for table_format in FORMATS if suffix in table_format.suffixes), None)


def format_of_dataset(dataset: Mapping[str, Any]) -> TableFormat | None:
    """The format that the spec data of a table states, or else the name of its file speaks for."""
    if kind := dataset.get("format"):
        return next((table_format for table_format in FORMATS if table_format.kind == kind), None)
    return format_of_name(str(dataset.get("path", "")))


def format_titles() -> str:
    """The formats' titles in a sentence: ``CSV, Parquet or JSON``."""
    *titles, last = (table_format.title for table_format in FORMATS)
    return f"{', '.join(titles)} or {last}"
