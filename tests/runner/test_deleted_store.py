"""A store that is deleted while a run trains: the run ends soon after with one error."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mtl_core.cli import main
from mtl_core.runner.inspection import inspect
from mtl_core.spec import ExperimentSpec, save_spec
from mtl_core.store import open_store

Experiment = Callable[..., ExperimentSpec]
Wait = Callable[..., None]


@pytest.mark.skipif(sys.platform == "win32", reason="a file in use cannot be deleted there")
def test_a_run_whose_store_is_deleted_ends_with_one_line_and_exit_status_three(
    tmp_path: Path, experiment: Experiment, wait: Wait, capfd: pytest.CaptureFixture[str]
) -> None:
    spec, path = tmp_path / "spec.yaml", tmp_path / "runs.sqlite"
    save_spec(experiment(training__epochs=100_000), spec)
    inspect(experiment())  # so that what takes long to load is not waited for below
    status: list[int] = []
    words = ["train", str(spec), "--store", str(path)]
    thread = threading.Thread(target=lambda: status.append(main(words)), daemon=True)
    thread.start()
    wait(lambda: has_progress(path), "the first report")
    path.unlink()
    wait(lambda: status, "the end of the run")
    thread.join()
    said = capfd.readouterr()
    assert (status, said.out) == ([3], "")
    assert said.err.count("\n") == 1
    assert "was deleted or replaced while it was in use" in said.err


def has_progress(path: Path) -> bool:
    if not path.exists() or path.stat().st_size == 0:
        return False
    with open_store(path) as store:
        return any(record.progress is not None for record in store.runs())
