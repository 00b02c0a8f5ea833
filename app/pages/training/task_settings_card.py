"""The card of the task settings: loss, metrics and further fields of each kind."""

from PySide6.QtWidgets import QWidget

from app.document import Document, affects
from app.forms import SpecForm, bind, discard
from app.theme import VisibleConnection
from app.widgets import Card, Muted, TaskTabs
from mtl_core.spec import Spec, Task, kind_of, members

_SPEC_CLASSES: dict[str, type[Spec]] = {kind_of(spec): spec for spec in members(Task)}


class TaskSettingsCard(Card):
    """A tab per task with its loss, metrics and further fields; tasks are added on the Data page."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__("Tasks", parent=parent)
        self.setObjectName("tasks")
        self._document = document
        self._tasks: list[tuple[str, str]] = []
        self.forms: dict[int, SpecForm] = {}
        self.tabs = TaskTabs("training-task-tabs")
        self.description = Muted(wrap=True)
        self.body.addWidget(self.tabs)
        self.body.addWidget(self.description)
        self.body.addStretch(1)
        self.tabs.currentChanged.connect(self._show_task)
        document.changed.connect(self._document_changed)
        self._document_changed([""])
        VisibleConnection(self, document.changed, self._show_current)
        self._show_current()

    def _document_changed(self, paths: list[str]) -> None:
        if not affects(paths, "tasks"):
            return
        tasks = self._document.get("tasks") or []
        new_tasks = [(str(task.get("kind")), str(task.get("name"))) for task in tasks]
        if new_tasks == self._tasks:
            return
        same_kinds = [kind for kind, _ in new_tasks] == [kind for kind, _ in self._tasks]
        self._tasks = new_tasks
        self.tabs.set_names([name for _, name in new_tasks])
        if not same_kinds:
            for form in self.forms.values():
                discard(form)
            self.forms = {}

    def _show_current(self) -> None:
        self._show_task(self.tabs.currentIndex())

    def _add_form(self, index: int, kind: str) -> SpecForm:
        form = SpecForm(_SPEC_CLASSES[kind], f"tasks[{index}]", skip=("name", "target"))
        bind(form, self._document)
        self.body.insertWidget(self.body.count() - 1, form)
        return form

    def _show_task(self, index: int) -> None:
        if (
            0 <= index < len(self._tasks) and index not in self.forms
        ):  # built on first use: of forty tasks few are ever shown
            self.forms[index] = self._add_form(index, self._tasks[index][0])
        for i, form in self.forms.items():
            form.setVisible(i == index)
        if 0 <= index < len(self._tasks):
            spec = _SPEC_CLASSES[self._tasks[index][0]]
            self.description.setText(f"{spec.title}: {spec.help()[:1].lower()}{spec.help()[1:]}")
