"""A large table is shown by some of its rows before it is read whole."""

from pathlib import Path

import pandas as pd
import pytest

from mtl_core.datasets.description import describe, describe_sample
from mtl_core.spec import TableDataset
from mtl_core.tabular.readers import sample
from mtl_core.tabular.readers.sample import TableSample, read_sample
from mtl_core.tabular.readers.table_format import FileContent

ROWS = 3000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes are a large file."""
    for name, size in (("MIN_BYTES", 1 << 12), ("_HEAD", 1 << 12), ("_CHUNK", 1 << 9)):
        monkeypatch.setattr(sample, name, size)


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


def test_other_formats_small_files_and_broken_ones_have_none(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_parquet(tmp_path / "a.parquet")
    assert read_sample(tmp_path / "a.parquet", FileContent(b"", "a.parquet")) is None
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
