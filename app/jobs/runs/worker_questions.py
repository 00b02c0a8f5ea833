"""The questions that the run queue asks a worker."""

from collections.abc import Sequence

from app.jobs.runs.turns import Turn
from mtl_core.protocol.questions import CheckQuestion, CheckTogetherQuestion, TrainQuestion, TrainTogetherQuestion
from mtl_core.spec import ExperimentSpec, spec_to_data


def check_question(spec: ExperimentSpec) -> CheckQuestion:
    """Ask whether an experiment can run."""
    return CheckQuestion(spec=spec_to_data(spec))


def joint_check_question(specs: Sequence[ExperimentSpec]) -> CheckTogetherQuestion:
    """Ask whether experiments can train in one loop."""
    return CheckTogetherQuestion(specs=[spec_to_data(spec) for spec in specs])


def train_question(runs: Turn, url: str) -> TrainQuestion | TrainTogetherQuestion:
    """Ask to train a run of a store, or several together."""
    if len(runs) == 1:
        return TrainQuestion(run=runs[0], store=url)
    return TrainTogetherQuestion(runs=tuple(runs), store=url)
