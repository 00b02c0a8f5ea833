"""pyqtgraph, which has no type information: its names are Any, in this one module."""

from __future__ import annotations

from typing import Any

import pyqtgraph

pg: Any = pyqtgraph
Item = Any
"""Something drawn on a canvas."""
