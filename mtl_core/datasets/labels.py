"""Target columns to labels, as each kind of task reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.pixel_maps import PixelMap
from mtl_core.spec import (
    BinaryTask,
    BoxTask,
    CountTask,
    DistributionTask,
    InputError,
    MulticlassTask,
    MultilabelTask,
    ObjectiveTask,
    OrdinalTask,
    RegressionTask,
    SegmentationTask,
    TaggingTask,
    Task,
    column_name,
    shorten,
)
from mtl_core.tabular.cells import Codes, setting_of
from mtl_core.tabular.column import Column, number
from mtl_core.tabular.column_roles import MAX_CLASSES
from mtl_core.tabular.text.tags import read_tags
from mtl_core.tabular.text.vocabulary import Tokens
from mtl_core.tabular.values.numerals import Floats, begins_with_number
from mtl_core.text import close_matches, did_you_mean

_VALUE_BY_VALUE = (RegressionTask, CountTask, MultilabelTask)
"""Kinds of task whose values are predicted each for itself; those of a box or a distribution belong together."""


@dataclass(frozen=True, eq=False)
class Labels:
    """A task's labels in every row.

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

    task: Task
    there: NDArray[np.bool_]
    codes: Codes | None = None
    numbers: Floats | None = None
    classes: tuple[str, ...] = ()
    maps: NDArray[np.uint8] | NDArray[np.int16] | None = None
    parts: NDArray[np.bool_] | None = None
    incomplete: int = 0

    @property
    def stratum(self) -> Codes:
        """``[N]``: by what to stratify: the class, or which values are there."""
        if self.codes is not None:
            return self.codes
        if self.parts is None:
            return self.there.astype(np.int64)
        return np.unique(self.parts, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def find_column(columns: Mapping[str, Column], name: str, where: str) -> Column:
    """The column of that name.

    Raises:
        InputError: There is none; the error suggests those with a similar name.
    """
    name = column_name(name)
    if name in columns:
        return columns[name]
    folded = {known.casefold(): known for known in columns}
    close = [shorten(repr(folded[match])) for match in close_matches(name.casefold(), folded, cutoff=0.5)]
    fix = did_you_mean(close) if close else f"The columns are {shorten(', '.join(map(repr, [*columns][:8])), 200)}."
    raise InputError(where, "there is no such column", found=repr(name), fix=fix)


def read_labels(
    tasks: Sequence[Task],
    columns: Mapping[str, Column],
    maps: Mapping[str, PixelMap] | None = None,
    place: str = "tasks",
    tokens: Tokens | None = None,
) -> list[Labels]:
    """The labels of each task.

    Args:
        tasks: The tasks.
        columns: The data's columns by name.
        maps: The data's maps of classes by name.
        place: Where in the spec the tasks stand.
        tokens: Those of a text input.

    Raises:
        InputError: A target is not there, has no label, or does not suit the kind of task.
    """
    labels = []
    for i, task in enumerate(tasks):
        at = f"{place}[{i}]"
        where = f"{at}.target"
        if isinstance(task, SegmentationTask):
            labels.append(_segmentation(task, maps or {}, at))
            continue
        for name in task.targets:
            if maps and name in maps:
                raise InputError(
                    where, f"is a map of classes, which a {task.kind} task cannot predict", found=repr(name)
                )
        found = [find_column(columns, name, where) for name in task.targets]
        read = _tagging(task, found[0], tokens, at) if isinstance(task, TaggingTask) else _read(task, found, at)
        if not read.there.any():
            alone = len(task.targets) == 1 or isinstance(task, _VALUE_BY_VALUE)
            rule = "no row has a label" if alone else "no row has a label in all of these columns"
            raise _no_label(where, rule, found)
        labels.append(read)
    return labels


def _no_label(where: str, rule: str, columns: Sequence[Column]) -> InputError:
    """That no row has a label, with the words that count as missing and how to have them as classes."""
    names, fix = ", ".join(column.name for column in columns), "Take another target."
    for column in columns:
        if words := [f"{text!r} in {count}" for text, count in column.missing if text]:
            names = f"{names} (cells that count as missing: {', '.join(words[:4])})"
            fix = f"Take another target, or set {setting_of('missing', column.name)} to [] to have them as classes."
            break
    return InputError(where, rule, found=names, fix=fix)


def _read(task: Task, columns: list[Column], at: str) -> Labels:
    match task:
        case BinaryTask():
            return _two_classes(task, columns[0], at)
        case MulticlassTask():
            return _weighed(_classes(task, columns[0], at), at)
        case OrdinalTask():
            return _ordered(_classes(task, columns[0], at), at)
        case MultilabelTask():
            return _labels(task, columns, at)
    return _numbers(task, columns, at)


def _segmentation(task: SegmentationTask, maps: Mapping[str, PixelMap], at: str) -> Labels:
    if task.target not in maps:
        there = ", ".join(map(repr, maps))
        fix = f"The maps are {there}." if there else "Take a data set with maps, such as shapes."
        raise InputError(f"{at}.target", "there is no such map of classes", found=repr(task.target), fix=fix)
    found = maps[task.target]
    everywhere = np.ones(len(found.values), np.bool_)
    return _weighed(Labels(task, everywhere, classes=found.classes, maps=found.values), at)


def _tagging(task: TaggingTask, column: Column, tokens: Tokens | None, at: str) -> Labels:
    there, tags, names = read_tags(column, tokens, f"{at}.target")
    return _weighed(Labels(task, there, classes=names, maps=tags), at)


def _weighed(labels: Labels, at: str) -> Labels:
    """The same, once the weights that were given name its classes."""
    weights = getattr(labels.task, "class_weights", "equal")
    for name in weights if isinstance(weights, dict) else ():
        if name not in labels.classes:
            fix = "The classes are " + shorten(", ".join(map(repr, labels.classes)), 200) + "."
            raise InputError(f"{at}.class_weights", "there is no such class", found=repr(name), fix=fix)
    return labels


def _numbers(task: Task, columns: list[Column], at: str) -> Labels:
    where = f"{at}.target"
    for column in columns:
        if column.type != "numeric" and column.different:
            rule = f"a {task.kind} {_needs(task)} numbers; column {column.name!r} is categorical"
            found = ", ".join(column.values[:4]) + (" …" if len(column.values) > 4 else "")
            raise InputError(where, rule, found=found, fix=f"{_remedy(column)}, or take another target.")
    numbers = np.column_stack([column.numbers for column in columns])
    labels = _by_value(task, numbers)
    there = labels.there
    match task:
        case CountTask():
            bad = np.isfinite(numbers) & ((numbers < 0) | (numbers % 1 != 0))
            _refuse(bad.any(1), numbers, where, "counts are 0, 1, 2 …")
        case BoxTask():
            outside = there & ((numbers < 0) | (numbers > 1)).any(1)
            fix = "Divide by the image's width and height."
            _refuse(outside, numbers, where, "a box is given in parts of the image, 0 to 1", fix)
        case DistributionTask():
            bad = there & ((numbers < 0).any(1) | (numbers.sum(1) <= 0))
            _refuse(bad, numbers, where, "probabilities are at least 0, and not all of them 0")
            total = np.where(there, numbers.sum(1), 1)
            names = tuple(column.name for column in columns)
            return replace(labels, numbers=numbers / total[:, None], classes=names)
        case RegressionTask() | ObjectiveTask():
            pass
    return labels


def _by_value(task: Task, numbers: Floats, classes: tuple[str, ...] = ()) -> Labels:
    """Labels of numbers ``[N, W]``, whose rows may have some of their values where the kind of task allows it."""
    parts = np.isfinite(numbers)
    some, whole = np.asarray(parts.any(1)), np.asarray(parts.all(1))
    if not isinstance(task, _VALUE_BY_VALUE):
        return Labels(task, whole, numbers=numbers, classes=classes, incomplete=int((some & ~whole).sum()))
    return Labels(task, some, numbers=numbers, classes=classes, parts=None if (some == whole).all() else parts)


def _remedy(column: Column) -> str:
    """How a column that is taken as categories can be a target of numbers."""
    if all(number(value) is not None for value in column.values):
        return "Set the column's type to numeric"
    if sum(map(begins_with_number, column.values)) > 0.5 * column.different:
        return "Write plain numbers in the file"
    return "Make it a classification task"


def _needs(task: Task) -> str:
    return "needs" if task.kind == "regression" else "task needs"


def _refuse(bad: NDArray[np.bool_], numbers: Floats, where: str, rule: str, fix: str = "Take another target.") -> None:
    if bad.any():
        row = int(np.argmax(bad))
        found = ", ".join(f"{value:g}" for value in numbers[row]) + f" in row {row + 1}"
        raise InputError(where, rule, found=found, fix=fix)


def _labels(task: MultilabelTask, columns: list[Column], at: str) -> Labels:
    where = f"{at}.target"
    if len(columns) == 1 and columns[0].type == "categorical":
        return _separated(task, columns[0], where)
    numbers = np.column_stack([_flags(column, where) for column in columns])
    return _by_value(task, numbers, tuple(column.name for column in columns))


def _flags(column: Column, where: str) -> Floats:
    """A column of two values as 0 and 1, the later in order being 1."""
    if not set(column.values) <= {"0", "1"} and column.different != 2:
        found = f"{column.different} in column {column.name!r}: " + ", ".join(column.values[:6])
        raise InputError(where, "a label's column needs exactly two values, such as 0 and 1", found=shorten(found))
    alone = 1.0 if column.values == ("1",) else 0.0
    values = column.codes.astype(np.float64) if column.different == 2 else np.full(len(column.codes), alone)
    return np.where(column.codes < 0, np.nan, values)


def _separated(task: MultilabelTask, column: Column, where: str) -> Labels:
    """Labels from one column such as ``red|round``; an empty cell is a missing label."""
    parts = [[p.strip() for p in text.split(task.separator) if p.strip()] for text in column.values]
    names = tuple(sorted({part for row in parts for part in row}))
    if not 2 <= len(names) <= MAX_CLASSES and column.different:
        rule = f"needs 2 to {MAX_CLASSES} labels separated by {task.separator!r}"
        raise InputError(where, rule, found=f"{len(names)} in column {column.name!r}", fix="Set separator.")
    table = np.array([[name in row for name in names] for row in map(set, parts)], np.float64)
    table = np.vstack([table.reshape(len(parts), len(names)), np.full(len(names), np.nan)])
    return Labels(task, column.there, numbers=table[column.codes], classes=names)


def _two_classes(task: BinaryTask, column: Column, at: str) -> Labels:
    count = column.different
    if count not in (0, 2):
        fix = "Make it a multiclass task." if 2 < count <= MAX_CLASSES else _more_classes(column)
        rule = "a binary task needs exactly two values"
        raise InputError(f"{at}.target", rule, found=_shown(column), fix=fix)
    return _binary(task, column, at)


def _classes(task: MulticlassTask | OrdinalTask, column: Column, at: str) -> Labels:
    count = column.different
    if count == 1 or count > MAX_CLASSES:
        rule = f"{'an' if task.kind == 'ordinal' else 'a'} {task.kind} task needs 2 to {MAX_CLASSES} classes"
        fix = "Make it a regression." if column.type == "numeric" and count > 1 else _more_classes(column)
        raise InputError(f"{at}.target", rule, found=_shown(column), fix=fix)
    return Labels(task, column.there, codes=column.codes, classes=column.values)


def _more_classes(column: Column) -> str:
    """What to do about a column with too few or too many classes: perhaps a class counts as missing."""
    words = [text for text, _ in column.missing if text]
    if not words or column.different > 1:
        return "Take another target."
    cells = sum(count for text, count in column.missing if text)
    named = " and ".join(map(repr, words[:3]))
    way = f"To make it a class, set {setting_of('missing', column.name)} to an empty list, []."
    return f"{cells} cells say {named}, which counts as missing. {way}"


def _shown(column: Column) -> str:
    more = " …" if column.different > 6 else ""
    return f"{column.different} in column {column.name!r}: " + ", ".join(column.values[:6]) + more


def _ordered(labels: Labels, at: str) -> Labels:
    """The classes in the order that was given, if one was."""
    order = getattr(labels.task, "order", ())
    if not order or not labels.classes:
        return labels
    if sorted(order) != sorted(labels.classes):
        fix = "The classes are " + shorten(", ".join(map(repr, labels.classes)), 200) + "."
        rule = "must name each class of the target once"
        raise InputError(f"{at}.order", rule, found=shorten(", ".join(order)), fix=fix)
    place = np.array([*(order.index(name) for name in labels.classes), -1], np.int64)
    assert labels.codes is not None
    return Labels(labels.task, labels.there, codes=place[labels.codes], classes=tuple(order))


def _binary(task: BinaryTask, column: Column, at: str) -> Labels:
    values, codes = column.values, column.codes
    if task.positive is not None and values:
        positive = _place(task.positive, values)
        if positive is None:
            rule = "must be one of the target's two values, " + " and ".join(map(repr, values))
            raise InputError(f"{at}.positive", rule, found=repr(task.positive))
        if positive == 0:
            values, codes = values[::-1], np.where(codes < 0, codes, 1 - codes)
    return Labels(task, column.there, codes=codes, classes=values)


def _place(wanted: str, values: tuple[str, ...]) -> int | None:
    wanted = wanted.strip()
    if wanted in values:
        return values.index(wanted)
    as_number = number(wanted)  # "1.0" stands for 1
    return next((i for i, v in enumerate(values) if as_number is not None and number(v) == as_number), None)
