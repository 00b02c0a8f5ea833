"""The name of a data set that may not have been read yet; no Qt."""

from collections.abc import Mapping
from typing import Any


def data_name(dataset: Mapping[str, Any]) -> str:
    """The name of a data set while it is being read: its file, its database or its own name."""
    place = dataset.get("path") or str(dataset.get("url") or "").partition("?")[0] or dataset.get("name")
    kind = str(dataset.get("kind") or "")
    return str(place or kind).replace("\\", "/").rpartition("/")[2] or kind
