"""A folder of images that takes twice the limit of memory trains from disk, to the same result."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtl_core import train
from mtl_core.media.limits import GIB, Limits, write_limits
from mtl_core.runner.local import Run
from mtl_core.spec import ExperimentSpec, spec_from_data
from mtl_core.store import open_store
from tests.datasets.media import COLORS, write_picture

MB = 2**20
SIDE, ROWS, LIMIT = 128, 700, 16 * MB  # 33 MB decoded


def anonymous_bytes() -> int:
    """Bytes of this process that are no pages of files."""
    found = re.search(r"RssAnon:\s*(\d+)", Path("/proc/self/status").read_text())
    return 1024 * int(found[1]) if found else 0


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """Give a list, whose number is then the most memory in use beyond that at the start."""
    base, peak, done = anonymous_bytes(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            peak[0] = max(peak[0], anonymous_bytes() - base)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


@pytest.fixture
def spec(tmp_path: Path) -> ExperimentSpec:
    folder = tmp_path / "pictures"
    for number, (name, color) in enumerate(COLORS.items()):
        write_picture(folder / name / "0.png", color, number, (8, 8))
        for copy in range(1, ROWS // len(COLORS)):
            (folder / name / f"{copy}.png").hardlink_to(folder / name / "0.png")
    image = {"kind": "image", "column": "image", "size": [SIDE, SIDE], "augmentation": [{"kind": "horizontal_flip"}]}
    return spec_from_data(
        {
            "version": 2,
            "name": "pictures",
            "dataset": {"kind": "image_folder", "path": str(folder), "inputs": {"image": image}},
            "tasks": [{"name": "class", "kind": "multiclass", "target": "class"}],
            "model": {"shared": [{"kind": "avg_pool2d", "kernel_size": 64}, {"kind": "flatten"}]},
            "training": {"epochs": 1, "batch_size": 16},
        }
    )


def trained(spec: ExperimentSpec, path: Path) -> Run:
    with open_store(path) as store:
        run = train(spec, store)
        assert (run.state, run.error) == ("finished", "")
        return run


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the memory that is no file's")
def test_pictures_of_twice_the_limit_of_memory_train_from_disk(spec: ExperimentSpec, tmp_path: Path) -> None:
    write_limits(Limits(memory=1.0))
    with peak_memory() as from_memory:
        first = trained(spec, tmp_path / "memory.sqlite")
    write_limits(Limits(memory=LIMIT / GIB))
    with peak_memory() as from_disk:
        second = trained(spec, tmp_path / "disk.sqlite")
    assert second.test == first.test
    print(f"\nmost memory beyond that before: {from_memory[0] / MB:.0f} MB, from disk {from_disk[0] / MB:.0f} MB")
    assert from_memory[0] > ROWS * 3 * SIDE**2 * 0.9
    assert from_disk[0] < LIMIT
