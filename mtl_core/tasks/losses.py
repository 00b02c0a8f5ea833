"""Losses that several kinds of task have in common."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import TargetInfo

_LEAST = 1e-6


def modulation(plain: Tensor, gamma: float) -> Tensor:
    """(1 - p)^gamma, the factor of the focal loss (Lin et al. 2017, equation 4), from the plain cross-entropy -ln p."""
    # The clamp keeps the gradient of a power below 1 finite where p is 1.
    return (-torch.expm1(-plain)).clamp(min=_LEAST) ** gamma


def binary_rows(
    prediction: Tensor, target: Tensor, *, positive: Tensor, gamma: float | None = None, smoothing: float = 0.0
) -> Tensor:
    """[N] mean of :func:`binary_values` over a row."""
    values = binary_values(prediction, target, positive=positive, gamma=gamma, smoothing=smoothing)
    return values.flatten(1).mean(1)


def binary_values(
    prediction: Tensor, target: Tensor, *, positive: Tensor, gamma: float | None = None, smoothing: float = 0.0
) -> Tensor:
    """[N, L] binary cross-entropy of the logits ``[N, L]``.

    Args:
        prediction: Logits.
        target: 0 and 1.
        positive: [L] what a 1 weighs.
        gamma: Of the focal loss; None for none.
        smoothing: Share of the label spread over both classes.
    """
    weights = torch.where(target > 0.5, positive.to(prediction), torch.ones_like(target))
    smooth = target * (1 - smoothing) + smoothing / 2 if smoothing else target
    entropy = weights * F.binary_cross_entropy_with_logits(prediction, smooth, reduction="none")
    if gamma is not None:
        plain = F.binary_cross_entropy_with_logits(prediction, target, reduction="none")
        entropy = modulation(plain, gamma) * entropy
    return entropy


def class_rows(
    prediction: Tensor,
    target: Tensor,
    *,
    weights: Tensor | None = None,
    gamma: float | None = None,
    smoothing: float = 0.0,
) -> Tensor:
    """[N] mean cross-entropy of the logits ``[N, C, …]`` of a row with the classes ``[N, …]``.

    The rows' values are summed with their weights and divided by their number, not by the sum of the weights, so that
    a batch's loss does not depend on which classes are in it; balanced weights are 1 in the mean.

    Args:
        prediction: Logits.
        target: Classes.
        weights: [C] what a class weighs.
        gamma: Of the focal loss; None for none.
        smoothing: Share of the label spread over all classes.
    """
    entropy = F.cross_entropy(prediction, target, reduction="none", label_smoothing=smoothing)
    if gamma is not None:
        plain = F.cross_entropy(prediction, target, reduction="none") if smoothing else entropy
        entropy = modulation(plain, gamma) * entropy
    if weights is not None:
        entropy = entropy * weights.to(prediction)[target]
    return entropy.reshape(len(prediction), -1).mean(1)


def class_weights(given: str | Mapping[str, float], info: TargetInfo) -> Tensor | None:
    """[C] what each class weighs, None when all weigh 1; balanced: n / (C · n_c) of the training rows."""
    if isinstance(given, Mapping):
        return torch.tensor([given.get(name, 1.0) for name in info.classes]) if given else None
    if given == "equal":
        return None
    counts = torch.tensor(info.counts, dtype=torch.float64)
    there = counts > 0
    return torch.where(there, counts.sum() / (there.sum() * counts.clamp(min=1)), 1.0).float()


def positive_weights(given: str | float, positives: Tensor, labelled: int | Tensor) -> Tensor:
    """[L] what a 1 weighs: the number given, or for ``balanced`` the training rows of 0 per row of 1.

    Args:
        given: A number or ``balanced``.
        positives: [L] training rows of 1.
        labelled: Training rows that have a label; [L] those of each label where they differ.
    """
    if not isinstance(given, str):
        return torch.full_like(positives, float(given))
    balanced = (labelled - positives) / positives.clamp(min=1)
    return torch.where((positives > 0) & (balanced > 0), balanced, 1.0)
