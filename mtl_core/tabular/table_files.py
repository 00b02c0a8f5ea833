"""Tables of plain cells as files: CSV, Excel or Parquet by the suffix, or Arrow, of which any row is read at once."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from mtl_core.csv_file import format_numbers, write_csv
from mtl_core.errors import EnvironmentFault, InputError, file_error
from mtl_core.files import atomic_write
from mtl_core.tabular.arrow import arrow, parquet

Rows = Iterable[Sequence[Any]]
TABLE_TITLES = {".csv": "CSV", ".xlsx": "Excel", ".parquet": "Parquet"}
"""The formats that are written, by suffix."""
_ROWS_AT_ONCE = 4096
_EXCEL_ROWS, _EXCEL_COLUMNS = 2**20, 2**14
_EXCEL_TEXT = 32_767
"""Most characters of a cell in Excel."""


def write_table(path: Path, header: Sequence[str], rows: Rows) -> int:
    """Write a table, atomically, in the format of its suffix; any other suffix is CSV.

    Args:
        path: The file.
        header: Names of the columns.
        rows: Texts, numbers, and ``""`` or None for missing cells; a column has either texts or numbers.

    Returns:
        The number of rows.

    Raises:
        InputError: The path is no file name, or Excel has no room for so many rows or columns.
        EnvironmentFault: The file cannot be written, or the extra for Excel is not installed.
    """
    write = _WRITERS.get(path.suffix.lower(), _write_csv)
    return write(path, header, rows)


def check_table_file(path: Path) -> None:
    """Check that tables can be written in the format of a file's suffix, before work begins.

    Raises:
        EnvironmentFault: It is Excel, and the extra is not installed.
    """
    if path.suffix.lower() == ".xlsx":
        _xlsxwriter()


def _write_csv(path: Path, header: Sequence[str], rows: Rows) -> int:
    blank = (["" if cell is None else cell for cell in row] for row in rows)
    return write_csv(path, header, map(format_numbers, blank))


def _write_parquet(path: Path, header: Sequence[str], rows: Rows) -> int:
    table = _arrow_table(header, rows)
    with atomic_write(path) as new:
        parquet().write_table(table, new, compression="zstd")
    return int(table.num_rows)


def _write_excel(path: Path, header: Sequence[str], rows: Rows) -> int:
    if len(header) > _EXCEL_COLUMNS:
        fix = "Write CSV or Parquet."
        raise InputError(str(path), f"Excel has room for {_EXCEL_COLUMNS} columns", found=len(header), fix=fix)
    library, count = _xlsxwriter(), 0
    # Texts stay texts, whatever they look like, and a number that is not finite is one too.
    options = {"constant_memory": True, "strings_to_urls": False, "nan_inf_to_errors": True}
    with atomic_write(path) as new, library.Workbook(str(new), options) as book:
        sheet = book.add_worksheet("predictions")
        sheet.freeze_panes(1, 1)
        bold = book.add_format({"bold": True})
        for column, name in enumerate(header):
            sheet.write_string(0, column, name[:_EXCEL_TEXT], bold)
        for row in rows:
            count += 1
            if count >= _EXCEL_ROWS:
                rule = f"Excel has room for {_EXCEL_ROWS - 1} rows below the names"
                raise InputError(str(path), rule, fix="Write CSV or Parquet.")
            _write_excel_row(sheet, count, row)
    return count


def _write_excel_row(sheet: Any, number: int, row: Sequence[Any]) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, str):
            if cell:
                sheet.write_string(number, column, cell[:_EXCEL_TEXT])
        elif cell is not None:
            sheet.write_number(number, column, cell)


def _xlsxwriter() -> Any:
    """The module ``xlsxwriter``, which the extra ``excel`` brings."""
    try:
        return import_module("xlsxwriter")
    except ImportError as error:
        fix = 'Install it with: pip install "mtl-workbench[excel]". CSV and Parquet need nothing.'
        raise EnvironmentFault(
            "xlsxwriter", "needs the extra excel, which is not installed", found=error, fix=fix
        ) from None


_WRITERS: dict[str, Callable[[Path, Sequence[str], Rows], int]] = {
    ".csv": _write_csv,
    ".xlsx": _write_excel,
    ".parquet": _write_parquet,
}


def _arrow_table(header: Sequence[str], rows: Rows) -> Any:
    """A table of Arrow, with null for missing cells; a column without any value is one of texts."""
    pa, remaining = arrow(), iter(rows)
    parts = []
    while batch := list(islice(remaining, _ROWS_AT_ONCE)):
        columns = [pa.array([None if cell == "" else cell for cell in column]) for column in zip(*batch, strict=True)]
        parts.append(pa.Table.from_arrays(columns, names=list(header)))
    if not parts:
        return pa.Table.from_arrays([pa.array([], pa.string()) for _ in header], names=list(header))
    table = pa.concat_tables(parts, promote_options="permissive")
    for index, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            table = table.set_column(index, field.name, pa.nulls(table.num_rows, pa.string()))
    return table


def store_table(path: Path, header: Sequence[str], rows: Rows) -> int:
    """Write a table as Arrow for :class:`StoredTable`, atomically; returns its number of rows.

    Raises:
        EnvironmentFault: The file cannot be written.
    """
    table = _arrow_table(header, rows)
    with atomic_write(path, durable=False) as new, arrow().ipc.new_file(str(new), table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=_ROWS_AT_ONCE)
    return int(table.num_rows)


class StoredTable:
    """A table that :func:`store_table` wrote, mapped into memory; any row is read without those before it.

    Args:
        path: The file.

    Raises:
        EnvironmentFault: It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        pa = arrow()
        try:
            self._file = pa.ipc.open_file(pa.memory_map(str(path)))
        except OSError as error:
            raise file_error(path, "cannot be read", error) from None
        self.header: tuple[str, ...] = tuple(self._file.schema.names)
        self._batches = [self._file.get_batch(index) for index in range(self._file.num_record_batches)]
        self._starts = [0]
        for batch in self._batches:
            self._starts.append(self._starts[-1] + batch.num_rows)

    def __len__(self) -> int:
        return self._starts[-1]

    def cell(self, row: int, column: int) -> Any:
        """A text, a number, or None for a missing cell."""
        index = bisect_right(self._starts, row) - 1
        return self._batches[index].column(column)[row - self._starts[index]].as_py()

    def rows(self) -> Iterator[list[Any]]:
        """Iterate over the rows."""
        for batch in self._batches:
            yield from map(list, zip(*(column.to_pylist() for column in batch.columns), strict=True))
