"""Titles of weighting methods by their kind, for tables."""

from mtl_core.spec import Weighting, kind_of, members

_TITLES = {kind_of(member): member.title.partition(" (")[0] for member in members(Weighting)}
_SHORT_TITLES = {"dwa": "DWA"}


def method_title(kind: str) -> str:
    """Return the title of a weighting method; its kind if this version does not know it."""
    return _TITLES.get(kind, kind)


def short_method_title(kind: str) -> str:
    """Return the title of a weighting method for narrow columns."""
    return _SHORT_TITLES.get(kind, method_title(kind))
