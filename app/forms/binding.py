"""Bind a form to a part of the document, in both directions."""

from PySide6.QtCore import QObject

from app.document import Document, affects
from app.forms.editors.task_weights import WeightsEditor
from app.forms.form import KindForm, SpecForm
from app.task_references import task_names


class _Binding(QObject):
    """A child of the form, so that the document never calls a deleted form."""

    def __init__(self, form: SpecForm | KindForm, document: Document) -> None:
        super().__init__(form)
        self._form, self._document = form, document
        form.edited.connect(document.set)
        document.changed.connect(self._on_document_changed)
        document.problemsChanged.connect(self._show_problems)
        self._on_document_changed([""])
        self._show_problems()

    def _on_document_changed(self, paths: list[str]) -> None:
        value = self._document.get(self._form.path)
        if value is not None and affects(paths, self._form.path):
            self._form.setValue(value)
        if affects(paths, self._form.path) or affects(paths, "tasks"):
            for editor in self._form.findChildren(WeightsEditor):
                editor.set_names(task_names(self._document.data))

    def _show_problems(self) -> None:
        self._form.show_problems(self._document.problems)


def bind(form: SpecForm | KindForm, document: Document) -> None:
    """Let ``form`` show and edit the value at its path in ``document``, and show its problems."""
    _Binding(form, document)
