"""Tasks that predict classes or their probabilities."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.tasks.base import GAMMA, METRICS, SCORE, BaseTask, Column, Weight

BinaryMetric = Literal[
    "accuracy",
    "balanced_accuracy",
    "f1",
    "precision",
    "recall",
    "specificity",
    "auroc",
    "average_precision",
    "mcc",
    "log_loss",
    "brier",
    "calibration_error",
]
MulticlassMetric = Literal[
    "accuracy",
    "balanced_accuracy",
    "top3_accuracy",
    "f1",
    "precision",
    "recall",
    "auroc",
    "mcc",
    "kappa",
    "log_loss",
    "brier",
    "calibration_error",
]
MultilabelMetric = Literal["f1", "f1_micro", "accuracy", "exact_match", "precision", "recall", "auroc", "map"]
OrdinalMetric = Literal["quadratic_kappa", "mae", "accuracy", "spearman", "log_loss"]
DistributionMetric = Literal["kl", "total_variation", "accuracy", "mae"]
SegmentationMetric = Literal["iou", "accuracy", "dice"]
TaggingMetric = Literal["accuracy", "f1"]
ClassWeights = Literal["equal", "balanced"] | dict[str, Weight]


class BinaryTask(BaseTask):
    """Predict one of two classes."""

    title: ClassVar[str] = "Binary classification"
    kind: Literal["binary"] = "binary"
    target: Column = field(help="The target column; it must hold two values.", widget="column")
    positive: str | None = field(None, "The value that counts as positive; empty: the later in order.")
    loss: Literal["bce", "focal"] = field("bce", "Binary cross-entropy, or focal loss (Lin et al. 2017).")
    positive_weight: Literal["balanced"] | Weight = field(
        1.0, "What a positive row weighs; balanced: negative rows per positive one.", advanced=True
    )
    label_smoothing: float = field(0.0, "Share of the label spread over both classes.", ge=0, lt=1, advanced=True)
    gamma: float = field(2.0, GAMMA, title="Gamma (focal)", ge=0, le=10, advanced=True)
    metrics: tuple[BinaryMetric, ...] = field(("accuracy", "f1", "auroc"), METRICS, min_length=1)
    score: BinaryMetric | None = field(None, SCORE, advanced=True)


class MulticlassTask(BaseTask):
    """Predict one of several classes."""

    title: ClassVar[str] = "Multiclass classification"
    kind: Literal["multiclass"] = "multiclass"
    target: Column = field(help="The target column.", widget="column")
    loss: Literal["cross_entropy", "focal"] = field("cross_entropy", "Cross-entropy, or focal loss (Lin et al. 2017).")
    label_smoothing: float = field(0.0, "Share of the label spread over all classes.", ge=0, lt=1)
    class_weights: ClassWeights = field(
        "equal", "What the rows of a class weigh; balanced: so that all classes weigh alike.", advanced=True
    )
    gamma: float = field(2.0, GAMMA, title="Gamma (focal)", ge=0, le=10, advanced=True)
    metrics: tuple[MulticlassMetric, ...] = field(("accuracy", "f1"), METRICS, min_length=1)
    score: MulticlassMetric | None = field(None, SCORE, advanced=True)


class MultilabelTask(BaseTask):
    """Predict which of several labels apply; none, one or more may."""

    title: ClassVar[str] = "Multilabel classification"
    kind: Literal["multilabel"] = "multilabel"
    target: Column | tuple[Column, ...] = field(
        help="A column of 0 and 1 per label, or one column of labels with separators.", widget="columns"
    )
    separator: str = field("|", "What stands between the labels in a single column.", min_length=1, advanced=True)
    loss: Literal["bce", "focal"] = field("bce", "Binary cross-entropy per label, or focal loss (Lin et al. 2017).")
    positive_weight: Literal["balanced"] | Weight = field(
        1.0, "What a label that applies weighs; balanced: rows without it per row with it.", advanced=True
    )
    gamma: float = field(2.0, GAMMA, title="Gamma (focal)", ge=0, le=10, advanced=True)
    metrics: tuple[MultilabelMetric, ...] = field(("f1", "accuracy"), METRICS, min_length=1)
    score: MultilabelMetric | None = field(None, SCORE, advanced=True)


class OrdinalTask(BaseTask):
    """Predict one of several classes that have an order, such as grades."""

    title: ClassVar[str] = "Ordinal classification"
    kind: Literal["ordinal"] = "ordinal"
    read_by: ClassVar[tuple[str, ...]] = ("loss",)
    target: Column = field(help="The target column.", widget="column")
    order: tuple[str, ...] = field((), "The classes from low to high; empty: numbers by size, words by alphabet.")
    loss: Literal["cumulative_link", "corn"] = field(
        "cumulative_link", "Ordered thresholds on a logistic scale (McCullagh 1980), or CORN (Shi et al. 2021)."
    )
    metrics: tuple[OrdinalMetric, ...] = field(("quadratic_kappa", "mae", "accuracy"), METRICS, min_length=1)
    score: OrdinalMetric | None = field(None, SCORE, advanced=True)


class DistributionTask(BaseTask):
    """Predict the probabilities of several classes from targets that are probabilities themselves (soft labels)."""

    title: ClassVar[str] = "Distribution"
    kind: Literal["distribution"] = "distribution"
    fewest: ClassVar[int] = 2
    target: Column | tuple[Column, ...] = field(
        help="A column of probabilities per class; each row is made to sum to 1.", widget="columns"
    )
    loss: Literal["cross_entropy", "kl"] = field(
        "cross_entropy", "Cross-entropy with the soft labels, or the KL divergence from them: its minimum is 0."
    )
    metrics: tuple[DistributionMetric, ...] = field(("kl", "accuracy"), METRICS, min_length=1)
    score: DistributionMetric | None = field(None, SCORE, advanced=True)


class SegmentationTask(BaseTask):
    """Predict a class for every pixel of an image.

    The head must end in channels × height × width; a 1×1 convolution gives the classes' logits, which are enlarged to
    the size of the target.
    """

    title: ClassVar[str] = "Segmentation"
    kind: Literal["segmentation"] = "segmentation"
    target: Column = field(help="The target: a map of classes per image.", widget="column")
    loss: Literal["cross_entropy", "focal"] = field("cross_entropy", "Cross-entropy or focal loss per pixel.")
    class_weights: ClassWeights = field(
        "equal", "What the pixels of a class weigh; balanced: so that all classes weigh alike.", advanced=True
    )
    gamma: float = field(2.0, GAMMA, title="Gamma (focal)", ge=0, le=10, advanced=True)
    metrics: tuple[SegmentationMetric, ...] = field(("iou", "accuracy"), METRICS, min_length=1)
    score: SegmentationMetric | None = field(None, SCORE, advanced=True)


class TaggingTask(BaseTask):
    """Predict a tag for every token of a text, such as its part of speech.

    The head must end in channels × length with a position per token; a 1×1 convolution gives the tags' logits.
    """

    title: ClassVar[str] = "Tagging"
    kind: Literal["tagging"] = "tagging"
    target: Column = field(help="The target column: as many tags, separated by spaces, as tokens.", widget="column")
    loss: Literal["cross_entropy"] = field("cross_entropy", "Cross-entropy per token.")
    class_weights: ClassWeights = field(
        "equal", "What the tokens of a tag weigh; balanced: so that all tags weigh alike.", advanced=True
    )
    metrics: tuple[TaggingMetric, ...] = field(("accuracy", "f1"), METRICS, min_length=1)
    score: TaggingMetric | None = field(None, SCORE, advanced=True)
