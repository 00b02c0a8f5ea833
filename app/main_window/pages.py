"""The six pages, each imported when it is first wanted: a window that opens on one does not wait for the others."""

from PySide6.QtWidgets import QWidget

from app.session import Session


def make_page(name: str, session: Session) -> QWidget:
    """The page ``name`` of ``session``.

    Raises:
        ValueError: There is no such page.
    """
    match name:
        case "data":
            from app.pages.data import DataPage

            return DataPage(session)
        case "model":
            from app.pages.model import ModelPage

            return ModelPage(session)
        case "training":
            from app.pages.training import TrainingPage

            return TrainingPage(session)
        case "live":
            from app.pages.live import LivePage

            return LivePage(session)
        case "runs":
            from app.pages.runs import RunsPage

            return RunsPage(session)
        case "compare":
            from app.pages.compare import ComparePage

            return ComparePage(session)
        case _:
            raise ValueError(f"there is no page {name!r}")
