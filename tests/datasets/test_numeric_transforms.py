"""Transforms of numeric inputs: properties that all kinds share, and scikit-learn's transformers.

Covers: mtl_core/spec/inputs/column_encodings.py.
"""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, RobustScaler, StandardScaler

from mtl_core.datasets.description import describe
from mtl_core.datasets.features import apply_inputs, fit_inputs
from mtl_core.datasets.preparation import load
from mtl_core.spec import (
    BundledDataset,
    Logarithmic,
    MinMax,
    MulticlassTask,
    NumericInputs,
    OneHot,
    PiecewiseLinear,
    QuantileNormal,
    Robust,
    Standardized,
)
from mtl_core.tabular.column import Encoder
from mtl_core.tabular.table_columns import read_columns
from tests.inputs import transform_inputs

CELLS = st.one_of(st.none(), st.floats(-1e30, 1e30), st.integers(0, 3), st.just(float("inf")))
KINDS = (MinMax(), Robust(), Robust(clip=None), Logarithmic(), QuantileNormal(), QuantileNormal(quantiles=5))


def encoded(cells: list[float | None], training: int, how: NumericInputs) -> tuple[Encoder, np.ndarray]:
    columns = read_columns(pd.DataFrame({"x": pd.Series(cells, dtype=float)}), {})
    encoders, _ = fit_inputs(list(columns.values()), np.arange(training), numeric=how)
    return encoders[0], apply_inputs(encoders, columns, len(cells))


@pytest.mark.parametrize(
    ("how", "oracle"),
    [
        (Standardized(), StandardScaler()),
        (MinMax(), MinMaxScaler()),
        (Robust(clip=None), RobustScaler()),
        (QuantileNormal(quantiles=200), QuantileTransformer(n_quantiles=200, output_distribution="normal")),
    ],
    ids=lambda one: getattr(one, "kind", ""),
)
def test_a_transform_equals_that_of_scikit_learn_fitted_on_the_training_rows(how: NumericInputs, oracle: Any) -> None:
    numbers = np.random.default_rng(0).standard_t(2, 300)
    expected = oracle.fit(numbers[:200, None]).transform(numbers[:, None])
    inner = np.full(300, True)
    if isinstance(how, QuantileNormal):  # where it does not interpolate, and without its ends, which are at 5.2
        inner = (np.arange(300) < 200) & (np.abs(expected[:, 0]) < 5)
    np.testing.assert_allclose(encoded(numbers.tolist(), 200, how)[1][inner], expected[inner], atol=2e-6)


def test_quantiles_between_those_that_are_kept_are_close_to_scikit_learns() -> None:
    numbers = np.random.default_rng(0).exponential(3, 5000)
    oracle = QuantileTransformer(n_quantiles=5000, output_distribution="normal").fit(numbers[:, None])
    expected = oracle.transform(numbers[:, None])
    inner = np.abs(expected) < 2
    np.testing.assert_allclose(encoded(numbers.tolist(), 5000, QuantileNormal())[1][inner], expected[inner], atol=0.03)


def test_the_robust_input_is_that_of_realmlp() -> None:
    _, features = encoded([0, 1, 2, 3, 4, 1000], 5, Robust())
    distance = (np.array([0, 1, 2, 3, 4, 1000]) - 2) / 2
    np.testing.assert_allclose(features[:, 0], distance / np.sqrt(1 + (distance / 3) ** 2), rtol=1e-6)
    _, mostly_equal = encoded([5.0] * 8 + [1.0, 9.0], 10, Robust(clip=None))
    assert mostly_equal[:, 0].tolist() == [0] * 8 + [-1, 1]  # by half the range, where the quartiles are equal


def test_the_logarithm_keeps_the_sign_and_is_standardized() -> None:
    numbers = [-1e6, -3.0, 0.0, 3.0, 1e6, 1e9]
    logarithms = np.sign(numbers) * np.log1p(np.abs(numbers))
    expected = (logarithms - logarithms[:5].mean()) / logarithms[:5].std()
    np.testing.assert_allclose(encoded(numbers, 5, Logarithmic())[1][:, 0], expected, rtol=1e-6)


@given(st.lists(CELLS, min_size=1, max_size=30), st.lists(CELLS, max_size=8), st.sampled_from(KINDS), st.booleans())
@settings(deadline=None)
def test_features_are_finite_rise_with_the_number_and_depend_on_the_training_rows_alone(
    training: list[float | None], others: list[float | None], kind: NumericInputs, mark: bool
) -> None:
    how = kind.model_copy(update={"mark_missing": mark})
    encoder, features = encoded(training + others, len(training), how)
    assert np.isfinite(features).all()
    assert np.array_equal(features[: len(training)], encoded(training, len(training), how)[1])
    frame = pd.DataFrame({"x": pd.Series(training + others, dtype=float)})
    again = transform_inputs(json.loads(json.dumps({"kind": "table", "inputs": [encoder]})), frame)
    assert np.array_equal(again["table"].numpy(), features)
    (column,) = read_columns(frame, {}).values()
    order = np.argsort(column.numbers[column.present])
    assert (np.diff(features[column.present][order, 0]) >= 0).all()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@pytest.mark.parametrize(
    "cells",
    [[7.0] * 9, [None] * 4, [3.0], [0.1 + 0.2, 0.3, 0.3], [None, 2.0, 2.0]],
    ids=["constant", "missing", "single", "constant but for rounding", "constant where present"],
)
def test_a_column_without_two_numbers_becomes_zero(cells: list[float | None], kind: NumericInputs) -> None:
    assert not encoded(cells, len(cells), kind)[1].round(12).any()


def test_heavy_tails_stay_small_where_the_transform_is_to_see_to_it() -> None:
    numbers = np.random.default_rng(0).standard_cauchy(2000).tolist()
    assert np.abs(encoded(numbers, 1000, Robust())[1]).max() <= 3
    assert np.abs(encoded(numbers, 1000, QuantileNormal())[1]).max() < 3.5
    assert np.abs(encoded(numbers, 1000, Standardized())[1]).max() > 20


@pytest.mark.parametrize("kind", [Standardized(), PiecewiseLinear(bins=2), *KINDS], ids=lambda kind: kind.kind)
def test_missing_cells_are_marked_in_a_last_input_and_nothing_else_changes(kind: NumericInputs) -> None:
    cells = [1.0, 2.0, None, 4.0, 5.0, None, 7.0]
    marked = kind.model_copy(update={"mark_missing": True})
    plain, features = encoded(cells, 5, kind)[1], encoded(cells, 5, marked)[1]
    assert np.array_equal(features[:, :-1], plain)
    assert features[:, -1].tolist() == [0, 0, 1, 0, 0, 1, 0]
    assert np.array_equal(encoded(cells, 2, marked)[1], encoded(cells, 2, kind)[1])  # none is missing there


def test_settings_that_change_no_tensor_leave_the_fingerprint_as_it_was() -> None:
    tasks, plain = (MulticlassTask(name="cultivar", target="cultivar"),), BundledDataset(name="wine")
    binned = plain.model_copy(update={"numeric_inputs": PiecewiseLinear()})
    assert load(plain, tasks).fingerprint == "22c5bd75a165eced571035955efcd9d1"  # as in stored runs
    assert load(binned, tasks).fingerprint == "bb918cd57c1f65885df446c81196d77a"
    others = [plain.model_copy(update={"numeric_inputs": kind}) for kind in (*KINDS, Standardized(mark_missing=True))]
    others += [plain.model_copy(update={"categorical_inputs": OneHot(unseen=True)})]
    fingerprints = {load(one, tasks).fingerprint for one in (plain, *others)}
    assert len(fingerprints) == 1 + len(others)
    assert describe(others[0]).input_shapes == describe(plain).input_shapes
