"""Converts pydantic's validation errors to problems with plain messages."""

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from mtl_core.errors import Problem, shorten
from mtl_core.plugins import unknown_kind
from mtl_core.spec.base import Spec
from mtl_core.spec.data.splits import SHORT_FORM
from mtl_core.spec.paths import Key, join
from mtl_core.spec.upgrade import CURRENT_VERSION
from mtl_core.spec.validation.suggestions import similar_settings
from mtl_core.text import close_matches, did_you_mean, format_names

_KINDS_SHOWN, _LONGEST_KIND = 10, 40
MAX_PROBLEMS = 50
"""Maximum number of problems that are reported at once; a text of unknown settings only has thousands."""

_RULES = {
    "missing": "must be given",
    "extra_forbidden": "there is no such setting",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "finite_number": "must be a finite number",
    "union_tag_not_found": "must have a kind",
    "string_too_short": "must not be empty",
    "too_short": "must have at least {min_length} entry",
    "string_pattern_mismatch": "must not be empty nor hold any of . [ ] / : = , or quotes",
}


def to_problems(error: ValidationError, data: Any, root: type[Spec]) -> list[Problem]:
    """Converts a validation error to problems, one per path: alternatives such as ``'same'`` or a number are joined.

    Args:
        error: The validation error.
        data: The validated data.
        root: The class that the data was validated as.
    """
    problems: dict[str, Problem] = {}
    details = error.errors(include_url=False, include_context=True)
    errors = [detail for detail in details if not _is_repetition(detail)]
    for problem in (
        _unknown_plugin(detail, data) or _to_problem(detail, data, root) for detail in errors[:MAX_PROBLEMS]
    ):
        first = problems.setdefault(problem.path, problem)
        if problem.rule not in first.rule:
            either = problem.rule.removeprefix("must be ") if first.rule.startswith("must be ") else problem.rule
            problems[problem.path] = replace(first, rule=f"{first.rule} or {either}")
    if len(errors) > MAX_PROBLEMS:
        rest = Problem("spec", f"has {len(errors) - MAX_PROBLEMS} more problems", fix="They are shown after these.")
        return [*problems.values(), rest]
    return list(problems.values())


def _is_repetition(error: Any) -> bool:
    """Whether a list is reported as too short only because some of its entries have errors of their own."""
    return bool(error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"])


def _to_problem(error: Any, data: Any, root: type[Spec]) -> Problem:
    """Converts one error; the union tags that pydantic puts in its path are left out."""
    keys, context, kind = _keys(error["loc"], data), error.get("ctx", {}), error["type"]
    path = join(keys)
    found = "" if kind == "missing" else shorten(error["input"])
    match kind:
        case "union_tag_invalid":
            kinds = context["expected_tags"].replace("'", "").split(", ")
            return _unknown_kind(join((*keys, "kind")), str(context["tag"]), kinds)
        case "literal_error":
            if path == "version":
                return Problem(path, f"this application reads versions up to {CURRENT_VERSION}", found)
            return Problem(path, f"must be {context['expected'].replace(chr(39), '')}", found)
        case "value_error":
            return Problem(path, str(context["error"]))
        case "string_pattern_mismatch" if path == "training.device":
            return Problem(path, "must be auto, cpu, cuda or cuda:N", found)
    rule = _RULES.get(kind, error["msg"][:1].lower() + error["msg"][1:])
    plain = {name: f"{value:g}" if isinstance(value, float) else value for name, value in context.items()}
    return Problem(path or "spec", rule.format(**plain), found, _fix(kind, error["input"], root, keys))


def _unknown_plugin(error: Any, data: Any) -> Problem | None:
    """The problem of an unknown metric, or table format, of another package; None for any other error."""
    keys, value = _keys(error["loc"], data), error.get("input")
    names_kind = keys[-2:-1] == ["metrics"] or keys[-1:] == ["score"] or keys == ["dataset", "format"]
    return unknown_kind(join(keys), value) if names_kind and isinstance(value, str) else None


def _fix(kind: str, value: Any, root: type[Spec], keys: list[Key]) -> str:
    if kind == "extra_forbidden" and (suggestions := similar_settings(root, keys)):
        return did_you_mean(suggestions)
    if kind == "string_type" and isinstance(value, int | float):
        # YAML reads 1, 2.5 and yes as a number or a truth value; what was written is known of whole numbers only.
        example = f', as in "{value}"' if type(value) is int else ", as it is written in the data"
        return f"Put it in quotation marks{example}."
    return ""


def _unknown_kind(path: str, kind: str, kinds: list[str]) -> Problem:
    """The problem of a kind that does not exist, with similar kinds, or else the first existing ones."""
    if problem := unknown_kind(path, kind):
        return problem
    found = shorten(repr(kind))
    close = close_matches(kind[:_LONGEST_KIND], kinds)
    if close:
        return Problem(path, "there is no such kind", found, did_you_mean(close))
    return Problem(path, f"must be one of {format_names(kinds, _KINDS_SHOWN)}", found)


def _keys(location: tuple[Key, ...], data: Any) -> list[Key]:
    """The keys of an error's location that exist in the data or could."""
    keys: list[Key] = []
    tagged: Any = None
    for position, key in enumerate(location):
        if isinstance(data, dict) and data is not tagged and key == data.get("kind", SHORT_FORM):
            tagged = data  # the tag of a union, though a setting may have its name
            continue
        if _holds(data, key):
            data = data[key]
        elif position < len(location) - 1 or not isinstance(data, dict):
            continue  # the tag of a union, not a place in the data
        keys.append(key)
    return keys


def _holds(data: Any, key: Key) -> bool:
    if isinstance(data, dict):
        return key in data
    return isinstance(data, list) and isinstance(key, int) and key < len(data)
