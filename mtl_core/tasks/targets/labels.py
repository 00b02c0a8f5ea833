"""The labels of a task in every row, and the source from which they are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import BaseTask, InputError
from mtl_core.tabular.cells import Codes
from mtl_core.tabular.column import Column
from mtl_core.tabular.column_lookup import find_column
from mtl_core.tabular.pixel_maps import PixelMap
from mtl_core.tabular.text.vocabulary import Tokens
from mtl_core.tabular.values.numerals import Floats


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of a task in every row.

    Attributes:
        task: The task.
        labeled: ``[N]``, true where the row has a label, or at least one of its values.
        codes: ``[N]`` classes, -1 where missing; None for numbers.
        numbers: ``[N, W]``, NaN where missing; None for classes.
        classes: The classes in the order of their codes; binary: negative, positive; multilabel: the labels.
        maps: ``[N, H, W]`` classes of pixels for a segmentation; ``[N, L]`` classes of tokens, -1 where there is no
            token, for a tagging task; None for others.
        value_mask: ``[N, W]``, true where a value is present, if some rows have only some of the values; else None.
        incomplete_rows: The number of rows without a label because they lack some of the values of one target.
    """

    task: BaseTask
    labeled: NDArray[np.bool_]
    codes: Codes | None = None
    numbers: Floats | None = None
    classes: tuple[str, ...] = ()
    maps: NDArray[np.uint8] | NDArray[np.int16] | None = None
    value_mask: NDArray[np.bool_] | None = None
    incomplete_rows: int = 0

    @property
    def strata(self) -> Codes:
        """``[N]``: the stratum of each row: its class, or which of its values are present."""
        if self.codes is not None:
            return self.codes
        if self.value_mask is None:
            return self.labeled.astype(np.int64)
        return np.unique(self.value_mask, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


@dataclass(frozen=True, eq=False)
class TargetSource:
    """The columns and maps of a data set from which targets are read.

    Attributes:
        columns: The data's columns by name.
        maps: The data's maps of classes by name.
        tokens: The tokens of a text input; None if there is no text input.
    """

    columns: Mapping[str, Column]
    maps: Mapping[str, PixelMap] = field(default_factory=dict)
    tokens: Tokens | None = None

    def columns_of(self, task: BaseTask, at: str) -> list[Column]:
        """Return the target columns of a task at a place of the spec.

        Raises:
            InputError: A column does not exist, or is a map of classes.
        """
        where = f"{at}.target"
        for name in task.targets:
            if name in self.maps:
                rule = f"is a map of classes, which a {task.kind} task cannot predict"
                raise InputError(where, rule, found=repr(name))
        return [find_column(self.columns, name, where) for name in task.targets]
