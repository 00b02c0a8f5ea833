"""Update everything that refers to tasks by name when tasks change: heads, weights, monitor, score, sampling."""

from collections.abc import Mapping
from typing import Any

from mtl_core.spec import TOTAL
from mtl_core.spec.tasks import task_kind

Data = dict[str, Any]


def follow_tasks(before: Data, after: Data) -> Data:
    """``after`` with everything that names a task brought in line with its tasks.

    While two tasks have the same name (someone is typing) nothing follows, so that nothing is lost.

    Args:
        before: Spec data before the edit.
        after: Spec data after it; not changed.
    """
    old, new = _names(before), _names(after)
    metrics_kept = before.get("tasks") == after.get("tasks")
    if metrics_kept or len(set(new)) < len(new):
        return after
    renamed = _map_renamed(old, new, after)
    result = {**after, "tasks": [_with_valid_score(task) for task in after["tasks"]]}
    if isinstance(model := after.get("model"), dict) and isinstance(heads := model.get("heads"), dict):
        result["model"] = {**model, "heads": _update_heads(heads, old, new, renamed)}
    if isinstance(weighting := after.get("weighting"), dict):
        result["weighting"] = _update_weighting(weighting, new, renamed)
    if isinstance(training := after.get("training"), dict):
        result["training"] = _update_training(training, after, renamed)
    return result


def monitor_names(data: Data) -> list[str]:
    """What the best epoch can be chosen by: the total, each task's loss and each of its metrics."""
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
    """Old name by old name what it is called now; a task keeps its place when it is renamed."""
    pairs: dict[str, str] = {}
    if len(old) == len(new):
        pairs = {a: b for a, b in zip(old, new, strict=True) if a != b and a not in new and b not in old}
    if len(set(old)) < len(old):  # two had one name for a moment: the head left without a task is whose it was
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
    """A task whose score is not measured any more is judged by the first of its metrics."""
    if not isinstance(task, dict) or not isinstance(metrics := task.get("metrics"), list | tuple):
        return task
    return {**task, "score": None} if task.get("score") not in (None, *metrics) else task


def _update_heads(heads: Data, old: list[str], new: list[str], renamed: Mapping[str, str]) -> Data:
    """Heads by task; a new task gets the layers that all heads so far have in common."""
    result = _rename_keys(heads, new, renamed)
    common = list(heads.values())
    same_layers = bool(common) and all(layers == common[0] for layers in common) and len(heads) == len(old)
    if same_layers:
        result |= {name: common[0] for name in new if name not in result}
    return result


def _update_weighting(weighting: Data, new: list[str], renamed: Mapping[str, str]) -> Data:
    result = {
        key: _rename_keys(value, new, renamed) if isinstance(value, dict) else value for key, value in weighting.items()
    }
    if isinstance(moves := weighting.get("moves"), list | tuple):
        followed = [_rename_in_move(move, new, renamed) for move in moves]
        result["moves"] = [move for move in followed if move.get("weights") != {}]
    return result


def _rename_in_move(move: Data, new: list[str], renamed: Mapping[str, str]) -> Data:
    weights = move.get("weights")
    return {**move, "weights": _rename_keys(weights, new, renamed)} if isinstance(weights, dict) else move


def _update_training(training: Data, after: Data, renamed: Mapping[str, str]) -> Data:
    result = dict(training)
    if isinstance(monitor := training.get("monitor"), str):
        result["monitor"] = _update_monitor(monitor, after, renamed)
    if isinstance(sampling := training.get("sampling"), dict) and sampling.get("task"):
        task = renamed.get(sampling["task"], sampling["task"])
        classed = [candidate.get("name") for candidate in _tasks(after) if task_kind(candidate).row_classes]
        result["sampling"] = {**sampling, "task": task if task in classed else ""}
    return result


def _update_monitor(monitor: str, after: Data, renamed: Mapping[str, str]) -> str:
    task, dot, metric = monitor.partition(".")
    task = renamed.get(task, task)
    if monitor == TOTAL or task not in _names(after):
        return TOTAL
    followed = f"{task}{dot}{metric}"
    return followed if not dot or followed in monitor_names(after) else f"{task}.loss"
