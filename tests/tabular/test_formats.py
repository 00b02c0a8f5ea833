"""Formats of tables: which reader a file gets, and what each reads.

Covers: mtl_core/tabular/readers/, mtl_core/tabular/cache.py, mtl_core/tabular/arrow.py.
"""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from mtl_core.spec import InputError
from mtl_core.spec.data.readers import TABLE_SUFFIXES
from mtl_core.tabular.readers.formats import FORMATS, RECOGNITION_ORDER, SUFFIXES, format_of_name, format_titles
from mtl_core.tabular.readers.table_file import read_bytes
from mtl_core.tabular.readers.table_format import FileContent, TableFormat
from tests.table_files import WRITERS

HELP = (Path(__file__).parents[2] / "resources" / "help" / "data.md").read_text(encoding="utf-8")


def test_no_two_formats_share_a_title_or_a_suffix() -> None:
    assert len(set(SUFFIXES)) == len(SUFFIXES)
    assert len({table_format.title for table_format in FORMATS}) == len(FORMATS)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in SUFFIXES)


def test_the_suffixes_that_no_other_package_may_take_are_those_of_all_formats() -> None:
    assert TABLE_SUFFIXES == SUFFIXES


def test_every_format_is_tried_and_delimited_text_last() -> None:
    assert set(RECOGNITION_ORDER) == set(FORMATS)
    assert RECOGNITION_ORDER[-1].title == "CSV"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_is_named_by_its_suffix_in_any_case(suffix: str) -> None:
    table_format = format_of_name(f"/x/Homes.v2{suffix.upper()}")
    assert table_format is not None
    assert suffix in table_format.suffixes


def test_a_name_without_a_known_suffix_is_of_no_format() -> None:
    assert format_of_name("homes") is None
    assert format_of_name("homes.png") is None


def test_the_refusal_of_other_files_names_every_format() -> None:
    with pytest.raises(InputError) as refused:
        read_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200), "a.csv")
    assert format_titles() in str(refused.value)
    assert all(table_format.title in str(refused.value) for table_format in FORMATS)


def test_the_help_lists_the_formats_by_asking_for_them() -> None:
    assert "{{formats}}" in HELP


def test_a_writer_of_each_format_stands_among_the_tests() -> None:
    assert set(WRITERS) == {table_format.title for table_format in FORMATS}


@pytest.mark.parametrize("table_format", FORMATS, ids=lambda one: one.title)
def test_a_format_is_recognized_by_the_content_of_a_file(table_format: TableFormat) -> None:
    frame = pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]})
    data = WRITERS[table_format.title](frame)
    taken = next(one for one in RECOGNITION_ORDER if one.read(FileContent(data, "a.bin")) is not None)
    assert taken is table_format


def test_naming_the_formats_loads_none_of_the_readers() -> None:
    code = (
        "import sys, mtl_core.tabular.readers.formats; "
        "print([m for m in ('pandas', 'numpy', 'pyarrow', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
