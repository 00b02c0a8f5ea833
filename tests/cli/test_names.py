"""Names on the command line: any text, length and encoding, and Ctrl+C at any time."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mtl_core.interrupt import EXIT_STATUS
from tests.cli.conftest import Command

LONG = "a" * 300


@pytest.mark.parametrize(
    "name", ["wide [v2]", "lr [/b]", ":smile: [red]x[/red]", "\x1b[31mred\x1b[0m", "a\nb", "x\u202ey"]
)
def test_a_name_is_printed_as_written_and_without_control_characters(command: Command, spec: Path, name: str) -> None:
    setting = "name=" + json.dumps(name)
    assert command("train", spec, "--set", "training.epochs=1", "--set", setting).status == 0
    shown = name.encode("unicode_escape").decode() if not name.isprintable() else name
    for words in (("runs",), ("show", 1), ("check", spec, "--set", setting)):
        result = command(*words)
        assert result.status == 0, result.err
        assert shown in result.out
        assert not {"\x1b", "\u202e"} & set(result.out)
    assert command("runs", "--json").json["runs"][0]["name"] == name
    assert command("show", 1, "--json").json["spec"]["name"] == name


def test_the_list_shows_each_tasks_score_named(command: Command, spec: Path) -> None:
    tests = command("train", spec, "--json").json["test"]
    scores = ("species", "accuracy"), ("width", "rmse")
    expected = ", ".join(f"{task} {metric} {tests[task][metric]:.4g}" for task, metric in scores)
    assert expected in command("runs").out


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_output_that_is_not_utf_8_is_readable_and_its_json_valid(spec: Path, encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    for words in (
        ["train", str(spec), "--set", 'name="Δ 가격"'],
        ["runs"],
        ["show", "1", "--spec"],
        ["runs", "--json"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "mtl_core", *words], env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == b""
        text = done.stdout.decode(encoding)
    assert json.loads(text)["runs"][0]["name"] == "Δ 가격"


@pytest.mark.parametrize(
    "words",
    [
        ("check", LONG),
        ("check", f"{LONG}.yaml"),
        ("cost", LONG),
        ("export", "1", "--out", LONG),
        ("export", "1", "--out", LONG, "--to", "models"),
        ("predict", "1", "--out", LONG),
        ("predict", "1", LONG, "--out", "p.csv"),
        ("evaluate", LONG),
        ("runs", "--store", LONG),
        ("runs", "--filter", "x " * 50_000),
        ("runs", "--filter", "x" * 100_000),
    ],
)
def test_what_is_too_long_is_one_line_and_status_2(
    command: Command, spec: Path, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command("train", spec, "--set", "training.epochs=1").status == 0
    result = command(*words)
    assert (result.status, result.err.count("\n"), result.out) == (2, 1, "")
    assert len(result.err) <= 1000


def _heed_interrupts() -> None:
    """As in the foreground of a shell, also where this process was started with interrupts ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.slow
@pytest.mark.parametrize("program", ["mtl_core", "app"])
def test_control_c_during_the_start_ends_with_130_and_one_line_at_most(program: str, spec: Path) -> None:
    for delay in (0.15, 0.4, 0.8, 1.2):
        process = subprocess.Popen(
            [sys.executable, "-m", program, "check", str(spec)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_heed_interrupts,  # noqa: PLW1509 - it starts no thread
        )
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, result = process.communicate(timeout=60)
        assert process.returncode in (EXIT_STATUS, 0), result  # 0: it was done already
        assert result.count("\n") <= 1
