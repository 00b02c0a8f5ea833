"""Encoding of columns as input features."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mtl_core.datasets.features import apply_inputs, feature_count, fit_inputs
from mtl_core.spec import InputError, OneHot
from mtl_core.tabular.table_columns import read_columns
from tests.inputs import only, transform_inputs

CELLS = st.one_of(st.none(), st.floats(-1e6, 1e6))


def matrix(frame: pd.DataFrame, rows: list[int]) -> np.ndarray:
    columns = read_columns(frame, {})
    encoders, _ = fit_inputs(list(columns.values()), np.array(rows))
    return apply_inputs(encoders, columns, len(frame))


def test_it_equals_a_scikit_learn_pipeline_fitted_on_the_training_rows() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(5, 3, 200), "b": rng.exponential(2, 200), "c": rng.choice(list("xyz"), 200)})
    frame.loc[rng.random(200) < 0.2, "a"] = np.nan
    train = list(range(0, 200, 2))
    numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    order = [list(frame["c"].iloc[train].value_counts().index)]
    oracle = ColumnTransformer([("n", numeric, ["a", "b"]), ("c", OneHotEncoder(categories=order), ["c"])])
    oracle.fit(frame.iloc[train])
    np.testing.assert_allclose(matrix(frame, train), oracle.transform(frame), atol=1e-6)


@given(st.lists(CELLS, min_size=4, max_size=30), st.lists(CELLS, min_size=1, max_size=10))
@settings(deadline=None)
def test_rows_outside_training_never_change_the_preprocessing(
    train: list[float | None], others: list[float | None]
) -> None:
    rows = list(range(len(train)))
    alone = matrix(pd.DataFrame({"x": pd.Series(train, dtype=float)}), rows)
    beside = matrix(pd.DataFrame({"x": pd.Series(train + others, dtype=float)}), rows)
    assert np.array_equal(alone, beside[: len(train)])
    assert np.isfinite(beside).all()


def test_an_unknown_category_is_all_zeros_and_a_missing_one_has_its_own_column() -> None:
    frame = pd.DataFrame({"c": ["x", "x", "y", None, "new", None]})
    encoded = matrix(frame, [0, 1, 2, 3])
    assert encoded.tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [0, 0, 1]]


def test_beyond_a_hundred_categories_the_rare_and_the_unseen_share_a_column() -> None:
    names = [f"c{i}" for i in range(100)] * 2 + ["rare1", "rare2", "unseen"]
    columns = read_columns(pd.DataFrame({"c": names}), {})
    encoders, notes = fit_inputs(list(columns.values()), np.arange(len(names) - 1))
    encoded = apply_inputs(encoders, columns, len(names))
    assert feature_count(encoders[0]) == 101
    assert encoded[-3:, -1].tolist() == [1, 1, 1]
    assert (encoded.sum(1) == 1).all()
    assert "the 100 most frequent" in str(notes[0])


def one_hot(values: list[str | None], training: int, spec: OneHot) -> list[list[float]]:
    columns = read_columns(pd.DataFrame({"c": values}), {})
    encoders, _ = fit_inputs(list(columns.values()), np.arange(training), categorical=spec)
    return apply_inputs(encoders, columns, len(values)).tolist()


def test_categories_with_few_rows_share_an_input_with_unseen_ones_as_in_scikit_learn() -> None:
    values = ["a"] * 5 + ["b"] * 4 + ["c", "d", "d"] + ["new", "a"]
    oracle = OneHotEncoder(min_frequency=3, handle_unknown="infrequent_if_exist", sparse_output=False)
    cells = np.array(values)[:, None]
    expected = oracle.fit(cells[:12]).transform(cells)
    assert one_hot(values, 12, OneHot(least_rows=3)) == expected.tolist()


def test_unseen_categories_have_an_input_of_their_own_if_the_spec_says_so() -> None:
    values = ["x", "x", "y", None, "new", None]
    assert one_hot(values, 4, OneHot(unseen=True)) == [
        [1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1],
    ]  # fmt: skip
    assert one_hot(values, 4, OneHot(most=2)) == one_hot(values, 4, OneHot())


def test_an_input_without_any_training_value_is_constant_and_noted() -> None:
    columns = read_columns(pd.DataFrame({"x": [np.nan, np.nan, 5.0]}), {})
    encoders, notes = fit_inputs(list(columns.values()), np.array([0, 1]))
    assert apply_inputs(encoders, columns, 3)[:2].tolist() == [[0], [0]]
    assert [note.what for note in notes] == ["Input 'x' has no value in the training rows."]


def test_new_rows_are_transformed_alike_with_preprocessing_from_json() -> None:
    frame = pd.DataFrame({"x": ["1", "2", "", "4"], "지역": ["서울", "부산", "서울", "?"], "unused": list("abcd")})
    columns = read_columns(frame[["x", "지역"]], {})
    encoders, _ = fit_inputs(list(columns.values()), np.arange(4))
    plain = json.loads(json.dumps({"kind": "table", "inputs": encoders}))
    again = only(transform_inputs(plain, frame))
    assert again.dtype == torch.float32
    assert np.array_equal(again.numpy(), apply_inputs(encoders, columns, 4))
    with pytest.raises(InputError, match=r"column 'x': is an input of the model"):
        only(transform_inputs(plain, frame[["지역"]]))
