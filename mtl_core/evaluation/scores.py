"""The metrics of trained runs on a split: of one, or of several as one."""

from collections.abc import Sequence
from pathlib import Path

from mtl_core.evaluation.ensemble import SavedRun, load_predictor
from mtl_core.protocol.questions import EnsembleScores, MemberScores
from mtl_core.protocol.series_key import SplitName
from mtl_core.spec import ExperimentSpec
from mtl_core.training.metrics.validation import Scorer, Scores


def evaluate(spec: ExperimentSpec, checkpoint: Path, split: SplitName, fingerprint: str = "") -> Scores:
    """Losses and metrics of a checkpoint's model.

    Args:
        spec: The run's experiment.
        checkpoint: The file of its best or last model.
        split: Which rows.
        fingerprint: Digest of the data the run was trained on; ``""`` to take any data.

    Raises:
        InputError: The checkpoint is not whole or of another model, the data has changed, or the device is not here.
    """
    one = load_predictor([SavedRun(0, spec, checkpoint, fingerprint)])
    return Scorer(one.heads, one.device)(one.model, one.batches(split))


def evaluate_ensemble(saved: Sequence[SavedRun], split: SplitName) -> EnsembleScores:
    """Losses and metrics of the mean prediction of some runs, and of each run.

    Args:
        saved: At least two runs of the same tasks and data; the device is the first one's.
        split: Which rows.

    Raises:
        InputError: They do not belong together, a checkpoint is not whole, or the data has changed.
    """
    together = load_predictor(saved, least=2)
    score, batches = Scorer(together.heads, together.device), together.batches(split)
    members = tuple(
        MemberScores(run=one.run, metrics=score(model, batches))
        for one, model in zip(saved, together.models, strict=True)
    )
    runs = tuple(one.run for one in saved)
    return EnsembleScores(runs=runs, metrics=score(together.model, batches), members=members)
