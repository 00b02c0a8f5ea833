"""Default settings of a new experiment on a table."""

import pytest

from mtl_core.spec import spec_from_data
from mtl_core.spec.table_defaults import (
    FEW_ROWS,
    MANY_ROWS,
    STEPS,
    table_categorical_inputs,
    table_layers,
    table_numeric_inputs,
    table_training,
)

_ROWS = (0, 1, 14, 105, 420, FEW_ROWS - 1, FEW_ROWS, 14_000, 2_000_000)


@pytest.mark.parametrize("rows", _ROWS)
def test_the_experiment_is_valid_whatever_the_number_of_rows(rows: int) -> None:
    spec_from_data(
        {
            "version": 1,
            "name": "a table",
            "dataset": {
                "kind": "table",
                "path": "t.csv",
                "inputs": ["x"],
                "numeric_inputs": table_numeric_inputs(rows),
                "categorical_inputs": table_categorical_inputs(rows),
            },
            "tasks": [{"name": "y", "kind": "regression", "target": "y"}],
            "model": table_layers(rows, ["y"]),
            "training": table_training(rows),
        }
    )


@pytest.mark.parametrize("rows", [rows for rows in _ROWS if rows])
def test_a_run_that_is_not_stopped_early_has_steps_enough_or_sees_each_row_as_often_as_there_are_rows(
    rows: int,
) -> None:
    training = table_training(rows)
    steps_per_epoch = -(-rows // training["batch_size"])
    assert training["epochs"] * steps_per_epoch >= STEPS or training["epochs"] == max(rows, 20)


def test_larger_tables_get_larger_batches() -> None:
    sizes = [table_training(rows)["batch_size"] for rows in _ROWS]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 3


def test_few_rows_get_fewer_layers_with_more_dropout() -> None:
    few, many = (table_layers(rows, [], ensemble=False)["shared"] for rows in (FEW_ROWS - 1, FEW_ROWS))
    assert len(few) < len(many)
    assert few[-1]["p"] > many[-1]["p"]


def test_the_model_is_an_ensemble_unless_it_gains_nothing_takes_too_long_or_may_not_be_one() -> None:
    sizes = (FEW_ROWS - 1, FEW_ROWS, MANY_ROWS - 1, MANY_ROWS)
    assert [table_layers(rows, [])["shared"][0]["kind"] == "tabm" for rows in sizes] == [False, True, True, False]
    assert table_layers(FEW_ROWS, [], ensemble=False)["shared"] == table_layers(MANY_ROWS, [])["shared"]  # wider ones


def test_many_categories_have_inputs_of_their_own_in_tables_that_are_not_large() -> None:
    assert [table_categorical_inputs(rows)["most"] for rows in (100, 20_000, 20_001)] == [1000, 1000, 100]


def test_bins_have_rows_enough() -> None:
    assert table_numeric_inputs(14)["kind"] == "standardized"
    for rows in (105, 14_000):
        numeric = table_numeric_inputs(rows)
        assert numeric["kind"] == "piecewise_linear"
        assert rows / numeric["bins"] > 10
