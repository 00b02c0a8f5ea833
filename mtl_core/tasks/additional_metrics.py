"""Metrics that torchmetrics lacks, or defines differently from their usual definition."""

from collections.abc import Callable

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.classification import BinaryConfusionMatrix, MulticlassConfusionMatrix
from torchmetrics.functional.classification import multiclass_auroc, multilabel_auroc, multilabel_average_precision
from torchmetrics.utilities import dim_zero_cat

MetricFunction = Callable[[Tensor, Tensor], Tensor]
"""From predictions and targets to values."""


class RowMean(Metric):
    """The mean over all rows of a value per row.

    Args:
        function: From predictions and targets of N rows to ``[N]`` values.
    """

    total: Tensor
    rows: Tensor

    def __init__(self, function: MetricFunction) -> None:
        super().__init__()
        self._function = function
        self.add_state("total", default=torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("rows", default=torch.tensor(0), dist_reduce_fx="sum")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add N rows."""
        self.total = self.total + self._function(preds, target).double().sum()
        self.rows = self.rows + len(target)

    def compute(self) -> Tensor:
        """Return the mean; NaN if there are no rows."""
        return self.total / self.rows


class DatasetMetric(Metric):
    """A metric that is computed from all rows of a split at once.

    Args:
        function: From predictions and targets ``[N, W]``, or classes ``[N]``, in float64 to values, whose mean is the
            metric; NaN where undefined.
    """

    preds: list[Tensor]
    target: list[Tensor]

    def __init__(self, function: MetricFunction) -> None:
        super().__init__()
        self._function = function
        self.add_state("preds", default=[], dist_reduce_fx="cat")
        self.add_state("target", default=[], dist_reduce_fx="cat")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add N rows."""
        self.preds.append(preds)
        self.target.append(target)

    def compute(self) -> Tensor:
        """Return the mean of the function's values; NaN if there are none."""
        preds, target = dim_zero_cat(self.preds).double(), dim_zero_cat(self.target).double()
        if preds.dim() == 1:
            preds, target = preds.unsqueeze(1), target.unsqueeze(1)
        return self._function(preds, target).mean()


_ROUNDING = 1e-13
"""A column whose spread relative to its mean is smaller is constant but for rounding (as in scipy.stats.pearsonr)."""


def _is_constant(values: Tensor) -> Tensor:
    """[W] whether all rows of a column are equal."""
    mean = values.mean(0)
    spread = torch.linalg.vector_norm(values - mean, dim=0)
    # The mean of equal numbers may differ from them by rounding.
    return torch.logical_or(values.amin(0) == values.amax(0), spread < _ROUNDING * mean.abs())


def pearson(preds: Tensor, target: Tensor) -> Tensor:
    """Pearson's correlation per column, NaN where predictions or targets are constant.

    torchmetrics treats small variances, as of targets in 1e-5 m, as zero.
    """
    a, b = preds - preds.mean(0), target - target.mean(0)
    correlation = (a * b).sum(0) / (a.square().sum(0) * b.square().sum(0)).sqrt()
    return torch.where(_is_constant(preds) | _is_constant(target), torch.nan, correlation.clamp(-1, 1))


def spearman(preds: Tensor, target: Tensor) -> Tensor:
    """Spearman's rank correlation per column; ties have their mean rank."""
    return pearson(_ranks(preds), _ranks(target))


def _ranks(values: Tensor) -> Tensor:
    columns = []
    for column in values.unbind(1):
        _, inverse, counts = torch.unique(column, return_inverse=True, return_counts=True)
        columns.append((counts.cumsum(0) - (counts - 1) / 2)[inverse].double())
    return torch.stack(columns, dim=1)


def explained_variance(preds: Tensor, target: Tensor) -> Tensor:
    """1 - Var(error)/Var(target) per column; NaN for a constant target."""
    error, spread = (target - preds).var(0, correction=0), target.var(0, correction=0)
    return torch.where(_is_constant(target), torch.nan, 1 - error / spread)


def r2(preds: Tensor, target: Tensor) -> Tensor:
    """The coefficient of determination per column; NaN for a constant target, so also for a single row.

    torchmetrics treats sums of squares below 1e-4 as 0, and a constant target as predicted well.
    """
    error, spread = (target - preds).square().sum(0), (target - target.mean(0)).square().sum(0)
    return torch.where(_is_constant(target), torch.nan, 1 - error / spread)


def mape(preds: Tensor, target: Tensor) -> Tensor:
    """[N] mean absolute error of the W values of a row relative to the target; NaN where that is 0."""
    return torch.where(target == 0, torch.nan, (preds - target).abs() / target.abs()).mean(1)


def _mean_recall(matrix: Tensor) -> Tensor:
    """The mean recall of the classes that occur; torchmetrics also counts those that are only predicted."""
    rows = matrix.sum(1)
    present = rows > 0
    return (matrix.diagonal()[present] / rows[present]).mean()


class BinaryBalancedAccuracy(BinaryConfusionMatrix):
    """The mean of sensitivity and specificity."""

    def compute(self) -> Tensor:
        """Return the mean recall of the classes that occur."""
        return _mean_recall(super().compute())


class MulticlassBalancedAccuracy(MulticlassConfusionMatrix):
    """The mean recall of the classes that occur."""

    def compute(self) -> Tensor:
        """Return the mean recall of the classes that occur."""
        return _mean_recall(super().compute())


def class_auroc(preds: Tensor, target: Tensor) -> Tensor:
    """The AUROC of each class against all others, of the classes of some but not all rows.

    torchmetrics counts a class without rows as 0.
    """
    target = target.long()
    present = torch.bincount(target, minlength=preds.shape[1]) % len(target) > 0
    return multiclass_auroc(preds, target, preds.shape[1], average="none", validate_args=False)[present]


def label_auroc(preds: Tensor, target: Tensor) -> Tensor:
    """The AUROC of each label that some but not all rows have."""
    target = target.long()
    present = target.sum(0) % len(target) > 0
    return multilabel_auroc(preds, target, preds.shape[1], average="none", validate_args=False)[present]


def label_precision(preds: Tensor, target: Tensor) -> Tensor:
    """The average precision of each label that some row has."""
    target = target.long()
    precisions = multilabel_average_precision(preds, target, preds.shape[1], average="none", validate_args=False)
    return precisions[target.sum(0) > 0]


def log_loss(probabilities: Tensor, target: Tensor) -> Tensor:
    """[N] negative logarithm of the true class's probability, clamped at 2e-16, from probabilities ``[N, C]``."""
    eps = torch.finfo(torch.float64).eps
    return -probabilities.gather(1, target.unsqueeze(1)).squeeze(1).double().clamp(min=eps).log()


def brier(probabilities: Tensor, target: Tensor) -> Tensor:
    """[N] squared distance of the probabilities ``[N, C]`` from the one-hot true class (Brier 1950): 0…2."""
    one_hot = torch.nn.functional.one_hot(target, probabilities.shape[1])
    return (probabilities - one_hot).square().sum(1)


def has_positive_count(*names: str) -> Callable[[Metric], bool]:
    """Return whether a ratio of counts is defined: the sum of some of ``tp``, ``fp``, ``tn``, ``fn`` is above 0."""

    def is_defined(metric: Metric) -> bool:
        return bool(sum(getattr(metric, name).sum() for name in names) > 0)

    return is_defined


def labels_and_predictions_vary(metric: Metric) -> bool:
    """Return whether labels and predictions in a confusion matrix each have more than one class."""
    matrix: Tensor = metric.confmat  # type: ignore[assignment]
    return bool(((matrix.sum(0) > 0).sum() > 1) & ((matrix.sum(1) > 0).sum() > 1))
