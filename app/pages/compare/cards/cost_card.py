"""The card of inference costs of the compared models, measured on request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.pages.compare.run_table import RunTable
from app.pages.compare.views.compared_run import ComparedRun
from app.pages.compare.views.comparison import Line
from app.pages.compare.views.cost_rows import cost_lines
from app.widgets import Button, Card, InlineError, Muted
from mtl_core.protocol.questions import CostQuestion, InferenceCost

if TYPE_CHECKING:
    from app.session import Session

_HINT = "Parameters, operations, time and memory of one forward pass. Measuring takes about a second per model."
_BUSY = "A run trains on this machine: times may be longer than they are alone."


class CostCard(Card):
    """A table with a row per cost and a column per run; identical models are measured once."""

    def __init__(self, session: Session) -> None:
        super().__init__("Inference cost")
        self.setObjectName("compare-cost-card")
        self._session = session
        self._entries: tuple[ComparedRun, ...] = ()
        self._costs: dict[str, InferenceCost] = {}
        self._pending: set[str] = set()
        self.measure = Button("Measure", self._measure, icon_name="timer", name="compare-measure")
        self.header.addWidget(self.measure)
        self.hint = Muted(_HINT, wrap=True)
        self.hint.setObjectName("compare-cost-hint")
        self.error = InlineError()
        self.table = RunTable("compare-cost", "Inference cost")
        for widget in (self.hint, self.error):
            self.body.addWidget(widget)
        self.body.addWidget(self.table, 1)
        self._show()

    def show_runs(self, entries: Sequence[ComparedRun]) -> None:
        """Show the costs measured so far of the models of these runs."""
        self._entries = tuple(entry for entry in entries if entry.spec is not None)
        self._show()

    def _measure(self) -> None:
        self.error.set_error("")
        self.hint.setText(_BUSY if self._session.queue.local_runs else _HINT)
        for entry in self._entries:
            key = _model_of(entry)
            if key not in self._costs and key not in self._pending:
                self._pending.add(key)
                self._ask(key, entry)
        self._show()

    def _ask(self, key: str, entry: ComparedRun) -> None:
        def on_cost(cost: InferenceCost) -> None:
            self._pending.discard(key)
            self._costs[key] = cost
            self._show()

        def on_error(error: Exception) -> None:
            self._pending.discard(key)
            self.error.set_error(f"{entry.short}: {error}")
            self._show()

        self._session.worker.ask(CostQuestion(spec=entry.data), on_cost, on_error)

    def _show(self) -> None:
        keys = [_model_of(entry) for entry in self._entries] if self._costs or self._pending else []
        costs = [self._costs.get(key) for key in keys] or [None for _ in self._entries]
        lines: tuple[Line, ...] = cost_lines(costs) if any(cost is not None for cost in costs) else ()
        waiting = any(key in self._pending for key in keys)
        self.measure.setText("Measuring…" if waiting else "Measure")
        self.measure.setEnabled(not waiting and any(cost is None for cost in costs))
        devices = dict.fromkeys(cost.device for cost in costs if cost is not None)
        self.set_subtitle(f"on {', '.join(devices)}" if devices else "")
        if lines:
            self.table.fill("measure", [(entry.short, entry.color) for entry in self._entries], lines)
        self.table.setVisible(bool(lines))
        self.hint.setVisible(not lines or self.hint.text() == _BUSY)


def _model_of(entry: ComparedRun) -> str:
    """Key of a model in the cache: everything that its cost depends on."""
    parts = {name: entry.data.get(name) for name in ("dataset", "tasks", "model")}
    training = entry.data.get("training") or {}
    return json.dumps([parts, training.get("device"), training.get("threads")], sort_keys=True)
