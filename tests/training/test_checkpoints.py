"""Checkpoints: what they hold, and files that are damaged or belong to another model.

Covers: mtl_core/training/persistence/tensor_files.py.
"""

import json
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from safetensors import safe_open

from mtl_core.errors import EnvironmentFault, StoreError
from mtl_core.training.persistence.checkpoints import Checkpoint
from tests.training.toy import experiment, make_request, run

Change = Callable[[dict[str, str], dict[str, torch.Tensor]], object]


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


def rewrite(path: Path, change: Change) -> None:
    """A checkpoint with its header and tensors changed, as no version of the program wrote it."""
    with safe_open(path, framework="pt") as file:
        header = dict(file.metadata())
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    change(header, tensors)
    safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, header)


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
    run(spec, tmp_path, script={4: [make_request("stop")]})
    with files_no_larger_than(512), pytest.raises(EnvironmentFault, match="the checkpoint cannot be saved"):
        run(spec, tmp_path, resume=True)
    assert Checkpoint.load(tmp_path / "last.safetensors").values["step"] == 4
    assert run(spec, tmp_path, resume=True).final_state == "finished"


@pytest.mark.parametrize("place", [-1, -40, 300])
def test_a_flipped_bit_is_noticed(tmp_path: Path, place: int) -> None:
    path = tmp_path / "last.safetensors"
    checkpoint(rows=100).save(path)
    content = bytearray(path.read_bytes())
    content[place] ^= 4
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is not a whole checkpoint"):
        Checkpoint.load(path)


def test_a_changed_value_in_the_header_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    checkpoint(step=3).save(path)
    rewrite(path, lambda header, _: header.update(mtl_workbench=header["mtl_workbench"].replace("3", "4")))
    with pytest.raises(StoreError, match="its content does not fit its digest"):
        Checkpoint.load(path)


def test_a_checkpoint_of_a_version_without_a_digest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    checkpoint(step=3).save(path)
    rewrite(path, lambda header, _: header.pop("digest"))
    assert Checkpoint.load(path).values["step"] == 3


def _without(*names: str) -> Change:
    def drop(header: dict[str, str], tensors: dict[str, torch.Tensor]) -> None:
        for name in [name for name in tensors if name.startswith(names)]:
            del tensors[name]

    return drop


def _with(name: str, value: Any) -> Change:
    def put(header: dict[str, str], tensors: dict[str, torch.Tensor]) -> None:
        values = json.loads(header["mtl_workbench"])
        header["mtl_workbench"] = json.dumps(values | {name: value} if value is not None else _less(values, name))

    return put


def _less(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


def _changed(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Change:
    def put(header: dict[str, str], tensors: dict[str, torch.Tensor]) -> None:
        for key in [key for key in tensors if key.startswith(name)]:
            tensors[key] = change(tensors[key])

    return put


@pytest.mark.parametrize(
    "change",
    [
        _without("model/"),
        _without("rng/"),
        _without("history/"),
        _with("step", None),
        _with("step", "four"),
        _with("step", -1),
        _with("step", 10**9),
        _with("epoch", 2.5),
        _with("groups", []),
        _with("groups", [{"lr": "fast"}]),
        _with("groups", [{"betas": [[0.9], 0.999]}]),
        _with("groups", [{"betas": [0.9]}]),
        _with("groups", [{"maximize": 1}]),
        _with("groups", 3),
        _with("monitor", []),
        _with("monitor", {"best": "low", "best_step": 0, "mark": 0.0, "waited": 0}),
        _with("rate", {"speed": 3}),
        _with("ruler", [1, 2]),
        _with("threads", "all"),
        _changed("model/", lambda tensor: tensor * float("nan")),
        _changed("model/", lambda tensor: tensor.double()),
        _changed("optimizer/", lambda tensor: tensor.reshape(-1).repeat(2)),
        _changed("history/", lambda tensor: tensor[0]),
        _changed("rng/", lambda tensor: tensor.float()),
    ],
)
def test_a_damaged_checkpoint_without_a_digest_is_one_error_of_the_store(tmp_path: Path, change: Change) -> None:
    spec = experiment()
    run(spec, tmp_path, script={4: [make_request("stop")]})

    def change_all(header: dict[str, str], tensors: dict[str, torch.Tensor]) -> None:
        header.pop("digest")
        change(header, tensors)

    rewrite(tmp_path / "last.safetensors", change_all)
    with pytest.raises(StoreError, match=r"last\.safetensors: ") as caught:
        run(spec, tmp_path, resume=True)
    assert len(str(caught.value)) <= 1000
    assert "\n" not in str(caught.value)


def test_what_a_killed_process_left_is_removed_with_the_next_checkpoint(tmp_path: Path) -> None:
    (tmp_path / f".{'a' * 16}.partial").write_text("half")
    (tmp_path / "mine.partial").write_text("mine")
    checkpoint().save(tmp_path / "last.safetensors")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["last.safetensors", "mine.partial"]


@pytest.mark.parametrize("name", ["run", "run/last.safetensors"])
def test_something_in_the_place_of_a_checkpoint_or_its_folder_is_one_error(tmp_path: Path, name: str) -> None:
    if name == "run":
        (tmp_path / name).write_text("mine")
    else:
        (tmp_path / name).mkdir(parents=True)
    with pytest.raises(StoreError, match="the checkpoint cannot be saved") as caught:
        checkpoint().save(tmp_path / "run" / "last.safetensors")
    assert "\n" not in str(caught.value)
