"""Metrics that torchmetrics lacks, or takes differently from what the field means by the name."""

from collections.abc import Callable

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.classification import BinaryConfusionMatrix, MulticlassConfusionMatrix
from torchmetrics.functional.classification import multiclass_auroc, multilabel_auroc, multilabel_average_precision
from torchmetrics.utilities import dim_zero_cat

Rows = Callable[[Tensor, Tensor], Tensor]


class RowMean(Metric):
    """The mean over all rows of something that each row has.

    Args:
        function: From predictions and targets of N rows to ``[N]`` values.
    """

    total: Tensor
    rows: Tensor

    def __init__(self, function: Rows) -> None:
        super().__init__()
        self._function = function
        self.add_state("total", default=torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("rows", default=torch.tensor(0), dist_reduce_fx="sum")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Take N rows."""
        self.total = self.total + self._function(preds, target).double().sum()
        self.rows = self.rows + len(target)

    def compute(self) -> Tensor:
        """The mean; NaN of no row."""
        return self.total / self.rows


class Whole(Metric):
    """A value that only all rows together have.

    Args:
        function: From predictions and targets ``[N, W]``, or classes ``[N]``, in float64 to values of which the mean
            is taken; NaN where undefined.
    """

    preds: list[Tensor]
    target: list[Tensor]

    def __init__(self, function: Rows) -> None:
        super().__init__()
        self._function = function
        self.add_state("preds", default=[], dist_reduce_fx="cat")
        self.add_state("target", default=[], dist_reduce_fx="cat")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Take N rows."""
        self.preds.append(preds)
        self.target.append(target)

    def compute(self) -> Tensor:
        """The mean of the function's values; NaN of none."""
        preds, target = dim_zero_cat(self.preds).double(), dim_zero_cat(self.target).double()
        if preds.dim() == 1:
            preds, target = preds.unsqueeze(1), target.unsqueeze(1)
        return self._function(preds, target).mean()


_ROUNDING = 1e-13
"""A column that is spread by less of its mean is constant but for rounding (as in scipy.stats.pearsonr)."""


def _constant(values: Tensor) -> Tensor:
    """[W] whether all rows of a column are the same."""
    middle = values.mean(0)
    spread = torch.linalg.vector_norm(values - middle, dim=0)
    # The mean of equal numbers may be another one by rounding.
    return torch.logical_or(values.amin(0) == values.amax(0), spread < _ROUNDING * middle.abs())


def pearson(preds: Tensor, target: Tensor) -> Tensor:
    """Pearson's correlation per column, NaN where one side is constant.

    torchmetrics takes small variances, as of targets in 1e-5 m, for none.
    """
    a, b = preds - preds.mean(0), target - target.mean(0)
    correlation = (a * b).sum(0) / (a.square().sum(0) * b.square().sum(0)).sqrt()
    return torch.where(_constant(preds) | _constant(target), torch.nan, correlation.clamp(-1, 1))


def spearman(preds: Tensor, target: Tensor) -> Tensor:
    """Spearman's rank correlation per column; equal values share their mean rank."""
    return pearson(_ranks(preds), _ranks(target))


def _ranks(values: Tensor) -> Tensor:
    columns = []
    for column in values.unbind(1):
        _, place, counts = torch.unique(column, return_inverse=True, return_counts=True)
        columns.append((counts.cumsum(0) - (counts - 1) / 2)[place].double())
    return torch.stack(columns, dim=1)


def explained_variance(preds: Tensor, target: Tensor) -> Tensor:
    """1 - Var(error)/Var(target) per column; NaN of a constant target."""
    error, spread = (target - preds).var(0, correction=0), target.var(0, correction=0)
    return torch.where(_constant(target), torch.nan, 1 - error / spread)


def r2(preds: Tensor, target: Tensor) -> Tensor:
    """The coefficient of determination per column; NaN of a constant target, so also of a single row.

    torchmetrics takes sums of squares below 1e-4 for 0, and a constant target for one that is predicted well.
    """
    error, spread = (target - preds).square().sum(0), (target - target.mean(0)).square().sum(0)
    return torch.where(_constant(target), torch.nan, 1 - error / spread)


def mape(preds: Tensor, target: Tensor) -> Tensor:
    """[N] mean absolute error of the W values of a row in parts of the truth; NaN where that is 0."""
    return torch.where(target == 0, torch.nan, (preds - target).abs() / target.abs()).mean(1)


def _mean_recall(matrix: Tensor) -> Tensor:
    """Over the classes that some row is of; torchmetrics also counts those that are only predicted."""
    rows = matrix.sum(1)
    there = rows > 0
    return (matrix.diagonal()[there] / rows[there]).mean()


class BinaryBalancedAccuracy(BinaryConfusionMatrix):
    """The mean of sensitivity and specificity."""

    def compute(self) -> Tensor:
        """The mean recall of the classes there are."""
        return _mean_recall(super().compute())


class MulticlassBalancedAccuracy(MulticlassConfusionMatrix):
    """The mean recall of the classes that some row is of."""

    def compute(self) -> Tensor:
        """The mean recall of the classes there are."""
        return _mean_recall(super().compute())


def class_auroc(preds: Tensor, target: Tensor) -> Tensor:
    """Each class's area against all others, of those that some, but not all, rows are of.

    torchmetrics counts a class without rows as 0.
    """
    target = target.long()
    there = torch.bincount(target, minlength=preds.shape[1]) % len(target) > 0
    return multiclass_auroc(preds, target, preds.shape[1], average="none", validate_args=False)[there]


def label_auroc(preds: Tensor, target: Tensor) -> Tensor:
    """Each label's area, of those that some, but not all, rows have."""
    target = target.long()
    there = target.sum(0) % len(target) > 0
    return multilabel_auroc(preds, target, preds.shape[1], average="none", validate_args=False)[there]


def label_precision(preds: Tensor, target: Tensor) -> Tensor:
    """Each label's average precision, of those that some row has."""
    target = target.long()
    areas = multilabel_average_precision(preds, target, preds.shape[1], average="none", validate_args=False)
    return areas[target.sum(0) > 0]


def log_loss(probabilities: Tensor, target: Tensor) -> Tensor:
    """[N] minus the logarithm of the true class's probability ``[N, C]``, which counts as at least 2e-16."""
    least = torch.finfo(torch.float64).eps
    return -probabilities.gather(1, target.unsqueeze(1)).squeeze(1).double().clamp(min=least).log()


def brier(probabilities: Tensor, target: Tensor) -> Tensor:
    """[N] squared distance of the probabilities ``[N, C]`` from the true class (Brier 1950): 0…2."""
    truth = torch.nn.functional.one_hot(target, probabilities.shape[1])
    return (probabilities - truth).square().sum(1)


def counts_any(*names: str) -> Callable[[Metric], bool]:
    """Whether a ratio of counts has a denominator above 0: the sum of these of ``tp``, ``fp``, ``tn``, ``fn``."""

    def defined(metric: Metric) -> bool:
        return bool(sum(getattr(metric, name).sum() for name in names) > 0)

    return defined


def both_vary(metric: Metric) -> bool:
    """Whether labels and predictions, as counted in a confusion matrix, are of more than one class each."""
    matrix: Tensor = metric.confmat  # type: ignore[assignment]
    return bool(((matrix.sum(0) > 0).sum() > 1) & ((matrix.sum(1) > 0).sum() > 1))
