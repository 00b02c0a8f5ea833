"""Saved views of the runs table: columns, order, sort, filter and groups under a name, in the window's settings."""

from __future__ import annotations

import json
from typing import Any

from app.settings import Settings

_KEY = "page/runs/views"


class SavedViews:
    """The views that a person has saved."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        try:
            stored = json.loads(settings.get(_KEY, "{}"))
        except ValueError:
            stored = {}
        views = stored.items() if isinstance(stored, dict) else ()
        self._views: dict[str, dict[str, Any]] = {name: view for name, view in views if isinstance(view, dict)}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the views, sorted."""
        return tuple(sorted(self._views, key=str.casefold))

    def view(self, name: str) -> dict[str, Any]:
        """The state saved under a name."""
        return self._views[name]

    def save(self, name: str, view: dict[str, Any]) -> None:
        """Save a state under a name; one of the same name is replaced."""
        self._views[name] = view
        self._write()

    def delete(self, name: str) -> None:
        """Forget a view."""
        self._views.pop(name, None)
        self._write()

    def _write(self) -> None:
        self._settings.put(_KEY, json.dumps(self._views))
