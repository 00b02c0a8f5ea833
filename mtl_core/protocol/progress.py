"""The progress of a run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """The progress of a run.

    Attributes:
        epoch: Number of completed epochs.
        epochs: Number of epochs of the run.
        step: Number of completed optimizer steps.
        steps: Number of optimizer steps of the run.
        samples_per_second: Training rows per second, averaged over the last half minute.
        eta_seconds: Estimated seconds until the end at that rate.
    """

    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    samples_per_second: float = 0.0
    eta_seconds: float = 0.0
