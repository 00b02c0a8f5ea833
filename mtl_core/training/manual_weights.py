"""Manual loss weights: changes requested while a run trains, and scheduled changes of the spec."""

from collections.abc import Sequence

from pydantic import ValidationError

from mtl_core.protocol.events import WarningEvent, WeightsData, WeightsEvent
from mtl_core.spec import ExperimentSpec, InputError, ManualWeighting, WeightMove
from mtl_core.training.metrics.metric_log import MetricLog
from mtl_core.training.recorder import Recorder
from mtl_core.weighting import ManualOverride


def manual_loss_weights(spec: ExperimentSpec, manual: dict[str, float] | None = None) -> dict[str, float]:
    """Return the weights of the total loss: manual ones, as totals under learned weights are not comparable."""
    if manual is not None:
        return dict(manual)
    return dict(spec.weighting.weights) if isinstance(spec.weighting, ManualWeighting) else {}


class ManualWeights:
    """Applies manual changes of the loss weights, and replays those of the spec and of the run before it was resumed.

    Args:
        spec: The experiment, with its scheduled changes.
        earlier_moves: Manual changes made before the run was resumed.
        weighting: The weighting method.
        metric_log: Its total loss uses the manual weights.
        recorder: Gets an event for each change.
    """

    def __init__(
        self,
        spec: ExperimentSpec,
        earlier_moves: Sequence[WeightMove],
        weighting: ManualOverride,
        metric_log: MetricLog,
        recorder: Recorder,
    ) -> None:
        self._spec, self._weighting, self._metric_log, self._recorder = spec, weighting, metric_log, recorder
        moves = sorted((*spec.weighting.moves, *earlier_moves), key=lambda move: move.step)
        self._pending = [(move, move in spec.weighting.moves) for move in moves]

    def apply_due(self, step: int) -> None:
        """Apply the changes that are due before a step."""
        while self._pending and self._pending[0][0].step <= step:
            move, from_spec = self._pending.pop(0)
            self.apply(step, move.weights, replayed=from_spec)

    def apply(self, step: int, weights: dict[str, float] | None, *, replayed: bool = False) -> None:
        """Set manual weights from the next step on; None returns control to the weighting method."""
        self._metric_log.flush(step, self._weighting.weights())
        try:
            validated = WeightMove(step=step, weights=weights).weights
            weights = None if validated is None else dict.fromkeys(self._spec.task_names, 1.0) | validated
            self._weighting.set_override(weights)
        except (InputError, ValidationError) as error:
            text = " ".join(str(error).split())
            self._recorder.event(WarningEvent(step=step, message=f"the loss weights were not changed: {text}"))
            return
        self._metric_log.total_weights = manual_loss_weights(self._spec, weights)
        formatted = (
            ", ".join(f"{task} {_round_significant(weight):g}" for task, weight in weights.items()) if weights else ""
        )
        text = f"weights moved to {formatted}" if weights else "weights back to the method"
        data = WeightsData(weights=weights, step=step, replayed=replayed)
        self._recorder.event(WeightsEvent(step=step, message=text, data=data))

    def discard_before(self, step: int) -> None:
        """Discard changes before a step, whose effect a restored checkpoint contains."""
        self._pending = [(move, from_spec) for move, from_spec in self._pending if move.step >= step]

    def repeat_last_before(self, step: int) -> None:
        """Apply the last change before a step again, and discard those before it: only weights were restored."""
        earlier = [(move, from_spec) for move, from_spec in self._pending if move.step < step]
        self.discard_before(step)
        self._pending[:0] = earlier[-1:]


def _round_significant(weight: float) -> float:
    """Round a weight to three significant digits, for messages."""
    return float(f"{weight:.3g}")
