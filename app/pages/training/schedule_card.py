"""The card of the learning-rate schedule, with its curve."""

from PySide6.QtWidgets import QWidget

from app.document import affects
from app.forms import KindForm, bind, number_text
from app.pages.training.run_length import run_length
from app.plots import SchedulePlot
from app.session import Session
from app.widgets import Card
from mtl_core.spec import Schedule, learning_rates, members
from mtl_core.spec.training.fine_tuning import FineTuning
from mtl_core.spec.training.schedules import PlateauSchedule

_POINTS = 400


class ScheduleCard(Card):
    """The kind of schedule, its parameters, and a plot of the learning rate over the run."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Schedule", parent=parent)
        self.setObjectName("schedule")
        self._session = session
        self.form = KindForm(members(Schedule), "training.schedule")
        bind(self.form, session.document)
        self.plot = SchedulePlot()
        self.plot.setObjectName("schedule-plot")
        self.plot.setAccessibleName("Learning rate over the run")
        self.plot.setMinimumHeight(130)
        self.body.addWidget(self.form)
        self.body.addWidget(self.plot, 1)
        session.document.changed.connect(self._document_changed)
        session.datasetInfoChanged.connect(self._draw)
        self._draw()

    def _document_changed(self, paths: list[str]) -> None:
        if affects(paths, "training") or affects(paths, "dataset"):
            self._draw()

    def _draw(self) -> None:
        spec = self._session.document.spec
        if spec is None:
            return
        length = run_length(spec, self._session.dataset_info)
        training = spec.training
        steps, rates = learning_rates(
            training.schedule,
            training.optimizer.lr,
            length.steps,
            length.steps_per_epoch,
            _POINTS,
            tuning=training.fine_tuning,
        )
        self.plot.set_schedule(steps, rates, length.steps_per_epoch)
        self.set_subtitle(schedule_summary(training.schedule, max(rates), training.fine_tuning))


def schedule_summary(schedule: Schedule, highest: float, tuning: FineTuning | None = None) -> str:
    """The highest learning rate, with notes where it is that of the heads alone or depends on results."""
    text = f"peak {number_text(float(f'{highest:.3g}'))}"
    if tuning is not None:
        text += f", all layers from epoch {tuning.freeze_epochs + 1}"
    return f"{text}, while results improve" if isinstance(schedule, PlateauSchedule) else text
