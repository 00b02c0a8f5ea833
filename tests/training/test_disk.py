"""A folder of images that takes twice the limit of memory trains from disk, to the same result.

How much memory that takes is measured by ``make bench ARGS=disk``.
"""

from pathlib import Path

from mtl_core import train
from mtl_core.datasets.preparation import load
from mtl_core.media.limits import GIB, Limits, write_limits
from mtl_core.runner.local import Run
from mtl_core.spec import ExperimentSpec, spec_from_data
from mtl_core.store import open_store
from tests.datasets.media import write_class_folder

SIDE, EACH = 32, 30


def small_experiment(folder: Path) -> ExperimentSpec:
    image = {"kind": "image", "column": "image", "size": [SIDE, SIDE], "augmentation": [{"kind": "horizontal_flip"}]}
    return spec_from_data(
        {
            "version": 2,
            "name": "pictures",
            "dataset": {
                "kind": "image_folder",
                "path": str(write_class_folder(folder, EACH)),
                "inputs": {"image": image},
            },
            "tasks": [{"name": "class", "kind": "multiclass", "target": "class"}],
            "model": {"shared": [{"kind": "avg_pool2d", "kernel_size": 8}, {"kind": "flatten"}]},
            "training": {"epochs": 2, "batch_size": 4},
        }
    )


def trained(spec: ExperimentSpec, path: Path) -> Run:
    with open_store(path) as store:
        run = train(spec, store)
        assert (run.state, run.error) == ("finished", "")
        return run


def test_pictures_of_twice_the_limit_of_memory_train_from_disk(tmp_path: Path) -> None:
    spec = small_experiment(tmp_path / "pictures")
    from_memory = trained(spec, tmp_path / "memory.sqlite")
    size = 2 * EACH * 3 * SIDE**2
    write_limits(Limits(memory=size / 2 / GIB))
    assert trained(spec, tmp_path / "disk.sqlite").test == from_memory.test
    assert all(split.is_mapped for split in load(spec.dataset, spec.tasks).splits.values())
