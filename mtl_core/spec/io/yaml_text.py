"""YAML text in and out: the 1.2 core schema, and bounds on what is read."""

import re
from typing import Any

import yaml

from mtl_core.errors import InputError, shorten

MAX_BYTES = 1 << 20
"""The longest text that is read as a spec."""
MAX_NODES = 20_000
"""The most keys, values, lists and mappings of a text, with each alias written out; the time to read them is bounded
too."""
MAX_DEPTH = 40


class _Loader(yaml.SafeLoader):
    """A safe loader of YAML 1.2 scalars: ``1e-3`` is a number; ``no``, ``on`` and dates are text.

    It refuses what is too deep or too large before it is built; an alias counts as much as what it stands for.
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
                raise yaml.composer.ComposerError(None, None, "an alias stands inside what it names", mark)
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
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str | int) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {shorten(key, 40)!r} stands twice", key_node.start_mark
                )
            if isinstance(key, str | int):
                seen.add(key)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Writes small lists and mappings on one line and quotes what :class:`_Loader` would read as a number."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _whole_number(loader: _Loader, node: yaml.ScalarNode) -> int:
    """Decimal, as in YAML 1.2: the loader of 1.1 takes ``010`` for eight."""
    return int(loader.construct_scalar(node))


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Quoted with escapes where it holds a break that only Unicode knows: in a key it would be lost."""
    style = '"' if any(c in text for c in "\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)
_Dumper.add_representer(str, _text)

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
    """Plain data from YAML text (the 1.2 core schema).

    Raises:
        InputError: It is not YAML, or larger or deeper than any spec; the error names the line.
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
    """Plain data as YAML, with other than ASCII characters as they are or as escapes; it is read back as the same."""
    plain = not ascii_only
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=plain, width=110, default_flow_style=None)
