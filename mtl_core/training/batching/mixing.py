"""Mix-up: each row of a batch is mixed with another one, and so are the losses of their labels (Zhang et al. 2018)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mtl_core.media.images.augmentation import mix_images
from mtl_core.spec.augmentation import MixUp


@dataclass(frozen=True)
class Pairing:
    """Which rows of a batch are mixed.

    Attributes:
        share: The share of a row in the mixture, 0…1; its partner has the rest.
        partners: ``[B]`` the number of each row's partner: a permutation, in which a row may be its own.
    """

    share: float
    partners: Tensor

    def mix(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The mixed pictures of each input."""
        return {name: mix_images(images, self.partners, self.share) for name, images in inputs.items()}


def draw_pairing(mix_up: MixUp, rows: int, generator: np.random.Generator) -> Pairing:
    """Draw partners and a share for a batch, one share for all rows."""
    share = float(generator.beta(mix_up.alpha, mix_up.alpha))
    return Pairing(share, torch.from_numpy(generator.permutation(rows)))


@dataclass(frozen=True)
class PartnerLabels:
    """The labels of the partners of the rows of a mixed batch.

    Attributes:
        share: The share of a row's own loss; the loss of its partner's label has the rest.
        targets: As of a batch.
        masks: As of a batch.
    """

    share: float
    targets: tuple[Tensor, ...]
    masks: tuple[Tensor | None, ...]

    def select(self, rows: slice) -> "PartnerLabels":
        """Those of a slice of the rows."""
        masks = tuple(None if mask is None else mask[rows] for mask in self.masks)
        return PartnerLabels(self.share, tuple(target[rows] for target in self.targets), masks)


def partner_labels(pairing: Pairing, targets: Sequence[Tensor], masks: Sequence[Tensor | None]) -> PartnerLabels:
    """The labels of the partners, from those of the batch."""
    index = pairing.partners.to(targets[0].device)
    partner_masks = tuple(None if mask is None else mask[index] for mask in masks)
    return PartnerLabels(pairing.share, tuple(target[index] for target in targets), partner_masks)
