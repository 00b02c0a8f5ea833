"""The cards for loss weights and the weighting method."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.document import Document, affects
from app.forms import KindForm, SearchedChoice, WeightsEditor, bind, defaults_of
from app.pages.training.weighting_text import method_entries, moves_text, weighting_help, weighting_text, weights_text
from app.task_references import task_names
from app.theme import VisibleConnection
from app.widgets import Card, InlineError, LinkButton, Muted
from mtl_core.spec import ManualWeighting, Weighting, join, members


class WeightsCard(Card):
    """A slider and a spin box per task; changing one switches to manual weights."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__("Loss weights", parent=parent)
        self.setObjectName("loss-weights")
        self._document = document
        self.editor = WeightsEditor()
        self.error = InlineError()
        self.error.setObjectName("weights-error")
        self.description = Muted(wrap=True)
        self.description.setObjectName("weights-words")
        self.reset_link = LinkButton("Set all to 1", self._set_equal, name="weights-even")
        self.manual_link = LinkButton("Use manual weights", self._switch_to_manual, name="weights-switch")
        self.moves_label = Muted(wrap=True)
        self.clear_moves_link = LinkButton("Remove the moves", self._clear_moves, name="weights-forget")
        self.header.addWidget(self.reset_link)
        for widget in (
            self.editor,
            self.error,
            self.description,
            self.manual_link,
            self.moves_label,
            self.clear_moves_link,
        ):
            alignment = Qt.AlignmentFlag.AlignLeft if isinstance(widget, LinkButton) else Qt.AlignmentFlag(0)
            self.body.addWidget(widget, 0, alignment)
        self.body.addStretch(1)
        self.editor.weightChanged.connect(self._weight_changed)
        VisibleConnection(self, document.changed, self._show)
        VisibleConnection(self, document.problemsChanged, self._show_error)
        self._show()

    def _show(self) -> None:
        weighting: dict[str, Any] = self._document.get("weighting") or {}
        kind = str(weighting.get("kind", ""))
        weights = weighting.get("weights") if kind == "manual" else {}
        self.editor.set_names(task_names(self._document.data))
        self.editor.setValue(weights)
        self.description.setText(weights_text(kind))
        self.set_subtitle("" if kind == "manual" else "not in use")
        self.manual_link.setVisible(kind != "manual")
        self.reset_link.setVisible(kind == "manual" and any(w != 1 for w in (weights or {}).values()))
        self._show_error()
        self.moves_label.setText(moves_text(weighting.get("moves") or ()))
        self.moves_label.setVisible(bool(self.moves_label.text()))
        self.clear_moves_link.setVisible(bool(self.moves_label.text()))

    def _show_error(self) -> None:
        """Show the problem of all weights together; that of one weight is shown at its field."""
        problems = [
            problem
            for problem in self._document.problems_at("weighting.weights")
            if problem.path == "weighting.weights"
        ]
        if problems:
            text = f"Nothing would be learned: {problems[0].rule}."
            self.error.set_error(text, "Set all to 1", self._set_equal)
        else:
            self.error.set_error("")

    def _weight_changed(self, task: str, weight: float) -> None:
        weighting: dict[str, Any] = self._document.get("weighting") or {}
        if weighting.get("kind") == "manual":
            self._document.set(join(("weighting", "weights", task)), weight, f"Weight of {task}")
        else:
            self._switch_to_manual({task: weight})

    def _switch_to_manual(self, weights: dict[str, float] | None = None) -> None:
        values = dict.fromkeys(task_names(self._document.data), 1.0) | (weights or {})
        moves = self._document.get("weighting.moves") or []
        manual = {**defaults_of(ManualWeighting), "weights": values, "moves": moves}
        self._document.set("weighting", manual, "Switch to manual weights")

    def _set_equal(self) -> None:
        self._document.set("weighting.weights", {}, "Set all weights to 1")

    def _clear_moves(self) -> None:
        self._document.set("weighting.moves", [], "Remove the moves by hand")


class WeightingCard(Card):
    """The weighting method: a searchable menu, description and cost, and its parameters."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__("Weighting method", parent=parent)
        self.setObjectName("weighting-method")
        combo = SearchedChoice(method_entries(), "method", "weighting methods")
        self.form = KindForm(members(Weighting), "weighting", skip=("weights",), help_text=weighting_help, combo=combo)
        bind(self.form, document)
        self.body.addWidget(self.form)
        self.body.addStretch(1)
        self._document = document
        document.changed.connect(self._document_changed)
        self._document_changed([""])

    def _document_changed(self, paths: list[str]) -> None:
        """Show the cost at the chosen level, which the form does not know."""
        if not affects(paths, "weighting"):
            return
        weighting: dict[str, Any] = self._document.get("weighting") or {}
        if text := weighting_text(weighting):
            self.form.help.setText(text)
