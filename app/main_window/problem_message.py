"""The message that says why an experiment cannot run; without Qt."""

from collections.abc import Sequence
from dataclasses import replace

from mtl_core.spec import ExperimentSpec, InputError, Problem, parse


def setting_title(path: str) -> str:
    """A setting as a reader sees it: ``model.shared[0].out_channels`` is ``Model › shared 1 › out channels``.

    What is not a path of the spec, such as a file or a run, is returned unchanged.
    """
    try:
        keys = parse(path)
    except InputError:
        return path
    if not keys or keys[0] not in ExperimentSpec.model_fields:
        return path
    titles: list[str] = []
    for key in keys:
        if isinstance(key, int):
            titles[-1] += f" {key + 1}"
        else:
            titles.append(key if titles[-1:] in (["heads"], ["weights"]) else key.replace("_", " "))
    return " › ".join([titles[0].capitalize(), *titles[1:]])


def problem_message(problems: Sequence[Problem]) -> str:
    """The message when an experiment cannot run, with its first problem."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    first = replace(problems[0], path=setting_title(problems[0].path))
    return f"This experiment cannot run yet. {first}{more}"
