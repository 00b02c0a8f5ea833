"""Widgets that are built in steps, between which the event loop can run."""

from collections.abc import Iterator


class Stepwise:
    """Mixin of a widget that takes long to build: :meth:`_build` yields wherever events may be handled.

    A widget that is not built to its end must not be shown. What a step makes has an owner at its end, so that nothing
    is left when the widget is deleted before the next one.

    Attributes:
        steps: The steps that are left.
    """

    steps: Iterator[None] = iter(())

    def begin(self, *, stepwise: bool) -> None:
        """Take the first step; the others too unless ``stepwise`` is set.

        Args:
            stepwise: Whether the caller takes the other steps.
        """
        self.steps = self._build()
        next(self.steps, None)
        if not stepwise:
            for _ in self.steps:
                pass

    def _build(self) -> Iterator[None]:
        raise NotImplementedError
