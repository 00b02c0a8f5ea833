"""Spec files: YAML in and out."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from mtl_core.errors import InputError, shorten
from mtl_core.spec.experiment import ExperimentSpec, spec_from_data, spec_to_data
from mtl_core.spec.paths import Key, parse


class _Loader(yaml.SafeLoader):
    """A safe loader of YAML 1.2 scalars: ``1e-3`` is a number; ``no``, ``on`` and dates are text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str | int) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
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
        InputError: It is not YAML; the error names the line.
    """
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


def load_spec_data(path: str | Path) -> Any:
    """The plain data of a spec file, not yet validated; relative paths of files in it are made absolute.

    Raises:
        InputError: The file cannot be read or is not YAML.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(str(path), "there is no such file") from None
    except IsADirectoryError:
        raise InputError(str(path), "must be a spec file, it is a folder") from None
    except UnicodeDecodeError:
        raise InputError(str(path), "must be a YAML file in UTF-8") from None
    except OSError as error:
        raise InputError(str(path), "cannot be read", found=error) from None
    data = parse_yaml(text, str(path))
    for place, kind, name in _FILES:
        data = _absolute(data, parse(place), kind, name, path.parent.resolve())
    return data


_FILES = (
    ("dataset", "table", "path"),
    ("dataset.text", None, "tokenizer"),
    ("training.start_from", "from_file", "path"),
    ("model.shared.*", "pretrained", "path"),
    ("model.heads.*.*", "pretrained", "path"),
)
"""Where the path of a file or folder may stand, in what kind (None: there is but one), and what the setting is called;
``*`` is every entry of a list or mapping."""


def _absolute(data: Any, keys: Sequence[Key], kind: str | None, name: str, folder: Path) -> Any:
    """The data with a relative path at a place made absolute; no path at all stays none."""
    if keys:
        first, *rest = keys
        if isinstance(data, dict):
            return {k: _absolute(v, rest, kind, name, folder) if first in ("*", k) else v for k, v in data.items()}
        if isinstance(data, list) and first == "*":
            return [_absolute(value, rest, kind, name, folder) for value in data]
        return data
    if not isinstance(data, dict) or data.get("kind") != kind:
        return data
    given = data.get(name)
    return {**data, name: str(folder / given)} if isinstance(given, str) and given else data


def load_spec(path: str | Path) -> ExperimentSpec:
    """The experiment in a YAML file.

    Raises:
        InputError: The file cannot be read, is not YAML, or is not an experiment.
    """
    return spec_from_data(load_spec_data(path), str(path))


def dump_spec(spec: ExperimentSpec, *, ascii_only: bool = False) -> str:
    """The experiment as YAML, complete with defaults."""
    return data_to_yaml(spec_to_data(spec), ascii_only=ascii_only)


def save_spec(spec: ExperimentSpec, path: str | Path) -> None:
    """Write the experiment to a YAML file; the file is whole or as it was.

    Raises:
        InputError: The file cannot be written.
    """
    write_text(path, dump_spec(spec))


def write_text(path: str | Path, text: str) -> None:
    """Write a text file through a temporary one beside it, so that it is whole or as it was.

    A link is followed, and the permissions of a file that is there are kept.

    Raises:
        InputError: The file cannot be written.
    """
    target = Path(path).resolve()
    temporary = target.with_name(f".{target.name[:100]}.{uuid4().hex}")
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(text)
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InputError(str(path), "cannot be written", found=error) from None
