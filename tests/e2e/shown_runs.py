"""What the panels of a window say of runs, beside what the store has of the runs that they name."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFormLayout, QLabel

from app.formatting import STATE_LABELS
from app.main_window import MainWindow, run_messages
from app.navigation import Page
from app.pages.live.run_view import live_view, progress_text
from app.pages.runs.detail import event_lines, facts, metric_rows, read_detail
from mtl_core.store import RunRecord, RunStore

_CHECK_MS = 5


class ShownRuns:
    """Reads off the panels, at any moment and once the window is quiet.

    Args:
        window: The window.
        store: Its store.

    Attributes:
        faults: What a panel said that was never so of the run that it named.
    """

    def __init__(self, window: MainWindow, store: RunStore) -> None:
        self._window, self._store = window, store
        self._known: defaultdict[int, list[RunRecord]] = defaultdict(list)
        self.faults: list[str] = []
        records = window.session.records
        for record in records._records.values():
            self._known[record.id].append(record)
        records.changed.connect(lambda run: self._known[run].append(records._records[run]))
        self._timer = QTimer(window, interval=_CHECK_MS)
        self._timer.timeout.connect(self.check)
        self._timer.start()

    def check(self) -> None:
        """Note what is shown of a run that was never so of it."""
        self.faults += [fault for fault in self._wrong_now() if fault not in self.faults]

    def _wrong_now(self) -> Iterator[str]:
        yield from self._wrong_on_live()
        yield from self._wrong_in_bars()
        panel = self._runs_page().panel
        if panel.run is not None:
            record = self._store.run(panel.run)
            shown = _facts(panel)
            for name, text in (("Seed", str(record.seed)), ("Tasks", ", ".join(record.tasks))):
                if shown.get(name) != text:
                    yield f"the panel of run {panel.run} says {name} {shown.get(name)}"
            messages = {event.message for event in self._store.events(panel.run)}
            for line in panel.events.toPlainText().splitlines():
                if line[10:] not in messages:
                    yield f"the panel of run {panel.run} has the event {line}"

    def _wrong_on_live(self) -> Iterator[str]:
        live = self._live_page()
        run, text, state = live.run, live.strip.label.text(), live.state.text().lower()
        if run is None:
            return
        known = self._known[run]
        if live.picker.text() != f"Run {run}":
            yield f"Live shows run {run} below {live.picker.text()}"
        if state and state not in {record.state for record in known}:
            yield f"Live says that run {run} is {state}"
        if state == "running" and text not in {progress_text(record) for record in known if record.state == "running"}:
            yield f"Live says of run {run}: {text}"
        if state and live.board.tasks != known[-1].tasks:
            yield f"Live has the cards {live.board.tasks} for run {run}"
        if not state and (text or live.board.log.text.toPlainText() or live.board.control.sentence.text()):
            yield f"Live shows something of another run below run {run}: {text}"
        if not state and any(button.isVisible() for button in (live.pause, live.resume, live.stop)):
            yield f"Live offers the buttons of another run below run {run}"

    def _wrong_in_bars(self) -> Iterator[str]:
        window, status = self._window, self._window.status
        shown = status.run.full_text(), status.eta.full_text(), status.rate.full_text()
        active = window.session.queue.active
        texts = {
            (run_messages.progress_text(record), run_messages.eta_text(record), run_messages.rate_text(record))
            for record in ([] if active is None else [active, *self._known[active.id]])
        } or {("Nothing is running", "", "")}
        if shown not in texts:
            yield f"the status line says {shown}"
        controlled = window.session.controlled_run
        labels = run_messages.pause_texts(controlled)[0], run_messages.stop_texts(controlled)[0]
        if (window.actions_.pause.iconText(), window.actions_.stop.iconText()) != labels:
            yield f"the buttons say {window.actions_.stop.iconText()} instead of {labels}"

    # --- once the window is quiet

    def differences(self) -> list[str]:
        """What the panels still show otherwise than the store has it."""
        return [*self._live_differences(), *self._panel_differences(), *self._bar_differences()]

    def _live_differences(self) -> Iterator[str]:
        live, store = self._live_page(), self._store
        if live.run is None:
            return
        run = store.run(live.run)
        spec, events, points = store.spec(run.id), store.events(run.id), store.read(run.id)[0]
        view = live_view(run, spec, events, {key: float(series.values[-1]) for key, series in points.items()})
        board, control = live.board, live.board.control
        shown: dict[str, tuple[Any, Any]] = {
            "state": (live.state.text(), view.state.capitalize()),
            "sentence": (control.sentence.text(), view.control.sentence),
            "method": (control.give_back.text(), f"Hand back to {view.control.method}"),
            "log": (board.log.text.toPlainText(), "\n".join(view.log)),
            "moved": (board.weights.subtitle.full_text(), view.weights_header),
        }
        if run.state != "running":  # else the numbers are never at rest
            shown["notice"] = live.strip.label.text(), view.notice.text
            for task, card in board.losses.items():
                shown[f"losses of {task}"] = card.subtitle.full_text(), view.headers.get(task)
            for task, slider in control.sliders.items():
                if task in view.control.weights:
                    shown[f"weight of {task}"] = round(slider.value(), 2), round(view.control.weights[task], 2)
            for key, series in points.items():
                drawn = board.curves.get(key)
                if not (np.array_equal(drawn.steps, series.steps) and np.array_equal(drawn.values, series.values)):
                    yield f"Live draws another curve {key} of run {run.id}"
        for key in board.curves.names():
            drawn, series = board.curves.get(key), points.get(key)
            if series is None or not np.array_equal(drawn.values, series.values[: len(drawn)]):
                yield f"Live draws a curve {key} that run {run.id} does not have"
        yield from (
            f"Live, {what} of run {run.id}: {one!r}, not {two!r}" for what, (one, two) in shown.items() if one != two
        )

    def _panel_differences(self) -> Iterator[str]:
        page = self._runs_page()
        if page.panel.run is None or not page.isVisible():
            return
        panel, detail = page.panel, read_detail(self._store, page.panel.run)
        record = detail.record
        word = STATE_LABELS[record.state][0] + (" · archived" if record.archived else "")
        shown: dict[str, tuple[Any, Any]] = {
            "state": (panel._state.text(), word),
            "events": (panel.events.toPlainText(), "\n".join(event_lines(detail.events))),
            "name": (panel.name.text(), record.name),
        }
        if record.state != "running":
            shown["facts"] = _facts(panel), dict(facts(record, detail.disk_use))
            numbers = [word for row in metric_rows(detail.summaries, record.tasks) for word in row[1:] if word]
            grid = {label.text() for label in panel.findChildren(QLabel) if label.isVisible()}
            if missing := [number for number in numbers if number not in grid]:
                yield f"the panel of run {record.id} lacks the metrics {missing}"
        yield from (
            f"panel, {what} of run {record.id}: {one!r}, not {two!r}"
            for what, (one, two) in shown.items()
            if one != two
        )

    def _bar_differences(self) -> Iterator[str]:
        session = self._window.session
        live = sorted(record.id for record in self._store.runs(archived=True) if record.is_live)
        if sorted(record.id for record in session.queue.live_runs) != live:
            yield f"the window takes {[record.id for record in session.queue.live_runs]} for live, not {live}"
        controlled = session.controlled_run
        if controlled is not None and self._store.run(controlled.id).state != controlled.state:
            yield f"the window takes run {controlled.id} for {controlled.state}"
        if session.live_run in live and (controlled is None or controlled.id != session.live_run):
            yield f"Pause and Stop do not apply to run {session.live_run}, which is shown and live"

    def _live_page(self) -> Any:
        return self._window.page(Page.LIVE)

    def _runs_page(self) -> Any:
        return self._window.page(Page.RUNS)


def _facts(panel: Any) -> dict[str, str]:
    """The facts that a panel shows, by their labels."""
    form, roles = panel._facts.layout(), QFormLayout.ItemRole
    rows = range(form.rowCount())
    return {
        form.itemAt(row, roles.LabelRole).widget().text(): form.itemAt(row, roles.FieldRole).widget().text()
        for row in rows
    }
