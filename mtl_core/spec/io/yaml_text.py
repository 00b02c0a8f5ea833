"""Parses and writes YAML by the 1.2 core schema, with limits on size and depth."""

import re
from typing import Any

import yaml

from mtl_core.errors import InputError, shorten

MAX_BYTES = 1 << 20
"""Maximum length of a text that is parsed."""
MAX_NODES = 20_000
"""Maximum number of keys, values, lists and mappings, with aliases expanded; it bounds the time of parsing too."""
MAX_DEPTH = 40


class _Loader(yaml.SafeLoader):
    """A safe loader of YAML 1.2 scalars: ``1e-3`` is a number; ``no``, ``on`` and dates are text.

    It rejects data that is too deep or too large before building it; an alias counts as much as the node it refers to.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._nodes = 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self._mark()
            node = super().compose_node(parent, index)
            if id(node) not in self._sizes:
                raise yaml.composer.ComposerError(None, None, "an alias refers to a node that contains it", mark)
            self._count(self._sizes[id(node)], mark)
            return node
        mark, before = self._mark(), self._nodes
        self._count(1, mark)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise yaml.composer.ComposerError(None, None, f"more than {MAX_DEPTH} levels deep", mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        self._sizes[id(node)] = self._nodes - before
        return node

    def _mark(self) -> yaml.Mark:
        mark: yaml.Mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        return mark

    def _count(self, nodes: int, mark: yaml.Mark) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise yaml.composer.ComposerError(None, None, f"more than {MAX_NODES} values and keys", mark)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str | int) and key in keys:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {shorten(key, 40)!r} is repeated", key_node.start_mark
                )
            if isinstance(key, str | int):
                keys.add(key)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Writes small lists and mappings on one line and quotes what :class:`_Loader` would read as a number."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _construct_int(loader: _Loader, node: yaml.ScalarNode) -> int:
    """Reads a whole number as decimal: YAML 1.1 would read ``010`` as eight."""
    return int(loader.construct_scalar(node))


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Writes a text; with Unicode line breaks in quotes and escaped, since they would be lost in a key."""
    style = '"' if any(c in text for c in "\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)
_Dumper.add_representer(str, _represent_text)

_RESOLVERS = {
    "tag:yaml.org,2002:bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    "tag:yaml.org,2002:int": (r"^[-+]?[0-9]+$", "-+0123456789"),
    "tag:yaml.org,2002:float": (
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+0123456789.",
    ),
    "tag:yaml.org,2002:null": (r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
}
for _class in (_Loader, _Dumper):
    _class.yaml_implicit_resolvers = {}
    for _tag, (_pattern, _first) in _RESOLVERS.items():
        _class.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))


def parse_yaml(text: str, where: str = "spec") -> Any:
    """Parses YAML text (1.2 core schema) to plain data.

    Raises:
        InputError: The text is not YAML, or too large or too deep; the error names the line.
    """
    if len(text) > MAX_BYTES:
        raise InputError(where, f"must be at most {MAX_BYTES} characters long", found=f"{len(text)} characters")
    try:
        return yaml.load(text, Loader=_Loader)  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}, line {mark.line + 1}" if mark else where
        reason = shorten(getattr(error, "problem", None) or str(error))
        raise InputError(place, f"is not valid YAML: {reason}") from None
    except (ValueError, RecursionError) as error:  # ``!!int x``; brackets a thousand deep
        raise InputError(where, f"is not valid YAML: {shorten(str(error))}") from None


def data_to_yaml(data: Any, *, ascii_only: bool = False) -> str:
    """Formats plain data as YAML that parses to the same data.

    Args:
        data: Nested dicts and lists of plain values.
        ascii_only: Whether to escape characters that are not ASCII.
    """
    plain = not ascii_only
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=plain, width=110, default_flow_style=None)
