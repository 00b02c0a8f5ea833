"""Tasks that predict numbers."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.tasks.base import METRICS, SCORE, BaseTask, Column

RegressionMetric = Literal["rmse", "mae", "r2", "mape", "explained_variance", "pearson", "spearman"]
CountMetric = Literal["deviance", "mae", "rmse", "r2", "spearman"]
BoxMetric = Literal["iou", "giou", "iou50", "mae"]


class RegressionTask(BaseTask):
    """Predict one or several numbers."""

    title: ClassVar[str] = "Regression"
    signed: ClassVar[tuple[str, ...]] = ("gaussian_nll",)
    kind: Literal["regression"] = "regression"
    target: Column | tuple[Column, ...] = field(help="The target column, or several.", widget="columns")
    loss: Literal["mse", "mae", "huber", "quantile", "gaussian_nll"] = field(
        "mse", "Squared, absolute, Huber or quantile error, or the likelihood of a Gaussian of learned variance."
    )
    delta: float = field(
        1.0, "Where the Huber error turns from squared to absolute.", title="Delta (Huber)", gt=0, le=1e6, advanced=True
    )
    quantile: float = field(
        0.5, "The quantile that the quantile error aims at.", title="Quantile", gt=0, lt=1, advanced=True
    )
    standardize: bool = field(True, "Train on targets of mean 0 and deviation 1; metrics stay in their unit.")
    metrics: tuple[RegressionMetric, ...] = field(("rmse", "mae", "r2"), METRICS, min_length=1)
    score: RegressionMetric | None = field(None, SCORE, advanced=True)


class CountTask(BaseTask):
    """Predict how often something happens: whole numbers from 0 on, by Poisson regression.

    The output layer gives the logarithm of the expected count; with ``standardize``, of its ratio to the mean count,
    which divides the likelihood by that mean and leaves its best point where it is.
    """

    title: ClassVar[str] = "Count"
    signed: ClassVar[tuple[str, ...]] = ("poisson",)
    kind: Literal["count"] = "count"
    target: Column | tuple[Column, ...] = field(help="The column of counts, or several.", widget="columns")
    loss: Literal["poisson"] = field("poisson", "Negative log-likelihood of a Poisson distribution, log link.")
    standardize: bool = field(True, "Train on counts divided by their mean; metrics stay in counts.")
    metrics: tuple[CountMetric, ...] = field(("deviance", "mae"), METRICS, min_length=1)
    score: CountMetric | None = field(None, SCORE, advanced=True)


class BoxTask(BaseTask):
    """Predict where something is: the four numbers of a box in parts of the image's width and height.

    All four lie in 0…1, measured from the top left corner.
    """

    title: ClassVar[str] = "Box"
    kind: Literal["box"] = "box"
    fewest: ClassVar[int] = 4
    most: ClassVar[int | None] = 4
    read_by: ClassVar[tuple[str, ...]] = ("format",)
    target: Column | tuple[Column, ...] = field(help="The four columns, in the order of the format.", widget="columns")
    format: Literal["cxcywh", "xywh", "xyxy"] = field(
        "cxcywh", "Center and size; left top corner and size; or left top and right bottom corner."
    )
    loss: Literal["smooth_l1", "bce", "iou", "giou"] = field(
        "smooth_l1", "Smooth absolute error or cross-entropy of the four numbers, or 1 - (generalized) IoU."
    )
    beta: float = field(
        0.1, "Below it the smooth absolute error is squared.", title="Beta (smooth L1)", gt=0, le=10, advanced=True
    )
    metrics: tuple[BoxMetric, ...] = field(("iou", "iou50"), METRICS, min_length=1)
    score: BoxMetric | None = field(None, SCORE, advanced=True)


class ObjectiveTask(BaseTask):
    """Minimize a known function of two features: a test of the weighting itself, not of a prediction.

    There is no output layer: the task's two features plus the two target columns, the starting point, are the
    function's arguments. The functions are those of the toy of Liu et al. (CAGrad, 2021).
    """

    title: ClassVar[str] = "Objective"
    signed: ClassVar[tuple[str, ...]] = ("valley_left", "valley_right")
    kind: Literal["objective"] = "objective"
    fewest: ClassVar[int] = 2
    most: ClassVar[int | None] = 2
    target: Column | tuple[Column, ...] = field(help="The two columns of the starting point.", widget="columns")
    loss: Literal["valley_left", "valley_right"] = field("valley_left", "The first or second of the paper's functions.")
    metrics: tuple[Literal["value"], ...] = field(("value",), METRICS, min_length=1)
    score: Literal["value"] | None = field(None, SCORE, advanced=True)
