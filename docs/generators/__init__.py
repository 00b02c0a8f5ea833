"""Text of the documentation that is generated from the code, so that each fact is written once.

A page of ``docs`` names what it takes from elsewhere as ``{{name}}`` or ``{{name argument}}``.
"""

import re
from collections.abc import Callable

from docs.generators.command_line import command_line
from docs.generators.help_topics import help_topic
from docs.generators.method_costs import method_costs
from docs.generators.python_api import python_api
from docs.generators.spec_reference import spec_page
from docs.generators.store_schema import store_schema

GENERATORS: dict[str, Callable[[str], str]] = {
    "command_line": lambda _: command_line(),
    "help": help_topic,
    "method_costs": lambda _: method_costs(),
    "python_api": lambda _: python_api(),
    "spec": spec_page,
    "store_schema": lambda _: store_schema(),
}
"""What generates the text of a placeholder, by its name."""

_PLACEHOLDER = re.compile(r"^\{\{(\w+)(?: (\w+))?\}\}$", re.MULTILINE)


def fill_placeholders(text: str) -> str:
    """A page with the text of each placeholder in its place; a placeholder is a line of its own.

    Raises:
        KeyError: There is no generator of that name, or it does not know the argument.
    """
    return _PLACEHOLDER.sub(lambda match: GENERATORS[match[1]](match[2] or ""), text)
