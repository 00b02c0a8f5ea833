"""What is wrong with the data, in words for the Data page."""

from app.pages.data.views import data_name
from mtl_core.spec import InputError, Problem


def error_words(error: Exception) -> str:
    """An error beside the list of data sets, where the path of the setting says nothing to a person."""
    return problem_words(error.problem) if isinstance(error, InputError) else str(error)


def problem_words(problem: Problem) -> str:
    """A problem without its place in the spec, but with the file it concerns."""
    if problem.rule == "there is no such file" and problem.found:
        return f"There is no file {problem.found}."
    found = f"; found {problem.found}" if problem.found else ""
    where = f"{data_name({'path': problem.path})}: " if "/" in problem.path or "\\" in problem.path else ""
    rule = problem.rule if where else problem.rule[:1].upper() + problem.rule[1:]
    text = f"{where}{rule}{found}. {problem.fix}".strip().rstrip(".")
    return text if text.endswith("?") else text + "."
