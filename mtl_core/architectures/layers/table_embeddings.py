"""Embeddings of a table's columns.

Gorishniy, Rubachev & Babenko: On Embeddings for Numerical Features in Tabular Deep Learning, NeurIPS 2022.
"""

import math
from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor, nn

from mtl_core.architectures.layers.faults import Fault, QuickFix, arrival_text
from mtl_core.architectures.layers.input_rules import TableEmbeddings
from mtl_core.spec import layers as spec
from mtl_core.spec.data.table_shape import TableColumn, TableShape
from mtl_core.spec.reports import Shape

_Numeric = spec.FeatureEmbeddings | spec.NumericEmbeddings


class LinearNumbers(nn.Module):
    """Linear embedding of each number: ``[N, n]`` to ``[N, dim, n]``.

    Args:
        count: Number of numbers.
        dim: Size of a vector.
    """

    def __init__(self, count: int, dim: int) -> None:
        super().__init__()
        self.weight = _uniform((dim, count), dim)
        self.bias = _uniform((dim, count), dim)

    def forward(self, numbers: Tensor) -> Tensor:
        """Scales and shifts each number's vector."""
        return torch.addcmul(self.bias, self.weight, numbers.unsqueeze(1))


class PeriodicNumbers(nn.Module):
    """Periodic embedding of each number, "PLR": sines and cosines, a linear map, ReLU; ``[N, n]`` to ``[N, dim, n]``.

    Args:
        count: Number of numbers.
        layer: Size of a vector, number and scale of the frequencies, and whether the linear map is shared.
    """

    def __init__(self, count: int, layer: _Numeric) -> None:
        super().__init__()
        scale, width = layer.frequency_scale, 2 * layer.frequencies
        # Extreme frequencies are left out, as in the authors' package.
        initial = nn.init.trunc_normal_(torch.empty(count, layer.frequencies), 0, scale, -3 * scale, 3 * scale)
        self.frequencies = nn.Parameter(initial)
        copies = 1 if layer.share_linear else count
        self.weight = _uniform((copies, width, layer.dimensions), width)
        self.bias = _uniform((copies, layer.dimensions), width)

    def forward(self, numbers: Tensor) -> Tensor:
        """Computes the vector of each number."""
        angles = 2 * math.pi * self.frequencies * numbers.unsqueeze(2)
        waves = torch.cat([angles.cos(), angles.sin()], dim=2)
        products = (waves.transpose(0, 1) @ self.weight).transpose(0, 1)
        return torch.relu(products + self.bias).transpose(1, 2)


class BlockVectors(nn.Module):
    """The sum of the vectors of a column's features, each times the feature: ``[N, F]`` to ``[N, dim, columns]``.

    Of a one-hot column it is the vector of its category: an embedding lookup. Columns of as many features are computed
    at once.

    Args:
        columns: Index of the first feature and number of features of each column.
        dim: Size of a vector.
        zero: Whether vectors begin as zeros.
    """

    indices: Tensor
    order: Tensor

    def __init__(self, columns: Sequence[tuple[int, int]], dim: int, *, zero: bool = False) -> None:
        super().__init__()
        by_width = sorted(range(len(columns)), key=lambda number: columns[number][1])
        self._groups = [(width, len(list(group))) for width, group in groupby(columns[i][1] for i in by_width)]
        self._sizes = [width * count for width, count in self._groups]
        indices = _feature_indices([columns[number] for number in by_width])
        self.weight = nn.Parameter(torch.zeros(len(indices), dim)) if zero else _uniform((len(indices), dim), dim)
        self.register_buffer("indices", indices, persistent=False)
        order = torch.tensor([by_width.index(number) for number in range(len(columns))])
        self.register_buffer("order", order, persistent=False)

    def select(self, inputs: Tensor) -> Tensor:
        """The features of the columns, ``[N, features of all columns]``, the narrowest columns first."""
        return inputs.index_select(1, self.indices)

    def forward(self, features: Tensor) -> Tensor:
        """Computes the vector of each column from its features, as selected."""
        dim = self.weight.shape[1]
        products = [
            torch.einsum("nbw,bwc->ncb", block.reshape(len(block), count, width), vectors.reshape(count, width, dim))
            for (width, count), block, vectors in zip(
                self._groups, torch.split(features, self._sizes, 1), torch.split(self.weight, self._sizes), strict=True
            )
        ]
        return products[0] if len(products) == 1 else torch.cat(products, dim=2).index_select(2, self.order)


class PiecewiseLinearNumbers(nn.Module):
    """Piecewise-linear embedding of each number: a linear one, plus a linear map of its bins that begins at 0.

    The bins are those of the data's piecewise-linear numeric inputs; their features are scaled back to 0…1. A number
    without bins has the linear part only. It is version "B" of the authors' package, as TabM uses it.

    Args:
        columns: The numbers.
        dim: Size of a vector.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, columns: Sequence[TableColumn], dim: int) -> None:
        super().__init__()
        self.linear = LinearNumbers(len(columns), dim)
        bins = [(column.start + 1, len(column.bins)) for column in columns]
        self.bins = BlockVectors(bins, dim, zero=True)
        by_width = sorted(columns, key=lambda column: len(column.bins))
        scales = [column.root * std for column in by_width for _, std in column.bins]
        self.register_buffer("scale", torch.tensor(scales), persistent=False)
        means = [mean for column in by_width for mean, _ in column.bins]
        self.register_buffer("shift", torch.tensor(means), persistent=False)

    def forward(self, numbers: Tensor, inputs: Tensor) -> Tensor:
        """Computes the vectors ``[N, dim, n]`` from standardized numbers and the whole input."""
        features = torch.addcmul(self.shift, self.scale, self.bins.select(inputs))
        vectors: Tensor = self.linear(numbers) + self.bins(features)
        return vectors


class Numbers(nn.Module):
    """The vector of each number of a table: ``[N, F]`` to ``[N, dim, n]``.

    A column with a mark of missing cells has one more vector, which is added where the cell is missing.

    Args:
        columns: The numbers.
        layer: How they are embedded.
    """

    indices: Tensor
    roots: Tensor | None

    def __init__(self, columns: Sequence[TableColumn], layer: _Numeric) -> None:
        super().__init__()
        self.register_buffer("indices", torch.tensor([column.start for column in columns]), persistent=False)
        roots = [column.root for column in columns]
        scaled = any(root > 1 for root in roots)
        self.register_buffer("roots", torch.tensor(roots) if scaled else None, persistent=False)
        marks = [(column.start + column.width - 1, int(column.marks_missing)) for column in columns]
        self.missing = BlockVectors(marks, layer.dimensions) if any(width for _, width in marks) else None
        self.embedding: LinearNumbers | PeriodicNumbers | PiecewiseLinearNumbers
        match layer.numbers:
            case "linear":
                self.embedding = LinearNumbers(len(columns), layer.dimensions)
            case "periodic":
                self.embedding = PeriodicNumbers(len(columns), layer)
            case "piecewise_linear":
                self.embedding = PiecewiseLinearNumbers(columns, layer.dimensions)

    def forward(self, inputs: Tensor) -> Tensor:
        """Embeds the standardized numbers."""
        numbers = inputs.index_select(1, self.indices)
        if self.roots is not None:
            numbers = numbers * self.roots
        if isinstance(self.embedding, PiecewiseLinearNumbers):
            vectors: Tensor = self.embedding(numbers, inputs)
        else:
            vectors = self.embedding(numbers)
        return vectors if self.missing is None else vectors + self.missing(self.missing.select(inputs))


class Categories(nn.Module):
    """The vector of each category of a table: ``[N, F]`` to ``[N, dim, columns]``.

    Args:
        columns: The categories.
        dim: Size of a vector.
        bias: Whether each column has an offset.
    """

    def __init__(self, columns: Sequence[TableColumn], dim: int, *, bias: bool) -> None:
        super().__init__()
        places = [(column.start, column.width) for column in columns]
        self.vectors = BlockVectors(places, dim)
        self.bias = _uniform((dim, len(columns)), dim) if bias else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Looks up the vectors."""
        vectors: Tensor = self.vectors(self.vectors.select(inputs))
        return vectors if self.bias is None else vectors + self.bias


class FeatureEmbeddings(nn.Module):
    """The vector of each column: ``[N, F]`` to ``[N, dim, columns]``, in the order of the columns.

    Args:
        layer: The layer.
        columns: The columns of the table.
    """

    order: Tensor | None

    def __init__(self, layer: spec.FeatureEmbeddings, columns: Sequence[TableColumn]) -> None:
        super().__init__()
        numbers, categories = _numbers(columns), _categories(columns)
        self.numbers = Numbers(numbers, layer) if numbers else None
        self.categories = Categories(categories, layer.dimensions, bias=True) if categories else None
        order = [[*numbers, *categories].index(column) for column in columns]
        in_order = order == sorted(order)
        self.register_buffer("order", None if in_order else torch.tensor(order), persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Embeds the columns."""
        parts = [part(inputs) for part in (self.numbers, self.categories) if part is not None]
        tokens: Tensor = torch.cat(parts, dim=2) if len(parts) > 1 else parts[0]
        return tokens if self.order is None else tokens.index_select(2, self.order)


class RowEmbeddings(nn.Module):
    """A row of features: the vectors of some columns one after the other, then the features of the others.

    Args:
        embedding: From ``[N, F]`` to the vectors ``[N, dim, columns]``.
        others: The columns that stay as they are.
    """

    indices: Tensor

    def __init__(self, embedding: nn.Module, others: Sequence[TableColumn]) -> None:
        super().__init__()
        self.embedding = embedding
        places = [(column.start, column.width) for column in others]
        self.register_buffer("indices", _feature_indices(places), persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Embeds the columns and appends the others."""
        vectors: Tensor = self.embedding(inputs)
        return torch.cat([vectors.transpose(1, 2).flatten(1), inputs.index_select(1, self.indices)], dim=1)


def build(layer: TableEmbeddings, shape: Shape) -> nn.Module:
    """Builds the layer for a table's columns."""
    assert isinstance(shape, TableShape)
    numbers, categories = _numbers(shape.columns), _categories(shape.columns)
    match layer:
        case spec.FeatureEmbeddings():
            return FeatureEmbeddings(layer, shape.columns)
        case spec.NumericEmbeddings():
            return RowEmbeddings(Numbers(numbers, layer), categories)
        case spec.CategoryEmbeddings():
            return RowEmbeddings(Categories(categories, layer.dimensions, bias=False), numbers)


def check(layer: TableEmbeddings, shape: Shape) -> Fault | None:
    """Requires a table, with the columns that the layer embeds."""
    if not isinstance(shape, TableShape):
        text = f"{layer.title} reads the columns of a table, so a table must arrive; {arrival_text(shape)}."
        return Fault(text, QuickFix("Remove this layer", ()))
    if isinstance(layer, spec.CategoryEmbeddings):
        if _categories(shape.columns):
            return None
        return Fault("Category embeddings need an input that is a category.", QuickFix("Remove this layer", ()))
    numbers = _numbers(shape.columns)
    if isinstance(layer, spec.NumericEmbeddings) and not numbers:
        return Fault("Numeric embeddings need an input that is a number.", QuickFix("Remove this layer", ()))
    if layer.numbers == "piecewise_linear" and numbers and not any(column.bins for column in numbers):
        text = "Piecewise-linear embeddings read the bins of piecewise-linear numeric inputs; the numbers have none."
        periodic = layer.model_copy(update={"numbers": "periodic"})
        return Fault(text, QuickFix("Use periodic embeddings", (periodic,)))
    return None


def detail(layer: TableEmbeddings) -> str:
    """The settings in words."""
    return (
        str(layer.dimensions)
        if isinstance(layer, spec.CategoryEmbeddings)
        else f"{layer.dimensions} · {_WORDS[layer.numbers]}"
    )


_WORDS = {"linear": "linear", "periodic": "periodic", "piecewise_linear": "piecewise linear"}


def _numbers(columns: Sequence[TableColumn]) -> list[TableColumn]:
    return [column for column in columns if not column.categorical]


def _categories(columns: Sequence[TableColumn]) -> list[TableColumn]:
    return [column for column in columns if column.categorical]


def _feature_indices(columns: Sequence[tuple[int, int]]) -> Tensor:
    return torch.tensor([start + i for start, width in columns for i in range(width)], dtype=torch.long)


def _uniform(shape: tuple[int, ...], inputs: int) -> nn.Parameter:
    """Initial weights as of a linear layer of as many inputs."""
    bound = 1 / math.sqrt(inputs)
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
