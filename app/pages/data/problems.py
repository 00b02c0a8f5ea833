"""The problems of the data, each for the card that it concerns; no widgets."""

from collections.abc import Callable, Sequence

from app.document import is_below
from app.pages.data.problem_text import problem_text
from app.session import Session
from mtl_core.errors import Problem, WorkbenchError

JOIN, REVIEWED, SPLIT = "dataset.join", "dataset.reviewed", "dataset.split"


class DataProblems:
    """Finds problems in the document, and in what the worker answered about it.

    Args:
        session: The document, and the worker's errors.
        own_paths: Returns the paths of the settings whose cards show their problems themselves.
    """

    def __init__(self, session: Session, own_paths: Callable[[], Sequence[str]]) -> None:
        self._session, self._document, self._own_paths = session, session.document, own_paths

    def at(self, path: str) -> list[Problem]:
        """The problems at ``path``: those of the document, else those that the worker found when it built the model."""
        reported = _problems_of(self._session.model_error)
        return self._document.problems_at(path) or [problem for problem in reported if is_below(problem.path, path)]

    def text_at(self, path: str) -> str:
        """The first problem at ``path``, or ``""``."""
        return _first_text(self.at(path))

    def of_tasks(self) -> str:
        """The first problem of the list of tasks itself, or ``""``."""
        return _first_text([problem for problem in self._document.problems_at("tasks") if problem.path == "tasks"])

    def of_joins(self) -> str:
        """What is wrong with a joined table, also where that is why the data cannot be read, or ``""``."""
        reported = _problems_of(self._session.dataset_error)
        return _first_text([*self.at(JOIN), *(problem for problem in reported if is_below(problem.path, JOIN))])

    def of_preview(self) -> str:
        """The first problem of the data that no other card shows, or ``""``."""
        paths = self._own_paths()
        return _first_text([problem for problem in self.at("dataset") if not _is_below_any(problem, paths)])

    def has_only_own_cards(self, error: Exception) -> bool:
        """Whether other cards than the preview show all of an error."""
        paths = self._own_paths()
        return isinstance(error, WorkbenchError) and all(_is_below_any(problem, paths) for problem in error.problems)


def _is_below_any(problem: Problem, paths: Sequence[str]) -> bool:
    return any(is_below(problem.path, path) for path in paths)


def _problems_of(error: Exception | None) -> Sequence[Problem]:
    return error.problems if isinstance(error, WorkbenchError) else ()


def _first_text(problems: Sequence[Problem]) -> str:
    return problem_text(problems[0]) if problems else ""
