"""Syntax of the filters of the run list: text to a tree of conditions, with the position of whatever is wrong."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NoReturn

from mtl_core.errors import InputError

_MAX_CHARACTERS, _MAX_CONDITIONS, _MAX_DEPTH = 4000, 100, 30
"""Databases limit the length of patterns and the depth of expressions."""
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<parenthesis>[()])
    |(?P<operator>==|!=|>=|<=|=|>|<)
    |(?P<field>[A-Za-z]+):(?P<word>(?:[^\s()"]|"[^"]*")*)
    |(?P<name>(?:(?!!=)[^\s()=<>"]|"[^"]*")+)""",
    re.VERBOSE,
)
_VALUE = re.compile(r"""\s*(?P<value>'[^']*'|(?:[^\s()"]|"[^"]*")+)""")


@dataclass(frozen=True)
class Text:
    """A word that is looked for.

    Attributes:
        word: The word, without quotation marks.
        position: Index of its first character in the filter.
    """

    word: str
    position: int


@dataclass(frozen=True)
class Field:
    """A field and a word, such as ``state:finished``."""

    field: str
    word: str
    position: int


@dataclass(frozen=True)
class Comparison:
    """A name, a comparison and a value, such as ``left.accuracy > 0.9``.

    Attributes:
        name: A field, the path of a setting, or a metric.
        operator: ``==``, ``!=``, ``>``, ``>=``, ``<`` or ``<=``.
        value: The value, without quotation marks.
        position: Index of the first character of the name.
        value_position: Index of the first character of the value.
    """

    name: str
    operator: str
    value: str
    position: int
    value_position: int


@dataclass(frozen=True)
class Not:
    """The opposite of a condition."""

    condition: "Node"


@dataclass(frozen=True)
class Group:
    """Conditions that must all hold, or of which one must."""

    kind: Literal["and", "or"]
    conditions: tuple["Node", ...]


Node = Text | Field | Comparison | Not | Group


def parse(query: str) -> Node:
    """Parse a filter; an empty one is an empty group, which every run matches.

    Raises:
        InputError: It is malformed.
    """
    if len(query) > _MAX_CHARACTERS:
        raise filter_error(query, 0, f"must have at most {_MAX_CHARACTERS} characters, it has {len(query)}")
    if query.count('"') % 2:
        fix = "Close it, or leave it out."
        raise filter_error(query, query.rindex('"'), "a quotation mark is not closed", fix)
    return _Parser(query).parse()


def filter_error(found: str, position: int, rule: str, fix: str = "") -> InputError:
    """Return the error to raise for a part of a filter that begins at an index."""
    return InputError("filter", f"{rule} (character {position + 1})", found=found, fix=fix)


def remove_quotes(text: str) -> str:
    """Return a word without its quotation marks."""
    return text.replace('"', "")


class _Parser:
    """Recursive descent: ``or`` of ``and`` of conditions; conditions side by side must all hold."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._position = self._count = self._depth = 0
        self._token: re.Match[str] | None = None
        self._advance()

    def parse(self) -> Node:
        if self._token is None:
            return Group("and", ())
        node = self._parse_or()
        if self._text():
            self._fail("a closing parenthesis has no opening one", "Remove it, or put it in quotation marks.")
        return node

    def _parse_or(self) -> Node:
        conditions = [self._parse_and()]
        while self._take_word("or"):
            conditions.append(self._parse_and())
        return conditions[0] if len(conditions) == 1 else Group("or", tuple(conditions))

    def _parse_and(self) -> Node:
        conditions = [self._parse_condition()]
        while self._take_word("and") or (self._token is not None and self._text() != ")" and not self._is_word("or")):
            conditions.append(self._parse_condition())
        return conditions[0] if len(conditions) == 1 else Group("and", tuple(conditions))

    def _parse_condition(self) -> Node:
        if self._take_word("not"):
            return Not(self._nested(self._parse_condition))
        if self._token is None or self._is_word("and") or self._is_word("or") or self._text() == ")":
            self._fail("a condition is missing", 'Write for example state == "finished".')
        self._count += 1
        if self._count > _MAX_CONDITIONS:
            self._fail(f"must have at most {_MAX_CONDITIONS} conditions")
        if self._text() == "(":
            return self._parse_parentheses()
        return self._parse_comparison()

    def _parse_parentheses(self) -> Node:
        opening = self._start()
        self._advance()
        node = self._nested(self._parse_or)
        if self._token is None:
            rule = "a parenthesis is not closed"
            raise filter_error(self._query[opening:], opening, rule, "Close it, or put it in quotation marks.")
        self._advance()
        return node

    def _parse_comparison(self) -> Node:
        token, start = self._token, self._start()
        assert token is not None
        if token["field"]:
            self._advance()
            return Field(token["field"].lower(), remove_quotes(token["word"]), start)
        if token["operator"]:
            self._fail("a setting, a metric or a field must come before the comparison", "Write left.accuracy > 0.9.")
        name = token["name"]
        self._advance()
        operator = self._token["operator"] if self._token is not None else None
        if not operator:
            return Text(remove_quotes(name), start)
        value = _VALUE.match(self._query, self._position)
        if value is None:
            term = self._query[start : self._position]
            raise filter_error(
                term, self._position, f"a value must follow {operator}", "Write for example training.epochs > 10."
            )
        text = value["value"]
        self._position = value.end()
        self._advance()
        plain = text[1:-1] if text.startswith("'") and text.endswith("'") and len(text) > 1 else remove_quotes(text)
        operator = "==" if operator == "=" else operator
        return Comparison(remove_quotes(name), operator, plain, start, value.start("value"))

    def _advance(self) -> None:
        """Go to the next token that is not a space; ``_position`` is then behind it."""
        while self._position < len(self._query):
            self._token = _TOKEN.match(self._query, self._position)
            if self._token is None:
                raise filter_error(self._query[self._position :], self._position, "cannot be read here")
            self._position = self._token.end()
            if not self._token["space"]:
                return
        self._token = None

    def _text(self) -> str:
        return "" if self._token is None else self._token[0]

    def _start(self) -> int:
        return len(self._query) if self._token is None else self._token.start()

    def _is_word(self, word: str) -> bool:
        return self._text().lower() == word

    def _take_word(self, word: str) -> bool:
        if not self._is_word(word):
            return False
        self._advance()
        return True

    def _nested(self, parse: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            self._fail(f"must have at most {_MAX_DEPTH} conditions in each other")
        node = parse()
        self._depth -= 1
        return node

    def _fail(self, rule: str, fix: str = "") -> NoReturn:
        start = self._start()
        raise filter_error(self._query[start:] or self._query, start, rule, fix)
