"""Callbacks on the GUI thread that are skipped when their Qt object has been deleted."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject
from shiboken6 import isValid

Done = Callable[[Any], object]
Failed = Callable[[Exception], object]


def call_back(function: Callable[[Any], object] | None, value: Any) -> None:
    """Call ``function`` with ``value`` unless it is a method of a Qt object that was deleted, or a partial of one."""
    if function is None:
        return
    method = function.func if isinstance(function, partial) else function
    owner = getattr(method, "__self__", None)
    if isinstance(owner, QObject) and not isValid(owner):
        return
    function(value)
