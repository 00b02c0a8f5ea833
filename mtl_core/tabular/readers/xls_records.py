"""Check the records of a workbook in xls before its reader runs: how large its sheets become.

The reader allocates the whole rectangle of every sheet, from its first cell to its last, and what counts and dimensions
in the file claim, and ends the process where that does not fit into memory. A sheet in xls has at most 65536 rows and
256 columns; a forged record can name column 65535.
"""

import struct
from collections.abc import Iterator

from mtl_core.spec import InputError
from mtl_core.tabular.readers.compound_file import CompoundFile, DamagedFileError
from mtl_core.tabular.readers.workbook_archive import MAX_CELLS, check_rectangle, too_large_error

MAX_CELLS_OF_ALL_SHEETS = 100_000_000
"""Most cells of the rectangles of all sheets together, which the reader reads at once."""
_STREAMS = ("Workbook", "Book")
_BEGIN, _END = 0x809, 0x0A
_SHEET, _STRINGS, _DIMENSIONS, _MULTIPLE_NUMBERS = 0x85, 0xFC, 0x200, 0xBD
_CELLS = frozenset((0x06, 0xBD, 0xFD, 0x203, 0x204, 0x205, 0x27E))
"""Formula, several numbers of a row, shared text, number, text, truth value or error, rounded number."""
_LEAST_BYTES_OF_TEXT = 3
_WRAP = 1 << 32
_PAIR = struct.Struct("<HH")
"""Kind and size of a record; row and column of a cell."""


def check_xls(data: bytes, name: str) -> None:
    """Refuse a compound file whose workbook would not fit into memory; one that holds no workbook passes.

    Args:
        data: The bytes of the file.
        name: The name of the file, for messages.

    Raises:
        InputError: It is damaged, or larger than can be read.
    """
    try:
        for stream in CompoundFile(data).streams(_STREAMS):
            _check_stream(stream, name)
    except DamagedFileError as error:
        raise InputError("dataset.path", f"is not a whole workbook ({error})", found=name) from None


def _check_stream(stream: bytes, name: str) -> None:
    positions = []
    for kind, start, size in _records(stream, 0):
        if kind == _SHEET and size >= 4:
            positions.append(_number(stream, start, 4))
        elif kind == _STRINGS and size >= 8 and _number(stream, start + 4, 4) * _LEAST_BYTES_OF_TEXT > len(stream):
            raise DamagedFileError("it counts more texts than it has")
    sizes = {position: _sheet_cells(stream, position, name) for position in set(positions)}
    if (cells := sum(sizes[position] for position in positions)) > MAX_CELLS_OF_ALL_SHEETS:
        raise too_large_error(name, f"has sheets of {cells} cells, more than {MAX_CELLS_OF_ALL_SHEETS} together")


def _records(stream: bytes, position: int) -> Iterator[tuple[int, int, int]]:
    """Kind, start and size of the records from a position to the end of the substream that begins there."""
    depth = 0
    while position + 4 <= len(stream):
        kind, size = _PAIR.unpack_from(stream, position)
        position += 4
        if position + size > len(stream):
            return
        yield kind, position, size
        depth += (kind == _BEGIN) - (kind == _END)
        if kind == _END and depth <= 0:
            return
        position += size


def _sheet_cells(stream: bytes, position: int, name: str) -> int:
    """How many cells the rectangle around the cells of a sheet has."""
    rows: set[int] = set()
    columns: set[int] = set()
    for kind, start, size in _records(stream, position):
        if kind in _CELLS and size >= 6:
            row, column = _PAIR.unpack_from(stream, start)
            rows.add(row)
            columns.add(column)
            if kind == _MULTIPLE_NUMBERS:
                columns.add(column + (size - 6) // 6 - 1)
        elif kind == _DIMENSIONS:
            _check_dimensions(stream[start : start + size], name)
    if not rows:
        return 0
    corners = (min(rows) + 1, min(columns) + 1), (max(rows) + 1, max(columns) + 1)
    return check_rectangle(iter(corners), name)


def _check_dimensions(record: bytes, name: str) -> None:
    """Refuse dimensions for which the reader would reserve too much; it computes with 32 bits."""
    width = {10: 2, 14: 4}.get(len(record))
    if width is None:
        return
    first_row, last_row = _number(record, 0, width), _number(record, width, width)
    first_column, last_column = _number(record, 2 * width, 2), _number(record, 2 * width + 2, 2)
    if last_row and last_column:
        rows, columns = (last_row - first_row) % _WRAP, (last_column - first_column) % _WRAP
        if rows * columns > MAX_CELLS:
            raise too_large_error(name, f"claims {rows} rows and {columns} columns, more than {MAX_CELLS} cells")


def _number(content: bytes, start: int, width: int) -> int:
    return int.from_bytes(content[start : start + width], "little")
