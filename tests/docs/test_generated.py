"""What the documentation generates from the code is complete."""

from pathlib import Path

import pytest

from app.main_window.help import TOPICS
from docs.generators import fill_placeholders
from docs.generators.command_line import command_line, verb_parsers
from docs.generators.python_api import python_api
from docs.generators.spec_reference import PAGES, page_of, reachable_specs, spec_page
from docs.generators.store_schema import store_schema
from mtl_core import __all__ as public_names
from mtl_core.cli.verbs import VERBS
from mtl_core.spec import ExperimentSpec
from mtl_core.store.tables import METADATA

DOCS = Path(__file__).parents[2] / "docs"


def test_every_spec_class_of_an_experiment_is_in_the_reference_once() -> None:
    classes = {"ExperimentSpec", *ExperimentSpec.model_json_schema()["$defs"]}
    assert {spec.__name__ for spec in reachable_specs()} == classes
    assert {page_of(spec) for spec in reachable_specs()} == set(PAGES)
    reference = "".join(map(spec_page, PAGES))
    assert all(reference.count(f"(spec-{name})=\n") == 1 for name in classes)


def test_every_page_of_the_spec_is_in_the_documentation() -> None:
    for page in PAGES:
        assert f"{{{{spec {page}}}}}" in (DOCS / "reference" / "spec" / f"{page}.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_each_field_has_its_row_with_what_it_means(page: str) -> None:
    text = spec_page(page)
    for spec in (one for one in reachable_specs() if page_of(one) == page):
        section = text.partition(f"(spec-{spec.__name__})=\n")[2].partition("\n(spec-")[0]
        assert spec.help() in section
        for name, info in spec.model_fields.items():
            row = next(line for line in section.splitlines() if line.startswith(f"| `{name}` |"))
            assert " ".join((info.description or "").split()).replace("|", r"\|") in row


def test_bounds_units_and_defaults_are_those_of_the_field() -> None:
    row = next(line for line in spec_page("training").splitlines() if line.startswith("| `epochs` |"))
    assert row == "| `epochs` | whole number | `20` | ≥ 1, ≤ 1000000 | epochs | Passes over the training rows. |"


def test_every_verb_and_its_arguments_are_in_the_reference() -> None:
    text = command_line()
    assert tuple(verb_parsers()) == VERBS
    for verb, parser in verb_parsers().items():
        section = text.partition(f"## {verb}\n")[2].partition("\n## ")[0]
        names = [name for action in parser._actions for name in action.option_strings or [action.metavar]]
        assert all(str(name) in section for name in names)


def test_every_table_of_the_store_is_in_the_reference() -> None:
    text = store_schema()
    for table in METADATA.tables.values():
        section = text.partition(f"### {table.name}\n")[2].partition("\n### ")[0]
        assert all(f"| `{column.name}` |" in section for column in table.columns)


def test_every_public_name_is_in_the_reference() -> None:
    text = python_api()
    assert all(f":: mtl_core.{name}" in text for name in public_names if not name.startswith("_"))


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic != "about"])
def test_each_topic_of_the_help_is_a_page(topic: str) -> None:
    page = fill_placeholders((DOCS / "window" / f"{topic}.md").read_text("utf-8"))
    assert page.startswith("# ")
    assert "{{" not in page


def test_an_unknown_placeholder_is_refused() -> None:
    with pytest.raises(KeyError, match="nothing"):
        fill_placeholders("{{nothing}}")
