"""The reference of the store: the docstring of its package, and the columns of its tables."""

import inspect

import sqlalchemy as sa

import mtl_core.store
from docs.generators.markdown import code, table
from mtl_core.store.tables import METADATA


def store_schema() -> str:
    """How the store is read, then each table with its columns."""
    introduction = "```{eval-rst}\n" + _without_headings(inspect.getdoc(mtl_core.store) or "") + "\n```"
    tables = "\n\n".join(_table(one) for one in METADATA.sorted_tables)
    return f"{introduction}\n\n## Columns\n\n{tables}"


def _without_headings(docstring: str) -> str:
    """The docstring with its headings as rubrics, since a directive may hold no section of the page."""
    lines = docstring.splitlines()
    text: list[str] = []
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if line and below and set(below) == {"-"} and "=" not in line:
            text.append(f".. rubric:: {line}")
        elif line and set(line) == {"-"}:
            text.append("")
        else:
            text.append(line)
    return "\n".join(text)


def _table(one: sa.Table) -> str:
    rows = [(code(column.name), str(column.type).lower(), _rule(column)) for column in one.columns]
    return f"### {one.name}\n\n" + table(("column", "type", "rule"), rows)


def _rule(column: sa.Column[object]) -> str:
    rules = ["primary key"] if column.primary_key else []
    rules += [f"refers to {code(key.target_fullname)}" for key in column.foreign_keys]
    rules += ["may be NULL"] if column.nullable else []
    return ", ".join(rules)
