"""The shape of a table's rows says where each column lies, so that layers can read it.

Covers: mtl_core/spec/data/table_shape.py.
"""

import numpy as np
import pandas as pd
import rtdl_num_embeddings as reference
import torch

from mtl_core.architectures.layers.table_embeddings import PiecewiseLinearNumbers
from mtl_core.datasets.features import apply_inputs, fit_inputs, table_shape
from mtl_core.datasets.preparation import load
from mtl_core.spec import BundledDataset, PiecewiseLinear, RegressionTask, Standardized
from mtl_core.spec.data.table_shape import TableColumn, TableShape
from mtl_core.tabular.table_columns import read_columns


def test_every_feature_of_a_table_belongs_to_a_column() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=40)
    frame = pd.DataFrame({"a": numbers, "c": ["x", "y", "z", None] * 10, "one": [3.0] * 40})
    columns = read_columns(frame, {})
    encoders, _ = fit_inputs(list(columns.values()), np.arange(40), numeric=PiecewiseLinear(bins=3))
    matrix = torch.from_numpy(apply_inputs(encoders, columns, 40))
    shape = table_shape(encoders)
    assert shape == (matrix.shape[1],)
    assert [column.width for column in shape.columns] == [4, 4, 1]
    number, category, _ = shape.columns
    assert (category.start, category.categorical) == (4, True)
    assert (matrix[:, 4:8].sum(1) == 1).all()
    standardized = (numbers - numbers.mean()) / numbers.std()
    np.testing.assert_allclose(matrix[:, number.start] * number.root, standardized, rtol=1e-5, atol=1e-6)
    embedding = PiecewiseLinearNumbers([number], 2)
    bins = torch.addcmul(embedding.shift, embedding.scale, embedding.bins.select(matrix))
    edges = [torch.tensor(encoders[0]["edges"])]
    expected = reference.PiecewiseLinearEncoding(edges)(torch.from_numpy(numbers)[:, None])
    torch.testing.assert_close(bins.double(), expected, rtol=1e-4, atol=1e-5)


def test_data_has_the_shape_with_its_columns() -> None:
    data = load(BundledDataset(name="diabetes"), (RegressionTask(name="y", target="progression"),))
    (shape,) = data.input_shapes.values()
    assert isinstance(shape, TableShape)
    assert sum(column.width for column in shape.columns) == data.train.inputs["table"].shape[1]
    assert shape.columns[0] == TableColumn(0, 1)


def test_the_mark_of_missing_cells_is_a_number_s_last_feature() -> None:
    columns = read_columns(pd.DataFrame({"a": [1.0, None, 3.0, 4.0], "b": [1.0, 2.0, 3.0, 5.0]}), {})
    encoders, _ = fit_inputs(list(columns.values()), np.arange(4), numeric=Standardized(mark_missing=True))
    shape = table_shape(encoders)
    assert [(column.width, column.marks_missing) for column in shape.columns] == [(2, True), (1, False)]
    assert apply_inputs(encoders, columns, 4)[:, 1].tolist() == [0, 1, 0, 0]
