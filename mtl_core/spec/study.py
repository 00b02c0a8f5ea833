"""A study: one experiment with several seeds, and its single-task baselines.

The baseline of a task is the experiment with that task alone: its shared layers and its head, the same optimizer,
schedule and length, and the same rows, as ``dataset.split.tasks`` names the tasks that made the split.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mtl_core.errors import InputError
from mtl_core.spec.experiment import ExperimentSpec, spec_from_data, spec_to_data
from mtl_core.spec.sharing import HardSharing
from mtl_core.spec.tasks import TOTAL
from mtl_core.spec.training.continual import NewHeads
from mtl_core.spec.training.sampling import BalancedClasses, Shuffled
from mtl_core.spec.training.settings import TrainingSpec
from mtl_core.spec.weighting import EqualWeighting

_LONGEST_NAME = 200


@dataclass(frozen=True)
class Member:
    """One run of a study.

    Attributes:
        spec: What is run.
        baseline: The task it is the single-task baseline of; ``""`` for the experiment itself.
    """

    spec: ExperimentSpec
    baseline: str = ""


def study_members(spec: ExperimentSpec, seeds: Sequence[int], *, baselines: bool) -> tuple[Member, ...]:
    """The runs of a study, seed by seed: what is done when it ends early can be judged.

    Args:
        spec: The experiment; its own seed counts only where it is among ``seeds``.
        seeds: Seeds of initial weights and order of rows, each once; the split keeps its own.
        baselines: Whether each seed also has a run of every task alone.

    Raises:
        InputError: A seed is there twice or out of bounds, or there is only one task.
    """
    if not seeds:
        raise InputError("seeds", "there must be at least one seed")
    if repeated := [seed for i, seed in enumerate(seeds) if seed in seeds[:i]]:
        raise InputError("seeds", "each seed once", found=repeated[0])
    if baselines and len(spec.tasks) < 2:
        fix = "Add a task, or train it without baselines."
        raise InputError(
            "tasks", "a baseline needs an experiment of at least two tasks", found=len(spec.tasks), fix=fix
        )
    return tuple(member for seed in seeds for member in _of_seed(with_seed(spec, seed), baselines))


def _of_seed(spec: ExperimentSpec, baselines: bool) -> Iterator[Member]:
    yield Member(spec)
    if baselines:
        yield from (Member(single_task(spec, task), task) for task in spec.task_names)


def with_seed(spec: ExperimentSpec, seed: int) -> ExperimentSpec:
    """The experiment with another seed.

    Raises:
        InputError: The seed is out of bounds.
    """
    data = spec_to_data(spec)
    return spec_from_data({**data, "training": {**data["training"], "seed": seed}})


def single_task(spec: ExperimentSpec, name: str) -> ExperimentSpec:
    """The single-task baseline of a task.

    The best epoch is chosen by the experiment's rule where that looks at this task, else by the task's loss. One task
    leaves nothing to share, to weigh or to compare: the scheme is the plain one, the weighting equal. Rows that are
    drawn by the classes of another task are drawn at random here.

    Args:
        spec: The experiment of several tasks.
        name: The task.

    Raises:
        InputError: A setting names another task and so has no meaning here.
    """
    task = next(one for one in spec.tasks if one.name == name)
    split = spec.dataset.split
    alone = spec.model_copy(
        update={
            "name": f"{spec.name} · {name} alone"[:_LONGEST_NAME],
            "dataset": spec.dataset.model_copy(
                update={"split": split.model_copy(update={"tasks": split.tasks or spec.tasks})}
            ),
            "tasks": (task,),
            "model": spec.model.model_copy(
                update={
                    "sharing": HardSharing(),
                    "heads": {head: layers for head, layers in spec.model.heads.items() if head == name},
                }
            ),
            "weighting": EqualWeighting(),
            "training": _training(spec, name),
        }
    )
    return spec_from_data(spec_to_data(alone))


def _training(spec: ExperimentSpec, name: str) -> TrainingSpec:
    """The same budget, without what looks at other tasks."""
    training = spec.training
    own = training.monitor.partition(".")[0] == name
    sampling = training.sampling
    if isinstance(sampling, BalancedClasses):
        classed = next((task.name for task in spec.tasks if task.row_classes), "")
        sampling = BalancedClasses(task=name) if (sampling.task or classed) == name else Shuffled()
    changes: dict[str, Any] = {"monitor": training.monitor if own else TOTAL, "sampling": sampling}
    return training.model_copy(update=changes | {"compare_gradients": None, "keep": NewHeads()})
