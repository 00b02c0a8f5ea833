"""Losses that several kinds of task share."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import TargetInfo

_EPSILON = 1e-6


def focal_factor(cross_entropy: Tensor, gamma: float) -> Tensor:
    """(1 - p)^gamma, the factor of the focal loss (Lin et al. 2017, equation 4), from the cross-entropy -ln p."""
    # The clamp keeps the gradient of a power below 1 finite where p is 1.
    return (-torch.expm1(-cross_entropy)).clamp(min=_EPSILON) ** gamma


def binary_cross_entropy_rows(
    prediction: Tensor, target: Tensor, *, positive: Tensor, gamma: float | None = None, smoothing: float = 0.0
) -> Tensor:
    """[N] mean of :func:`binary_cross_entropy_values` over a row."""
    values = binary_cross_entropy_values(prediction, target, positive=positive, gamma=gamma, smoothing=smoothing)
    return values.flatten(1).mean(1)


def binary_cross_entropy_values(
    prediction: Tensor, target: Tensor, *, positive: Tensor, gamma: float | None = None, smoothing: float = 0.0
) -> Tensor:
    """[N, L] binary cross-entropy of the logits ``[N, L]``.

    Args:
        prediction: Logits.
        target: 0 and 1.
        positive: [L] the weight of a 1.
        gamma: The exponent of the focal loss; None for plain cross-entropy.
        smoothing: Share of the label spread over both classes.
    """
    weights = torch.where(target > 0.5, positive.to(prediction), torch.ones_like(target))
    smooth = target * (1 - smoothing) + smoothing / 2 if smoothing else target
    entropy = weights * F.binary_cross_entropy_with_logits(prediction, smooth, reduction="none")
    if gamma is not None:
        unweighted = F.binary_cross_entropy_with_logits(prediction, target, reduction="none")
        entropy = focal_factor(unweighted, gamma) * entropy
    return entropy


def cross_entropy_rows(
    prediction: Tensor,
    target: Tensor,
    *,
    weights: Tensor | None = None,
    gamma: float | None = None,
    smoothing: float = 0.0,
) -> Tensor:
    """[N] mean cross-entropy of a row, from logits ``[N, C, …]`` and classes ``[N, …]``.

    The weighted values of the rows are summed and divided by the number of rows, not by the sum of the weights, so that
    the loss of a batch does not depend on which classes it contains; balanced weights have the mean 1.

    Args:
        prediction: Logits.
        target: Classes.
        weights: [C] the weight of each class.
        gamma: The exponent of the focal loss; None for plain cross-entropy.
        smoothing: Share of the label spread over all classes.
    """
    entropy = F.cross_entropy(prediction, target, reduction="none", label_smoothing=smoothing)
    if gamma is not None:
        unsmoothed = F.cross_entropy(prediction, target, reduction="none") if smoothing else entropy
        entropy = focal_factor(unsmoothed, gamma) * entropy
    if weights is not None:
        entropy = entropy * weights.to(prediction)[target]
    return entropy.reshape(len(prediction), -1).mean(1)


def class_weights(setting: str | Mapping[str, float], info: TargetInfo) -> Tensor | None:
    """[C] the weight of each class, None if all are 1; ``balanced`` is n / (C · n_c) in the training rows."""
    if isinstance(setting, Mapping):
        return torch.tensor([setting.get(name, 1.0) for name in info.classes]) if setting else None
    if setting == "equal":
        return None
    counts = torch.tensor(info.counts, dtype=torch.float64)
    present = counts > 0
    return torch.where(present, counts.sum() / (present.sum() * counts.clamp(min=1)), 1.0).float()


def positive_weights(setting: str | float, positives: Tensor, labeled: int | Tensor) -> Tensor:
    """[L] the weight of a 1: the number in the spec, or for ``balanced`` the training rows of 0 per row of 1.

    Args:
        setting: A number or ``balanced``.
        positives: [L] training rows of 1.
        labeled: Training rows that have a label; [L] those of each label where they differ.
    """
    if not isinstance(setting, str):
        return torch.full_like(positives, float(setting))
    balanced = (labeled - positives) / positives.clamp(min=1)
    return torch.where((positives > 0) & (balanced > 0), balanced, 1.0)
