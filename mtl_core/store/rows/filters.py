"""Filters of the run list as SQL conditions, e.g. ``weighting.kind == "pcgrad" and left.accuracy > 0.9``.

Conditions are joined by ``and``, ``or``, ``not`` and parentheses; those side by side must all hold. A condition is
one of

- a comparison (``== != > >= < <=``, or ``=``) of a value with

  - a setting of the spec: ``training.epochs > 10``, ``weighting.kind == pcgrad``,
    ``model.shared[0].out_channels >= 32``;
  - a metric of a task: ``left.accuracy > 0.9`` is the last value on the test split, ``val.left.accuracy.best`` the best
    on the validation split; the splits are ``train``, ``val`` and ``test``, the values ``last``, ``best``, ``min`` and
    ``max``; ``train.lr`` belongs to no task;
  - a field of the run: ``state``, ``name``, ``notes``, ``tag``, ``task``, ``method``, ``dataset``, ``device``,
    ``host``, ``error``, ``baseline``, ``starred``, ``archived``, and the numbers ``id``, ``study``, ``parent``,
    ``seed``, ``seconds`` and ``delta_m`` (or ``Δm``, a fraction); ``created``, ``started`` and ``finished`` are
    compared with a local date: ``started >= 2026-11-29``;

- a word, found in the name, the notes, a tag or as the number of a run: ``digits``, ``"two digits"``, ``12``;
- a field and a word, the short form: ``state:finished``, ``tag:baseline``, ``task:left``, ``method:pcgrad``,
  ``dataset:multidigits`` (dataset, device, name and notes contain the word), ``id:12``, ``starred:yes``, ``study:12``
  (the number of a study is that of its first run), ``baseline:left``, ``baseline:none``.

Text is compared without regard to case; quotation marks keep spaces together.
"""

import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from mtl_core.errors import InputError
from mtl_core.protocol.series_key import SPLITS
from mtl_core.protocol.states import RUN_STATES
from mtl_core.store.rows.filter_syntax import Comparison, Field, Group, Node, Not, Text, filter_error, parse
from mtl_core.store.tables import RUN, SETTING, SUMMARY, TAG, TASK

Condition = sa.ColumnElement[bool]
DeltaM = Callable[[], Mapping[int, float]]
FIELDS = (
    "state", "name", "notes", "tag", "task", "method", "dataset", "device", "host", "error", "baseline", "starred",
    "archived", "id", "study", "parent", "seed", "seconds", "delta_m", "created", "started", "finished",
)  # fmt: skip
"""Fields of a run that can be compared."""
SETTING_ROOTS = ("version", "dataset", "tasks", "model", "weighting", "training")
"""First parts of the paths of settings; what begins with another name is a metric."""
VALUES = ("last", "best", "min", "max")
"""Values of a metric that can be compared."""
_NUMBERS = ("id", "study", "parent", "seed", "seconds")
_TIMES = ("created", "started", "finished")
_ALIASES = {"run": "id", "Δm": "delta_m", "δm": "delta_m", "tags": "tag", "weighting": "method"}
_COMPARISONS: dict[str, Callable[[Any, Any], Condition]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}


def parse_filter(query: str, delta_m: DeltaM = dict) -> Condition | None:
    """Parse a filter to a condition on the rows of ``runs``; None if every run matches.

    Args:
        query: The filter.
        delta_m: Reads Δm by run; called only if the filter compares it.

    Raises:
        InputError: It is malformed: an unknown field or state, a missing value, text where a number is needed.
    """
    node = parse(query)
    return None if node == Group("and", ()) else _condition(node, delta_m)


def _condition(node: Node, delta_m: DeltaM) -> Condition:
    match node:
        case Text(word):
            return _text_condition(word)
        case Field():
            return _field_condition(node)
        case Comparison():
            return _comparison_condition(node, delta_m)
        case Not(condition):
            return sa.not_(_condition(condition, delta_m))
        case Group(kind, conditions):
            join = sa.and_ if kind == "and" else sa.or_
            return join(*(_condition(condition, delta_m) for condition in conditions))


def _field_condition(node: Field) -> Condition:  # noqa: PLR0911  # one short arm each
    field, word = node.field, node.word
    if not word:
        raise _error(node, "a word must follow the colon", "Write for example state:finished.")
    match field:
        case "state":
            return RUN.c.state == _check_choice(node, word, RUN_STATES)
        case "tag":
            return _exists_in(TAG, _equals_ignoring_case(TAG.c.tag, word))
        case "task":
            return _exists_in(TASK, _equals_ignoring_case(TASK.c.name, word))
        case "method":
            return _equals_ignoring_case(RUN.c.method, word)
        case "name" | "notes" | "dataset" | "device":
            return _contains(RUN.c[field], word)
        case "id" | "study":
            if not _is_id(word):
                raise _error(
                    node, f"the word after the colon must be the number of a {'run' if field == 'id' else field}"
                )
            return _known(RUN.c[field] == int(word))
        case "baseline":
            return RUN.c.baseline == "" if word.lower() == "none" else _equals_ignoring_case(RUN.c.baseline, word)
        case "starred" | "archived":
            return RUN.c[field].is_(_YES_NO[_check_choice(node, word, tuple(_YES_NO))])
        case _:
            fields = "state, tag, task, method, name, notes, dataset, device, id, study, baseline, starred or archived"
            raise _error(node, f"the word before the colon must be {fields}", "Put a text with a colon in quotes.")


def _comparison_condition(node: Comparison, delta_m: DeltaM) -> Condition:
    name = _ALIASES.get(node.name, node.name)
    if "." in name or name in SETTING_ROOTS:
        is_setting = name.partition(".")[0].partition("[")[0] in SETTING_ROOTS
        return _setting_condition(node) if is_setting else _metric_condition(node)
    if name == "delta_m":
        compare, number = _COMPARISONS[node.operator], _parse_number(node)
        return RUN.c.id.in_([run for run, value in delta_m().items() if compare(value, number)])
    if name in _NUMBERS:
        return _known(_COMPARISONS[node.operator](RUN.c[name], _parse_number(node)))
    if name in _TIMES:
        return _known(_time_condition(node, RUN.c[name]))
    if name not in FIELDS:
        rule = f"there is no field {node.name!r}; a metric needs its task, a setting its whole path"
        raise _error(node, rule, "Write for example left.accuracy or training.epochs.")
    if node.operator not in {"==", "!="}:
        raise _error(node, f"{name} can be compared by == and != only")
    equals = _equal_condition(node, name)
    return equals if node.operator == "==" else sa.not_(equals)


def _equal_condition(node: Comparison, name: str) -> Condition:
    match name:
        case "state":
            return RUN.c.state == _check_choice(node, node.value, RUN_STATES)
        case "starred" | "archived":
            return RUN.c[name].is_(_YES_NO[_check_choice(node, node.value, tuple(_YES_NO))])
        case "tag" | "task":
            table, column = (TAG, TAG.c.tag) if name == "tag" else (TASK, TASK.c.name)
            return _exists_in(table, _equals_ignoring_case(column, node.value))
        case _:
            return _equals_ignoring_case(RUN.c[name], node.value)


def _setting_condition(node: Comparison) -> Condition:
    is_path, value = SETTING.c.path == node.name, node.value
    if node.operator not in {"==", "!="}:
        return _exists_in(SETTING, is_path, _COMPARISONS[node.operator](SETTING.c.number, _parse_number(node)))
    equals = _equals_ignoring_case(SETTING.c.text, "null" if value.lower() == "none" else value)
    if _is_number(value):
        equals = sa.or_(equals, SETTING.c.number == float(value))
    return _exists_in(SETTING, is_path, equals if node.operator == "==" else sa.not_(equals))


def _metric_condition(node: Comparison) -> Condition:
    """The condition on a metric; where names of tasks or metrics have dots, every way to read the name counts."""
    parts = node.name.split(".")
    split = parts.pop(0) if parts[0] in SPLITS else ""
    value = parts.pop() if len(parts) > 1 and parts[-1] in VALUES else "last"
    if not all(parts) or (len(parts) == 1 and not split):
        raise _error(node, "a metric needs its task and its name", "Write for example left.accuracy > 0.9.")
    first = 0 if split else 1  # what belongs to no task is named with its split
    names = [
        sa.and_(SUMMARY.c.task == ".".join(parts[:i]), SUMMARY.c.metric == ".".join(parts[i:]))
        for i in range(first, len(parts))
    ]
    column = sa.type_coerce(SUMMARY.c[value], sa.Double)
    compared = _COMPARISONS[node.operator](column, _parse_number(node))
    return _exists_in(SUMMARY, SUMMARY.c.split == (split or "test"), sa.or_(*names), compared)


def _time_condition(node: Comparison, column: sa.ColumnElement[float]) -> Condition:
    """The condition on a time; a date without a time of day means the whole day."""
    try:
        begin = datetime.fromisoformat(node.value)
    except ValueError:
        rule, fix = "must compare with a date", "Write a date such as 2026-11-29, or 2026-11-29T18:30."
        raise filter_error(node.value, node.value_position, rule, fix) from None
    end = begin + (timedelta(days=1) if len(node.value) <= len("2026-11-29") else timedelta(seconds=1))
    first, last = begin.timestamp(), end.timestamp()
    within = sa.and_(column >= first, column < last)
    return {
        "==": within, "!=": sa.not_(within), ">": column >= last, ">=": column >= first, "<": column < first,
        "<=": column < last,
    }[node.operator]  # fmt: skip


def _text_condition(word: str) -> Condition:
    conditions = [
        _contains(RUN.c.name, word),
        _contains(RUN.c.notes, word),
        _exists_in(TAG, _contains(TAG.c.tag, word)),
    ]
    if _is_id(word):
        conditions.append(RUN.c.id == int(word))
    return sa.or_(*conditions)


def _exists_in(table: sa.FromClause, *conditions: Condition) -> Condition:
    return RUN.c.id.in_(sa.select(table.c.run_id).where(*conditions))


def _contains(column: sa.ColumnElement[str], word: str) -> Condition:
    return column.icontains(word, autoescape=True)


def _equals_ignoring_case(column: sa.ColumnElement[str], word: str) -> Condition:
    return sa.func.lower(column) == sa.func.lower(word)


def _known(condition: Condition) -> Condition:
    """The condition, false where a value is missing, so that its opposite is true there."""
    return sa.func.coalesce(condition, sa.false())


def _check_choice(node: Field | Comparison, word: str, choices: tuple[str, ...]) -> str:
    if word.lower() not in choices:
        raise _error(node, f"{_name(node)} must be one of " + ", ".join(choices))
    return word.lower()


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)  # comparisons with NaN are always false
    except ValueError:
        return False


def _parse_number(node: Comparison) -> float:
    if not _is_number(node.value):
        rule, fix = f"{node.name} must be compared with a number", f"Write a number instead of {node.value!r}."
        raise filter_error(node.value, node.value_position, rule, fix)
    return float(node.value)


def _name(node: Field | Comparison) -> str:
    return node.field if isinstance(node, Field) else node.name


def _error(node: Field | Comparison, rule: str, fix: str = "") -> InputError:
    found = f"{node.field}:{node.word}" if isinstance(node, Field) else f"{node.name} {node.operator} {node.value}"
    return filter_error(found, node.position, rule, fix)
