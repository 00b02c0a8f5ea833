"""What the run queue asks a worker, with the particulars."""

from collections.abc import Sequence
from typing import Any

from app.jobs.runs.pending import Turn
from mtl_core.protocol.wire import WorkerRequestKind
from mtl_core.spec import ExperimentSpec, spec_to_data

Question = tuple[WorkerRequestKind, dict[str, Any]]


def check(spec: ExperimentSpec) -> Question:
    """Whether an experiment can run; answered with the problems found."""
    return "check", {"spec": spec_to_data(spec)}


def check_together(specs: Sequence[ExperimentSpec]) -> Question:
    """Whether experiments can train in one loop; answered with no problems, or refused with the reason."""
    return "check_together", {"specs": [spec_to_data(spec) for spec in specs]}


def train(runs: Turn, url: str) -> Question:
    """Train a run of a store, or several together."""
    if len(runs) == 1:
        return "train", {"run": runs[0], "store": url}
    return "train_together", {"runs": list(runs), "store": url}
