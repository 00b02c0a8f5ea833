"""Fixtures of the bad inputs: a folder for each case, and the runs that some of them need."""

from pathlib import Path

import pytest

from tests.bad_input.place import Place, make_runs


@pytest.fixture(scope="session")
def runs_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of runs, to be copied and not to be touched."""
    folder = tmp_path_factory.mktemp("runs")
    make_runs(folder)
    return folder


@pytest.fixture
def place(tmp_path: Path, runs_template: Path) -> Place:
    """An empty folder for a case."""
    folder = tmp_path / "place"
    folder.mkdir()
    return Place(folder, runs_template)
