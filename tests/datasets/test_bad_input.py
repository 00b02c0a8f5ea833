"""Data that cannot be used is one error that names the place, the rule, what was found and what to do."""

import json
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from mtl_core.datasets.description import describe
from mtl_core.datasets.preparation import load
from mtl_core.errors import EnvironmentFault
from mtl_core.spec import (
    BinaryTask,
    BundledDataset,
    InputError,
    MulticlassTask,
    RegressionTask,
    StratifiedSplit,
    TableDataset,
    Task,
)

PRICE = RegressionTask(name="price", target="가격")

WriteTable = Callable[..., str]


@pytest.mark.parametrize(
    ("content", "name", "rule"),
    [
        (b"", "a.csv", "the file is empty"),
        (b" \n\n ", "a.csv", "the file is empty"),
        (b"\xef\xbb\xbf", "a.csv", "is empty|only one column"),
        (b"a\n1\n2\n", "a.csv", "has only one column; found a. Cells are separated by"),
        (b"a,b\n", "a.csv", "has column names and no rows; found a, b"),
        (b"a,b,a\n1,2,3\n", "a.csv", "each column needs a name of its own; found 'a' 2 times"),
        (b"a, a \n1,2\n", "a.csv", "each column needs a name of its own"),
        (b"a,b\n1,2\n1,2,3\n", "a.csv", "line 3 has 3 cells, the header has 2. It was read as separated by comma"),
        (b'a,b\n1,"2\n3,4\n', "a.csv", "a quotation mark is opened and never closed"),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200),
            "a.csv",
            "must be CSV, .*Parquet, .*JSON or JSON lines; found binary",
        ),
        (b"PK\x03\x04" + bytes(200), "a.xlsx", "is not a whole workbook .*found a.xlsx"),
        (b"a,b\n1,2\n", "a.parquet", "is not a whole Parquet file"),
        (b"PAR1" + bytes(50), "a.csv", "is not a whole Parquet file"),
    ],
)
def test_a_file_that_is_no_table_is_refused(write: WriteTable, content: bytes, name: str, rule: str) -> None:
    with pytest.raises(InputError, match=f"^dataset.path: .*({rule})"):
        describe(TableDataset(path=write(content, name)))


def test_a_truncated_parquet_file_is_refused(tmp_path: Path, homes: pd.DataFrame) -> None:
    path = tmp_path / "a.parquet"
    homes.assign(면적=1.0, 방=1, 가격=1.0).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"not a whole Parquet file"):
        describe(TableDataset(path=str(path)))


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("missing.csv", "there is no such file; found .*missing.csv"),
        ("", "must be a file, it is a folder; found .*. Choose a file in it"),
        ("x" * 5000, "cannot be read"),
        ("a\0b", "cannot be read"),
    ],
)
def test_a_path_without_a_file_is_refused(tmp_path: Path, path: str, rule: str) -> None:
    with pytest.raises(InputError, match=f"dataset.path: {rule}"):
        describe(TableDataset(path=f"{tmp_path}/{path}"))


def test_an_empty_path_is_refused() -> None:
    with pytest.raises(InputError, match=r"dataset.path: must name a file"):
        describe(TableDataset(path=" "))


def test_a_device_or_socket_is_refused_without_being_read(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        with pytest.raises(InputError, match=r"must be an ordinary file"):
            describe(TableDataset(path=path))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"must be an ordinary file"):
        describe(TableDataset(path=str(tmp_path / "pipe")))


def test_a_file_without_read_permission_is_refused(
    write: WriteTable, homes: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = write(homes)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(EnvironmentFault, match=r"dataset.path: cannot be read \(permission denied\)"):
        describe(TableDataset(path=path))


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"encoding": "utf-8"}, "dataset.encoding: the file is not in utf-8; found the bytes .*says cp949"),
        ({"encoding": "klingon"}, "dataset.encoding: there is no such text encoding; found 'klingon'"),
        ({"delimiter": "ab"}, "dataset.delimiter: must be one character"),
        ({"delimiter": '"'}, "dataset.delimiter: must be one character"),
        ({"delimiter": ";"}, "dataset.path: has only one column"),
    ],
)
def test_wrong_reading_options_are_refused(
    write: WriteTable, homes: pd.DataFrame, settings: dict[str, str], rule: str
) -> None:
    path = write(homes.to_csv(index=False), encoding="cp949")
    with pytest.raises(InputError, match=rule):
        describe(TableDataset(path=path, **settings))


def test_words_that_all_count_as_missing_are_named_with_the_setting_that_keeps_them(write: WriteTable) -> None:
    cells = [f"{i},{('NA', '-')[i % 2]}\n" for i in range(40)]
    path, task = write("x,p\n" + "".join(cells)), BinaryTask(name="p", target="p")
    with pytest.raises(InputError, match=r"found p .*'NA' in 20, '-' in 20.*set dataset\.missing\.p to \[\]"):
        load(TableDataset(path=path, inputs=("x",)), [task])
    load(TableDataset(path=path, inputs=("x",), missing={"p": ()}), [task])


@pytest.mark.parametrize(
    ("task", "rule"),
    [
        (RegressionTask(name="t", target="가겨"), "target: there is no such column; found '가겨'. Did you mean '가격'"),
        (RegressionTask(name="t", target="zzz"), "there is no such column; found 'zzz'. The columns are '면적', '방'"),
        (
            RegressionTask(name="t", target="지역"),
            "a regression needs numbers; column '지역' is categorical; found 대구",
        ),
        (RegressionTask(name="t", target=("가격", "지역")), "a regression needs numbers; column '지역'"),
        (RegressionTask(name="t", target="none"), "no row has a label; found none. Take another target"),
        (BinaryTask(name="t", target="none"), "no row has a label"),
        (MulticlassTask(name="t", target="none"), "no row has a label"),
        (
            BinaryTask(name="t", target="지역"),
            "exactly two values; found 3 in column '지역': 대구, 부산, 서울. Make it a mul",
        ),
        (BinaryTask(name="t", target="same"), "exactly two values; found 1 in column 'same': x. Take another"),
        (
            BinaryTask(name="t", target="매매", positive="네"),
            r"\].positive: must be .* two values, '아니오' and '예'; found '네'",
        ),
        (MulticlassTask(name="t", target="same"), "a multiclass task needs 2 to 1000 classes; found 1"),
        (RegressionTask(name="t", target="면적"), r"dataset.inputs\[0\]: a column is an input or a target, not both"),
    ],
)
def test_a_target_that_does_not_suit_its_task_is_refused(
    write: WriteTable, homes: pd.DataFrame, task: Task, rule: str
) -> None:
    path = write(homes.assign(none=None, same="x"))
    with pytest.raises(InputError, match=rule):
        load(TableDataset(path=path, inputs=("면적",)), (task,))


def test_more_than_a_thousand_classes_are_refused(write: WriteTable) -> None:
    path = write("x,y\n" + "".join(f"{i},{i % 1001}\n" for i in range(3000)))
    with pytest.raises(InputError, match=r"2 to 1000 classes; found 1001 .* Make it a regression"):
        load(TableDataset(path=path, inputs=("x",)), (MulticlassTask(name="y", target="y"),))


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"inputs": ("면저",)}, r"dataset.inputs\[0\]: there is no such column; found '면저'"),
        (
            {"inputs": ("방", "AREA")},
            r"dataset.inputs\[1\]: there is no such column; found 'AREA'. Did you mean 'area'",
        ),
        ({"inputs": ()}, "dataset.inputs: name at least one input column"),
        ({"inputs": ("방",), "types": {"gone": "numeric"}}, "dataset.types.gone: there is no such column"),
        ({"inputs": ("지역",), "types": {"지역": "numeric"}}, "dataset.types.지역: no cell of this column is a number"),
        ({"inputs": ("none",), "types": {"none": "categorical"}}, None),
    ],
)
def test_inputs_that_do_not_fit_the_table_are_refused(
    write: WriteTable, homes: pd.DataFrame, settings: dict[str, Any], rule: str | None
) -> None:
    path = write(homes.assign(area=1.0, none=None))
    if rule is None:  # a column without any value is a constant, not an error
        assert load(TableDataset(path=path, **settings), (PRICE,)).train.inputs["table"].shape[1] == 1
        return
    with pytest.raises(InputError, match=rule):
        load(TableDataset(path=path, **settings), (PRICE,))


def test_fewer_than_ten_labeled_rows_are_refused(write: WriteTable, homes: pd.DataFrame) -> None:
    few = homes.dropna(subset=["가격"]).head(9)
    with pytest.raises(InputError, match=r"dataset: must have at least 10 rows with a label; found 9 of 9 rows"):
        load(TableDataset(path=write(few), inputs=("면적",)), (PRICE,))


def test_a_task_with_labels_only_outside_training_is_refused(write: WriteTable) -> None:
    text = "x,y,z\n" + "".join(f"{i},{1.5 if i == 0 else ''},{i}\n" for i in range(50))
    dataset = TableDataset(path=write(text), inputs=("x",), split=StratifiedSplit(train=0.02, val=0.49, test=0.49))
    tasks = (RegressionTask(name="z", target="z"), RegressionTask(name="y", target="y"))
    with pytest.raises(InputError, match=r"tasks\[1\].target: no row of the training split has a label of task 'y'"):
        load(dataset, tasks)


def test_an_image_set_takes_no_input_columns() -> None:
    with pytest.raises(InputError, match=r"dataset.inputs: the input of this data set is the image"):
        load(BundledDataset(inputs=("left",)), (MulticlassTask(name="right", target="right"),))


def test_no_task_at_all_is_refused() -> None:
    with pytest.raises(InputError, match=r"tasks: there must be at least one task"):
        load(BundledDataset(), ())


def test_an_error_is_one_line_and_leaves_the_file_as_it_was(write: WriteTable, homes: pd.DataFrame) -> None:
    path = write(homes)
    before = Path(path).read_bytes()
    with pytest.raises(InputError) as caught:
        load(TableDataset(path=path, inputs=("면적",)), (RegressionTask(name="t", target="지역"),))
    assert "\n" not in str(caught.value)
    assert Path(path).read_bytes() == before


@given(st.one_of(st.binary(max_size=200), st.text("a1가,;|\"'\n\r\t .-é", max_size=120).map(str.encode)))
@example(b"a,b\r1,2\r3,4\r")
@example(b"a,b,c\n1,2\n3\n\n4,5,6\n")
@example(b"a,b,\n1,2,\n")
@example(b'"a\nb",c\n1,2\n')
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_table_or_one_clear_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz"
    path.write_bytes(data)
    message = "fine: it is a table"
    try:
        info = describe(TableDataset(path=str(path)))
        tasks = TypeAdapter(tuple[Task, ...]).validate_json(json.dumps(info.tasks))
        load(TableDataset(path=str(path), inputs=info.inputs), tasks)
    except InputError as error:
        message = str(error)
    assert re.fullmatch(r"\S.*: .+", message)
