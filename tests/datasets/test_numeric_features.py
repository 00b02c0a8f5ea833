"""Numeric inputs: standardization and piecewise linear bins."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import SplineTransformer

from mtl_core.datasets.description import describe
from mtl_core.datasets.features import apply_inputs, fit_inputs
from mtl_core.datasets.preparation import load
from mtl_core.spec import BundledDataset, MulticlassTask, NumericInputs, PiecewiseLinear, Standardized
from mtl_core.tabular.table_columns import read_columns
from tests.inputs import only, transform_inputs

CELLS = st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(0, 3))


def encoded(cells: list[float | None], training: int, how: NumericInputs) -> tuple[dict[str, Any], np.ndarray]:
    columns = read_columns(pd.DataFrame({"x": pd.Series(cells, dtype=float)}), {})
    encoders, _ = fit_inputs(list(columns.values()), np.arange(training), numeric=how)
    return encoders[0], apply_inputs(encoders, columns, len(cells))


def test_the_number_and_its_bins_span_what_a_linear_spline_with_knots_at_the_edges_does() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.exponential(2, 400)
    encoder, features = encoded(numbers.tolist(), 300, PiecewiseLinear(bins=6))
    assert features.shape == (400, 7)
    knots = np.array(encoder["edges"])[:, None]
    counts = np.histogram(numbers[:300], knots[:, 0])[0]
    assert counts.min() >= 49
    spline = SplineTransformer(degree=1, knots=knots, extrapolation="constant").fit(numbers[:300, None])
    inside = numbers <= numbers[:300].max()
    basis = np.column_stack([np.ones(len(numbers)), features])[inside].astype(np.float64)
    for feature in spline.transform(numbers[:, None])[inside].T:
        weights = np.linalg.lstsq(basis, feature, rcond=None)[0]
        np.testing.assert_allclose(basis @ weights, feature, atol=1e-5)


def test_a_number_beyond_the_training_rows_moves_only_the_standardized_one() -> None:
    _, features = encoded([*range(100), 1e6, 2e6], 100, PiecewiseLinear())
    assert features[-1, 0] > features[-2, 0] > features[99, 0]
    assert np.array_equal(features[-1, 1:], features[99, 1:])


@given(
    st.lists(CELLS, min_size=4, max_size=40),
    st.lists(CELLS, max_size=10),
    st.integers(2, 12).map(lambda bins: PiecewiseLinear(bins=bins)),
)
@settings(deadline=None)
def test_training_rows_have_mean_0_and_variance_1_in_all_and_no_other_row_changes_them(
    training: list[float | None], others: list[float | None], how: PiecewiseLinear
) -> None:
    encoder, features = encoded(training + others, len(training), how)
    assert np.isfinite(features).all()
    own = features[: len(training)]
    assert np.array_equal(own, encoded(training, len(training), how)[1])
    np.testing.assert_allclose(own.mean(0), 0, atol=1e-3)
    variance = own.astype(np.float64).var(0)
    if encoder.get("edges"):
        np.testing.assert_allclose(variance.sum(), 1, atol=1e-2)
        np.testing.assert_allclose(variance, variance[0], atol=1e-2)  # each feature alike


@pytest.mark.parametrize(
    "cells",
    [[1.0] * 10, [0.0, 1.0] * 5, [None] * 9 + [2.0], [None, None, 0.0, 2.3e-308]],
    ids=["constant", "two", "missing", "constant but for rounding"],
)
def test_a_column_without_two_bins_is_only_standardized(cells: list[float | None]) -> None:
    plain = encoded(cells, len(cells), Standardized())
    assert json.dumps(encoded(cells, len(cells), PiecewiseLinear())[0]) == json.dumps(plain[0])
    assert np.array_equal(encoded(cells, len(cells), PiecewiseLinear())[1], plain[1])


def test_equal_quantiles_make_one_bin_less() -> None:
    assert encoded([0.0] * 60 + list(range(1, 41)), 100, PiecewiseLinear(bins=4))[1].shape == (100, 3)


def test_new_rows_get_the_bins_of_the_training_rows_from_json() -> None:
    frame = pd.DataFrame({"x": [float(i * i) for i in range(50)]})
    columns = read_columns(frame, {})
    encoders, _ = fit_inputs(list(columns.values()), np.arange(40), numeric=PiecewiseLinear(bins=3))
    plain = json.loads(json.dumps({"kind": "table", "inputs": encoders}))
    again = only(transform_inputs(plain, frame.iloc[35:]))
    assert np.array_equal(again.numpy(), apply_inputs(encoders, columns, 50)[35:])


def test_bins_change_the_input_shape_and_the_fingerprint() -> None:
    tasks = (MulticlassTask(name="cultivar", target="cultivar"),)
    plain = BundledDataset(name="wine")
    binned = BundledDataset(name="wine", numeric_inputs=PiecewiseLinear(bins=3))
    data = load(binned, tasks)
    assert next(iter(data.input_shapes.values())) == (44,)
    assert next(iter(describe(binned.model_copy(update={"inputs": ("ash", "hue")})).input_shapes.values())) == (8,)
    assert data.fingerprint != load(plain, tasks).fingerprint
    assert np.array_equal(data.train.rows, load(plain, tasks).train.rows)  # the same split


def test_bins_do_not_change_the_fingerprint_without_numeric_inputs() -> None:
    tasks = (MulticlassTask(name="left", target="left"),)
    plain, binned = (load(BundledDataset(numeric_inputs=how), tasks) for how in (Standardized(), PiecewiseLinear()))
    assert plain.fingerprint == binned.fingerprint
