"""What an old task lost, in numbers and in words."""

from dataclasses import dataclass

from mtl_core.protocol.events import ForgettingData
from mtl_core.spec import Direction


@dataclass(frozen=True)
class Change:
    """What an old task lost, by its score on the test rows.

    Attributes:
        task: Its name.
        metric: Its score.
        before: That of the model at the beginning.
        after: That of the model at the end.
        direction: Which way the score is better.
    """

    task: str
    metric: str
    before: float
    after: float
    direction: Direction

    @property
    def relative(self) -> float | None:
        """The relative change, above 0 for the better; None from a score of 0."""
        sign = -1 if self.direction == "min" else 1
        return sign * (self.after - self.before) / abs(self.before) if self.before else None

    def __str__(self) -> str:
        text = f"{self.task}: {self.metric} {self.before:.4g} before, {self.after:.4g} after"
        if self.relative is None or self.after == self.before:
            return text + (" (unchanged)" if self.after == self.before else "")
        percent = abs(self.relative) * 100
        told = f"{percent:.2g}" if percent < 99.5 else f"{percent:.0f}"  # the former would say 1.5e+02
        return f"{text} ({told} % {'better' if self.relative > 0 else 'worse'})"

    def data(self) -> ForgettingData:
        """The same for the event."""
        return ForgettingData(
            task=self.task, metric=self.metric, before=self.before, after=self.after, change=self.relative
        )
