"""Arrays that are one array in training, validation and test rows, such as x_train and x_test, or those of MNIST."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl_core.protocol.series_key import SPLITS
from mtl_core.tabular.arrays.array_file import Arrays
from mtl_core.text import format_names

_PARTS = {"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "test": 2, "testing": 2, "t10k": 2}
_WORD = re.compile(r"([-_. ]+)")


@dataclass(frozen=True)
class JoinedArrays:
    """Arrays whose parts stand one below the other.

    Attributes:
        arrays: By the name that their parts have in common.
        part_names: The names of the parts of each.
        split: ``[N]``, the index of each row's split in :data:`SPLITS`.
        left_out: The names of other arrays.
    """

    arrays: Arrays
    part_names: dict[str, tuple[str, ...]]
    split: NDArray[np.int8]
    left_out: tuple[str, ...]


def join_split_arrays(arrays: Arrays) -> JoinedArrays | None:
    """Join arrays that are parts of one by their names, if all of them have the same parts, and training and test rows.

    A name says which part an array is by one of its words: ``x_train`` and ``x_test`` are parts of ``x``,
    ``train-images`` and ``t10k-images`` of ``images``. Other arrays are left out.

    Returns:
        None where there are no such arrays, they do not fit each other, or another array has the rows of one of them:
        then ``train_mask`` and ``test_mask`` may say something about the same rows.
    """
    parts: dict[str, dict[int, str]] = {}
    for name in arrays:
        if (found := _split_name(name)) is not None:
            base, part = found
            if part in parts.setdefault(base, {}):
                return None
            parts[base][part] = name
    numbers = sorted(next(iter(parts.values()), {}))
    if not {0, 2} <= set(numbers) or any(sorted(of) != numbers for of in parts.values()):
        return None
    lengths = [{arrays[of[part]].shape[:1] for of in parts.values()} for part in numbers]
    if any(len(lengths_of_part) > 1 or () in lengths_of_part for lengths_of_part in lengths):
        return None
    names = {base: tuple(of[part] for part in numbers) for base, of in parts.items()}
    for of in names.values():
        kinds = {(arrays[name].shape[1:], arrays[name].dtype.kind in "SU") for name in of}
        if len(kinds) > 1 or any(arrays[name].dtype.kind == "V" for name in of):
            return None
    rows = [next(iter(lengths_of_part))[0] for lengths_of_part in lengths]
    left_out = tuple(name for name in arrays if not any(name in of for of in names.values()))
    if any(arrays[name].shape[:1] in {(count,) for count in rows} for name in left_out):
        return None
    return JoinedArrays(
        {base: np.concatenate([arrays[name] for name in of]) for base, of in names.items()},
        names,
        np.repeat(np.array(numbers, np.int8), rows),
        left_out,
    )


def describe_parts(joined: JoinedArrays) -> str:
    """Describe which arrays were joined, how many rows each split has, and what is left out."""
    names = "; ".join(f"{base!r} is {' and '.join(of)}" for base, of in joined.part_names.items())
    counts = [(name, int((joined.split == part).sum())) for part, name in enumerate(SPLITS)]
    rows = ", ".join(f"{count} {name}" for name, count in counts if count)
    others = f" Left out: {format_names(joined.left_out)}." if joined.left_out else ""
    return f"Arrays with training and test rows of their own are read as one ({names}), and split so: {rows}.{others}"


def _split_name(name: str) -> tuple[str, int] | None:
    """The name without the word for a part, and the part; None where no word, or more than one, says which."""
    words = _WORD.split(name)  # words and what separates them, in turn
    found = [i for i in range(0, len(words), 2) if words[i].lower() in _PARTS]
    if len(found) != 1:
        return None
    (i,) = found
    without = words[: max(i - 1, 0)] + words[i + 1 if i else 2 :]
    return "".join(without) or "array", _PARTS[words[i].lower()]
