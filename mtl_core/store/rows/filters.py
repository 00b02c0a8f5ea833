"""Filters of the run list as SQL conditions, e.g. ``state:finished task:left training.epochs>10 two digits``.

Terms are separated by spaces and must all hold; quotes keep spaces together. A term is one of

- a word, found in the name, the notes, a tag or as the number of a run: ``digits``, ``"two digits"``, ``12``;
- a field and a word: ``state:finished``, ``tag:baseline``, ``task:left``, ``method:pcgrad``, ``dataset:multidigits``,
  ``device:cuda``, ``name:digits``, ``notes:lr``, ``id:12``; ``starred:yes``, ``archived:no``; ``study:12`` (the number
  of a study is that of its first run), ``baseline:left`` (the single-task baselines of a task), ``baseline:none``;
- a setting of the spec, a comparison (``= != > >= < <=``) and a value: ``training.epochs>10``,
  ``weighting.kind=pcgrad``, ``model.shared[0].out_channels>=32``.

Text is compared without regard to case.
"""

import operator
import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from mtl_core.errors import InputError
from mtl_core.protocol.states import RUN_STATES
from mtl_core.store.tables import RUN, SETTING, TAG, TASK

Condition = sa.ColumnElement[bool]
_TERM = re.compile(r'(?:[^\s"]|"[^"]*")+')
_FIELD = re.compile(r"([A-Za-z]+):(.*)", re.DOTALL)
_SETTING = re.compile(r"([^\s=<>!:]+)(!=|>=|<=|=|>|<)(.*)", re.DOTALL)
_COMPARISONS: dict[str, Callable[[Any, Any], Condition]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_MAX_CHARACTERS, _MAX_TERMS = 4000, 100
"""Databases limit the length of patterns and the depth of expressions."""
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}


def parse_filter(query: str) -> list[Condition]:
    """Parse a filter to conditions on the rows of ``runs``.

    Raises:
        InputError: A term is malformed: an unknown field or state, a missing value, text where a number is needed.
    """
    if len(query) > _MAX_CHARACTERS:
        raise _error(query, f"must have at most {_MAX_CHARACTERS} characters, it has {len(query)}")
    if query.count('"') % 2:
        raise _error(query, "a quotation mark is not closed", "Close it, or leave it out.")
    terms = _TERM.findall(query)
    if len(terms) > _MAX_TERMS:
        raise _error(query, f"must have at most {_MAX_TERMS} terms, it has {len(terms)}")
    return [_parse_term(term) for term in terms]


def _parse_term(term: str) -> Condition:
    if term.startswith('"'):
        return _text_condition(_remove_quotes(term))
    if setting := _SETTING.fullmatch(term):
        path, comparison, value = setting.groups()
        return _setting_condition(term, path, comparison, _remove_quotes(value))
    if field := _FIELD.fullmatch(term):
        return _field_condition(term, field[1].lower(), _remove_quotes(field[2]))
    return _text_condition(_remove_quotes(term))


def _field_condition(term: str, field: str, word: str) -> Condition:  # noqa: PLR0911  # one short arm each
    if not word:
        raise _error(term, "a word must follow the colon", "Write for example state:finished.")
    match field:
        case "state":
            return RUN.c.state == _check_choice(term, word, RUN_STATES)
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
                    term, f"the word after the colon must be the number of a {'run' if field == 'id' else field}"
                )
            return RUN.c[field] == int(word)
        case "baseline":
            return RUN.c.baseline == "" if word.lower() == "none" else _equals_ignoring_case(RUN.c.baseline, word)
        case "starred" | "archived":
            return RUN.c[field].is_(_YES_NO[_check_choice(term, word, tuple(_YES_NO))])
        case _:
            fields = "state, tag, task, method, name, notes, dataset, device, id, study, baseline, starred or archived"
            raise _error(term, f"the word before the colon must be {fields}", "Put a text with a colon in quotes.")


def _setting_condition(term: str, path: str, comparison: str, value: str) -> Condition:
    if not value:
        raise _error(term, f"a value must follow {comparison}", "Write for example training.epochs>10.")
    is_path = SETTING.c.path == path
    if comparison in _COMPARISONS:
        return _exists_in(SETTING, is_path, _COMPARISONS[comparison](SETTING.c.number, _parse_number(term, value)))
    equals = _equals_ignoring_case(SETTING.c.text, value)
    if _is_number(value):
        equals = sa.or_(equals, SETTING.c.number == float(value))
    return _exists_in(SETTING, is_path, equals if comparison == "=" else sa.not_(equals))


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


def _check_choice(term: str, word: str, choices: tuple[str, ...]) -> str:
    if word.lower() not in choices:
        raise _error(term, "the word after the colon must be one of " + ", ".join(choices))
    return word.lower()


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)  # comparisons with NaN are always false
    except ValueError:
        return False


def _parse_number(term: str, text: str) -> float:
    if not _is_number(text):
        raise _error(term, "must compare with a number", f"Write a number instead of {text!r}.")
    return float(text)


def _remove_quotes(text: str) -> str:
    return text.replace('"', "")


def _error(term: str, rule: str, fix: str = "") -> InputError:
    return InputError("filter", rule, found=term, fix=fix)
