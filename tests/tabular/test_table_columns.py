"""Columns of a table: formats that are decided for all columns together, and notes about them.

Covers: mtl_core/tabular/column_lookup.py.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_core.datasets.description import describe
from mtl_core.datasets.preparation import load, load_again
from mtl_core.spec import (
    BinaryTask,
    ColumnInfo,
    DataNote,
    InputError,
    MulticlassTask,
    RegressionTask,
    TableDataset,
    spec_from_data,
)
from tests.inputs import only, transform_inputs


def table(path: Path, text: str, **more: Any) -> TableDataset:
    file = path / more.pop("name", "t.csv")
    file.write_text(text, encoding="utf-8")
    return TableDataset(path=str(file), **more)


def column(dataset: TableDataset, name: str) -> ColumnInfo:
    return next(info for info in describe(dataset).columns if info.name == name)


def notes(dataset: TableDataset, name: str = "") -> list[DataNote]:
    return [note for note in describe(dataset).notes if note.name == name or not name]


def rows(*columns: str, count: int = 30) -> str:
    return "".join(";".join(column.format(i=i) for column in columns) + "\n" for i in range(100, 100 + count))


def test_decimal_commas_of_a_semicolon_table_are_read_and_noted(tmp_path: Path) -> None:
    dataset = table(tmp_path, "x;y\n" + rows("0,{i}", "{i}"))
    info = column(dataset, "x")
    assert (info.type, info.decimal, info.low, info.high) == ("numeric", ",", 0.1, 0.129)
    (note,) = notes(dataset, "x")
    assert "'0,100' is read as 0.1" in note.what
    assert "decimal commas" in note.what


@pytest.mark.parametrize(
    ("text", "low", "reason"),
    [
        ("x;y\n" + rows("1,{i}", "{i}"), 1.1, "separated by semicolons"),
        ("x;y\n" + rows("1,{i}", "0.{i}"), 1100, "other columns have decimal points"),
        ("x;y\n" + rows("1,{i}", "0,{i}"), 1.1, "other columns have decimal commas"),
        ("x\ty\n" + rows("1,{i}", "{i}").replace(";", "\t"), 1100, "no cell of the file has a decimal comma"),
    ],
)
def test_an_ambiguous_decimal_mark_follows_the_file_and_is_noted(
    tmp_path: Path, text: str, low: float, reason: str
) -> None:
    dataset = table(tmp_path, text)
    assert column(dataset, "x").low == low
    (note,) = [note for note in notes(dataset, "x") if "dataset.decimal" in note.fix]
    assert reason in note.what


def test_groups_of_three_are_thousands_where_other_columns_have_decimal_commas(tmp_path: Path) -> None:
    dataset = table(tmp_path, "x;y\n" + rows("1.{i}", "0,{i}"))
    assert (column(dataset, "x").low, column(dataset, "y").low) == (1100, 0.1)


def test_the_decimal_mark_can_be_stated(tmp_path: Path) -> None:
    text = "x;y\n" + rows("1,{i}", "{i}")
    assert column(table(tmp_path, text, decimal="."), "x").low == 1100
    assert column(table(tmp_path, text, decimal=","), "x").low == 1.1


def test_many_columns_that_are_converted_alike_share_one_note(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(12)]
    dataset = table(tmp_path, ";".join(names) + "\n" + rows(*["0,{i}"] * 12))
    (note,) = notes(dataset)
    assert note.count == 12
    assert note.what.startswith("12 columns ('c0', 'c1', 'c2' …): numbers have decimal commas")


def test_dates_and_units_are_noted(tmp_path: Path) -> None:
    lines = "".join(f"2020-01-{i:02d},{i} %,{i}\n" for i in range(1, 31))
    dataset = table(tmp_path, "when,share,y\n" + lines)
    assert (column(dataset, "when").dates, column(dataset, "share").unit) == ("ymd", "%")
    assert describe(dataset).preview[0] == ("2020-01-01", "1", "1")
    assert "days since 1970-01-01; '2020-01-01' is 18262" in notes(dataset, "when")[0].what
    assert "the unit '%' is left away" in notes(dataset, "share")[0].what


def test_dates_whose_day_and_month_could_be_swapped_are_noted(tmp_path: Path) -> None:
    lines = "".join(f"{i % 12 + 1:02d}/{i % 11 + 1:02d}/2020,{i}\n" for i in range(30))
    dataset = table(tmp_path, "when,y\n" + lines)
    assert any("whether the day or the month comes first" in note.what for note in notes(dataset, "when"))


def test_new_rows_are_read_as_the_training_rows_were(tmp_path: Path) -> None:
    lines = "".join(f"0,{i};{i % 28 + 1:02d}.{i % 12 + 1:02d}.2020;{i}\n" for i in range(100, 140))
    dataset = table(tmp_path, "x;when;y\n" + lines, inputs=("x", "when"))
    data = load(dataset, (RegressionTask(name="y", target="y"),))
    train = data.train
    assert train.rows is not None
    row = int(train.rows[0])
    cells = lines.splitlines()[row].split(";")
    again = only(
        transform_inputs(data.preprocessing, pd.DataFrame({"x": [cells[0]], "when": [cells[1]]}, dtype=object))
    )
    np.testing.assert_allclose(again.numpy(), only(train.inputs)[:1].numpy(), rtol=1e-6)
    open_cells = pd.DataFrame({"x": ["1,234"], "when": ["01.02.2020"]}, dtype=object)
    mean, std = (data.preprocessing["inputs"][0][key] for key in ("mean", "std"))
    np.testing.assert_allclose(
        float(only(transform_inputs(data.preprocessing, open_cells))[0, 0]), (1.234 - mean) / std, rtol=1e-6
    )


def test_how_cells_are_read_is_a_part_of_the_fingerprint_only_where_it_is_not_plain(tmp_path: Path) -> None:
    tasks = (RegressionTask(name="y", target="y"),)
    plain = table(tmp_path, "x;y\n" + rows("1,{i}", "{i}"), inputs=("x",), decimal=".")
    other = plain.model_copy(update={"decimal": ","})
    assert load(plain, tasks).fingerprint != load(other, tasks).fingerprint
    dumped = plain.model_copy(update={"decimal": None}).model_dump(mode="json")
    assert {"decimal", "missing"} <= dumped.keys()


# --- what counts as missing


def grades(path: Path, words: tuple[str, ...], **more: Any) -> TableDataset:
    lines = "".join(f"{i},{words[i % len(words)]}\n" for i in range(30))
    return table(path, "x,y\n" + lines, inputs=("x",), **more)


def test_what_counts_as_missing_is_shown_and_noted(tmp_path: Path) -> None:
    dataset = grades(tmp_path, ("mild", "None", "severe"))
    info = column(dataset, "y")
    assert info.missing_texts == (("None", 10),)
    data = load(dataset, (BinaryTask(name="y", target="y"),))
    texts = [str(note) for note in data.notes]
    assert any("'None' in 10" in text and "dataset.missing.y" in text for text in texts)
    assert any("10 of 30 rows have no label" in text for text in texts)


def test_missing_texts_can_be_set_for_a_column(tmp_path: Path) -> None:
    dataset = grades(tmp_path, ("mild", "None", "severe", ""), missing={"y": ()})
    assert load(dataset, (MulticlassTask(name="y", target="y"),)).targets["y"].classes == ("None", "mild", "severe")
    dataset = grades(tmp_path, ("mild", "None", "severe", "unknown"), missing={"y": ("UNKNOWN",)})
    assert column(dataset, "y").missing_texts == (("unknown", 7),)
    dataset = grades(tmp_path, ("1", "2", "-999"), missing={"y": ("-999",)})
    assert (column(dataset, "y").type, column(dataset, "y").low) == ("numeric", 1.0)


def test_a_class_that_counts_as_missing_is_named_by_the_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"10 cells say 'None', which counts as missing.*dataset\.missing\.y"):
        load(grades(tmp_path, ("mild", "None", "mild")), (BinaryTask(name="y", target="y"),))


def test_missing_texts_of_a_column_that_does_not_exist_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"dataset\.missing\.z: there is no such column"):
        load(grades(tmp_path, ("1", "2"), missing={"z": ()}), (RegressionTask(name="y", target="y"),))


# --- other notes


def test_a_target_of_very_many_classes_is_noted(tmp_path: Path) -> None:
    lines = "".join(f"{i},name {i % 70}\n" for i in range(280))
    dataset = table(tmp_path, "x,y\n" + lines, inputs=("x",))
    notes_of_70 = [note for note in load(dataset, (MulticlassTask(name="y", target="y"),)).notes if note.count == 70]
    assert "taken as 70 classes, of 4.0 rows each" in notes_of_70[0].what


def test_notes_are_about_the_columns_in_use(tmp_path: Path) -> None:
    lines = "".join(f"{i},{'odd' if i == 3 else i},{'odd' if i == 3 else i},{i}\n" for i in range(40))
    dataset = table(tmp_path, "x,z,w,y\n" + lines, inputs=("x", "z"))
    assert [note.name for note in load(dataset, (RegressionTask(name="y", target="y"),)).notes] == ["z"]


def test_data_in_which_a_class_is_left_out_has_changed(tmp_path: Path) -> None:
    dataset, tasks = grades(tmp_path, ("mild", "severe")), (BinaryTask(name="y", target="y"),)
    load(dataset, tasks)
    grades(tmp_path, ("mild", "mild"))
    with pytest.raises(InputError, match=r"the data has changed since the run was trained.*exactly two values"):
        load_again(dataset, tasks)
    Path(dataset.path).unlink()
    with pytest.raises(InputError, match="there is no such file"):
        load_again(dataset, tasks)


# --- files


def test_the_line_that_tells_spreadsheets_the_delimiter_is_used_and_skipped(tmp_path: Path) -> None:
    dataset = table(tmp_path, "sep=;\n" + "x;y;c\n" + rows("{i}", "{i}", "k"))
    info = describe(dataset)
    assert [column.name for column in info.columns] == ["x", "y", "c"]
    assert (info.rows, info.delimiter, info.encoding) == (30, ";", "utf-8")
    broken = table(tmp_path, "sep=;\nx;y\n1;2\n1;2;3\n")
    with pytest.raises(InputError, match="line 4 has 3 cells"):
        describe(broken)


def test_short_rows_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    text = "x,y,z\n" + "".join(f"{i},{i},1\n" for i in range(20))
    dataset = table(tmp_path, text + "40,5\n\n41\n" + "7,8,\n")
    (note,) = [note for note in notes(dataset) if note.place == "file"]
    assert (note.count, "The first is in line 22" in note.what) == (2, True)
    quoted = table(tmp_path, 'x,y,z\n"a\nb",1,2\n' + "1,2,3\n" * 20 + "5,6\n")
    assert "line 24" in next(note.what for note in notes(quoted) if note.place == "file")
    whole = table(tmp_path, text + "1,2,\n")
    assert not [note for note in notes(whole) if note.place == "file"]


@pytest.mark.parametrize(
    "text",
    [
        '[{"x": 1, "y": 2.5}, {"x": 2, "y": null}]',
        '[\n  {"x": 1, "y": 2.5},\n  {"x": 2}\n]\n',
        '{"x": [1, 2], "y": [2.5, null]}',
        '{"data": [{"x": 1, "y": 2.5}, {"x": 2}]}',
        '{"x": 1, "y": 2.5}\n{"x": 2, "y": null}\n',
    ],
)
def test_json_of_several_layouts_is_read_as_a_table(tmp_path: Path, text: str) -> None:
    info = describe(table(tmp_path, text, name="t.json"))
    assert info.preview == (("1", "2.5"), ("2", ""))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[1, 2], [3, 4]]", "each row must be a JSON object; found a list as entry 1"),
        ('"text"', "must hold a list of rows; found text"),
        ("[{", "is not whole JSON"),
    ],
)
def test_other_json_is_refused_with_the_layouts_that_can_be_read(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        describe(table(tmp_path, text, name="t.json"))


def test_names_in_either_form_of_unicode_are_the_same_name(tmp_path: Path) -> None:
    composed, decomposed = "Gr\u00f6\u00dfe", "Gro\u0308\u00dfe"
    dataset = table(tmp_path, f"{composed},y\n" + "".join(f"{i},{i}\n" for i in range(20)))
    spec = spec_from_data(
        {
            "version": 1,
            "dataset": {
                "kind": "table",
                "path": dataset.path,
                "inputs": [decomposed],
                "types": {decomposed: "numeric"},
            },
            "tasks": [{"name": decomposed, "kind": "regression", "target": "y"}],
            "model": {"heads": {composed: []}},
            "weighting": {"kind": "manual", "weights": {decomposed: 2.0}},
        }
    )
    assert spec.dataset.inputs == (composed,)
    assert load(spec.dataset, spec.tasks).preprocessing["inputs"][0]["name"] == composed


def test_words_that_count_as_missing_labels_of_numbers_are_noted(tmp_path: Path) -> None:
    dataset = grades(tmp_path, ("1", "-", "3"))
    texts = [note.what for note in load(dataset, (RegressionTask(name="y", target="y"),)).notes]
    assert texts[0] == "Column 'y': 10 of 30 labels are missing ('-' in 10)."


def test_dates_as_classes_are_named_as_dates(tmp_path: Path) -> None:
    dataset = grades(tmp_path, ("2020-01-31", "2021-02-28"))
    info = load(dataset, (BinaryTask(name="y", target="y", positive="2020-01-31"),)).targets["y"]
    assert info.classes == ("2021-02-28", "2020-01-31")
