"""A study: one experiment with several seeds or folds, or several weighting methods, and its single-task baselines.

The baseline of a task is the experiment with that task alone: its shared layers and its head, the same optimizer,
schedule and length, and the same rows, as ``dataset.split.tasks`` names the tasks that made the split.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mtl_core.errors import InputError
from mtl_core.spec.data.splits import KFoldSplit
from mtl_core.spec.experiment import ExperimentSpec, spec_from_data, spec_to_data
from mtl_core.spec.sharing import HardSharing
from mtl_core.spec.tasks import TOTAL
from mtl_core.spec.training.continual import NewHeads
from mtl_core.spec.training.sampling import BalancedClasses, Shuffled, TaskProportions
from mtl_core.spec.training.training_spec import TrainingSpec
from mtl_core.spec.weighting import EqualWeighting

_LONGEST_NAME = 200


@dataclass(frozen=True)
class StudyRun:
    """One run of a study.

    Attributes:
        spec: The experiment of the run.
        baseline: The task whose single-task baseline it is; ``""`` for the experiment itself.
    """

    spec: ExperimentSpec
    baseline: str = ""


def study_members(spec: ExperimentSpec, seeds: Sequence[int], *, baselines: bool) -> tuple[StudyRun, ...]:
    """Lists the runs of a study, seed by seed, so that a study that is stopped early has complete seeds.

    Args:
        spec: The experiment; its own seed counts only where it is among ``seeds``.
        seeds: Seeds of initial weights and order of rows, each once; the split keeps its own.
        baselines: Whether each seed also has a single-task run of every task.

    Raises:
        InputError: A seed is repeated or out of bounds, or baselines are asked for a single task.
    """
    _check_seeds(seeds)
    if baselines and len(spec.tasks) < 2:
        fix = "Add a task, or train it without baselines."
        raise InputError(
            "tasks", "a baseline needs an experiment of at least two tasks", found=len(spec.tasks), fix=fix
        )
    return tuple(member for seed in seeds for member in _seed_members(with_seed(spec, seed), baselines))


def method_members(
    spec: ExperimentSpec, methods: Sequence[str], seeds: Sequence[int], *, baselines: bool
) -> tuple[StudyRun, ...]:
    """Lists the runs of a study of several weighting methods, seed by seed, so that each seed compares all of them.

    The methods share the single-task baselines, in which nothing is weighed.

    Args:
        spec: The experiment; the method that it has keeps its settings, the others have their defaults.
        methods: Kinds of weighting methods, each once.
        seeds: As of :func:`study_members`.
        baselines: Whether each seed also has a single-task run of every task.

    Raises:
        InputError: There are fewer than two methods or tasks, one is unknown, repeated or does not suit the tasks, or
            a seed is repeated or out of bounds.
    """
    _check_seeds(seeds)
    if len(spec.tasks) < 2:
        rule = "a weighting method needs at least two tasks to weigh"
        raise InputError("tasks", rule, found=len(spec.tasks), fix="Add a task.")
    if repeated := [method for i, method in enumerate(methods) if method in methods[:i]]:
        raise InputError("methods", "each method once", found=repeated[0])
    if len(methods) < 2:
        raise InputError("methods", "at least two are compared", found=", ".join(methods) or "none")
    variants = [with_method(spec, method) for method in methods]
    members: list[StudyRun] = []
    for seed in seeds:
        own = [with_seed(variant, seed) for variant in variants]
        members += map(StudyRun, own)
        members += [StudyRun(single_task(own[0], task), task) for task in spec.task_names if baselines]
    return tuple(members)


def with_method(spec: ExperimentSpec, method: str) -> ExperimentSpec:
    """Copies the experiment with another weighting method, which has its default settings.

    Raises:
        InputError: There is no such method, or it does not suit the tasks.
    """
    data = spec_to_data(spec)
    if data["weighting"]["kind"] == method:
        return spec
    try:
        return spec_from_data({**data, "weighting": {"kind": method}})
    except InputError as error:
        raise InputError.of([replace(p, path=f"{method}: {p.path}") for p in error.problems]) from None


def _check_seeds(seeds: Sequence[int]) -> None:
    if not seeds:
        raise InputError("seeds", "there must be at least one seed")
    if repeated := [seed for i, seed in enumerate(seeds) if seed in seeds[:i]]:
        raise InputError("seeds", "each seed once", found=repeated[0])


def fold_members(spec: ExperimentSpec, *, baselines: bool) -> tuple[StudyRun, ...]:
    """Lists the runs of a study of all folds, fold by fold; each row is in the test of one of them.

    The first fold is trained with the seed of the experiment, each further one with the next seed, so that seeds tell
    the folds apart, and a baseline goes with the run of its fold.

    Args:
        spec: The experiment, whose split has folds.
        baselines: Whether each fold also has a single-task run of every task.

    Raises:
        InputError: The split has no folds, a seed is out of bounds, or baselines are asked for a single task.
    """
    split = spec.dataset.split
    if not isinstance(split, KFoldSplit):
        fix = "Set dataset.split.kind to kfold."
        raise InputError("dataset.split.kind", "a study of folds needs a split into folds", found=split.kind, fix=fix)
    seeds = [spec.training.seed + fold for fold in range(split.folds)]
    folds = [with_fold(spec, fold + 1) for fold in range(split.folds)]
    members = zip(folds, seeds, strict=True)
    return tuple(member for fold, seed in members for member in study_members(fold, (seed,), baselines=baselines))


def with_fold(spec: ExperimentSpec, fold: int) -> ExperimentSpec:
    """Copies the experiment with another fold as the test.

    Raises:
        InputError: There is no such fold.
    """
    data = spec_to_data(spec)
    split = {**data["dataset"]["split"], "fold": fold}
    return spec_from_data({**data, "dataset": {**data["dataset"], "split": split}})


def is_fold_study(specs: Sequence[ExperimentSpec]) -> bool:
    """Whether experiments differ in no more than the test fold and the seed, each with a fold of its own."""
    splits = [spec.dataset.split for spec in specs]
    folds = {split.fold for split in splits if isinstance(split, KFoldSplit)}
    if len(specs) < 2 or len(folds) < len(specs):
        return False
    first, *others = (_without_fold_and_seed(spec) for spec in specs)
    return all(other == first for other in others)


def _without_fold_and_seed(spec: ExperimentSpec) -> ExperimentSpec:
    split = spec.dataset.split.model_copy(update={"fold": 1})
    dataset = spec.dataset.model_copy(update={"split": split})
    training = spec.training.model_copy(update={"seed": 0})
    return spec.model_copy(update={"dataset": dataset, "training": training, "name": ""})


def _seed_members(spec: ExperimentSpec, baselines: bool) -> Iterator[StudyRun]:
    yield StudyRun(spec)
    if baselines:
        yield from (StudyRun(single_task(spec, task), task) for task in spec.task_names)


def with_seed(spec: ExperimentSpec, seed: int) -> ExperimentSpec:
    """Copies the experiment with another seed.

    Raises:
        InputError: The seed is out of bounds.
    """
    data = spec_to_data(spec)
    return spec_from_data({**data, "training": {**data["training"], "seed": seed}})


def single_task(spec: ExperimentSpec, name: str) -> ExperimentSpec:
    """Builds the single-task baseline of a task.

    The best epoch is chosen by the experiment's monitor if that is of this task, else by the task's loss. Sharing is
    hard and the weighting equal, since a single task has nothing to share or to weigh. Sampling that is balanced by
    the classes of another task is replaced by shuffling.

    Args:
        spec: The experiment of several tasks.
        name: The task.

    Raises:
        InputError: A setting refers to another task.
    """
    task = next(task for task in spec.tasks if task.name == name)
    split = spec.dataset.split
    baseline = spec.model_copy(
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
            "training": _baseline_training(spec, name),
        }
    )
    return spec_from_data(spec_to_data(baseline))


def _baseline_training(spec: ExperimentSpec, name: str) -> TrainingSpec:
    """The same training settings, without those that refer to other tasks."""
    training = spec.training
    monitors_task = training.monitor.partition(".")[0] == name
    sampling = training.sampling
    if isinstance(sampling, BalancedClasses):
        default_task = next((task.name for task in spec.tasks if task.row_classes), "")
        sampling = BalancedClasses(task=name) if (sampling.task or default_task) == name else Shuffled()
    elif isinstance(sampling, TaskProportions):
        sampling = TaskProportions()  # one task has all draws
    changes: dict[str, Any] = {"monitor": training.monitor if monitors_task else TOTAL, "sampling": sampling}
    return training.model_copy(update=changes | {"compare_gradients": None, "keep": NewHeads()})
