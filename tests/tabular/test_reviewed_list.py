"""The file of a list of reviewed rows: what a line says, and that lines are only added."""

from pathlib import Path

import pytest

from mtl_core.errors import InputError
from mtl_core.spec import dataset_from_data
from mtl_core.tabular.reviewed_list import (
    ReviewedLine,
    append_lines,
    read_if_any,
    read_reviewed_list,
    reviewed_list_path,
)


def test_lines_are_added_and_the_last_one_about_a_row_is_in_force(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.reviewed.jsonl"
    assert read_if_any(path).lines == ()
    append_lines(path, [ReviewedLine(row=3, cells="ab", action="leave out", remark="blurred")])
    first = path.read_bytes()
    append_lines(
        path,
        [
            ReviewedLine(row=2, action="relabel", task="good", label="yes"),
            ReviewedLine(row=2, action="relabel", task="price", label=(1.5, 2.0)),
            ReviewedLine(row=7, action="relabel", task="good", label=None),
        ],
    )
    assert path.read_bytes().startswith(first)
    reviewed = append_lines(path, [ReviewedLine(row=3, action="keep"), ReviewedLine(row=9, action="leave out")])
    assert reviewed.left_out == (9,)
    assert reviewed.relabeled == 3
    assert reviewed == read_reviewed_list(path)
    (number, line) = reviewed.in_force[2, "price"]
    assert (number, line.label) == (3, (1.5, 2.0))
    assert all(line.time for _, line in reviewed.lines)


def test_a_line_written_by_hand_needs_only_a_row_and_an_action(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text('{"row": 4, "action": "leave out"}\n\n{"row": 5, "action": "relabel", "task": "a", "label": 3}')
    reviewed = append_lines(path, [ReviewedLine(row=6, action="leave out")])
    assert reviewed.left_out == (4, 6)
    assert [number for number, _ in reviewed.lines] == [1, 3, 4]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not json", "line 1 of list.jsonl is not valid"),
        ('{"row": 0, "action": "leave out"}', "row: Input should be greater than or equal to 1"),
        ('{"row": 1, "action": "drop"}', "action: Input should be"),
        ('{"row": 1, "action": "relabel", "task": "a"}', "to relabel a row needs a task and a label"),
        ('{"row": 1, "action": "leave out", "task": "a"}', "a row is left out for all tasks"),
        ('{"row": 1, "action": "keep", "label": "a"}', "only relabel takes a label"),
        ('{"row": 1, "action": "keep", "lable": "a"}', "lable: Extra inputs"),
    ],
)
def test_a_line_that_is_not_valid_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text(line)
    with pytest.raises(InputError, match=message):
        read_reviewed_list(path)
    with pytest.raises(InputError, match=message):  # nothing is added to a file that is no list
        append_lines(path, [ReviewedLine(row=1, action="leave out")])
    assert path.read_text() == line


def test_a_list_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"dataset\.reviewed: there is no such file"):
        read_reviewed_list(tmp_path / "list.jsonl")


def test_a_list_lies_beside_the_data_or_in_the_application_s_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MTL_WORKBENCH_HOME", str(tmp_path / "home"))
    table = {"kind": "table", "path": "/data/homes.csv"}
    assert reviewed_list_path(dataset_from_data(table)) == Path("/data/homes.csv.reviewed.jsonl")
    assert reviewed_list_path(dataset_from_data(table | {"reviewed": "/a/list.jsonl"})) == Path("/a/list.jsonl")
    query = {"kind": "query", "url": "sqlite:////data/homes.db", "sql": "SELECT 1"}
    assert reviewed_list_path(dataset_from_data(query)) == Path("/data/homes.db.reviewed.jsonl")
    server = {"kind": "query", "url": "postgresql://host/name", "sql": "SELECT 1"}
    assert reviewed_list_path(dataset_from_data(server)).parent == tmp_path / "home" / "reviewed"
    bundled = reviewed_list_path(dataset_from_data({"kind": "bundled", "name": "iris"}))
    assert append_lines(bundled, [ReviewedLine(row=1, action="leave out")]).left_out == (1,)
    assert bundled.parent == tmp_path / "home" / "reviewed"
