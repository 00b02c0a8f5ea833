"""The ``best`` verb: several weighting methods trained, compared, judged and reported."""

from pathlib import Path

from tests.cli.conftest import Command


def test_methods_are_trained_with_each_seed_and_judged(command: Command, spec: Path, tmp_path: Path) -> None:
    report = tmp_path / "best.html"
    shown = command(
        "best", spec, "--methods", "equal,pcgrad", "--seeds", 2, "--set", "training.epochs=1", "--report", report,
        "--json",
    )  # fmt: skip
    assert (shown.status, shown.json["study"]) == (0, 1)
    runs = shown.json["runs"]
    assert [(run["seed"], run["baseline"]) for run in runs[:4]] == [(0, ""), (0, ""), (0, "species"), (0, "width")]
    assert (len(runs), list(shown.json["methods"])) == (8, ["equal", "pcgrad"])
    assert [best["task"] for best in shown.json["best"]] == [None, "species", "width"]
    assert [best["seeds"] for best in shown.json["best"][1:]] == [2, 2]
    assert shown.json["sentences"][0].startswith("Over all tasks, against each task alone: ")
    page = report.read_text(encoding="utf-8")
    assert page.count("<h1>") == 1
    assert "Over all tasks, against each task alone: " in page
    again = command("best", spec, "--report", report)
    assert (again.status, again.out) == (2, "")


def test_what_cannot_be_compared_is_refused_before_anything_trains(command: Command, spec: Path) -> None:
    for arguments, words in (
        (("--methods", "equal"), "at least two"),
        (("--methods", "equal,equal"), "each method once"),
        (("--methods", "equal,pcgard"), "pcgard"),
        (("--seeds", 0), "from 1 to 100"),
        (("--report", "best.txt"), ".html or .pdf"),
        (("--set", "tasks=[]"), "tasks"),
    ):
        refused = command("best", spec, *arguments)
        assert (refused.status, refused.out) == (2, "")
        assert words in refused.err
    assert command("runs", "--json").json == {"runs": []}


def test_a_run_that_is_text_only_prints_tables_and_sentences(command: Command, spec: Path) -> None:
    settings = ("--set", "training.epochs=1", "--no-baselines", "--seeds", 1)
    shown = command("best", spec, "--methods", "equal,uncertainty,pcgrad", *settings)
    assert shown.status == 0
    assert "iris · Uncertainty" in shown.out
    assert "one seed says nothing about chance" in shown.out
    assert "compare study:1" in shown.out
