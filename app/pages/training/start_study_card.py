"""The card that starts a study: several seeds with single-task baselines."""

from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QWidget

from app.forms.form import LABEL_CHARACTERS
from app.pages.training.study_seeds import fold_study_text, parse_seeds, study_text
from app.session import Session
from app.theme import GAP
from app.widgets import Button, Card, InlineError, Muted, TextField

_SEEDS_KEY, _DEFAULT_SEEDS = "page/training/seeds", "0, 1, 2"
_TOGETHER_KEY = "page/training/together"
_HELP = "A run of all tasks for each, e.g. 0, 1, 2 or 0-4; the rows of the split stay the same"
_TOGETHER_HELP = (
    "One process trains the seeds of each experiment in one loop: faster where the model is small. "
    "What does not allow it is said before anything runs"
)
_FOLDS_HELP = (
    "Each fold of the split is the test once, so that every row is predicted by a run that has not seen it. "
    "The seed of the experiment trains the first fold, the next seeds the others"
)


class StartStudyCard(Card):
    """The seeds or folds, the resulting number of runs, and the buttons that queue them."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Study", "what training together brings", parent)
        self.setObjectName("study-card")
        self._session = session
        self.seeds = TextField(session.settings.get(_SEEDS_KEY, _DEFAULT_SEEDS), separators=",; ")
        self.seeds.setObjectName("study-seeds")
        self.seeds.setAccessibleName("Seeds of the study")
        self.seeds.setToolTip(_HELP)
        self.error = InlineError()
        self.error.setObjectName("study-error")
        self.summary = Muted(wrap=True)
        self.summary.setObjectName("study-words")
        label = Muted("Seeds")
        label.setBuddy(self.seeds)
        label.setToolTip(_HELP)
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance("0") * LABEL_CHARACTERS)
        grid.setColumnStretch(1, 1)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.seeds, 0, 1)
        grid.addWidget(self.error, 1, 1)
        self.together = QCheckBox("Train the seeds together (small models)")
        self.together.setObjectName("study-together")
        self.together.setToolTip(_TOGETHER_HELP)
        self.together.setChecked(session.settings.get(_TOGETHER_KEY) == "yes")
        grid.addWidget(self.together, 2, 0, 1, 2)
        self.folds = QCheckBox("Every fold instead of seeds")
        self.folds.setObjectName("study-folds")
        self.folds.setToolTip(_FOLDS_HELP)
        grid.addWidget(self.folds, 3, 0, 1, 2)
        self.both = Button("Run with baselines", lambda: self._run(True), icon_name="scales", name="run-baselines")
        self.both.setToolTip("Train all tasks together and each one alone, on the same rows, and compare: Δm")
        self.alone = Button("Run seeds", lambda: self._run(False), icon_name="play", name="run-seeds")
        self.alone.setToolTip("Train all tasks together, once per seed")
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        for button in (self.both, self.alone):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.body.addLayout(grid)
        self.body.addWidget(self.summary)
        self.body.addLayout(buttons)
        self.body.addStretch(1)
        self.seeds.textChanged.connect(self._show)
        self.together.toggled.connect(self._show)
        self.folds.toggled.connect(self._show)
        session.document.changed.connect(self._show)
        self._show()

    def _show(self, _change: object = None) -> None:
        seeds, problem = parse_seeds(self.seeds.text())
        tasks = len(self._session.document.get("tasks") or ())
        folds = self._fold_count()
        self.folds.setVisible(folds > 0)
        by_fold = self._by_fold()
        ready = by_fold or bool(seeds)
        self.error.set_error("" if by_fold else problem)
        seeds_text = study_text(len(seeds), tasks, together=self.together.isChecked()) if seeds else ""
        self.summary.setText(fold_study_text(folds, tasks) if by_fold else seeds_text)
        self.seeds.setEnabled(not by_fold)
        self.together.setEnabled(len(seeds) > 1 and not by_fold)
        self.alone.setText("Run folds" if by_fold else "Run seeds")
        self.alone.setEnabled(ready)
        self.both.setEnabled(ready and tasks > 1)

    def _fold_count(self) -> int:
        """The number of folds of the split; 0 where it has none."""
        split = self._session.document.get("dataset.split") or {}
        folds = split.get("folds")
        return folds if split.get("kind") == "kfold" and isinstance(folds, int) else 0

    def _by_fold(self) -> bool:
        return self.folds.isChecked() and self._fold_count() > 0

    def _run(self, baselines: bool) -> None:
        if self._by_fold():
            self._session.request_fold_study(baselines=baselines)
            return
        seeds, _ = parse_seeds(self.seeds.text())
        if seeds:
            self._session.settings.put(_SEEDS_KEY, self.seeds.text())
            self._session.settings.put(_TOGETHER_KEY, "yes" if self.together.isChecked() else "")
            together = self.together.isChecked() and len(seeds) > 1
            self._session.request_study(seeds, baselines=baselines, together=together)
