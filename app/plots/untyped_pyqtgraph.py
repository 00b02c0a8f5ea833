"""pyqtgraph, which carries no types: what is taken from it is Any, in this one place."""

from __future__ import annotations

from typing import Any

import pyqtgraph

pg: Any = pyqtgraph
Item = Any
"""Something drawn on a canvas."""
