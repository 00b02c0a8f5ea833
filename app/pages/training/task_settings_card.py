"""The card of the task settings: loss, metrics and further fields of each kind."""

from PySide6.QtWidgets import QWidget

from app.document import Document, affects
from app.forms import SpecForm, bind, discard
from app.widgets import Card, Muted, TaskTabs
from mtl_core.spec import Spec, Task, kind_of, members

_KINDS: dict[str, type[Spec]] = {kind_of(spec): spec for spec in members(Task)}


class TasksCard(Card):
    """A tab per task with its loss and metrics; tasks are added on the Data page."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__("Tasks", parent=parent)
        self.setObjectName("tasks")
        self._document = document
        self._shown: list[tuple[str, str]] = []
        self.forms: dict[int, SpecForm] = {}
        self.tabs = TaskTabs("training-task-tabs")
        self.words = Muted(wrap=True)
        self.body.addWidget(self.tabs)
        self.body.addWidget(self.words)
        self.body.addStretch(1)
        self.tabs.currentChanged.connect(self._turn)
        document.changed.connect(self._changed)
        self._changed([""])

    def _changed(self, paths: list[str]) -> None:
        if not affects(paths, "tasks"):
            return
        tasks = self._document.get("tasks") or []
        shown = [(str(task.get("kind")), str(task.get("name"))) for task in tasks]
        if shown == self._shown:
            return
        same_kinds = [kind for kind, _ in shown] == [kind for kind, _ in self._shown]
        self._shown = shown
        self.tabs.set_names([name for _, name in shown])
        if not same_kinds:
            self._rebuild()

    def _rebuild(self) -> None:
        for form in self.forms.values():
            discard(form)
        self.forms = {}
        self._turn(self.tabs.currentIndex())

    def _form(self, index: int, kind: str) -> SpecForm:
        form = SpecForm(_KINDS[kind], f"tasks[{index}]", skip=("name", "target"))
        bind(form, self._document)
        self.body.insertWidget(self.body.count() - 1, form)
        return form

    def _turn(self, index: int) -> None:
        if 0 <= index < len(self._shown) and index not in self.forms:  # of forty tasks few are ever looked at
            self.forms[index] = self._form(index, self._shown[index][0])
        for i, form in self.forms.items():
            form.setVisible(i == index)
        if 0 <= index < len(self._shown):
            spec = _KINDS[self._shown[index][0]]
            self.words.setText(f"{spec.title}: {spec.help()[:1].lower()}{spec.help()[1:]}")
