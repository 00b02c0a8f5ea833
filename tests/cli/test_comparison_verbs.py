"""``compare`` and ``report``: tables in each format, paired tests, and a report as a file."""

import csv
import io
import shutil
from pathlib import Path

import pytest

from mtl_core.report import writing
from tests.cli.conftest import Command


@pytest.fixture
def seeds(seeds_template: Path, home: Path) -> None:
    """Runs 1 and 2, two seeds of one study."""
    shutil.copytree(seeds_template, home, dirs_exist_ok=True)


@pytest.mark.usefixtures("seeds")
def test_tables_of_a_study_are_printed_in_each_format(command: Command) -> None:
    latex, markdown, text = (command("compare", "study:1", "--format", f).out for f in ("latex", "markdown", "csv"))
    assert latex.count(r"\toprule") == latex.count(r"\bottomrule") == 1
    assert "| task | metric | Equal (2 seeds) |" in markdown
    values = [row for row in csv.DictReader(io.StringIO(text)) if row["row"].startswith("species · accuracy")]
    assert [row["n"] for row in values] == ["2"]


@pytest.mark.usefixtures("seeds")
def test_a_format_beside_json_and_a_baseline_that_is_not_compared_are_refused(command: Command) -> None:
    assert "--format csv" in command("compare", 1, 2, "--json", "--format", "csv").err
    tests = command("compare", 1, 2, "--json").json["tests"]
    assert tests["groups"] == [{"title": "Equal", "runs": [1, 2]}]
    refused = command("compare", 1, 2, "--against", 7)
    assert (refused.status, refused.out) == (2, "")


@pytest.mark.usefixtures("seeds")
def test_a_report_is_written_once(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing._Printers, "pdf", None)  # as without a window, whose program prints
    assert command("report", "study:1", "--out", tmp_path / "a.html", "--json").json["runs"] == [1, 2]
    assert "<svg" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert command("report", 1, "--out", tmp_path / "a.html").status == 2
    assert command("report", 1, "--out", tmp_path / "a.html", "--force").status == 0
    assert "python -m mtl_core" in command("report", 1, "--out", tmp_path / "a.pdf").err
