"""What the validator of specs finds wrong, in words of our own."""

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from mtl_core.errors import Problem, shorten
from mtl_core.plugins import unknown_kind
from mtl_core.spec.base import Spec
from mtl_core.spec.paths import Key, join
from mtl_core.spec.upgrade import CURRENT_VERSION
from mtl_core.spec.validation.suggestions import nearest
from mtl_core.text import close_matches, did_you_mean, format_names

_KINDS_SHOWN, _LONGEST_KIND = 10, 40
MOST_PROBLEMS = 50
"""As many are worked out at once; a text of nothing but unknown settings has thousands."""

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


def problems_in(error: ValidationError, data: Any, root: type[Spec]) -> list[Problem]:
    """What a validator found; alternatives of one place, such as ``'same'`` or a number, are one problem.

    Args:
        error: Of the validator.
        data: What it validated.
        root: The spec that has all settings.
    """
    found: dict[str, Problem] = {}
    errors = [one for one in error.errors(include_url=False, include_context=True) if not _echoes(one)]
    for problem in (_problem(one, data, root) for one in errors[:MOST_PROBLEMS]):
        first = found.setdefault(problem.path, problem)
        if problem.rule not in first.rule:
            either = problem.rule.removeprefix("must be ") if first.rule.startswith("must be ") else problem.rule
            found[problem.path] = replace(first, rule=f"{first.rule} or {either}")
    if len(errors) > MOST_PROBLEMS:
        rest = Problem("spec", f"has {len(errors) - MOST_PROBLEMS} more problems", fix="They are shown after these.")
        return [*found.values(), rest]
    return list(found.values())


def _echoes(error: Any) -> bool:
    """Whether a list is called too short only because entries of it are wrong, which is said already."""
    return bool(error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"])


def _problem(error: Any, data: Any, root: type[Spec]) -> Problem:
    """One validation error as a problem, its path free of the union tags that the validator puts in."""
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


def _fix(kind: str, value: Any, root: type[Spec], keys: list[Key]) -> str:
    if kind == "extra_forbidden" and (meant := nearest(root, keys)):
        return did_you_mean(meant)
    if kind == "string_type" and isinstance(value, int | float):
        # YAML reads 1, 2.5 and yes as a number or a truth value; what was written is known of whole numbers only.
        example = f', as in "{value}"' if type(value) is int else ", as it is written in the data"
        return f"Put it in quotation marks{example}."
    return ""


def _unknown_kind(path: str, kind: str, kinds: list[str]) -> Problem:
    """A kind that there is not: those it resembles, else the first of those there are."""
    if problem := unknown_kind(path, kind):
        return problem
    found = shorten(repr(kind))
    close = close_matches(kind[:_LONGEST_KIND], kinds)
    if close:
        return Problem(path, "there is no such kind", found, did_you_mean(close))
    return Problem(path, f"must be one of {format_names(kinds, _KINDS_SHOWN)}", found)


def _keys(location: tuple[Key, ...], data: Any) -> list[Key]:
    keys: list[Key] = []
    for position, key in enumerate(location):
        if _holds(data, key):
            data = data[key]
        elif position < len(location) - 1 or not isinstance(data, dict):
            continue  # the tag of a union, not a place in the data
        elif "kind" in data and key == data["kind"]:
            continue
        keys.append(key)
    return keys


def _holds(data: Any, key: Key) -> bool:
    if isinstance(data, dict):
        return key in data
    return isinstance(data, list) and isinstance(key, int) and key < len(data)
