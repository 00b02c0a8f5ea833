"""Partial dependence: a line for a linear model, categories, rows without the table."""

from functools import partial

import numpy as np
import pytest
import torch

from mtl_core.errors import InputError
from mtl_core.explanation.dependence import column_values, dependence_columns, partial_dependence
from mtl_core.spec import presence_key
from mtl_core.tabular.column import Column
from tests.explanation.models import explained, explained_model
from tests.explanation.test_permutation import split_of

ROWS = 100


def number(name: str, count: int = ROWS) -> Column:
    values = np.random.default_rng(0).normal(1.0, 2.0, count)
    return Column(name, "numeric", values, np.full(count, -1, np.int64))


def category(name: str) -> Column:
    codes = np.arange(ROWS) % 3
    return Column(name, "categorical", np.full(ROWS, np.nan), codes, ("blue", "green", "red"))


COLUMNS = {"age": number("age"), "height": number("height"), "color": category("color")}
dependence = partial(partial_dependence, columns=COLUMNS)


def test_the_dependence_of_a_linear_model_is_a_line_with_its_slope() -> None:
    model = explained_model({"shared": []}, ("table",))
    found = dependence(model, split_of(model), task="size", column="age")
    (head,) = [module for name, module in model.model.named_modules() if name.endswith("task_size.0")]
    slope = 3.0 * float(head.weight[0, 0]) / 2.0  # of the target's and the column's standard deviation
    x, y = np.array(found.values.numbers), found.means[0].numpy()
    np.testing.assert_allclose(y - y[0], slope * (x - x[0]), atol=1e-5)
    for line in found.lines[:, 0].numpy():
        np.testing.assert_allclose(line - line[0], slope * (x - x[0]), atol=1e-5)
    assert found.rows == 40
    assert len(found.lines) == 30


def test_the_mean_of_all_lines_is_the_dependence_and_probabilities_sum_to_one() -> None:
    model = explained("members")
    found = dependence(model, split_of(model, 20), task="kind", column="height")
    torch.testing.assert_close(found.lines.mean(dim=0), found.means)
    torch.testing.assert_close(found.means.sum(dim=0), torch.ones(len(found.values.labels), dtype=torch.float64))


def test_a_column_that_is_not_read_gives_a_flat_line() -> None:
    model = explained("table")
    first = next(module for module in model.model.modules() if isinstance(module, torch.nn.Linear))
    first.weight.data[:, 1:3] = 0.0
    found = dependence(model, split_of(model), task="kind", column="color")
    assert found.values.labels == ("red", "blue")
    assert not found.values.is_number
    assert bool((found.lines == found.lines[:, :, :1]).all())


def test_rows_without_the_table_are_left_out() -> None:
    model = explained("several")
    split = split_of(model)
    split.inputs[presence_key("table")] = torch.arange(40) < 15
    assert dependence(model, split, task="size", column="age").rows == 15
    split.inputs[presence_key("table")] = torch.zeros(40, dtype=torch.bool)
    with pytest.raises(InputError, match="no row with this column"):
        dependence(model, split, task="size", column="age")


def test_values_are_quantiles_of_those_that_occur() -> None:
    part = next(part for part in explained("table").parts if part.name == "age")
    values = column_values(COLUMNS["age"], np.arange(ROWS), part)
    assert len(values.labels) == 30
    assert values.numbers[0] == COLUMNS["age"].numbers.min()
    assert values.numbers[-1] == COLUMNS["age"].numbers.max()
    few = Column("age", "numeric", np.array([1.0, np.nan, 3.0, 1.0]), np.full(4, -1, np.int64))
    assert column_values(few, np.arange(4), part).labels == ("1", "3")
    with pytest.raises(InputError, match="has no value"):
        column_values(few, np.array([1]), part)


def test_only_columns_of_tables_have_a_dependence() -> None:
    model = explained("several")
    assert dependence_columns(model) == ("age", "color", "height")
    with pytest.raises(InputError, match="column that the model reads from a table; found text"):
        dependence(model, split_of(model), task="size", column="text")
    text = explained("text")
    with pytest.raises(InputError, match="reads no table"):
        dependence(text, split_of(text), task="size", column="age")
