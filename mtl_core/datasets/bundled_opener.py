"""How a bundled data set is opened: what each module of :mod:`mtl_core.datasets.bundled` has as its ``OPENER``."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl_core.datasets.source import Source, Waveforms
from mtl_core.spec import ColumnType
from mtl_core.spec.data.bundled import BundledSet
from mtl_core.spec.data.splits import GeneratedRowsSplit
from mtl_core.spec.reports import Role
from mtl_core.tabular.column import Column
from mtl_core.tabular.pixel_maps import PixelMap
from mtl_core.tabular.table_columns import read_columns


@dataclass(frozen=True)
class BundledOpener:
    """How a bundled data set is opened.

    Attributes:
        open: From the entry of the set and a split to the columns.
        by_split: Whether the rows are generated for a split, and differ with its shares and seed.
    """

    open: Callable[[BundledSet, GeneratedRowsSplit], Source]
    by_split: bool = False


def table_opener(frame: Callable[[], pd.DataFrame], types: Mapping[str, ColumnType] | None = None) -> BundledOpener:
    """The opener of a set that is a table.

    Args:
        frame: Reads or generates the table.
        types: Types of columns that are not what they look like.
    """
    return BundledOpener(lambda entry, _: _open_table(entry, frame(), types or {}))


def _open_table(entry: BundledSet, frame: pd.DataFrame, types: Mapping[str, ColumnType]) -> Source:
    return bundled_source(entry, read_columns(frame, types), frame_digest(frame))


def bundled_source(
    entry: BundledSet,
    columns: dict[str, Column],
    digest: str,
    *,
    pictures: Mapping[str, NDArray[np.uint8]] | None = None,
    sounds: Mapping[str, Waveforms] | None = None,
    split: NDArray[np.int8] | None = None,
    maps: Mapping[str, PixelMap] | None = None,
) -> Source:
    """The source of a bundled set, with the roles and tasks of its entry; arguments as of :class:`Source`."""
    roles: dict[str, Role] = dict.fromkeys(columns, "input")
    roles |= dict.fromkeys(entry.ignored, "ignore")
    roles |= dict.fromkeys(entry.targets, "target")
    return Source(
        name=entry.name,
        title=entry.title,
        description=entry.description,
        columns=columns,
        digest=digest,
        pictures=pictures or {},
        sounds=sounds or {},
        split=split,
        maps=maps or {},
        roles=roles,
        tasks=entry.tasks,
    )


def frame_digest(frame: pd.DataFrame) -> str:
    """Hash of the cells of a table and the names of its columns."""
    return blake2b(frame.to_csv(index=False).encode(), digest_size=16).hexdigest()


def digest_of(arrays: Iterable[NDArray[np.generic]]) -> str:
    """Hash of the bytes of arrays, in their order."""
    digest = blake2b(digest_size=16)
    for array in arrays:
        digest.update(array.tobytes())
    return digest.hexdigest()


def class_column(name: str, codes: NDArray[np.int64], classes: Sequence[str]) -> Column:
    """A categorical column without missing cells.

    Args:
        name: Its name.
        codes: ``[N]`` indices into the classes.
        classes: Their names, in alphabetical order.
    """
    return Column(name, "categorical", np.full(len(codes), np.nan), codes, tuple(classes))


def number_column(name: str, numbers: NDArray[np.float64], no_text: NDArray[np.int64] | None = None) -> Column:
    """A numeric column without missing cells.

    Args:
        name: Its name.
        numbers: ``[N]``.
        no_text: ``[N]`` of -1, which many columns may have in common.
    """
    return Column(name, "numeric", numbers, np.full(len(numbers), -1, np.int64) if no_text is None else no_text)


def text_column(name: str, texts: Sequence[str]) -> Column:
    """A column of texts without missing cells."""
    values, codes = np.unique(np.array(texts, dtype=object).astype(str), return_inverse=True)
    return Column(name, "text", np.full(len(codes), np.nan), codes.astype(np.int64), tuple(values.tolist()))


def rounded_frame(parts: Sequence[NDArray[np.float64]], columns: Sequence[str]) -> pd.DataFrame:
    """Matrices ``[N, …]`` side by side as a table of numbers with six decimals."""
    return pd.DataFrame(np.round(np.concatenate(parts, axis=1), 6), columns=pd.Index(columns))


def classification_frame(bunch: dict[str, NDArray[np.generic]], target: str) -> pd.DataFrame:
    """A classification set of scikit-learn, with the names of its classes as the last column.

    Args:
        bunch: What scikit-learn's function gives.
        target: The name of that column.
    """
    frame = pd.DataFrame(bunch["data"], columns=pd.Index(bunch["feature_names"]))
    return frame.assign(**{target: [str(bunch["target_names"][code]) for code in bunch["target"]]})
