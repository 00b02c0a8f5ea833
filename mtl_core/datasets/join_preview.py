"""How many rows of a table have a partner in another one, before the two are joined."""

from pathlib import Path

import pandas as pd

from mtl_core.datasets.kinds.table import cached_raw_table, read_joined
from mtl_core.protocol.questions import JoinPreview
from mtl_core.spec import TableDataset
from mtl_core.tabular.cache import LruCache
from mtl_core.tabular.join import KeyMatch, check_key, joined_names, match_keys, repeated_keys_text
from mtl_core.tabular.readers.table_file import file_stamp
from mtl_core.tabular.readers.table_format import RawTable

_MOST_CANDIDATES = 8
_others: LruCache[RawTable] = LruCache(1)


def preview_join(dataset: TableDataset, path: str, key: str | None, other_key: str | None) -> JoinPreview:
    """Match the rows of a table with those of another file.

    Args:
        dataset: The table, with the tables that are joined already.
        path: The other file.
        key: The column of the key; None: the column of the same name in both files by which most rows match.
        other_key: The column of the key in the other file; None: the one called like ``key``, or the first.

    Raises:
        InputError: A file cannot be read, or has no such column.
    """
    where, name = f"dataset.join[{len(dataset.join)}]", Path(path).name
    left = cached_raw_table(dataset).frame
    right = _others.get(file_stamp(path, f"{where}.path"), lambda: read_joined(path, where)).frame
    if key is None:
        key, other_key = _suggest_keys(left, right)
    check_key(left, key, f"{where}.key", "the table")
    if other_key is None:
        other_key = key if key in right.columns else str(right.columns[0])
    check_key(right, other_key, f"{where}.other_key", name)
    match = match_keys(left[key], right[other_key])
    return JoinPreview(
        columns=tuple(map(str, left.columns)),
        other_columns=tuple(map(str, right.columns)),
        key=key,
        other_key=other_key,
        rows=len(left),
        matched=match.matched,
        other_rows=match.others,
        unused=match.unused,
        added=tuple(joined_names(left.columns, right.columns, other_key, name).values()),
        repeated=repeated_keys_text(match, name) if match.repeated else "",
    )


def _suggest_keys(left: pd.DataFrame, right: pd.DataFrame) -> tuple[str, str]:
    """The columns of one name by which most rows match, of those whose values are unique; else the first of each."""
    common = [str(name) for name in right.columns if name in left.columns][:_MOST_CANDIDATES]
    matches: dict[str, KeyMatch] = {name: match_keys(left[name], right[name]) for name in common}
    if not matches:
        return str(left.columns[0]), str(right.columns[0])
    best = max(matches, key=lambda name: (not matches[name].repeated, matches[name].matched))
    return best, best
