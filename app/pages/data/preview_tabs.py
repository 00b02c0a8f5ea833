"""What the tabs of the preview show, filled while they are open."""

from typing import Any

from PySide6.QtCore import QObject
from shiboken6 import isValid

from app.pages.data.cards.preview_card import PreviewCard
from app.pages.data.data_check import DataCheck
from app.pages.data.problem_text import error_text
from app.pages.data.view_state import column_rows, column_views, image_labels
from app.session import Session
from mtl_core.protocol.questions import SamplesQuestion
from mtl_core.protocol.samples import SampleRows
from mtl_core.spec import DatasetInfo, spec_to_data

_SWITCH_KEY = "page/data/preview"


class PreviewTabs(QObject):
    """Fills the tabs of the preview: rows or images, columns, samples, and the findings of the check of the data.

    The table of columns is filled while it is open, as there may be thousands; samples are asked for while they are
    open, and once for the same data.

    Args:
        session: Document and worker.
        preview: The card with the tabs.
        parent: Owner.
    """

    def __init__(self, session: Session, preview: PreviewCard, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._document, self._preview = session, session.document, preview
        self._sampled: dict[str, Any] | None = None
        self.check = DataCheck(session, self)
        if session.settings.get(_SWITCH_KEY) == "columns":
            preview.open_columns()
        preview.switch.currentChanged.connect(lambda _index: self._fill_open_tab())
        preview.findings.checkRequested.connect(self.check_data)
        preview.findings.fixRequested.connect(self.check.apply_fix)
        self.check.changed.connect(self._show_findings)

    def show_info(self, info: DatasetInfo) -> None:
        """Show a data set, with the experiment's roles and labels."""
        data = self._document.data
        self._preview.show_info(info, column_views(data, info), image_labels(data, info))
        self._fill_open_tab()

    def check_data(self) -> None:
        """Have the data checked, and show what is found."""
        self._preview.open_findings()
        self.check.start()

    def save(self) -> None:
        """Save whether the columns are shown."""
        self._session.settings.put(_SWITCH_KEY, "columns" if self._preview.shows_columns else "rows")

    def _fill_open_tab(self) -> None:
        if (info := self._session.dataset_info) is None:
            return
        if self._preview.shows_columns:
            self._preview.show_columns(column_rows(self._document.data, info, info.notes))
        elif self._preview.shows_samples:
            self._ask_samples()

    def _ask_samples(self) -> None:
        parts = {name: self._document.data.get(name) for name in ("dataset", "tasks")}
        if parts == self._sampled:
            return
        before, self._sampled = self._sampled, parts
        if before is None or before["dataset"] != parts["dataset"]:
            self._preview.clear_samples("Reading them …")
        if self._document.problems or self._document.spec is None:
            self._preview.clear_samples("They appear here once the experiment has no problems.")
            return

        def show(samples: SampleRows) -> None:
            if isValid(self) and self._sampled is parts:
                self._preview.show_samples(samples)

        def fail(error: Exception) -> None:
            if isValid(self) and self._sampled is parts:
                self._preview.clear_samples(error_text(error))

        question = SamplesQuestion(spec=spec_to_data(self._document.spec))
        self._session.worker.ask(question, show, fail, key="samples")

    def _show_findings(self) -> None:
        check = self.check
        self._preview.show_findings(check.findings, running=check.is_running, error=check.error)
