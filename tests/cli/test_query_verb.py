"""The ``query`` verb, and ``--json`` of every verb."""

import shutil
from pathlib import Path

from docs.generators.command_line import verb_parsers
from tests.cli.conftest import Command


def test_a_query_is_answered_as_a_table_and_as_json(command: Command, seeds_template: Path, home: Path) -> None:
    shutil.copytree(seeds_template, home)
    sql = "SELECT id, seed, notes FROM runs ORDER BY id"
    assert command("query", sql, "--json").json == {
        "columns": ["id", "seed", "notes"], "rows": [[1, 1, ""], [2, 2, ""]],
    }  # fmt: skip
    lines = command("query", f"{sql};").out.splitlines()
    assert [cell.strip() for cell in lines[1].strip("┃|").split("┃")] == ["id", "seed", "notes"]
    assert lines[-1] == "2 rows"
    assert command("query", "SELECT id FROM runs WHERE id > 2").out.endswith("0 rows\n")


def test_arrays_are_described_and_complete_in_json(command: Command, seeds_template: Path, home: Path) -> None:
    shutil.copytree(seeds_template, home)
    sql = "SELECT steps, x'00ff' AS other FROM chunks WHERE metric = 'lr' AND run_id = 1"
    out = command("query", sql).out
    assert "8: 0, 1, 2, …" in out
    assert "2 bytes" in out
    ((steps, other),) = command("query", sql, "--json").json["rows"]
    assert steps["bytes"] == 64
    assert other == {"bytes": 2, "base64": "AP8="}


def test_what_is_no_select_exits_with_two_and_changes_nothing(
    command: Command, seeds_template: Path, home: Path
) -> None:
    shutil.copytree(seeds_template, home)
    for sql in ("DELETE FROM runs", "SELECT 1; SELECT 2", "SELECT nothing FROM nowhere"):
        result = command("query", sql, "--json")
        assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
    assert command("query", "SELECT count(*) FROM runs", "--json").json["rows"] == [[2]]


def test_every_verb_prints_json_on_demand() -> None:
    assert [verb for verb, parser in verb_parsers().items() if "--json" not in parser.format_help()] == []


def test_a_stop_and_a_spec_are_one_json_object(command: Command, seeds_template: Path, home: Path) -> None:
    shutil.copytree(seeds_template, home)
    assert command("show", 1, "--spec", "--json").json["training"]["seed"] == 1
    result = command("stop", 1, "--json")
    assert (result.status, result.out) == (2, "")
