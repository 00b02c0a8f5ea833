"""Batches of rows in a file are those of rows in memory, and random changes depend on seed, epoch and batch alone.

Covers: mtl_core/datasets/decoding.py.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_core.datasets.data import Split
from mtl_core.datasets.decoding import BandScaling, ImageChanges, PixelScaling, SpectrogramMasks
from mtl_core.spec.augmentation import Cutout, FrequencyMask, HorizontalFlip, RandomCrop, TimeMask
from mtl_core.training.batching.batches import Batch, Batches

ROWS, BATCH = 53, 4
SCALING = PixelScaling((100.0, 90.0, 80.0), (60.0, 50.0, 40.0))
CHANGES = ImageChanges((RandomCrop(padding=2), HorizontalFlip(), Cutout()))


def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (ROWS, 3, 8, 8), np.uint8)


def split(images: np.ndarray, *, mapped: bool, augmented: bool = False) -> Split:
    return Split(
        {"image": torch.from_numpy(images), "table": torch.arange(ROWS, dtype=torch.float32)[:, None]},
        {"y": torch.arange(ROWS), "z": torch.arange(ROWS, dtype=torch.float32)[:, None]},
        {"z": torch.arange(ROWS) % 3 > 0},
        decoders={"image": SCALING},
        augmentations={"image": CHANGES} if augmented else {},
        is_mapped=mapped,
    )


@pytest.fixture
def mapped_pixels(tmp_path: Path) -> np.ndarray:
    np.save(tmp_path / "pixels.npy", pixels())
    array: np.ndarray = np.load(tmp_path / "pixels.npy", mmap_mode="c")
    return array


def batches(data: Split) -> Batches:
    made = Batches(data, ("y", "z"), BATCH, torch.device("cpu"))
    made._chunk = 3
    return made


def tensors(batch: Batch) -> list[Tensor]:
    return [*batch.inputs.values(), *batch.targets, *(mask for mask in batch.masks if mask is not None)]


def same(first: Sequence[Batch], second: Sequence[Batch]) -> bool:
    pairs = zip(first, second, strict=True)
    return all(torch.equal(a, b) for one, other in pairs for a, b in zip(tensors(one), tensors(other), strict=True))


@pytest.mark.parametrize("augmented", [False, True])
def test_rows_in_a_file_give_the_same_batches_from_any_start(mapped_pixels: np.ndarray, augmented: bool) -> None:
    memory = batches(split(pixels(), mapped=False, augmented=augmented))
    mapped = batches(split(mapped_pixels, mapped=True, augmented=augmented))
    whole = list(memory.iter_shuffled(7, 2))
    assert len(whole) == 14
    assert same(whole, list(mapped.iter_shuffled(7, 2)))
    for start in (1, 3, 5, 13):
        assert same(whole[start:], list(mapped.iter_shuffled(7, 2, start)))
    assert same(list(memory.iter_in_order()), list(mapped.iter_in_order()))


def test_random_changes_are_of_training_alone_and_new_in_each_epoch() -> None:
    plain, augmented = (batches(split(pixels(), mapped=False, augmented=on)) for on in (False, True))
    assert same(list(plain.iter_in_order()), list(augmented.iter_in_order()))
    first = list(augmented.iter_shuffled(1, 0))
    assert same(first, list(augmented.iter_shuffled(1, 0)))
    assert not same(first, list(plain.iter_shuffled(1, 0)))
    order = {row: batch for batch in first for row in batch.targets[0].tolist()}
    later = {row: batch for batch in augmented.iter_shuffled(1, 1) for row in batch.targets[0].tolist()}
    pictures = [{row: b.inputs["image"][b.targets[0] == row] for row, b in rows.items()} for rows in (order, later)]
    assert sum(torch.equal(pictures[0][row], pictures[1][row]) for row in range(ROWS)) < ROWS // 4


@pytest.mark.parametrize("mapped", [False, True])
def test_runs_that_train_together_get_what_each_gets_alone(mapped_pixels: np.ndarray, mapped: bool) -> None:
    data = split(mapped_pixels, mapped=mapped, augmented=True)
    stacked = list(batches(data).iter_stacked([3, 4], 1))
    for run, seed in enumerate((3, 4)):
        for batch, alone in zip(stacked, batches(data).iter_shuffled(seed, 1), strict=True):
            assert torch.equal(batch.inputs["image"][run], alone.inputs["image"])
            assert torch.equal(batch.targets[0][run], alone.targets[0])


def test_spectrograms_are_scaled_by_band_and_masked_with_its_mean() -> None:
    mean, std = tuple(range(6)), (1.0, 2.0, 1.0, 2.0, 1.0, 2.0)
    stored = torch.randn(5, 1, 6, 10).half()
    scaled = BandScaling(tuple(map(float, mean)), std)(stored)
    torch.testing.assert_close(scaled[:, 0, 1], (stored[:, 0, 1].float() - 1) / 2)
    masks = SpectrogramMasks((TimeMask(length=1), FrequencyMask(width=1)), tuple(map(float, mean)))
    masked = masks(stored, torch.Generator().manual_seed(0))
    assert masked.dtype == torch.float16
    changed = BandScaling(tuple(map(float, mean)), std)(masked)[masked != stored]
    assert len(changed)
    assert not changed.any()
