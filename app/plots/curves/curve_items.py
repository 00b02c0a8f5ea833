"""The pyqtgraph items of the curves of one plot."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping

from app.plots.canvas import FAINT_ALPHA, Canvas, pen
from app.plots.curve_image import Curve, Line
from app.plots.untyped_pyqtgraph import Item, pg

_RAISED_WIDTH = 2


class CurveItems:
    """An item per curve, and one for the raw values under a smoothed curve.

    Attributes:
        main: The line of each curve by its key.
        raw: The raw lines; each is made when it is first drawn, as of dozens of curves most have none.
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.main: dict[Hashable, Item] = {}
        self.raw: dict[Hashable, Item] = {}
        self._drawn: dict[Hashable, Line] = {}
        self._raised: frozenset[Hashable] = frozenset()

    def set_pen(self, key: Hashable, curve: Curve) -> None:
        """Set the pens of a curve's lines for its style and the current theme."""
        if key not in self.main:
            self.main[key] = self._add(depth=1, antialias=True)
        raised = key in self._raised
        alpha = FAINT_ALPHA if curve.faint and not raised else 1.0
        width = _RAISED_WIDTH if raised else 1
        self.main[key].setPen(pen(curve.color, dash=curve.dash, dots=curve.dots, alpha=alpha, width=width))
        self.main[key].setZValue(2 if raised else 1)
        if key in self.raw:
            self.raw[key].setPen(pen(curve.color, alpha=FAINT_ALPHA))

    @property
    def raised(self) -> frozenset[Hashable]:
        """The curves that are drawn above the others, whether they are there yet or not."""
        return self._raised

    def raise_only(self, keys: Collection[Hashable], curves: Mapping[Hashable, Curve]) -> None:
        """Draw some curves above the others, and wider; all others as usual.

        Args:
            keys: The curves.
            curves: All curves of the plot.
        """
        changed = self._raised ^ frozenset(keys)
        self._raised = frozenset(keys)
        for key in changed & curves.keys():
            self.set_pen(key, curves[key])

    def draw(self, key: Hashable, curve: Curve, line: Line) -> None:
        """Show the decimated points of a curve; nothing is to be done for those shown already."""
        if self._drawn.get(key) is line:
            return
        self._drawn[key] = line
        self.main[key].setData(line.x, line.y)
        if line.faint_x is not None:
            if key not in self.raw:
                # Not antialiased: it is seen as a shade, and that halves the time a frame takes.
                self.raw[key] = self._add(depth=0, antialias=False)
                self.raw[key].setPen(pen(curve.color, alpha=FAINT_ALPHA))
            self.raw[key].setData(line.faint_x, line.faint_y)
        if key in self.raw:
            self.raw[key].setVisible(line.faint_x is not None)

    def remove(self, key: Hashable) -> None:
        """Remove a curve's lines; an unknown key is ignored."""
        self._drawn.pop(key, None)
        for items in (self.main, self.raw):
            if key in items:
                self._canvas.remove(items.pop(key))

    def _add(self, *, depth: int, antialias: bool) -> Item:
        item = pg.PlotCurveItem(connect="finite", antialias=antialias)
        item.setZValue(depth)
        self._canvas.add(item)
        return item
