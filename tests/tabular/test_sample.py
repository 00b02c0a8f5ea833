"""A large table is shown by some of its rows before it is read whole.

Covers: mtl_core/tabular/readers/workbook_excerpt.py.
"""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from mtl_core.datasets.description import describe, describe_sample
from mtl_core.spec import TableDataset
from mtl_core.tabular.readers import arrow_ipc, parquet, sample, workbook_excerpt
from mtl_core.tabular.readers.sample import TableSample, read_sample
from mtl_core.tabular.readers.table_format import FileContent
from tests.table_files import WRITERS

ROWS = 3000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes are a large file."""
    for name, size in (("MIN_BYTES", 1 << 12), ("_HEAD", 1 << 12), ("_CHUNK", 1 << 9)):
        monkeypatch.setattr(sample, name, size)
    for module in (parquet, arrow_ipc, workbook_excerpt):
        monkeypatch.setattr(module, "_MIN_BYTES", 1 << 10)
    for module in (parquet, arrow_ipc):
        monkeypatch.setattr(module, "_HEAD_ROWS", 200)
    monkeypatch.setattr(parquet, "_GROUP_ROWS", 50)
    monkeypatch.setattr(arrow_ipc, "_BATCH_ROWS", 50)
    monkeypatch.setattr(workbook_excerpt, "_HEAD", 1 << 15)


@pytest.fixture
def frame() -> pd.DataFrame:
    city = [("Seoul", "Busan", "Jeju-do")[i % 3] for i in range(ROWS)]
    return pd.DataFrame({"x": [i / 8 for i in range(ROWS)], "city": city, "y": [i % 7 for i in range(ROWS)]})


def read(path: Path, content: bytes) -> TableSample | None:
    path.write_bytes(content)
    return read_sample(path, FileContent(b"", path.name))


def assert_sample(found: TableSample | None, frame: pd.DataFrame) -> None:
    assert found is not None
    rows = found.table.frame
    assert rows.columns.tolist() == frame.columns.tolist()
    assert 100 < len(rows) < ROWS
    assert rows["x"].astype(float).tolist()[:100] == frame["x"].tolist()[:100]
    assert set(rows["x"].astype(float)) <= set(frame["x"])
    assert ROWS * 0.7 < found.total_rows < ROWS * 1.3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp949"])
def test_the_sample_of_a_text_has_whole_rows_the_first_ones_first(
    frame: pd.DataFrame, tmp_path: Path, encoding: str
) -> None:
    text = frame.assign(city="서울").to_csv(index=False)
    assert_sample(read(tmp_path / "a.csv", text.encode(encoding)), frame)


def test_rows_of_texts_with_quotation_marks_end_outside_them(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame["city"] += "\nand, more"
    assert_sample(read(tmp_path / "a.csv", frame.to_csv(index=False).encode()), frame)


def test_json_lines_have_a_sample(frame: pd.DataFrame, tmp_path: Path) -> None:
    assert_sample(read(tmp_path / "a.jsonl", frame.to_json(orient="records", lines=True).encode()), frame)


@pytest.mark.parametrize("group_rows", [500, 5000])
def test_a_parquet_file_has_one_of_its_row_groups(frame: pd.DataFrame, tmp_path: Path, group_rows: int) -> None:
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=group_rows)
    found = read_sample(tmp_path / "a.parquet", FileContent(b"", "a.parquet"))
    assert_sample(found, frame)
    assert found is not None
    assert found.total_rows == ROWS
    assert len(found.table.frame) == (450 if group_rows == 500 else 200)


@pytest.mark.parametrize(("stream", "batch_rows"), [(False, 500), (False, 5000), (True, 500)])
def test_an_arrow_file_or_stream_has_one_of_its_record_batches(
    frame: pd.DataFrame, tmp_path: Path, stream: bool, batch_rows: int
) -> None:
    table = pa.Table.from_pandas(frame)
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=batch_rows)
    found = read_sample(tmp_path / "a.arrow", FileContent(b"", "a.arrow"))
    assert_sample(found, frame)
    assert found is not None
    assert len(found.table.frame) == (450 if batch_rows == 500 and not stream else 200)


def test_a_workbook_has_one_of_the_rows_at_the_top_of_its_sheet(frame: pd.DataFrame, tmp_path: Path) -> None:
    content = WRITERS["Excel"](frame)
    assert_sample(read(tmp_path / "a.xlsx", content), frame)
    assert read(tmp_path / "a.xlsx", content[:-100]) is None
    (tmp_path / "a.xlsx").write_bytes(content)
    sheet = FileContent(b"", "a.xlsx", sheet="Other")  # which there is not: reading all tells
    assert read_sample(tmp_path / "a.xlsx", sheet) is None


def test_other_formats_small_files_and_broken_ones_have_none(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame[:9].to_parquet(tmp_path / "a.parquet", compression="none")
    assert read(tmp_path / "b.parquet", (tmp_path / "a.parquet").read_bytes()[:-4] + b"x" * 2000) is None
    assert read(tmp_path / "a.arrow", b"ARROW1\0\0" + b"x" * 2000) is None
    assert read(tmp_path / "a.json", frame.to_json(orient="records").encode()) is None
    assert read(tmp_path / "a.csv", b"a,b\n1,2\n") is None
    assert read(tmp_path / "a.csv", b"a,b\n" + b"1,2,3\n" * 2000) is None
    assert read(tmp_path / "a.csv", b"x" * 10_000) is None
    assert read_sample(tmp_path / "none.csv", FileContent(b"", "none.csv")) is None


def test_a_sample_is_described_until_the_data_are(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_csv(tmp_path / "a.csv", index=False)
    dataset = TableDataset(path=str(tmp_path / "a.csv"))
    info = describe_sample(dataset)
    assert info is not None
    whole = describe(dataset)
    assert [column.type for column in info.columns] == [column.type for column in whole.columns]
    assert info.preview == whole.preview
    assert 0 < info.sample < info.rows
    assert "first" in info.notes[0].what
    assert (whole.sample, whole.rows) == (0, ROWS)
    assert describe_sample(dataset) is None
