"""Loss weights moved by hand while a run trains, and moves of before that are made again."""

from collections.abc import Sequence

from pydantic import ValidationError

from mtl_core.spec import ExperimentSpec, InputError, ManualWeighting, WeightMove
from mtl_core.training.metrics.metric_log import Journal
from mtl_core.training.recorder import Recorder
from mtl_core.weighting import ManualOverride


def hand_weights(spec: ExperimentSpec, moved: dict[str, float] | None = None) -> dict[str, float]:
    """By what the total is measured: weights set by a person; learned ones would move the ruler."""
    if moved is not None:
        return dict(moved)
    return dict(spec.weighting.weights) if isinstance(spec.weighting, ManualWeighting) else {}


class Moves:
    """Moves the weights, and makes those of the spec and of an earlier part of the run again at their steps.

    Args:
        spec: The experiment, with its moves.
        earlier: Moves made by hand before the run was resumed.
        weighting: Whose weights.
        journal: Measures the total by the weights set.
        recorder: Told of each move.
    """

    def __init__(
        self,
        spec: ExperimentSpec,
        earlier: Sequence[WeightMove],
        weighting: ManualOverride,
        journal: Journal,
        recorder: Recorder,
    ) -> None:
        self._spec, self._weighting, self._journal, self._recorder = spec, weighting, journal, recorder
        ordered = sorted((*spec.weighting.moves, *earlier), key=lambda move: move.step)
        self._waiting = [(move, move in spec.weighting.moves) for move in ordered]

    def replay(self, step: int) -> None:
        """Make the moves that are due before a step."""
        while self._waiting and self._waiting[0][0].step <= step:
            move, replayed = self._waiting.pop(0)
            self.make(step, move.weights, replayed=replayed)

    def make(self, step: int, weights: dict[str, float] | None, *, replayed: bool = False) -> None:
        """Weights set by hand hold from the next step on; None gives them back to the method."""
        self._journal.flush(step, self._weighting.weights())
        try:
            given = WeightMove(step=step, weights=weights).weights
            weights = None if given is None else dict.fromkeys(self._spec.task_names, 1.0) | given
            self._weighting.set_override(weights)
        except (InputError, ValidationError) as error:
            text = " ".join(str(error).split())
            self._recorder.event(step, "warning", f"the weights stay as they are: {text}")
            return
        self._journal.ruler = hand_weights(self._spec, weights)
        parts = ", ".join(f"{task} {_rounded(weight):g}" for task, weight in weights.items()) if weights else ""
        text = f"weights moved to {parts}" if weights else "weights back to the method"
        self._recorder.event(step, "weights", text, {"weights": weights, "step": step, "replayed": replayed})

    def forget_before(self, step: int) -> None:
        """Leave out the moves before a step: a checkpoint has what became of them."""
        self._waiting = [(move, known) for move, known in self._waiting if move.step >= step]


def _rounded(weight: float) -> float:
    """A weight to three significant digits, as people say it."""
    return float(f"{weight:.3g}")
