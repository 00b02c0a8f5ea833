"""The card *Which is best?*: several weighting methods with several seeds, trained, compared and judged."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QWidget

from app.forms.form import LABEL_CHARACTERS
from app.pages.training.method_comparison import (
    MOST_SEEDS,
    SUGGESTED_METHODS,
    comparison_text,
    methods_text,
    progress_text,
    run_count,
    time_text,
)
from app.pages.training.weighting_text import PLAIN_METHODS, method_entries
from app.session import MOST_COMPARED, Session
from app.theme import GAP, VisibleConnection
from app.widgets import (
    Button,
    Card,
    CheckMenu,
    InlineError,
    LinkButton,
    Muted,
    NumberField,
    NumberRange,
    escape_mnemonic,
    plain_tooltip,
)
from mtl_core.spec import InputError, method_members
from mtl_core.text import format_names

if TYPE_CHECKING:
    from mtl_core.analysis.run_time import TimeEstimate
    from mtl_core.store import RunStore

_METHODS_KEY, _SEEDS_KEY, _BASELINES_KEY = (f"page/training/best-{name}" for name in ("methods", "seeds", "baselines"))
_ESTIMATE_DELAY_MS = 300
_SEEDS_HELP = "How many seeds each method is trained with, from that of the experiment on"
_BASELINES_HELP = (
    "Train each task alone too, with the same rows and length; the methods share these runs, which give Δm"
)


class BestMethodCard(Card):
    """The methods, seeds and baselines, how many runs that is, and how far the newest comparison is."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Which is best?", "weighting methods compared", parent)
        self.setObjectName("best-card")
        self._session = session
        self._titles = {entry.kind: entry.title for entry in method_entries()}
        stored = session.settings.get(_METHODS_KEY, ",".join(SUGGESTED_METHODS)).split(",")
        self._chosen = {kind for kind in stored if kind in self._titles}
        self._request = 0
        self._time = ""
        self._timer = QTimer(self, singleShot=True, interval=_ESTIMATE_DELAY_MS)
        self._timer.timeout.connect(self._ask_time)
        self.methods = Button("", self._open_menu, icon_name="caret-down", name="best-methods")
        self.seeds = NumberField(NumberRange(low=1, high=MOST_SEEDS, integer=True))
        self.seeds.setObjectName("best-seeds")
        self.seeds.setAccessibleName("Number of seeds")
        self.seeds.setToolTip(_SEEDS_HELP)
        self.seeds.setFixedWidth(self.fontMetrics().horizontalAdvance("0") * 12 + 14)  # as in forms
        seeds = session.settings.get(_SEEDS_KEY, "3")
        self.seeds.setValue(int(seeds) if seeds.isdecimal() and 1 <= int(seeds) <= MOST_SEEDS else 3)
        self.baselines = QCheckBox("With single-task baselines")
        self.baselines.setObjectName("best-baselines")
        self.baselines.setToolTip(_BASELINES_HELP)
        self.baselines.setChecked(session.settings.get(_BASELINES_KEY, "yes") == "yes")
        self.error = InlineError()
        self.error.setObjectName("best-error")
        self.summary = Muted(wrap=True)
        self.summary.setObjectName("best-words")
        self.start = Button("", self._start, icon_name="scales", name="best-start")
        self.start.setToolTip("Queue all of these runs; when all have ended, Compare says which method is best")
        self.progress = Muted(wrap=True)
        self.progress.setObjectName("best-progress")
        self.stop = LinkButton("Stop all", self._stop, name="best-stop")
        self.result = LinkButton("Show the result", self._show_result, name="best-result")
        self._lay_out()
        self.seeds.valueChanged.connect(self._show)
        self.baselines.toggled.connect(self._show)
        VisibleConnection(self, session.document.changed, self._show)
        session.study_progress.changed.connect(lambda _study: self._show_progress())
        self._show()
        self._show_progress()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance("0") * LABEL_CHARACTERS)
        grid.setColumnStretch(1, 1)
        methods, seeds = Muted("Methods"), Muted("Seeds")
        methods.setBuddy(self.methods)
        seeds.setBuddy(self.seeds)
        grid.addWidget(methods, 0, 0, 1, 2)
        grid.addWidget(self.methods, 1, 0, 1, 2)  # beside its label it would widen the column of cards
        grid.addWidget(seeds, 2, 0)
        grid.addWidget(self.seeds, 2, 1, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(self.baselines, 3, 0, 1, 2)
        self.body.addLayout(grid)
        self.body.addWidget(self.error)
        self.body.addWidget(self.summary)
        for widgets in ((self.start,), (self.progress, self.stop, self.result)):
            line = QHBoxLayout()
            line.setSpacing(GAP)
            for widget in widgets:
                line.addWidget(widget, 1 if widget is self.progress else 0)
            if self.progress not in widgets:
                line.addStretch(1)
            self.body.addLayout(line)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The kinds of the chosen methods that this experiment can compare, in the order of the menu."""
        return tuple(kind for kind in self._offered() if kind in self._chosen)

    def _offered(self) -> list[str]:
        """All methods; weights set by hand only where the experiment has some, else they are those of Equal."""
        by_hand = self._session.document.get("weighting.kind") == "manual"
        return [kind for kind in self._titles if by_hand or kind != "manual"]

    def _open_menu(self) -> None:
        menu = CheckMenu(self)
        menu.setObjectName("best-menu")
        offered, submenus = self._offered(), dict[str, CheckMenu]()
        for entry in method_entries():
            if entry.kind not in offered:
                continue
            home = menu
            if entry.kind not in PLAIN_METHODS:  # the others are too many for one menu on a small screen
                if entry.group not in submenus:
                    submenus[entry.group] = CheckMenu(entry.group, menu)
                    submenus[entry.group].setToolTipsVisible(True)
                    menu.addMenu(submenus[entry.group])
                home = submenus[entry.group]
            action = home.addAction(escape_mnemonic(entry.title) + (f"\t{entry.note}" if entry.note else ""))
            action.setObjectName(f"best-method-{entry.kind}")
            action.setCheckable(True)
            action.setChecked(entry.kind in self._chosen)
            action.setToolTip(plain_tooltip(entry.help))
            action.toggled.connect(partial(self._choose, entry.kind))
        menu.setToolTipsVisible(True)
        menu.popup(self.methods.mapToGlobal(self.methods.rect().bottomLeft()))

    def _choose(self, kind: str, on: bool) -> None:
        (self._chosen.add if on else self._chosen.discard)(kind)
        self._session.settings.put(_METHODS_KEY, ",".join(kind for kind in self._titles if kind in self._chosen))
        self._show()

    def _show(self, _change: object = None) -> None:
        methods, seeds, tasks = self.chosen, int(self.seeds.value()), self._task_count()
        baselines = self.baselines.isChecked()
        self.methods.setText(methods_text(methods))
        self.methods.setToolTip(plain_tooltip(", ".join(self._titles[kind] for kind in methods)))
        problem = self._problem()
        self.error.set_error(problem)
        runs = run_count(len(methods), seeds, tasks, baselines=baselines)
        self.start.setText(f"Train all {runs}" if not problem else "Train all")
        self.start.setEnabled(not problem)
        self._time = ""
        self._show_summary()
        self._timer.start()

    def _show_summary(self) -> None:
        methods, seeds, tasks = self.chosen, int(self.seeds.value()), self._task_count()
        words = comparison_text(len(methods), seeds, tasks, baselines=self.baselines.isChecked())
        self.summary.setText(f"{words} {self._time}".strip() if methods and tasks > 1 else "")
        self.summary.setVisible(bool(self.summary.text()))

    def _problem(self) -> str:
        """Why these methods cannot be compared, or ``""``; other faults of the experiment are said at the start."""
        methods, tasks = self.chosen, self._task_count()
        if tasks < 2:
            return "A weighting method needs at least two tasks to weigh."
        if len(methods) < 2:
            return "Choose at least two methods."
        if (
            run_count(len(methods), int(self.seeds.value()), tasks, baselines=self.baselines.isChecked())
            > MOST_COMPARED
        ):
            return f"At most {MOST_COMPARED} runs, which Compare can show at once."
        spec = self._session.document.spec
        if spec is None or self._session.document.problems:
            return ""
        try:
            method_members(spec, methods, (spec.training.seed,), baselines=self.baselines.isChecked())
        except InputError as error:
            return format_names([str(problem) for problem in error.problems], 2)
        return ""

    def _task_count(self) -> int:
        return len(self._session.document.get("tasks") or ())

    def _seed_numbers(self) -> list[int]:
        first = self._session.document.get("training.seed")
        first = first if isinstance(first, int) else 0
        return list(range(first, first + int(self.seeds.value())))

    def _start(self) -> None:
        settings = self._session.settings
        settings.put(_SEEDS_KEY, str(int(self.seeds.value())))
        settings.put(_BASELINES_KEY, "yes" if self.baselines.isChecked() else "no")
        self._session.request_methods(self.chosen, self._seed_numbers(), baselines=self.baselines.isChecked())

    # -- time --

    def showEvent(self, event: QShowEvent) -> None:
        """Estimate the time, which is not done while the card is hidden."""
        super().showEvent(event)
        self._timer.start()

    def _ask_time(self) -> None:
        """Estimate the time by a finished run of this experiment, on the store's thread."""
        spec, methods = self._session.document.spec, self.chosen
        if not self.isVisible() or spec is None or self._session.document.problems or self._problem():
            return
        seeds, baselines = self._seed_numbers(), self.baselines.isChecked()
        self._request += 1
        request = self._request

        def read(store: "RunStore") -> "TimeEstimate | None":
            from mtl_core.analysis.run_time import estimate_time

            return estimate_time(store, spec, method_members(spec, methods, seeds, baselines=baselines))

        def show(estimate: "TimeEstimate | None") -> None:
            if request == self._request:
                self._time = time_text(estimate)
                self._show_summary()

        self._session.store.call(read, show)

    # -- progress --

    def _show_progress(self) -> None:
        state = self._session.study_progress.newest_of_methods()
        self.progress.setText(progress_text(state) if state is not None else "")
        self.progress.setVisible(state is not None)
        self.stop.setVisible(state is not None and not state.is_over)
        self.result.setVisible(state is not None and state.is_over)
        if state is not None and state.is_over:
            self._timer.start()

    def _stop(self) -> None:
        if (state := self._session.study_progress.newest_of_methods()) is not None:
            self._session.queue.stop_study(state.study)

    def _show_result(self) -> None:
        if (state := self._session.study_progress.newest_of_methods()) is not None:
            self._session.compare_study(state.study)

    def focus_methods(self) -> None:
        """Focus the choice of methods."""
        self.methods.setFocus(Qt.FocusReason.OtherFocusReason)
