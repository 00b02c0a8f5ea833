"""What the run queue asks a worker."""

from collections.abc import Sequence

from app.jobs.runs.pending import Turn
from mtl_core.protocol.questions import CheckQuestion, CheckTogetherQuestion, TrainQuestion, TrainTogetherQuestion
from mtl_core.spec import ExperimentSpec, spec_to_data


def check(spec: ExperimentSpec) -> CheckQuestion:
    """Whether an experiment can run."""
    return CheckQuestion(spec=spec_to_data(spec))


def check_together(specs: Sequence[ExperimentSpec]) -> CheckTogetherQuestion:
    """Whether experiments can train in one loop."""
    return CheckTogetherQuestion(specs=[spec_to_data(spec) for spec in specs])


def train(runs: Turn, url: str) -> TrainQuestion | TrainTogetherQuestion:
    """Train a run of a store, or several together."""
    if len(runs) == 1:
        return TrainQuestion(run=runs[0], store=url)
    return TrainTogetherQuestion(runs=tuple(runs), store=url)
