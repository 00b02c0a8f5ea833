"""How the columns of a table become inputs of the model: transforms of numbers, and one-hot categories.

All are fitted on the training rows alone.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field


def _mark_missing_field() -> bool:
    mark: bool = field(
        False,
        "One more input for each column with missing cells in the training rows: 1 where the cell is missing.",
        title="Mark missing",
    )
    return mark


class Standardized(Spec):
    """The number, with mean 0 and standard deviation 1."""

    title: ClassVar[str] = "Standardized"
    kind: Literal["standardized"] = "standardized"
    mark_missing: bool = _mark_missing_field()


class MinMax(Spec):
    """The number, with 0 for the least one of the training rows and 1 for the greatest."""

    title: ClassVar[str] = "Min–max"
    kind: Literal["min_max"] = "min_max"
    mark_missing: bool = _mark_missing_field()


class Robust(Spec):
    """The number's distance from the median in interquartile ranges, large ones smoothly clipped.

    Outliers move neither median nor quartiles, and clipping limits what they weigh (RealMLP; Holzmüller, Grinsztajn and
    Steinwart, Better by Default, 2024).
    """

    title: ClassVar[str] = "Robust"
    kind: Literal["robust"] = "robust"
    clip: float | None = field(
        3.0, "The size that no input exceeds: x becomes x / √(1 + (x / clip)²); empty: no limit.", gt=0, le=1e6
    )
    mark_missing: bool = _mark_missing_field()


class Logarithmic(Spec):
    """The logarithm of 1 + the number's size, with the number's sign, standardized: for prices, counts, incomes."""

    title: ClassVar[str] = "Logarithm"
    kind: Literal["logarithmic"] = "logarithmic"
    mark_missing: bool = _mark_missing_field()


class QuantileNormal(Spec):
    """The number's rank among the training rows, as a quantile of the normal distribution.

    Whatever a column's distribution was, a normal one comes out; only the order of the numbers counts.
    """

    title: ClassVar[str] = "Quantiles"
    kind: Literal["quantile_normal"] = "quantile_normal"
    quantiles: int = field(
        256,
        "Quantiles that are kept; ranks between them are interpolated. No more than training rows.",
        ge=2,
        le=10_000,
    )
    mark_missing: bool = _mark_missing_field()


class PiecewiseLinear(Spec):
    """The standardized number, and how far it reaches into each of some bins.

    The bins of a column hold about as many training rows each. What a layer makes of these features can bend at each
    edge between bins, so that one layer fits what would take several. Piecewise linear encoding (Gorishniy, Rubachev
    and Babenko, On Embeddings for Numerical Features in Tabular Deep Learning, 2022), here with each feature
    standardized and all features of a column together of variance 1, so that it weighs as much as without bins.
    """

    title: ClassVar[str] = "Piecewise linear"
    kind: Literal["piecewise_linear"] = "piecewise_linear"
    bins: int = field(
        4, "Bins of each column; fewer where many rows have the same number. Few bins generalize better.", ge=2, le=64
    )
    mark_missing: bool = _mark_missing_field()


NumericInputs = Annotated[
    Standardized | MinMax | Robust | Logarithmic | QuantileNormal | PiecewiseLinear, Field(discriminator="kind")
]


class OneHot(Spec):
    """An input for each category: 1 in the rows that have it, 0 elsewhere."""

    title: ClassVar[str] = "Categories"
    kind: Literal["one_hot"] = "one_hot"
    most: int = field(
        100,
        "Beyond so many categories, the rarer ones share one input.",
        title="Categories at most",
        ge=2,
        le=10_000,
        advanced=True,
    )
    least_rows: int = field(
        1,
        "Categories with fewer training rows share one input, which unseen categories have too.",
        title="Rows at least",
        ge=1,
        le=1_000_000,
        unit="rows",
        advanced=True,
    )
    unseen: bool = field(
        False,
        "An input for categories that no training row has, even if no rare ones share it. Otherwise all inputs of such "
        "a category are 0.",
        title="Unseen categories",
        advanced=True,
    )


def numeric_inputs_field() -> NumericInputs:
    """A field for how numbers become features."""
    default: NumericInputs = field(Standardized(), "How a numeric input column becomes inputs of the model.")
    return default


def categorical_inputs_field() -> OneHot:
    """A field for how categories become features."""
    default: OneHot = field(OneHot(), "How a categorical input column becomes inputs of the model.", advanced=True)
    return default
