"""Limits of YAML text: size, depth and aliases, and the length of messages about it."""

import time

import pytest

from mtl_core.spec import InputError, load_spec_data, parse_yaml, problems_of
from mtl_core.spec.io.yaml_text import MAX_BYTES, MAX_DEPTH, MAX_NODES
from mtl_core.spec.validation.pydantic_errors import MAX_PROBLEMS

_LEVELS = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10)]
ALIASES_THAT_MULTIPLY = "\n".join(["l0: &l0 [x, x, x, x, x, x, x, x, x]", *_LEVELS])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (ALIASES_THAT_MULTIPLY, f"line . is not valid YAML: more than {MAX_NODES} values"),
        ("a: &a [*a]", "an alias refers to a node that contains it"),
        ("[" * 50 + "]" * 50, f"more than {MAX_DEPTH} levels deep"),
        ("[" * 100_000, f"more than {MAX_DEPTH} levels deep"),
        ("[" + "1, " * MAX_NODES + "]", f"more than {MAX_NODES} values"),
        ("x" * (MAX_BYTES + 1), f"at most {MAX_BYTES} characters"),
        ("9" * 100_000, "is not valid YAML"),
        (f"{{{'k' * 1000}: 1, {'k' * 1000}: 2}}", "is repeated"),
    ],
    ids=["aliases", "loop", "deep", "endless", "many", "long", "digits", "twice"],
)
def test_a_text_larger_or_deeper_than_any_spec_is_refused_at_once(text: str, rule: str) -> None:
    begin = time.process_time()
    with pytest.raises(InputError, match=rule.replace("line .", r"line \d+:")) as caught:
        parse_yaml(text, "s.yaml")
    assert time.process_time() - begin < 2
    assert len(str(caught.value)) <= 1000


def test_an_alias_is_what_it_stands_for() -> None:
    assert parse_yaml("a: &a [1, {b: 2}]\nc: [*a, *a]") == {"a": [1, {"b": 2}], "c": [[1, {"b": 2}]] * 2}


def test_a_file_that_never_ends_is_refused() -> None:
    with pytest.raises(InputError, match="must be a spec file of at most"):
        load_spec_data("/dev/zero")


def test_unknown_names_of_thousands_of_letters_are_shortened_in_every_message() -> None:
    long = "k" * 5000
    data = {
        "version": 1,
        "name": 5,
        long: 1,
        "dataset": {"kind": long, long: 2},
        "tasks": [{"kind": long}, {"kind": "binary", "name": long, "target": "y", "positiv": long, long: long}],
        "model": {"shared": [{"kind": long}, long], "heads": {long: [{"kind": long}]}},
        "weighting": {"kind": long},
        "training": {"epochs": long, "device": long, "precision": long, "optimizer": {"kind": long}},
    }
    problems = problems_of(data)
    assert len(problems) > 10
    assert all(len(str(problem)) <= 1000 and len(problem.found) <= 120 for problem in problems)


def test_of_thousands_of_problems_the_first_are_worked_out_and_the_rest_counted() -> None:
    begin = time.process_time()
    problems = problems_of({"version": 1, **{f"epoch{i}": i for i in range(5000)}})
    assert time.process_time() - begin < 2
    assert len(problems) == MAX_PROBLEMS + 1
    assert "more problems" in problems[-1].rule
