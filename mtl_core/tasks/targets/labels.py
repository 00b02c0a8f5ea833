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
        there: ``[N]``, true where the row is labelled, with one of its values at least.
        codes: ``[N]`` classes, -1 where missing; None for numbers.
        numbers: ``[N, W]``, NaN where missing; None for classes.
        classes: The classes in the order of their numbers; binary: negative, positive; multilabel: the labels.
        maps: ``[N, H, W]`` classes of pixels, of a segmentation; ``[N, L]`` of tokens, -1 where there is none, of a
            tagging task; None for others.
        parts: ``[N, W]``, true where a value is there, when some rows have only some of them; None for others.
        incomplete: Rows that are not labelled because they have only some of the values, which belong together.
    """

    task: BaseTask
    there: NDArray[np.bool_]
    codes: Codes | None = None
    numbers: Floats | None = None
    classes: tuple[str, ...] = ()
    maps: NDArray[np.uint8] | NDArray[np.int16] | None = None
    parts: NDArray[np.bool_] | None = None
    incomplete: int = 0

    @property
    def stratum(self) -> Codes:
        """``[N]``: the stratum of each row: its class, or which of its values are present."""
        if self.codes is not None:
            return self.codes
        if self.parts is None:
            return self.there.astype(np.int64)
        return np.unique(self.parts, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


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
