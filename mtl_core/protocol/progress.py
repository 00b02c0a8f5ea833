"""How far a run has come."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        epoch: Epochs completed.
        epochs: Epochs asked for.
        step: Optimizer steps completed.
        steps: Optimizer steps asked for.
        samples_per_second: Training rows per second of late, averaged over half a minute.
        eta_seconds: Seconds until the end at that rate.
    """

    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    samples_per_second: float = 0.0
    eta_seconds: float = 0.0
