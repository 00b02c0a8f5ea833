import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import safetensors.torch
import torch

from mtl_core.errors import EnvironmentFault, StoreError
from mtl_core.training.checkpoints import Checkpoint
from tests.training.toy import ask, experiment, run


def checkpoint(rows: int = 4, step: int = 3) -> Checkpoint:
    model = {"weight": torch.randn(rows, 3), "count": torch.tensor(7), "half": torch.randn(2).half()}
    return Checkpoint({"model": model, "history": {"losses": torch.zeros(0, 2)}}, {"step": step, "best": float("nan")})


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    saved = checkpoint()
    saved.save(tmp_path / "new" / "last.safetensors")
    read = Checkpoint.load(tmp_path / "new" / "last.safetensors")
    assert read.parts.keys() == {"model", "history"}
    for name, tensor in saved.parts["model"].items():
        assert torch.equal(read.parts["model"][name], tensor)
        assert read.parts["model"][name].dtype == tensor.dtype
    assert read.parts["history"]["losses"].shape == (0, 2)
    assert read.values["step"] == 3
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["last.safetensors"]


def test_tensors_that_share_memory_or_are_not_contiguous_are_saved(tmp_path: Path) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    Checkpoint({"model": {"a": whole, "b": whole, "t": whole.T}}).save(tmp_path / "c.safetensors")
    read = Checkpoint.load(tmp_path / "c.safetensors").parts["model"]
    assert torch.equal(read["t"], whole.T)
    assert torch.equal(read["b"], whole)


def test_what_was_read_does_not_depend_on_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    first = checkpoint()
    first.save(path)
    read = Checkpoint.load(path)
    path.write_bytes(b"\0" * path.stat().st_size)
    assert torch.equal(read.parts["model"]["weight"], first.parts["model"]["weight"])


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_a_truncated_checkpoint_is_refused_in_one_line(tmp_path: Path, share: float) -> None:
    path = tmp_path / "last.safetensors"
    checkpoint(rows=100).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(StoreError, match="is not a whole checkpoint") as caught:
        Checkpoint.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("header", [{}, {"mtl_workbench": "{"}, {"mtl_workbench": "[]"}, {"mtl_workbench": "{}"}])
def test_a_file_of_another_program_is_refused(tmp_path: Path, header: dict[str, str]) -> None:
    path = tmp_path / "last.safetensors"
    safetensors.torch.save_file({"w": torch.zeros(1)}, path, header)
    with pytest.raises(StoreError, match="is not a whole checkpoint"):
        Checkpoint.load(path)


def test_a_checkpoint_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    safetensors.torch.save_file({"w": torch.zeros(1)}, path, {"mtl_workbench": '{"format": 2}'})
    with pytest.raises(StoreError, match="must be a checkpoint of format 1; found 2"):
        Checkpoint.load(path)


def test_a_missing_checkpoint_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no such checkpoint"):
        Checkpoint.load(tmp_path / "none.safetensors")
    with pytest.raises(StoreError, match="is not a whole checkpoint"):
        Checkpoint.load(tmp_path)


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """A disk that is full after so many bytes of a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_the_old_checkpoint_whole_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    checkpoint(step=1).save(path)
    with files_no_larger_than(4096), pytest.raises(EnvironmentFault, match="the checkpoint cannot be saved") as caught:
        checkpoint(rows=10_000, step=2).save(path)
    assert "\n" not in str(caught.value)
    assert Checkpoint.load(path).values["step"] == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_whose_disk_fills_up_keeps_its_last_checkpoint(tmp_path: Path) -> None:
    spec = experiment()
    run(spec, tmp_path, script={4: [ask("stop")]})
    with files_no_larger_than(512), pytest.raises(EnvironmentFault, match="the checkpoint cannot be saved"):
        run(spec, tmp_path, resume=True)
    assert Checkpoint.load(tmp_path / "last.safetensors").values["step"] == 4
    assert run(spec, tmp_path, resume=True).state == "finished"
