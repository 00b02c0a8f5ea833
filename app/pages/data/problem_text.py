"""Errors and problems as the Data page shows them, beside the control that they concern."""

from app.pages.data.data_name import data_name
from mtl_core.errors import Problem, WorkbenchError, with_fix


def error_text(error: Exception) -> str:
    """The text of an error, without the path of the setting where it has one."""
    return problem_text(error.problem) if isinstance(error, WorkbenchError) else str(error)


def problem_text(problem: Problem) -> str:
    """The text of a problem, without its path in the spec but with the file that it concerns."""
    if problem.rule == "there is no such file" and problem.found:
        return f"There is no file {problem.found}."
    value_text = f"; found {problem.found}" if problem.found else ""
    where = f"{data_name({'path': problem.path})}: " if "/" in problem.path or "\\" in problem.path else ""
    rule = problem.rule if where else problem.rule[:1].upper() + problem.rule[1:]
    text = with_fix(f"{where}{rule}{value_text}", problem.fix).rstrip(".")
    return text if text.endswith("?") else text + "."
