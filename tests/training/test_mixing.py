"""Mix-up: pictures, partners and shares of a batch, and the mixture of the losses (Zhang et al. 2018)."""

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_core.datasets.data import Split
from mtl_core.media.images.augmentation import mix_images
from mtl_core.spec import BinaryTask, MulticlassTask, TargetInfo
from mtl_core.spec.augmentation import MixUp
from mtl_core.tasks import TaskHead, build_task
from mtl_core.training.batching.batches import Batch, Batches
from mtl_core.training.batching.mixing import PartnerLabels, draw_pairing
from mtl_core.training.step.forward import compute_losses, split_batch

ROWS, SIZE = 21, 5


def split(mix_up: MixUp | None) -> Split:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (ROWS, 3, 4, 4), generator=generator, dtype=torch.uint8)
    rows = torch.arange(ROWS)
    return Split({"image": pixels}, {"row": rows, "odd": rows % 2}, {"odd": rows % 3 > 0}, mix_up=mix_up)


def batches(mix_up: MixUp | None, epoch: int = 0, start: int = 0) -> list[Batch]:
    made = Batches(split(mix_up), ("row", "odd"), SIZE, torch.device("cpu"))
    made._chunk = 2
    return list(made.iter_shuffled(3, epoch, start))


def partners_of(batch: Batch) -> PartnerLabels:
    assert batch.partner_labels is not None
    return batch.partner_labels


def test_a_share_of_one_leaves_the_pictures_and_a_half_is_the_mean() -> None:
    pixels = split(None).inputs["image"]
    partners = torch.randperm(ROWS, generator=torch.Generator().manual_seed(1))
    assert torch.equal(mix_images(pixels, partners, 1.0), pixels)
    assert torch.equal(mix_images(pixels, partners, 0.0), pixels[partners])
    mean = (pixels.double() + pixels[partners].double()) / 2
    assert ((mix_images(pixels, partners, 0.5).double() - mean).abs() <= 0.5).all()


def test_rows_are_mixed_within_their_batch_and_labels_go_with_them() -> None:
    for plain, mixed in zip(batches(None), batches(MixUp(alpha=1)), strict=True):
        partners = partners_of(mixed)
        assert torch.equal(plain.targets[0], mixed.targets[0])
        assert sorted(partners.targets[0].tolist()) == sorted(mixed.targets[0].tolist())
        order = {row: i for i, row in enumerate(plain.targets[0].tolist())}
        index = torch.tensor([order[row] for row in partners.targets[0].tolist()])
        assert torch.equal(mixed.inputs["image"], mix_images(plain.inputs["image"], index, partners.share))
        assert torch.equal(partners.targets[1], plain.targets[1][index])
        mask, partner_mask = plain.masks[1], partners.masks[1]
        assert mask is not None
        assert partner_mask is not None
        assert torch.equal(partner_mask, mask[index])


def test_shares_are_new_in_each_batch_and_epoch_and_the_same_from_any_start() -> None:
    first, again, second = (batches(MixUp(), epoch) for epoch in (0, 0, 1))
    shares = [partners_of(batch).share for batch in (*first, *second)]
    assert len(set(shares)) == len(shares)
    assert all(0 <= share <= 1 for share in shares)
    for start in (0, 1, 3):
        for batch, expected in zip(batches(MixUp(), 0, start), again[start:], strict=True):
            assert torch.equal(batch.inputs["image"], expected.inputs["image"])
            assert partners_of(batch).share == partners_of(expected).share
            assert torch.equal(partners_of(batch).targets[0], partners_of(expected).targets[0])
    assert not any(
        batch.partner_labels for batch in Batches(split(MixUp()), ("row",), 4, torch.device("cpu")).iter_in_order()
    )


def test_shares_follow_the_beta_distribution() -> None:
    generator = np.random.default_rng(0)
    shares = np.array([draw_pairing(MixUp(alpha=0.5), 2, generator).share for _ in range(2000)])
    assert abs(shares.mean() - 0.5) < 0.03
    assert abs(shares.var() - 1 / 8) < 0.01, "1 / (4 (2 alpha + 1))"


def heads() -> list[TaskHead]:
    classes, binary = ("x", "y", "z"), ("0", "1")
    multiclass = TargetInfo(name="a", kind="multiclass", classes=classes, counts=(1, 1, 1), labelled=3)
    return [
        build_task(MulticlassTask(name="a", target="a"), multiclass),
        build_task(
            BinaryTask(name="b", target="b"),
            TargetInfo(name="b", kind="binary", classes=binary, counts=(1, 1), labelled=2),
        ),
    ]


def labels(seed: int) -> tuple[tuple[Tensor, ...], tuple[Tensor | None, ...]]:
    generator = torch.Generator().manual_seed(seed)
    targets = torch.randint(0, 3, (8,), generator=generator), torch.rand(8, 1, generator=generator).round()
    return targets, (None, torch.rand(8, generator=generator) < 0.6)


@pytest.mark.parametrize("share", [1.0, 0.7, 0.0])
def test_the_loss_is_the_mixture_of_the_losses_of_both_labels(share: float) -> None:
    tasks = heads()
    outputs = [
        torch.randn(8, int(str(task.out_features)), generator=torch.Generator().manual_seed(5)) for task in tasks
    ]
    own, other = labels(1), labels(2)

    def losses(partners: PartnerLabels | None, which: tuple[tuple[Tensor, ...], tuple[Tensor | None, ...]]) -> Tensor:
        return torch.stack(compute_losses(tasks, outputs, Batch({}, *which, None, partners)))

    mixed = losses(PartnerLabels(share, *other), own)
    torch.testing.assert_close(mixed, share * losses(None, own) + (1 - share) * losses(None, other))
    if share == 1:
        assert torch.equal(mixed, losses(None, own))


def test_parts_of_a_batch_keep_the_labels_of_the_partners() -> None:
    batch = batches(MixUp(alpha=1))[0]
    for part, rows in zip(split_batch(batch, 2), (slice(0, None, 2), slice(1, None, 2)), strict=True):
        assert partners_of(part).share == partners_of(batch).share
        assert torch.equal(partners_of(part).targets[0], partners_of(batch).targets[0][rows])
        masks = part.masks[1], partners_of(part).masks[1]
        assert part.present == (True, any(mask is not None and bool(mask.any()) for mask in masks))
