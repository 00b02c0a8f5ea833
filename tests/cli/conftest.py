"""Fixtures of the command line: its main function in this process, and a short experiment."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mtl_core.cli import main

SPEC = """
version: 1
name: iris
dataset: {kind: bundled, name: iris}
tasks:
  - {name: species, kind: multiclass, target: species}
  - {name: width, kind: regression, target: petal width}
model: {shared: [{kind: linear, out_features: 8}, {kind: relu}]}
training: {epochs: 2, batch_size: 32, device: cpu}
"""


@dataclass(frozen=True)
class CommandResult:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON object it must be."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)


Command = Callable[..., CommandResult]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec file."""
    file = tmp_path / "iris.yaml"
    file.write_text(SPEC, encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def seeds_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with runs 1 and 2, two seeds of one study; to be copied and not to be touched."""
    folder = tmp_path_factory.mktemp("seeds")
    train_in(folder / "home", ("--seed", "1", "--seed", "2"))
    return folder / "home"


def train_in(home: Path, *settings: Sequence[str]) -> None:
    """Train the spec in another home folder, once with each of these settings."""
    file = home.with_name("iris.yaml")
    file.write_text(SPEC, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MTL_WORKBENCH_HOME", str(home))
        for words in settings:
            assert main(["train", str(file), *words]) == 0


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs a command; all that reaches the two streams is caught."""

    def run(*words: object) -> CommandResult:
        capfd.readouterr()
        status = main([str(word) for word in words])
        captured = capfd.readouterr()
        return CommandResult(status, captured.out, captured.err)

    return run
