"""The experiment spec: the document that defines a run, and its validation."""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from mtl_core.errors import InputError, Problem, shorten
from mtl_core.spec.base import Spec, field
from mtl_core.spec.data.dataset import BundledDataset, Dataset
from mtl_core.spec.model import ModelSpec
from mtl_core.spec.paths import Key, join
from mtl_core.spec.tasks import TOTAL, Task
from mtl_core.spec.training.averaging import Swa
from mtl_core.spec.training.continual import Freeze, NewHeads
from mtl_core.spec.training.initial_weights import Scratch
from mtl_core.spec.training.sampling import BalancedClasses, TaskProportions
from mtl_core.spec.training.training_spec import TrainingSpec
from mtl_core.spec.upgrade import CURRENT_VERSION, upgrade_data
from mtl_core.spec.validation.fine_tuning import fine_tuning_problems
from mtl_core.spec.validation.inputs import input_problems
from mtl_core.spec.validation.pydantic_errors import to_problems
from mtl_core.spec.weighting import EqualWeighting, ManualWeighting, Weighting


class ExperimentSpec(Spec):
    """A whole experiment: data, tasks, model, weighting and training."""

    version: Literal[2] = field(CURRENT_VERSION, "Version of this format.", widget="hidden")
    name: str = field("experiment", "What it is called.", min_length=1, max_length=200)
    dataset: Dataset = field(BundledDataset(), "The data.")
    tasks: tuple[Task, ...] = field(help="What is predicted.", min_length=1)
    model: ModelSpec = field(ModelSpec(), "Shared layers and task heads.")
    weighting: Weighting = field(EqualWeighting(), "How losses become one update.")
    training: TrainingSpec = field(TrainingSpec(), "How it is trained.")

    @property
    def task_names(self) -> tuple[str, ...]:
        """The tasks' names, in order."""
        return tuple(task.name for task in self.tasks)


def spec_to_data(spec: Spec) -> dict[str, Any]:
    """Converts a spec to nested dicts and lists of plain values, with all defaults."""
    data: dict[str, Any] = spec.model_dump(mode="json")
    return data


def spec_from_data(data: Any, where: str = "") -> ExperimentSpec:
    """Validates plain data as an experiment; data of an older version is upgraded first.

    Args:
        data: Nested dicts and lists, as read from YAML or JSON.
        where: The file it came from, put before each path in the error.

    Raises:
        InputError: The data is not valid; each problem has its path, the rule and the value found.
    """
    spec, problems = read_spec(data)
    if spec is None:
        prefix = f"{where}: " if where else ""
        raise InputError.of([replace(problem, path=prefix + problem.path) for problem in problems])
    return spec


def problems_of(data: Any) -> list[Problem]:
    """Finds what is wrong with spec data; an empty list for a valid experiment."""
    return read_spec(data)[1]


def dataset_from_data(data: Any) -> Dataset:
    """Validates plain data as a data set.

    Raises:
        InputError: The data is not valid; each problem has its path, the rule and the value found.
    """
    try:
        dataset: Dataset = _DATASET.validate_json(json.dumps({"dataset": normalize_unicode(data)}))["dataset"]
    except ValidationError as error:
        raise InputError.of(to_problems(error, {"dataset": data}, ExperimentSpec)) from None
    except (TypeError, ValueError) as error:
        raise InputError("dataset", "must hold only text, numbers, lists and mappings", found=error) from None
    return dataset


_PATHS = ("path", "tokenizer", "reviewed")


def normalize_unicode(data: Any, key: str = "") -> Any:
    """Converts all text but paths to Unicode's composed form (NFC), in which names are compared."""
    match data:
        case dict():
            return {normalize_unicode(name): normalize_unicode(value, name) for name, value in data.items()}
        case list():
            return [normalize_unicode(value) for value in data]
        case str() if key not in _PATHS:
            return unicodedata.normalize("NFC", data)
    return data


_DATASET: TypeAdapter[dict[str, Dataset]] = TypeAdapter(dict[str, Dataset])


def read_spec(data: Any) -> tuple[ExperimentSpec | None, list[Problem]]:
    """Validates spec data: gives the experiment and no problems, or None and its problems.

    Args:
        data: Nested dicts and lists, as read from YAML or JSON; data of an older version is upgraded first.
    """
    if not isinstance(data, dict):
        return None, [Problem("spec", "must be a mapping with dataset, tasks, model …", shorten(data))]
    try:
        data = upgrade_data(data)
        text = json.dumps(data)
        if "\\u" in text:
            data = normalize_unicode(data)
            text = json.dumps(data)
    except InputError as error:
        return None, list(error.problems)
    except (TypeError, ValueError, RecursionError) as error:
        return None, [Problem("spec", "must hold only text, numbers, lists and mappings", str(error))]
    try:
        spec = ExperimentSpec.model_validate_json(text)
    except ValidationError as error:
        return None, to_problems(error, data, ExperimentSpec)
    problems = list(_cross_field_problems(spec))
    return (None if problems else spec), problems


def _cross_field_problems(spec: ExperimentSpec) -> Iterator[Problem]:
    """Problems of parts that are valid each but do not fit together."""
    names = spec.task_names
    task_list = f"Tasks: {', '.join(names)}."
    for name, count in Counter(names).items():
        if count > 1:
            yield Problem("tasks", "each task needs a name of its own", f"{count} tasks named {name!r}")
    for i, task in enumerate(spec.tasks):
        yield from _task_problems(i, task)
    for name in spec.model.heads:
        if name not in names:
            yield Problem(join(("model", "heads", name)), "there is no such task", repr(name), task_list)
    yield from _weighting_problems(spec)
    yield from _level_problems(spec)
    yield from _monitor_problems(spec)
    yield from _sampling_problems(spec)
    yield from _continual_problems(spec)
    yield from fine_tuning_problems(spec.model, spec.training)
    yield from input_problems(spec.dataset, spec.model, spec.tasks)


def _weighting_problems(spec: ExperimentSpec) -> Iterator[Problem]:
    names = spec.task_names
    for key in type(spec.weighting).model_fields:
        if isinstance(by_task := getattr(spec.weighting, key), dict):
            yield from _unknown_tasks(by_task, names, ("weighting", key))
    manual = spec.weighting if isinstance(spec.weighting, ManualWeighting) else None
    if manual and all(manual.weights.get(name, 1) == 0 for name in names):
        yield Problem("weighting.weights", "at least one task needs a weight above 0")
    if spec.weighting.positive and spec.weighting.normalize == "log":
        rule = f"{spec.weighting.title!r} needs losses above 0, which logarithms are not"
        yield Problem("weighting.normalize", rule, "'log'", "Take none or scale.")
    else:
        yield from _signed_loss_problems(spec)
    for i, move in enumerate(spec.weighting.moves):
        if move.weights is not None:
            yield from _unknown_tasks(move.weights, names, ("weighting", "moves", i, "weights"))


def _signed_loss_problems(spec: ExperimentSpec) -> Iterator[Problem]:
    """Problems of losses that can be negative under a method, or a logarithm, that needs positive ones.

    FAMO takes an offset instead, as its paper does.
    """
    weighting = spec.weighting
    if weighting.positive:
        path, needs, value = "weighting.kind", f"{weighting.title!r} needs", str(weighting.kind)
        fix = "Take another loss for the task, or a method that takes any loss, such as equal or mgda."
    elif weighting.normalize == "log":
        path, needs, value = "weighting.normalize", "logarithms need", "log"
        fix = "Take another loss for the task, or normalize: scale."
    else:
        return
    for task in spec.tasks:
        floor = weighting.floor(task.name)
        if task.loss in task.signed and floor is not None and floor >= 0:
            rule = f"{needs} losses above 0, and the loss {task.loss!r} of task {task.name!r} can fall below"
            lowest = f" Or give a number below 0 that it cannot reach as weighting.lowest.{task.name}."
            yield Problem(path, rule, repr(value), fix + (lowest if weighting.kind == "famo" else ""))


def _level_problems(spec: ExperimentSpec) -> Iterator[Problem]:
    if getattr(spec.weighting, "level", "") == "representation" and not spec.model.sharing.one_representation:
        rule = f"with {spec.model.sharing.title!r} the tasks have no representation in common"
        yield Problem("weighting.level", rule, "'representation'", "Take all shared parameters.")


def _task_problems(i: int, task: Task) -> Iterator[Problem]:
    if task.name == TOTAL:
        yield Problem(f"tasks[{i}].name", f"{TOTAL!r} is the name of the combined loss", fix="Take another.")
    count = len(task.targets)
    if not count:
        yield Problem(f"tasks[{i}].target", "name at least one column")
    elif not task.fewest <= count <= (task.most or count):
        rule = f"a {task.kind} task needs {'' if task.most else 'at least '}{task.fewest} columns"
        yield Problem(f"tasks[{i}].target", rule, f"{count}: {', '.join(task.targets)}")
    for repeated in (t for t, n in Counter(task.targets).items() if n > 1):
        yield Problem(f"tasks[{i}].target", "each column once", repr(repeated))
    if task.score is not None and task.score not in task.metrics:
        rule = "must be empty or one of the task's metrics, " + ", ".join(task.metrics)
        yield Problem(f"tasks[{i}].score", rule, repr(task.score))


def _unknown_tasks(weights: dict[str, float], names: tuple[str, ...], where: tuple[Key, ...]) -> Iterator[Problem]:
    for name in weights:
        if name not in names:
            yield Problem(join((*where, name)), "there is no such task", repr(name), f"Tasks: {', '.join(names)}.")


def _monitor_problems(spec: ExperimentSpec) -> Iterator[Problem]:
    choices = [TOTAL, *(f"{task.name}.{metric}" for task in spec.tasks for metric in ("loss", *task.metrics))]
    monitor = spec.training.monitor
    if monitor not in (*choices, *spec.task_names):
        yield Problem("training.monitor", "must be one of " + ", ".join(choices), repr(monitor))


def _sampling_problems(spec: ExperimentSpec) -> Iterator[Problem]:
    sampling = spec.training.sampling
    if isinstance(sampling, TaskProportions):
        yield from _unknown_tasks(sampling.proportions, spec.task_names, ("training", "sampling", "proportions"))
        if all(sampling.proportions.get(name, 1) == 0 for name in spec.task_names):
            yield Problem("training.sampling.proportions", "at least one task needs a proportion above 0")
    if isinstance(sampling, BalancedClasses):
        classed = [task.name for task in spec.tasks if task.row_classes]
        if not classed or sampling.task not in ("", *classed):
            fix = f"Tasks with classes: {', '.join(classed)}." if classed else "Take another way to draw rows."
            yield Problem("training.sampling.task", "must be a task with classes", repr(sampling.task), fix)


def _continual_problems(spec: ExperimentSpec) -> Iterator[Problem]:
    training = spec.training
    if isinstance(training.start_from, Scratch) and not isinstance(training.keep, NewHeads):
        fix = "Begin with another run or a file, or keep nothing."
        yield Problem("training.keep", "a run with new weights has no old tasks to keep", repr(training.keep.kind), fix)
    if isinstance(training.keep, Freeze) and isinstance(training.averaging, Swa):
        rule = "the mean of epochs recomputes batch statistics, which frozen layers keep"
        yield Problem("training.averaging", rule, repr("swa"), "Take another average, or none.")
