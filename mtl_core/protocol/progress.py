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
        samples_per_second: Training rows per second of the steps of about the last half minute, without validations and
            checkpoints; 0 before a step was measured, also after a pause.
        eta_seconds: Estimated seconds until the end, with validations, checkpoints and the test.
    """

    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    samples_per_second: float = 0.0
    eta_seconds: float = 0.0
