"""Update everything that refers to tasks by name when tasks change: heads, weights, monitor, score, sampling."""

from collections.abc import Mapping
from typing import Any

from mtl_core.spec import TOTAL
from mtl_core.spec.tasks import task_kind

Data = dict[str, Any]


def update_task_references(before: Data, after: Data) -> Data:
    """Return ``after`` with everything that refers to a task by name updated to its tasks.

    While two tasks have the same name, as while a name is being typed, nothing is updated, so that nothing is lost.

    Args:
        before: Spec data before the edit.
        after: Spec data after it; not changed.
    """
    old, new = _names(before), _names(after)
    if before.get("tasks") == after.get("tasks") or len(set(new)) < len(new):
        return after
    renamed = _map_renamed(old, new, after)
    result = {**after, "tasks": [_with_valid_score(task) for task in after["tasks"]]}
    if isinstance(model := after.get("model"), dict) and isinstance(heads := model.get("heads"), dict):
        result["model"] = {**model, "heads": _update_heads(heads, before, after, renamed)}
    if isinstance(weighting := after.get("weighting"), dict):
        result["weighting"] = _update_weighting(weighting, new, renamed)
    if isinstance(training := after.get("training"), dict):
        result["training"] = _update_training(training, after, renamed)
    return result


def monitor_names(data: Data) -> list[str]:
    """The values that can choose the best epoch: the total, and the loss and metrics of each task."""
    choices = [TOTAL]
    for task in _tasks(data):
        choices += [f"{task.get('name')}.{metric}" for metric in ("loss", *(task.get("metrics") or ()))]
    return choices


def task_names(data: Data) -> list[str]:
    """The tasks' names in spec data that may be invalid, in order."""
    return _names(data)


def _tasks(data: Data) -> list[Data]:
    tasks = data.get("tasks")
    return [task for task in tasks if isinstance(task, dict)] if isinstance(tasks, list | tuple) else []


def _names(data: Data) -> list[str]:
    return [str(task.get("name", "")) for task in _tasks(data)]


def _map_renamed(old: list[str], new: list[str], after: Data) -> dict[str, str]:
    """The new name of each renamed task by its old name; a task keeps its place when it is renamed."""
    pairs: dict[str, str] = {}
    if len(old) == len(new):
        pairs = {a: b for a, b in zip(old, new, strict=True) if a != b and a not in new and b not in old}
    if len(set(old)) < len(old):  # two tasks had one name: the head without a task belongs to the one renamed
        heads = after.get("model", {}).get("heads", {})
        orphans = [name for name in heads if name not in new]
        added = [name for name in new if name not in heads]
        if len(orphans) == 1 and len(added) == 1:
            pairs[orphans[0]] = added[0]
    return pairs


def _rename_keys(values: Mapping[str, Any], new: list[str], renamed: Mapping[str, str]) -> Data:
    result = {renamed.get(name, name): value for name, value in values.items()}
    return {name: value for name, value in result.items() if name in new}


def _with_valid_score(task: Any) -> Any:
    """The task, without its score if that is not among its metrics any more: the first metric takes its place."""
    if not isinstance(task, dict) or not isinstance(metrics := task.get("metrics"), list | tuple):
        return task
    return {**task, "score": None} if task.get("score") not in (None, *metrics) else task


def _update_heads(heads: Data, before: Data, after: Data, renamed: Mapping[str, str]) -> Data:
    """Heads by task; a new task gets the layers of the other heads if these are all equal.

    Tasks that predict at every position have no layers that pool over them, so heads of theirs and those of other
    tasks do not serve each other: without one like it, a new task gets a head of few layers.
    """
    result = _rename_keys(heads, _names(after), renamed)
    old_tasks = {str(task.get("name", "")): _keeps_positions(task) for task in _tasks(before)}
    for task in _tasks(after):
        name, keeps = str(task.get("name", "")), _keeps_positions(task)
        if name in result:
            continue
        alike = [heads.get(other) for other, kept in old_tasks.items() if kept == keeps]
        if alike and alike[0] is not None and all(layers == alike[0] for layers in alike):
            result[name] = alike[0]
        elif not alike and old_tasks.keys() <= heads.keys() and heads:
            result[name] = [] if keeps else [{"kind": "global_avg_pool" if _is_map(before) else "global_max_pool"}]
    return result


def _keeps_positions(task: Data) -> bool:
    """Whether a task predicts at every token or pixel."""
    return task_kind(task).per_token or task_kind(task).per_pixel


def _is_map(data: Data) -> bool:
    return any(task_kind(task).per_pixel for task in _tasks(data))


def _update_weighting(weighting: Data, new: list[str], renamed: Mapping[str, str]) -> Data:
    result = {
        key: _rename_keys(value, new, renamed) if isinstance(value, dict) else value for key, value in weighting.items()
    }
    if isinstance(moves := weighting.get("moves"), list | tuple):
        renamed_moves = [_rename_in_move(move, new, renamed) for move in moves]
        result["moves"] = [move for move in renamed_moves if move.get("weights") != {}]
    return result


def _rename_in_move(move: Data, new: list[str], renamed: Mapping[str, str]) -> Data:
    weights = move.get("weights")
    return {**move, "weights": _rename_keys(weights, new, renamed)} if isinstance(weights, dict) else move


def _update_training(training: Data, after: Data, renamed: Mapping[str, str]) -> Data:
    result = dict(training)
    if isinstance(monitor := training.get("monitor"), str):
        result["monitor"] = _update_monitor(monitor, after, renamed)
    if isinstance(sampling := training.get("sampling"), dict):
        result["sampling"] = _update_sampling(sampling, after, renamed)
    return result


def _update_sampling(sampling: Data, after: Data, renamed: Mapping[str, str]) -> Data:
    result = dict(sampling)
    if task := sampling.get("task"):
        task = renamed.get(task, task)
        with_classes = [other.get("name") for other in _tasks(after) if task_kind(other).row_classes]
        result["task"] = task if task in with_classes else ""
    if isinstance(proportions := sampling.get("proportions"), dict):
        result["proportions"] = _rename_keys(proportions, _names(after), renamed)
    return result


def _update_monitor(monitor: str, after: Data, renamed: Mapping[str, str]) -> str:
    task, dot, metric = monitor.partition(".")
    task = renamed.get(task, task)
    if monitor == TOTAL or task not in _names(after):
        return TOTAL
    monitor = f"{task}{dot}{metric}"
    return monitor if not dot or monitor in monitor_names(after) else f"{task}.loss"
