"""The ways to divide rows into training, validation and test rows."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import Discriminator, Tag, TypeAdapter, ValidationError

from mtl_core.spec.data.splits.base import BaseSplit, SharesSplit
from mtl_core.spec.data.splits.column import ColumnSplit
from mtl_core.spec.data.splits.group import GroupSplit
from mtl_core.spec.data.splits.kfold import KFoldSplit
from mtl_core.spec.data.splits.random import RandomSplit
from mtl_core.spec.data.splits.stratified import StratifiedSplit
from mtl_core.spec.data.splits.time import TimeSplit
from mtl_core.spec.unions import kind_of, members

__all__ = [
    "SHORT_FORM",
    "SPLIT_KINDS",
    "BaseSplit",
    "ColumnSplit",
    "GeneratedRowsSplit",
    "GroupSplit",
    "KFoldSplit",
    "RandomSplit",
    "SharesSplit",
    "SplitSpec",
    "StratifiedSplit",
    "TimeSplit",
    "split_columns",
    "split_kind",
    "train_share",
]

SHORT_FORM = "stratified"
"""The kind that a split without a kind has."""


def _tag(split: Any) -> str:
    """The kind of a split; that of the short form where none is named."""
    if isinstance(split, Mapping):
        return str(split.get("kind", SHORT_FORM))
    return str(getattr(split, "kind", SHORT_FORM))


SplitSpec = Annotated[
    Annotated[StratifiedSplit, Tag("stratified")]
    | Annotated[RandomSplit, Tag("random")]
    | Annotated[GroupSplit, Tag("group")]
    | Annotated[TimeSplit, Tag("time")]
    | Annotated[ColumnSplit, Tag("column")]
    | Annotated[KFoldSplit, Tag("kfold")],
    Discriminator(_tag),
]

GeneratedRowsSplit = StratifiedSplit | RandomSplit
"""The splits for which a data set can generate its rows."""

SPLIT_KINDS = {kind_of(member): cast(type[BaseSplit], member) for member in members(SplitSpec)}
"""The class of each kind of split."""


def split_kind(split: Mapping[str, Any]) -> type[BaseSplit]:
    """The class of a split that is spec data; that of the short form where its kind is not known."""
    return SPLIT_KINDS.get(_tag(split), StratifiedSplit)


_SPLIT: TypeAdapter[SplitSpec] = TypeAdapter(SplitSpec)


def train_share(split: Any) -> float:
    """About what share of the rows a split that is spec data trains on; the usual one where it is not valid."""
    try:
        return _SPLIT.validate_json(json.dumps(split)).train_share
    except (ValidationError, TypeError, ValueError):
        return StratifiedSplit().train_share


def split_columns(split: Any) -> tuple[str, ...]:
    """The columns that divide the rows in a split that is spec data; none where it is not valid."""
    try:
        return _SPLIT.validate_json(json.dumps(split)).columns
    except (ValidationError, TypeError, ValueError):
        return ()
