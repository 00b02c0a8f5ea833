"""Embeddings of a table's columns compute what the authors' package computes, and an embedding lookup.

Covers: mtl_core/architectures/layers/table_embeddings.py, mtl_core/spec/data/table_shape.py.
"""

import copy
import math
import warnings
from itertools import pairwise
from typing import Any

import pytest
import rtdl_num_embeddings as reference
import torch
from torch import Tensor, nn

from mtl_core.architectures import build_model, describe_model
from mtl_core.architectures.layers.table_embeddings import Numbers, PeriodicNumbers, PiecewiseLinearNumbers
from mtl_core.spec import ModelSpec, TargetInfo
from mtl_core.spec import layers as spec
from mtl_core.spec.data.table_shape import TableColumn, TableShape
from tests.architectures.tables import INPUTS, TABLE, table_rows

NUMBERS = [TableColumn(place, 1) for place in range(3)]
TARGET = {"t": TargetInfo(name="t", kind="regression")}
EMBEDDINGS = (spec.FeatureEmbeddings, spec.NumericEmbeddings, spec.CategoryEmbeddings)


def copied(weight: nn.Parameter, value: Tensor) -> None:
    with torch.no_grad():
        weight.copy_(value)


def built(layer: Any, shape: TableShape = TABLE) -> Any:
    torch.manual_seed(0)
    return build_model(ModelSpec(shared=(layer,)), {"table": shape}, {"t": 1}).get_submodule("shared.0")


def test_linear_embeddings_are_the_reference_s() -> None:
    ours: Any = Numbers(NUMBERS, spec.FeatureEmbeddings(numbers="linear", dimensions=4))
    theirs = reference.LinearEmbeddings(3, 4)
    copied(ours.embedding.weight, theirs.weight.T)
    copied(ours.embedding.bias, theirs.bias.T)
    inputs = torch.randn(5, 3)
    torch.testing.assert_close(ours(inputs), theirs(inputs).transpose(1, 2))


@pytest.mark.parametrize("share", [False, True], ids=["PLR", "PLR lite"])
def test_periodic_embeddings_are_the_reference_s(share: bool) -> None:
    layer = spec.FeatureEmbeddings(dimensions=4, frequencies=6, frequency_scale=0.5, share_linear=share)
    ours, theirs = PeriodicNumbers(3, layer), reference.PeriodicEmbeddings(3, 4, n_frequencies=6, lite=share)
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in theirs.parameters())
    copied(ours.frequencies, theirs.periodic.weight)
    copied(ours.weight, theirs.linear.weight.mT if share else theirs.linear.weight)
    copied(ours.bias, theirs.linear.bias)
    inputs = torch.randn(5, 3)
    torch.testing.assert_close(ours(inputs), theirs(inputs).transpose(1, 2))


def test_frequencies_begin_with_the_scale_that_the_layer_has() -> None:
    torch.manual_seed(0)
    frequencies = PeriodicNumbers(10, spec.FeatureEmbeddings(frequencies=500, frequency_scale=2.0)).frequencies
    assert frequencies.std().item() == pytest.approx(2.0, rel=0.05)
    assert frequencies.abs().max() <= 6.0


def test_piecewise_linear_embeddings_are_the_reference_s_on_the_bins_of_the_data() -> None:
    edges = [torch.tensor([-1.0, 0.0, 0.5, 2.0]), torch.tensor([-2.0, 1.0, 2.0])]
    numbers = torch.stack([torch.linspace(-1, 2, 7), torch.linspace(-2, 2, 7)], dim=1)
    columns, features, start = [], [], 0
    for number, bins in zip(numbers.T, edges, strict=True):
        pieces = [(number.clamp(a, b) - a) / (b - a) for a, b in pairwise(bins)]
        moments = tuple((piece.mean().item(), piece.std().item()) for piece in pieces)
        width = 1 + len(pieces)
        scaled = [(piece - mean) / std for piece, (mean, std) in zip(pieces, moments, strict=True)]
        features += [feature / math.sqrt(width) for feature in (number, *scaled)]
        columns.append(TableColumn(start, width, bins=moments))
        start += width
    inputs = torch.stack(features, dim=1)
    ours: Any = Numbers(columns, spec.FeatureEmbeddings(numbers="piecewise_linear", dimensions=4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.row_stack
        theirs = reference.PiecewiseLinearEmbeddings(edges, 4, activation=False, version="B")
    embedding = ours.embedding
    assert isinstance(embedding, PiecewiseLinearNumbers)
    assert not embedding.bins.weight.any()  # it begins as a linear embedding
    copied(embedding.linear.weight, theirs.linear0.weight.T)
    copied(embedding.linear.bias, theirs.linear0.bias.T)
    nn.init.normal_(theirs.linear.weight)
    first, second = theirs.linear.weight  # the last bin stands last, whatever the number of bins
    copied(embedding.bins.weight, torch.cat([second[[0, 2]], first]))  # ours: the narrowest columns first
    torch.testing.assert_close(ours(inputs), theirs(numbers).transpose(1, 2))


def test_a_category_s_vector_is_looked_up_and_an_unseen_one_has_the_offset_alone() -> None:
    module = built(spec.FeatureEmbeddings(numbers="linear", dimensions=4))
    inputs = table_rows()["table"]
    tokens = module(inputs)
    assert tokens.shape == (6, 4, 5)
    table, offsets = module.categories.vectors.weight, module.categories.bias
    torch.testing.assert_close(tokens[1, :, 1], nn.functional.embedding(torch.tensor(2 + 1), table) + offsets[:, 0])
    torch.testing.assert_close(tokens[1, :, 3], nn.functional.embedding(torch.tensor(1), table) + offsets[:, 1])
    torch.testing.assert_close(tokens[0, :, 1], offsets[:, 0])
    torch.testing.assert_close(tokens[:, :, [0, 2, 4]], module.numbers(inputs))


def test_categories_of_equal_width_are_embedded_as_any_others() -> None:
    columns = (TableColumn(0, 2, categorical=True), TableColumn(2, 2, categorical=True))
    module = built(spec.CategoryEmbeddings(dimensions=3), TableShape(columns))
    one_hot = torch.tensor([[1.0, 0, 0, 1], [0, 0, 1, 0]])
    weight = module.embedding.vectors.weight
    expected = torch.stack([torch.cat([weight[0], weight[3]]), torch.cat([torch.zeros(3), weight[2]])])
    torch.testing.assert_close(module(one_hot), expected)


def test_embedded_columns_stand_in_a_row_before_the_others() -> None:
    inputs = table_rows()["table"]
    numeric = built(spec.NumericEmbeddings(dimensions=4))(inputs)
    torch.testing.assert_close(numeric[:, 12:], inputs[:, [1, 2, 3, 5, 6]])
    categorical = built(spec.CategoryEmbeddings(dimensions=2))(inputs)
    torch.testing.assert_close(categorical[:, 4:], inputs[:, [0, 4, 7]])


def test_a_table_without_its_columns_and_another_place_than_the_first_are_refused() -> None:
    for kind in EMBEDDINGS:
        layer = kind()
        (plain,) = describe_model(ModelSpec(shared=(layer,)), {"table": (8,)}, TARGET).problems
        assert (
            plain.error
            == f"{layer.title} reads the columns of a table, so a table must arrive; 8 features arrive here."
        )
        (later,) = describe_model(ModelSpec(shared=(spec.ReLU(), layer)), INPUTS, TARGET).problems
        assert later.error == f"{layer.title} reads the columns of a table, so it must be the first layer."


def test_a_layer_without_its_kind_of_column_and_bins_that_are_not_there_are_refused_with_a_fix() -> None:
    number, category = TableShape(NUMBERS), TableShape([TableColumn(0, 2, categorical=True)])
    piecewise = spec.FeatureEmbeddings(numbers="piecewise_linear")
    for layer, shape in ((spec.CategoryEmbeddings(), number), (spec.NumericEmbeddings(), category), (piecewise, TABLE)):
        (problem,) = describe_model(ModelSpec(shared=(layer,)), {"table": shape}, TARGET).problems
        assert problem.fix is not None
    assert problem.fix.label == "Use periodic embeddings"


def test_a_table_s_shape_is_a_tuple_and_survives_a_copy() -> None:
    assert TABLE == (8,)
    assert copy.deepcopy(TABLE).columns == TABLE.columns


def test_a_missing_number_adds_a_vector_of_its_column() -> None:
    columns = (TableColumn(0, 1), TableColumn(1, 2, marks_missing=True))
    module = built(spec.FeatureEmbeddings(numbers="linear", dimensions=3), TableShape(columns))
    tokens = module(torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.5, 1.0]]))
    torch.testing.assert_close(tokens[1, :, 1] - tokens[0, :, 1], module.numbers.missing.weight[0])
    torch.testing.assert_close(tokens[1, :, 0], tokens[0, :, 0])
