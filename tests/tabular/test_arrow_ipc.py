"""Arrow and Feather files."""

import contextlib
import io
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, ipc

from mtl_core.spec import InputError
from mtl_core.tabular.readers.table_file import read_bytes

Writer = Callable[[pa.Table], bytes]


def file_bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def stream_bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def feather_bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    feather.write_feather(table, sink, compression="lz4")
    return sink.getvalue()


@pytest.fixture
def table() -> pa.Table:
    return pa.table(
        {
            "area": [84.5, None, 59.9],
            "rooms": [3, 2, 1],
            "city": pa.array(["서울", None, "부산"]).dictionary_encode(),
            "sold": [True, False, None],
            "built": pa.array([0, 86_400_000, None], pa.timestamp("ms")),
        }
    )


@pytest.mark.parametrize("write", [file_bytes, stream_bytes, feather_bytes])
def test_every_kind_of_arrow_file_gives_the_columns_of_its_table(write: Writer, table: pa.Table) -> None:
    raw = read_bytes(write(table), "homes.arrow")
    assert raw.description == "Arrow"
    pd.testing.assert_frame_equal(raw.frame, table.to_pandas())


def test_an_arrow_file_is_recognized_whatever_its_name(table: pa.Table) -> None:
    assert read_bytes(feather_bytes(table), "homes.csv").description == "Arrow"


def test_the_index_that_pandas_writes_is_a_column(table: pa.Table) -> None:
    sink = io.BytesIO()
    table.to_pandas().to_feather(sink)
    assert list(read_bytes(sink.getvalue(), "a.feather").frame.columns) == table.column_names


@pytest.mark.parametrize("write", [file_bytes, stream_bytes, feather_bytes])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_refused(write: Writer, share: float, table: pa.Table) -> None:
    data = write(table)
    with pytest.raises(InputError, match=r"dataset.path: is not a whole Arrow file .*found a\.arrow"):
        read_bytes(data[: int(len(data) * share)], "a.arrow")


@pytest.mark.parametrize("write", [file_bytes, stream_bytes, feather_bytes])
def test_damaged_bytes_give_a_table_or_one_error(write: Writer, table: pa.Table) -> None:
    rng = np.random.default_rng(0)
    data = write(table)
    for _ in range(60):
        damaged = bytearray(data)
        damaged[int(rng.integers(8, len(data)))] ^= int(rng.integers(1, 256))
        with contextlib.suppress(InputError):  # any other exception, or a crash, fails
            assert len(read_bytes(bytes(damaged), "a.arrow").frame.columns) >= 2


def test_two_columns_of_one_name_are_refused() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", " a"])
    with pytest.raises(InputError, match="a name of its own"):
        read_bytes(file_bytes(table), "a.arrow")


def test_text_with_the_suffix_of_arrow_is_refused() -> None:
    with pytest.raises(InputError, match="is not a whole Arrow file"):
        read_bytes(b"a,b\n1,2\n", "a.feather")


def test_the_first_version_of_feather_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="is Feather of version 1"):
        read_bytes(b"FEA1" + bytes(60), "a.feather")
