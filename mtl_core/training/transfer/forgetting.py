"""Forgetting of an old task: change of its test score over a run."""

from dataclasses import dataclass

from mtl_core.protocol.events import ForgettingData
from mtl_core.spec import Direction


@dataclass(frozen=True)
class ScoreChange:
    """Change of an old task's test score during a run.

    Attributes:
        task: Name of the task.
        metric: Name of the score.
        before: Score of the initial model.
        after: Score of the trained model.
        direction: Direction of the score.
    """

    task: str
    metric: str
    before: float
    after: float
    direction: Direction

    @property
    def relative(self) -> float | None:
        """Relative change, positive for an improvement; None if the initial score is 0."""
        sign = -1 if self.direction == "min" else 1
        return sign * (self.after - self.before) / abs(self.before) if self.before else None

    def __str__(self) -> str:
        text = f"{self.task}: {self.metric} {self.before:.4g} before, {self.after:.4g} after"
        if self.relative is None or self.after == self.before:
            return text + (" (unchanged)" if self.after == self.before else "")
        percent = abs(self.relative) * 100
        formatted = f"{percent:.2g}" if percent < 99.5 else f"{percent:.0f}"  # .2g would give 1.5e+02
        return f"{text} ({formatted} % {'better' if self.relative > 0 else 'worse'})"

    def data(self) -> ForgettingData:
        """Return the payload of the event."""
        return ForgettingData(
            task=self.task, metric=self.metric, before=self.before, after=self.after, change=self.relative
        )
