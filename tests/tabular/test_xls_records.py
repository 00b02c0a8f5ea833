"""Forged ``.xls`` workbooks are refused before the reader allocates what they claim."""

import contextlib
import struct

import numpy as np
import pytest

from mtl_core.spec import InputError
from mtl_core.tabular.readers import xls_records
from mtl_core.tabular.readers.table_file import read_bytes
from tests.workbooks import Cell, old_record, old_workbook

CELLS: dict[tuple[int, int], Cell] = {(0, 0): "a", (0, 1): "b", (1, 0): 1.5, (1, 1): 2.0}
SECTOR = 512


def with_numbers(data: bytes, offset: int, *numbers: int) -> bytes:
    """The file with 32-bit numbers written over those at an offset."""
    content = bytearray(data)
    struct.pack_into(f"<{len(numbers)}I", content, offset, *numbers)
    return bytes(content)


def refuse(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_bytes(data, "a.xls")
    assert caught.value.problem.path == "dataset.path"
    assert caught.value.problem.found == "a.xls"


def test_a_cell_in_a_column_that_no_sheet_has_is_refused_where_the_sheet_would_fill_the_memory() -> None:
    refuse(old_workbook({**CELLS, (65535, 65535): 3.0}), "has a sheet of 65536 rows and 65536 columns, more than")


def test_several_numbers_in_one_record_count_to_the_last() -> None:
    numbers = old_record(0xBD, struct.pack("<HH", 65535, 1) + bytes(6 * 600) + struct.pack("<H", 600))
    refuse(old_workbook(CELLS, sheet_records=numbers), "has a sheet of 65536 rows and 601 columns")


def test_a_far_column_in_a_short_sheet_is_read() -> None:
    frame = read_bytes(old_workbook({**CELLS, (0, 300): "c", (1, 300): 3.0}), "a.xls").frame
    assert frame.to_dict("list") == {"a": [1.5], "b": [2.0], "c": [3.0]}


@pytest.mark.parametrize(
    "dimensions",
    [
        struct.pack("<IIHHH", 0, 0xFFFFFFFF, 0, 0xFFFF, 0),
        struct.pack("<IIHHH", 5, 1, 0, 256, 0),
        struct.pack("<HHHHH", 0, 0xFFFF, 0, 0xFFFF, 0),
    ],
)
def test_dimensions_that_would_fill_the_memory_are_refused(dimensions: bytes) -> None:
    refuse(old_workbook(CELLS, sheet_records=old_record(0x200, dimensions)), r"claims \d+ rows and \d+ columns")


@pytest.mark.parametrize("dimensions", [(0, 65536, 0, 256, 0), (0, 0, 0, 0, 0), (3, 3, 0, 2, 0)])
def test_dimensions_that_a_sheet_may_have_are_passed(dimensions: tuple[int, ...]) -> None:
    data = old_workbook(CELLS, sheet_records=old_record(0x200, struct.pack("<IIHHH", *dimensions)))
    assert len(read_bytes(data, "a.xls").frame) == 1


def test_sheets_that_fill_the_memory_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xls_records, "MAX_CELLS_OF_ALL_SHEETS", 11)
    assert len(read_bytes(old_workbook(CELLS, sheets=2), "a.xls").frame) == 1
    refuse(old_workbook(CELLS, sheets=3), "has sheets of 12 cells, more than 11 together")


def test_more_shared_texts_than_the_file_has_room_for_are_refused() -> None:
    refuse(old_workbook(CELLS, book_records=old_record(0xFC, struct.pack("<II", 1, 1 << 30))), "counts more texts")


@pytest.mark.parametrize("offset", [44, 64, 72])
def test_more_sectors_than_the_file_has_are_refused(offset: int) -> None:
    refuse(with_numbers(old_workbook(CELLS), offset, 1 << 28), "names more sectors than there are")


def test_a_directory_or_an_allocation_table_without_end_is_refused() -> None:
    data = old_workbook(CELLS)
    refuse(with_numbers(data, SECTOR + 4, 1), "its directory does not end")
    endless = with_numbers(data, 68, 2, 1)
    refuse(with_numbers(endless, 3 * SECTOR, *([0] * 127), 2), "its allocation table")


def test_a_stream_that_is_longer_than_the_file_or_leads_outside_it_is_refused() -> None:
    data, entry = old_workbook(CELLS), 2 * SECTOR + 128
    refuse(with_numbers(data, entry + 120, 1 << 31), "stream Workbook is longer than the file")
    refuse(with_numbers(data, entry + 116, 5000), "leads outside the file")
    refuse(with_numbers(data, entry + 116, 2, 100), "stream Workbook leads outside the file")


def test_damaged_bytes_give_a_table_or_one_error() -> None:
    rng = np.random.default_rng(0)
    data = old_workbook(CELLS)
    for _ in range(200):
        damaged = bytearray(data)
        for place in rng.integers(8, 4 * SECTOR, 3):
            damaged[int(place)] = int(rng.choice([0, 1, 255, int(rng.integers(256))]))
        with contextlib.suppress(InputError):  # any other exception, or a crash, fails
            assert len(read_bytes(bytes(damaged), "a.xls").frame.columns) >= 2
