"""Metrics of trained runs on a split: of one run, or of an ensemble."""

from collections.abc import Sequence
from pathlib import Path

from mtl_core.evaluation.ensemble import SavedRun, load_predictor
from mtl_core.protocol.questions import EnsembleScores, MemberScores
from mtl_core.protocol.series_key import SplitName
from mtl_core.spec import ExperimentSpec
from mtl_core.training.metrics.validation import Scorer, Scores


def evaluate(spec: ExperimentSpec, checkpoint: Path, split: SplitName, fingerprint: str = "") -> Scores:
    """Compute losses and metrics of the model of a checkpoint.

    Args:
        spec: The run's experiment.
        checkpoint: File of its best or last model.
        split: The rows.
        fingerprint: Digest of the data the run was trained on; ``""`` to accept any data.

    Raises:
        InputError: The checkpoint is incomplete or of another model, the data has changed, or the device is missing.
    """
    predictor = load_predictor([SavedRun(0, spec, checkpoint, fingerprint)])
    return Scorer(predictor.heads, predictor.device)(predictor.model, predictor.batches(split))


def evaluate_ensemble(saved: Sequence[SavedRun], split: SplitName) -> EnsembleScores:
    """Compute losses and metrics of the mean prediction of runs, and of each run.

    Args:
        saved: At least two runs of the same tasks and data; the device is the first one's.
        split: The rows.

    Raises:
        InputError: They have different tasks or data, a checkpoint is incomplete, or the data has changed.
    """
    predictor = load_predictor(saved, min_runs=2)
    score, batches = Scorer(predictor.heads, predictor.device), predictor.batches(split)
    members = tuple(
        MemberScores(run=member.run, metrics=score(model, batches))
        for member, model in zip(saved, predictor.models, strict=True)
    )
    runs = tuple(member.run for member in saved)
    return EnsembleScores(runs=runs, metrics=score(predictor.model, batches), members=members)
