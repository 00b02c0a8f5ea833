"""Error texts of the Data page."""

from collections.abc import Mapping
from typing import Any

from app.pages.data.view_state import data_name
from mtl_core.errors import Problem, WorkbenchError


def error_text(error: Exception) -> str:
    """An error beside the list of data sets, where the path of the setting says nothing to a person."""
    return problem_text(error.problem) if isinstance(error, WorkbenchError) else str(error)


def problem_text(problem: Problem) -> str:
    """A problem without its place in the spec, but with the file it concerns."""
    if problem.rule == "there is no such file" and problem.found:
        return f"There is no file {problem.found}."
    value_text = f"; found {problem.found}" if problem.found else ""
    where = f"{data_name({'path': problem.path})}: " if "/" in problem.path or "\\" in problem.path else ""
    rule = problem.rule if where else problem.rule[:1].upper() + problem.rule[1:]
    text = f"{where}{rule}{value_text}. {problem.fix}".strip().rstrip(".")
    return text if text.endswith("?") else text + "."


def training_change_text(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What became of the training settings when they followed the data; empty when nothing did."""
    training = after.get("training") or {}
    if training == before.get("training"):
        return ""
    stopping = training.get("early_stopping")
    stop = f", stopped after {stopping['patience']} epochs without improvement" if stopping else ""
    length = f"{training['epochs']} epochs in batches of {training['batch_size']}"
    return f"Training follows the number of rows: {length}{stop}. Change it on the Training page."
