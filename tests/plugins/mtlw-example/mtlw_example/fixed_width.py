"""The reader of the table format."""

import io

import pandas as pd

from mtl_core.errors import InputError
from mtl_core.tabular.readers.table_format import FileContent, RawTable


def read(file: FileContent) -> RawTable | None:
    """The table in a file; each cell is text, as in a CSV file."""
    try:
        frame = pd.read_fwf(io.StringIO(file.text), dtype=object, keep_default_na=False)
    except (ValueError, pd.errors.ParserError) as error:
        raise InputError("dataset.path", f"is no fixed-width text ({error})", found=file.name) from None
    return RawTable(frame, f"fixed-width text, {file.encoding}", encoding=file.encoding)
