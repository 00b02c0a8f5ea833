"""The number of steps that a run will take; without Qt."""

from dataclasses import dataclass

from mtl_core.spec import DatasetInfo, ExperimentSpec
from mtl_core.text import group_digits


@dataclass(frozen=True)
class RunLength:
    """The length of a run; the number of steps is a guess unless ``is_known``."""

    steps_per_epoch: int
    epochs: int
    is_known: bool

    @property
    def steps(self) -> int:
        """The number of steps of the whole run."""
        return self.steps_per_epoch * self.epochs


def run_length(spec: ExperimentSpec, info: DatasetInfo | None) -> RunLength:
    """The length of a run of ``spec``, with 100 steps per epoch while the data are unknown."""
    epochs, batch = spec.training.epochs, spec.training.batch_size
    if info is None:
        return RunLength(100, epochs, is_known=False)
    rows = max(round(info.rows * spec.dataset.split.train_share), 1)
    return RunLength(-(-rows // batch), epochs, is_known=True)


def run_length_text(length: RunLength) -> str:
    """The number of steps in a sentence, such as “About 79 steps an epoch, 1 580 in all”."""
    if not length.is_known:
        return "The number of steps is known once the data are."
    return f"About {group_digits(length.steps_per_epoch)} steps an epoch, {group_digits(length.steps)} in all."
