"""Assign whole groups of rows to splits or folds."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import InputError


def assign_groups(
    groups: NDArray[np.int64], shares: Sequence[float], rng: np.random.Generator, setting: str = "column"
) -> NDArray[np.int64]:
    """Assign rows to parts so that no group is divided, ``[rows]`` indices of parts; no part is empty.

    The groups are taken in random order; each goes to the part that lacks the largest share of its rows among those
    that have room for the whole group, or else to the one that lacks most rows. So every part is within the size of a
    group or two of its share, and a large group does not fill a small part.

    Args:
        groups: The group of each row, from 0 without gaps.
        shares: The share of each part.
        rng: The random generator.
        setting: The setting of ``dataset.split`` that names the column of groups.

    Raises:
        InputError: There are fewer groups than parts.
    """
    sizes = np.bincount(groups).tolist()
    if len(sizes) < len(shares):
        rule = f"must have at least {len(shares)} groups, one for each part of the rows"
        raise InputError(f"dataset.split.{setting}", rule, found=f"{len(sizes)} groups")
    total = len(groups) / sum(shares)
    wanted = [share * total for share in shares]
    lacking = list(wanted)
    part_of_group = np.empty(len(sizes), np.int64)
    empty = set(range(len(shares)))
    for left, group in zip(range(len(sizes), 0, -1), rng.permutation(len(sizes)).tolist(), strict=True):
        part = _best_part(sizes[group], wanted, lacking, sorted(empty) if left <= len(empty) else ())
        part_of_group[group] = part
        lacking[part] -= sizes[group]
        empty.discard(part)
    return part_of_group[groups]


def _best_part(size: int, wanted: Sequence[float], lacking: Sequence[float], required: Sequence[int]) -> int:
    """The part for a group of a size, one of the ``required`` parts if there are any."""
    parts = required or range(len(wanted))
    roomy = [part for part in parts if lacking[part] >= size]
    if roomy:
        return max(roomy, key=lambda part: lacking[part] / wanted[part])
    return max(parts, key=lambda part: lacking[part])
