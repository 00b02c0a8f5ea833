"""Layers for tables: embeddings of the columns, and TabM."""

from typing import ClassVar, Literal

from mtl_core.spec.base import Spec, field

Numbers = Literal["linear", "periodic", "piecewise_linear"]


class _NumericEmbeddings(Spec):
    dimensions: int = field(24, "Numbers in the vector of a column.", ge=1, le=100_000, scale="log")
    numbers: Numbers = field(
        "periodic",
        "How a number becomes a vector: by a linear map; by sines and cosines of learned frequencies, a linear map and "
        "ReLU (PLR); or by a linear map of the number and its bins, which asks for piecewise-linear numeric inputs.",
    )
    frequencies: int = field(48, "Learned frequencies of each number (periodic).", ge=1, le=10_000, advanced=True)
    frequency_scale: float = field(
        0.01,
        "Standard deviation of the first frequencies (periodic); between 0.01 and 10, and worth trying.",
        gt=0,
        le=1000,
        scale="log",
    )
    share_linear: bool = field(
        False, "Share the linear map behind the frequencies among all numbers (periodic).", advanced=True
    )


class FeatureEmbeddings(_NumericEmbeddings):
    """A learned vector for each column of a table: channels × columns (Gorishniy et al. 2021, 2022).

    It reads the columns, so it must be the first layer. A category's vector is looked up by its value; that of an
    unseen one is the column's offset alone.
    """

    title: ClassVar[str] = "Feature embeddings"
    kind: Literal["feature_embeddings"] = "feature_embeddings"


class NumericEmbeddings(_NumericEmbeddings):
    """A learned vector for each number of a table; categories stay one-hot: a row of features (Gorishniy et al. 2022).

    It reads the columns, so it must be the first layer.
    """

    title: ClassVar[str] = "Numeric embeddings"
    kind: Literal["numeric_embeddings"] = "numeric_embeddings"


class CategoryEmbeddings(Spec):
    """A learned vector for each category of a table; numbers stay as they are: a row of features.

    It reads the columns, so it must be the first layer. The vector of an unseen category is 0.
    """

    title: ClassVar[str] = "Category embeddings"
    kind: Literal["category_embeddings"] = "category_embeddings"
    dimensions: int = field(8, "Numbers in the vector of a category.", ge=1, le=100_000, scale="log")


class TabM(Spec):
    """From here on the model is an ensemble whose members share most weights, trained at once (Gorishniy et al. 2025).

    Each member has output layers of its own. A task's loss is the mean of its members' losses, its prediction the mean
    of their predictions.
    """

    title: ClassVar[str] = "TabM"
    kind: Literal["tabm"] = "tabm"
    members: int = field(32, "Number of members.", ge=2, le=1024)
    variant: Literal["mini", "full", "packed"] = field(
        "full",
        "What a member has of its own: the scaling of the features that arrive here (mini); also the scalings before "
        "and behind each Linear, and its offset (full); or all layers behind this one (packed).",
    )
    scaling: Literal["random_signs", "normal"] = field(
        "random_signs",
        "The first scalings of the features that arrive here: random signs, or normal numbers, which suit embeddings.",
    )
