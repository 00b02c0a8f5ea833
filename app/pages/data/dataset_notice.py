"""The notice that says what another data set changed beside data, tasks and layers; no Qt."""

from collections.abc import Collection, Mapping
from typing import Any

from app.pages.data.roles import is_input_type
from mtl_core.spec import DatasetInfo, PiecewiseLinear, kind_of
from mtl_core.text import format_names


def dataset_notice(before: Mapping[str, Any], after: Mapping[str, Any], info: DatasetInfo) -> str:
    """How training settings, numeric inputs and dates followed the data; empty when none did.

    Args:
        before: The experiment with the data set before.
        after: The experiment with the new one.
        info: The description of the new one.
    """
    numeric, dates = _numeric_inputs_notice(before, after, info), _dates_notice(after)
    return " ".join(filter(None, (_training_notice(before, after), numeric, dates)))


def join_notice(before: Mapping[str, Any], after: Mapping[str, Any], known: Collection[str], info: DatasetInfo) -> str:
    """What other joined tables changed: new columns have no role yet, and tasks and inputs left with their columns.

    Args:
        before: The experiment with the joined tables before.
        after: The experiment with the new ones.
        known: The columns before.
        info: The description with the new ones.
    """
    new = [column.name for column in info.columns if column.name not in known]
    added = f"New columns: {format_names(new, 6)}. They are ignored until they get a role." if new else ""
    names = [str(task["name"]) for task in after.get("tasks") or ()]
    gone = [str(task["name"]) for task in before.get("tasks") or () if task["name"] not in names]
    removed = f"Removed with their columns: the tasks {format_names(gone, 6)}." if gone else ""
    return " ".join(filter(None, (added, removed)))


def _training_notice(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    training = after.get("training") or {}
    if training == before.get("training"):
        return ""
    stopping = training.get("early_stopping")
    stop = f", stopped after {stopping['patience']} epochs without improvement" if stopping else ""
    length = f"{training['epochs']} epochs in batches of {training['batch_size']}"
    return f"Training follows the number of rows: {length}{stop}. Change it on the Training page."


def _numeric_inputs_notice(before: Mapping[str, Any], after: Mapping[str, Any], info: DatasetInfo) -> str:
    numeric = after["dataset"].get("numeric_inputs") or {}
    if numeric == (before.get("dataset") or {}).get("numeric_inputs") or numeric.get("kind") != kind_of(
        PiecewiseLinear
    ):
        return ""
    if not is_input_type(after, info, "numeric"):
        return ""
    return f"Numeric inputs get {numeric['bins']} bins each."


def _dates_notice(after: Mapping[str, Any]) -> str:
    names = list(after["dataset"].get("date_features") or {})
    return f"The parts of dates that vary are inputs ({format_names(names)})." if names else ""
