"""The reference of the command line, from its parser."""

import argparse

from docs.generators.markdown import code, table
from mtl_core.cli.verbs import build_parser


def command_line() -> str:
    """A section for each verb: what it does, its usage and its arguments."""
    return "\n\n".join(_section(name, parser) for name, parser in verb_parsers().items())


def verb_parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each verb, in the order of the help."""
    actions = build_parser()._actions  # argparse has no public way to list them
    return next(action.choices for action in actions if isinstance(action, argparse._SubParsersAction))


def _section(name: str, parser: argparse.ArgumentParser) -> str:
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    arguments = [action for action in parser._actions if action.help != argparse.SUPPRESS]
    rows = [(_names(action), _values(action), action.help or "") for action in arguments]
    purpose = _sentence(parser.description or "")
    return f"## {name}\n\n{purpose}\n\n```text\n{usage}\n```\n\n" + table(("argument", "values", "meaning"), rows)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _names(action: argparse.Action) -> str:
    if not action.option_strings:
        return code(action.metavar or action.dest)
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    return code(", ".join(action.option_strings) + value)


def _values(action: argparse.Action) -> str:
    parts = [", ".join(map(code, action.choices))] if action.choices else []
    if action.default not in (None, False, [], argparse.SUPPRESS, ""):
        parts.append(f"default {code(action.default)}")
    if action.nargs == "+":
        parts.append("one or more")
    elif action.nargs == "?":
        parts.append("may be left out")
    elif isinstance(action, argparse._AppendAction):
        parts.append("may be repeated")
    elif action.required and action.option_strings:
        parts.append("required")
    return "; ".join(parts)
