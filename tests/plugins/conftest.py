"""Fixtures of other packages: folders with metadata as pip writes them, on the path of a subprocess."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = Path(__file__).parent / "mtlw-example"

Finished = subprocess.CompletedProcess[str]
Interpreter = Callable[..., Finished]


def write_metadata(site: Path, name: str, version: str, entry_points: Mapping[str, Mapping[str, str]]) -> None:
    """Write what an installed package says of itself."""
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
    groups = (
        "\n".join([f"[{group}]", *(f"{entry} = {value}" for entry, value in entries.items())])
        for group, entries in entry_points.items()
    )
    (folder / "entry_points.txt").write_text("\n".join(groups) + "\n", "utf-8")


def install_example(site: Path) -> None:
    """Install the example package into a folder."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    shutil.copytree(EXAMPLE / "mtlw_example", site / "mtlw_example", ignore=shutil.ignore_patterns("__pycache__"))
    write_metadata(site, project["name"], project["version"], project["entry-points"])


def run_python(*arguments: object, site: Path | None = None) -> Finished:
    """Run a fresh interpreter, with the packages in ``site`` installed."""
    paths = [*([str(site)] if site else []), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=240, env=environment, check=False
    )


def run_code(code: str, site: Path | None = None) -> Finished:
    """Run Python code in a fresh interpreter."""
    return run_python("-c", dedent(code), site=site)


_COMMANDS = """
import contextlib, io, json, sys
from mtl_core.cli import main

results = []
for words in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(words)
    results.append([status, out.getvalue(), err.getvalue()])
print(json.dumps(results))
"""


def run_commands(*commands: Sequence[object], site: Path | None = None) -> list[tuple[int, str, str]]:
    """Run commands in one fresh interpreter; the exit status and both outputs of each."""
    words = json.dumps([list(map(str, command)) for command in commands])
    finished = run_python("-c", _COMMANDS, words, site=site)
    assert finished.returncode == 0, finished.stderr
    return [tuple(result) for result in json.loads(finished.stdout)]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with the example package."""
    folder = tmp_path / "site"
    install_example(folder)
    return folder
