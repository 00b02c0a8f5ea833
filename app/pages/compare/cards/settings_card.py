"""The card of the settings in which the compared runs differ."""

from __future__ import annotations

from collections.abc import Sequence

from app.pages.compare.run_table import RunTable
from app.pages.compare.views.compared_run import ComparedRun
from app.pages.compare.views.comparison import SettingsView
from app.widgets import Card, LinkButton, Muted

_FOLDED = 8
"""Settings shown while the table is collapsed; runs on different data differ in a hundred."""
_ALIKE = "All settings are the same; the runs differ only by chance."


class SettingsCard(Card):
    """A table with a row per setting and a column per run; long tables are collapsed at first."""

    def __init__(self) -> None:
        super().__init__("What differs")
        self.table = RunTable("compare-settings", "Settings that differ")
        self.hint = Muted(wrap=True)
        self.hint.setObjectName("compare-hint")
        self.unfold = LinkButton("", self._unfold, name="compare-unfold")
        self.body.addWidget(self.hint)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.unfold)
        self._unfolded = False
        self._shown: tuple[tuple[ComparedRun, ...], SettingsView] | None = None

    def show_view(self, entries: Sequence[ComparedRun], view: SettingsView) -> None:
        """Show the settings in which the runs differ."""
        self._shown = (tuple(entries), view)
        lines, heads = view.differing, [(entry.short, entry.color) for entry in entries]
        self.table.fill("setting", heads, lines if self._unfolded else lines[:_FOLDED])
        self.table.setVisible(bool(lines))
        self.unfold.setText("Show fewer" if self._unfolded else f"Show all {len(lines)} settings that differ")
        self.unfold.setVisible(len(lines) > _FOLDED)
        self.set_subtitle(view.differing_text)
        hint = view.hint or ("" if lines else _ALIKE)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))

    def _unfold(self) -> None:
        self._unfolded = not self._unfolded
        if self._shown is not None:
            self.show_view(*self._shown)
