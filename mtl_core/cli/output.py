"""Output of the verbs: tables for people, one JSON object for programs."""

import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table as RichTable

from mtl_core.cli.json_data import replace_non_finite
from mtl_core.protocol.series_key import Direction
from mtl_core.spec import ExperimentSpec, LayerInfo, Problem, Task, direction, dump_spec
from mtl_core.spec.data.bundled import BundledSet
from mtl_core.spec.validation.sharing import sharing_warnings
from mtl_core.text import DIRECTION_ARROWS, escape_control_characters, to_printable

if TYPE_CHECKING:
    from mtl_core.protocol.questions import InferenceCost
    from mtl_core.runner.inspection import Inspection
    from mtl_core.spec.data.data_findings import DataFinding

_PIPED_WIDTH = 160
_MAX_NOTES = 20


class Table(RichTable):
    """A rich table that shows texts as written: no markup, control characters escaped, each cell on one line.

    Args:
        columns: Titles of the columns.
        wrapped: The column whose cells may wrap; by default all may.
        title: Title of the table.
    """

    def __init__(self, *columns: str, wrapped: str | None = None, title: str = "") -> None:
        super().__init__(title=to_printable(title) or None)
        for column in columns:
            self.add_column(column, no_wrap=wrapped is not None and column != wrapped)

    def add_column(self, header: Any = "", *args: Any, **options: Any) -> None:
        """Add a column; its title is shown as written."""
        super().add_column(to_printable(str(header)), *args, **options)

    def add_row(self, *cells: Any, **options: Any) -> None:
        """Add a row; its texts are shown as written."""
        super().add_row(*(to_printable(str(cell)) for cell in cells), **options)


def _console() -> Console:
    """Return a console for the current standard output; tables keep their columns in a file or pipe.

    Markup, emoji names and highlighting are disabled, so that names are shown as given.
    """
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    return Console(markup=False, emoji=False, highlight=False, width=width)


def print_out(what: str | Table) -> None:
    """Print a line of text or a table to standard output."""
    _console().print(to_printable(what) if isinstance(what, str) else what, soft_wrap=isinstance(what, str))


def print_error(text: str) -> None:
    """Print a line of text to standard error."""
    print(escape_control_characters(text), file=sys.stderr)


def print_yaml(spec: ExperimentSpec) -> None:
    """Print a spec as YAML; characters that cannot be shown or encoded are escaped, as YAML reads them back."""
    text = dump_spec(spec)
    if any(to_printable(line) != line for line in text.split("\n")):
        text = dump_spec(spec, ascii_only=True)
    print(text, end="")


def print_json(data: Any) -> None:
    """Print one JSON object; NaN and infinities become text."""
    text = json.dumps(replace_non_finite(data), ensure_ascii=False)
    if to_printable(text) != text:
        text = json.dumps(replace_non_finite(data))
    print(text)


def print_result(data: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Print what a verb did: as one JSON object, or as a line of text."""
    print_json(data) if as_json else print_out(text)


def print_run_result(result: dict[str, Any], store: str) -> None:
    """Print the result of a run: its state, test metrics and store."""
    print_run_line(result)
    for text in result["warnings"]:
        print_out(f"warning: {text}")
    _print_score_table(result["test"], "test")
    for old in result["kept"]:
        print_out(old["text"])
    print_out(f"kept in {store}; see: mtl-workbench show {result['run']}")


def print_run_line(result: dict[str, Any]) -> None:
    """Print the state of an ended run on one line, with name and seed for a run of a study."""
    which = f" · {result['name']} · seed {result['seed']}" if "study" in result else ""
    print_out(f"run {result['run']}{which} {result['state']} on {result['device']} in {result['seconds']:.1f} s")


def print_scores(data: dict[str, Any], *, as_json: bool) -> None:
    """Print the metrics of a run on a split."""
    if as_json:
        print_json(data)
    else:
        _print_score_table(data["metrics"], data["split"])
        for text in data["undefined"]:
            print_out(f"warning: {text}")
        print_out("no row has a label" if data["total"] is None else f"total loss {data['total']:.4g}")


def _print_score_table(scores: dict[str, dict[str, float]], split: str) -> None:
    names = list(dict.fromkeys(metric for metrics in scores.values() for metric in metrics))
    table = Table("task", *(f"{split} {name}" for name in names))
    for task, metrics in scores.items():
        table.add_row(task, *(f"{metrics[name]:.4g}" if name in metrics else "" for name in names))
    if scores:
        print_out(table)


def print_ensemble(data: dict[str, Any], tasks: Sequence[Task], *, as_json: bool, name: str = "ensemble") -> None:
    """Print the metrics of several runs as one, under a name, and of its members; the best of each row is marked."""
    if as_json:
        print_json(data)
        return
    columns = (*(f"run {run}" for run in data["runs"]), name)
    table = Table("task", "metric", *columns, title=f"{data['split']} metrics (* best)")
    metrics_by_column = [*(member["metrics"] for member in data["members"]), data["metrics"]]
    for task in tasks:
        for metric in data["metrics"].get(task.name, {}):
            values = [column_metrics.get(task.name, {}).get(metric) for column_metrics in metrics_by_column]
            defined = [None if value is None or math.isnan(value) else value for value in values]
            better = direction(task, metric)
            best = best_value(defined, better)
            cells = (format_marked(value, best) for value in defined)
            table.add_row(task.name, f"{metric} {DIRECTION_ARROWS[better]}", *cells)
    print_out(table)


def print_datasets(bundled: Iterable[BundledSet], *, as_json: bool) -> None:
    """Print the bundled data sets."""
    if as_json:
        keys = ("name", "title", "description", "rows", "tasks")
        print_json({"datasets": [{key: getattr(dataset, key) for key in keys} for dataset in bundled]})
        return
    table = Table("name", "rows", "tasks", "what it is", wrapped="what it is")
    for dataset in bundled:
        table.add_row(dataset.name, str(dataset.rows), ", ".join(t["name"] for t in dataset.tasks), dataset.description)
    print_out(table)


def print_presets(specs: dict[str, ExperimentSpec], *, as_json: bool) -> None:
    """Print the presets."""
    if as_json:
        print_json({"presets": [{"preset": n, "name": s.name, "tasks": s.task_names} for n, s in specs.items()]})
        return
    table = Table("preset", "name", "tasks", "weighting")
    for name, spec in specs.items():
        table.add_row(name, spec.name, ", ".join(spec.task_names), spec.weighting.kind)
    print_out(table)


def print_inspection(
    spec: ExperimentSpec, result: "Inspection", findings: "Sequence[DataFinding] | None" = None, *, as_json: bool
) -> None:
    """Print the model of an experiment, with shapes and parameter counts.

    Args:
        spec: The experiment.
        result: Its data and model.
        findings: What a check of its data found; None where they were not checked.
        as_json: Whether to print one JSON object.
    """
    model = result.model
    if as_json:
        targets = {name: info.model_dump(mode="json") for name, info in result.targets.items()}
        notes = [note.model_dump(mode="json") for note in result.notes]
        model_data = model.model_dump(mode="json", exclude={"notes"})
        data = {"ok": True, "splits": result.splits, "targets": targets, "model": model_data, "notes": notes}
        data["warnings"] = [asdict(warning) for warning in _warnings(spec)]
        if findings is not None:
            data["findings"] = [finding.model_dump(mode="json") for finding in findings]
        print_json(data)
        return
    print_out(f"{spec.name}: " + ", ".join(f"{name} {rows} rows" for name, rows in result.splits.items()))
    table = Table("layer", "", "output", "parameters")
    several = len(model.input_shapes) > 1
    for name, input_shape in model.input_shapes.items():
        table.add_row(f"input {name}" if several else "input", "", "×".join(map(str, input_shape)), "")
        for layer in model.encoders[name]:
            _add_layer(table, layer, f"{name}: ")
    for layer in (*((model.fusion,) if model.fusion else ()), *model.shared):
        _add_layer(table, layer)
    for name in spec.task_names:
        for layer in (*model.heads.get(name, ()), model.outputs[name]):
            _add_layer(table, layer, f"{name}: ")
    print_out(table)
    shared = model.shared_parameters / max(model.parameters, 1)
    trained = "" if model.trained_parameters is None else f", {model.trained_parameters / model.parameters:.1%} trained"
    print_out(
        f"{spec.model.sharing.title}: {model.parameters:,} parameters in all, {shared:.0%} of them shared{trained}"
    )
    print_warnings(spec)
    print_data_notes(result.notes)
    if findings is not None:
        _print_findings(findings)


def _print_findings(findings: "Sequence[DataFinding]") -> None:
    for finding in findings:
        print_out(f"finding: {finding}")
    count = len(findings)
    print_out(f"data: {count} finding{'' if count == 1 else 's'}" if count else "data: nothing amiss")


def _add_layer(table: Table, layer: LayerInfo, prefix: str = "") -> None:
    """Add the row of a layer, and below it those of its own layers."""
    shape = "×".join(map(str, layer.output_shape or ()))
    table.add_row(prefix + layer.title, layer.detail, shape, f"{layer.parameters:,}")
    for inner in layer.layers:
        _add_layer(table, inner, f"{prefix}· ")


def print_warnings(spec: ExperimentSpec, *, to_stderr: bool = False) -> None:
    """Print the warnings about an experiment, one per line."""
    for warning in _warnings(spec):
        (print_error if to_stderr else print_out)(f"warning: {warning}")


def _warnings(spec: ExperimentSpec) -> Iterator[Problem]:
    return sharing_warnings(spec.model, spec.training.start_from)


def print_data_notes(notes: Sequence[object], *, to_stderr: bool = False) -> None:
    """Print notes about the data, one per line."""
    write = print_error if to_stderr else print_out
    for note in notes[:_MAX_NOTES]:
        write(f"note: {note}")
    if len(notes) > _MAX_NOTES:
        write(f"note: {len(notes) - _MAX_NOTES} more; --json has all of them")


def print_cost(name: str, inference_cost: "InferenceCost", *, as_json: bool) -> None:
    """Print the cost of inference."""
    if as_json:
        print_json({"name": name, **inference_cost.model_dump()})
        return
    print_out(f"{name} on {inference_cost.device}, {inference_cost.threads} threads")
    print_out(f"{inference_cost.parameters:,} parameters ({inference_cost.parameter_bytes / 2**20:,.2f} MiB)")
    print_out(f"{inference_cost.flops:,} floating-point operations a row")
    table = Table("rows at once", "latency", "rows/s", "peak memory")
    for batch in inference_cost.batches:
        memory = "not measured on the CPU" if batch.peak_bytes is None else f"{batch.peak_bytes / 2**20:,.1f} MiB"
        table.add_row(str(batch.rows), f"{batch.milliseconds:.3g} ms", f"{batch.rows_per_second:,.0f}", memory)
    print_out(table)


def best_value(values: Iterable[float | None], better: Direction) -> float | None:
    """Return the best of the values that are not missing and not NaN, if there is one."""
    defined = [value for value in values if value is not None and not math.isnan(value)]
    if not defined or not better:
        return None
    return min(defined) if better == "min" else max(defined)


def format_marked(value: float | None, best: float | None) -> str:
    """Format a value; the best one is marked with an asterisk, a missing one is empty."""
    return "" if value is None else f"{value:.4g}{' *' if value == best else ''}"
