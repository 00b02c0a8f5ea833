"""Overrides of settings, as on the command line: ``training.optimizer.lr=0.01``."""

from collections.abc import Iterable
from typing import Any

from mtl_core.errors import InputError
from mtl_core.spec.io.yaml_text import parse_yaml
from mtl_core.spec.paths import get_at, set_at


def apply_overrides(data: dict[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """Applies ``path=value`` settings to spec data; a value is read as YAML.

    Setting only the ``kind`` of a part (``weighting.kind=pcgrad``) starts that part anew, since another kind has other
    settings.

    Raises:
        InputError: A setting has no ``=``, or its path leads nowhere.
    """
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals or not path.strip():
            raise InputError(setting, "a setting is written path=value, e.g. training.optimizer.lr=0.01")
        path, value = path.strip(), parse_yaml(text, path.strip())
        parent, dot, last = path.rpartition(".")
        if dot and last == "kind" and _kind(data, parent) != value:
            path, value = parent, {"kind": value}
        data = set_at(data, path, value)
    return data


def _kind(data: Any, path: str) -> Any:
    try:
        part = get_at(data, path)
    except InputError:
        return None
    return part.get("kind") if isinstance(part, dict) else None
