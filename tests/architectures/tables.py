"""A small table as a model's input, for tests of layers that read its columns."""

import torch
from torch import Tensor

from mtl_core.spec.data.table_shape import TableColumn, TableShape

TABLE = TableShape(
    (
        TableColumn(0, 1),
        TableColumn(1, 3, categorical=True),
        TableColumn(4, 1),
        TableColumn(5, 2, categorical=True),
        TableColumn(7, 1),
    )
)
"""Three numbers and categories of three and two values between them."""

INPUTS = {"table": TABLE}
"""As the only input of a model."""


def table_rows(count: int = 6, seed: int = 1) -> dict[str, Tensor]:
    """Rows of :data:`INPUTS`; each third one has an unseen first category."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.zeros(count, *TABLE)
    rows[:, [0, 4, 7]] = torch.randn(count, 3, generator=generator)
    for row in range(count):
        if row % 3:
            rows[row, 1 + row % 3] = 1
        rows[row, 5 + row % 2] = 1
    return {"table": rows}
