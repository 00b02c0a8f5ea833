"""What the verbs print: tables for people, one JSON object for programs."""

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table as RichTable

from mtl_core.cli.json_data import finite
from mtl_core.spec import ExperimentSpec, Task, direction, dump_spec
from mtl_core.store import RunRecord, Summary
from mtl_core.text import printable, visible

if TYPE_CHECKING:
    from mtl_core.datasets.bundled.catalogue import Bundled
    from mtl_core.evaluation.inference_cost import Cost
    from mtl_core.runner.inspection import Inspection

_PIPED_WIDTH = 160
_MOST_NOTES = 20


class Table(RichTable):
    """A table that shows every text as written: no markup, control characters as escapes, each cell on one line.

    Args:
        columns: Their titles.
        wrapped: The column whose cells may take several lines; without one, all may.
        title: Above the table.
    """

    def __init__(self, *columns: str, wrapped: str | None = None, title: str = "") -> None:
        super().__init__(title=printable(title) or None)
        for column in columns:
            self.add_column(column, no_wrap=wrapped is not None and column != wrapped)

    def add_column(self, header: Any = "", *args: Any, **options: Any) -> None:
        """Add a column with its title as written."""
        super().add_column(printable(str(header)), *args, **options)

    def add_row(self, *cells: Any, **options: Any) -> None:
        """Add a row of texts as written."""
        super().add_row(*(printable(str(cell)) for cell in cells), **options)


def _console() -> Console:
    """Standard output as it is now; tables keep their columns when it is a file or a pipe.

    Nothing in a text is markup, an emoji's name or to be highlighted: names are shown as people gave them.
    """
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    return Console(markup=False, emoji=False, highlight=False, width=width)


def print_out(what: str | Table) -> None:
    """A line of text or a table on standard output."""
    _console().print(printable(what) if isinstance(what, str) else what, soft_wrap=isinstance(what, str))


def print_error(text: str) -> None:
    """A line of text on standard error."""
    print(visible(text), file=sys.stderr)


def print_yaml(spec: ExperimentSpec) -> None:
    """A spec as YAML on standard output; what it cannot show or encode stands as escapes, and is read back alike."""
    text = dump_spec(spec)
    if any(printable(line) != line for line in text.split("\n")):
        text = dump_spec(spec, ascii_only=True)
    print(text, end="")


def json_object(data: Any) -> None:
    """One JSON object on standard output; NaN and infinities as text."""
    text = json.dumps(finite(data), ensure_ascii=False)
    if printable(text) != text:
        text = json.dumps(finite(data))
    print(text)


def run_result(result: dict[str, Any], store: str) -> None:
    """How a run ended: a table per task, and where it is kept."""
    run_line(result)
    for text in result["warnings"]:
        print_out(f"warning: {text}")
    _scores(result["test"], "test")
    for old in result["kept"]:
        print_out(old["text"])
    print_out(f"kept in {store}; see: mtl-workbench show {result['run']}")


def run_line(result: dict[str, Any]) -> None:
    """How a run ended, on one line; of a run in a study, which it was."""
    which = f" · {result['name']} · seed {result['seed']}" if "study" in result else ""
    print_out(f"run {result['run']}{which} {result['state']} on {result['device']} in {result['seconds']:.1f} s")


def scores(data: dict[str, Any], *, as_json: bool) -> None:
    """The metrics of a run on a split."""
    if as_json:
        json_object(data)
    else:
        _scores(data["metrics"], data["split"])
        for text in data["undefined"]:
            print_out(f"warning: {text}")
        print_out("no row has a label" if data["total"] is None else f"total loss {data['total']:.4g}")


def _scores(scores: dict[str, dict[str, float]], split: str) -> None:
    names = list(dict.fromkeys(metric for metrics in scores.values() for metric in metrics))
    table = Table("task", *(f"{split} {name}" for name in names))
    for task, metrics in scores.items():
        table.add_row(task, *(f"{metrics[name]:.4g}" if name in metrics else "" for name in names))
    if scores:
        print_out(table)


def ensemble(data: dict[str, Any], tasks: Sequence[Task], *, as_json: bool) -> None:
    """The metrics of an ensemble beside those of its members, the best of each row marked."""
    if as_json:
        json_object(data)
        return
    columns = (*(f"run {run}" for run in data["runs"]), "ensemble")
    table = Table("task", "metric", *columns, title=f"{data['split']} metrics (* best)")
    sides = [*(member["metrics"] for member in data["members"]), data["metrics"]]
    for task in tasks:
        for metric in data["metrics"].get(task.name, {}):
            values = [side.get(task.name, {}).get(metric, math.nan) for side in sides]
            known = [value for value in values if not math.isnan(value)]
            way = direction(task, metric)
            best = (min if way == "min" else max)(known) if known else None
            arrow = "↑" if way == "max" else "↓"
            cells = ("" if math.isnan(v) else f"{v:.4g}{' *' if v == best else ''}" for v in values)
            table.add_row(task.name, f"{metric} {arrow}", *cells)
    print_out(table)


def datasets(bundled: Sequence["Bundled"], *, as_json: bool) -> None:
    """The bundled data sets."""
    if as_json:
        keys = ("name", "title", "description", "rows", "tasks")
        json_object({"datasets": [{key: getattr(one, key) for key in keys} for one in bundled]})
        return
    table = Table("name", "rows", "tasks", "what it is", wrapped="what it is")
    for one in bundled:
        table.add_row(one.name, str(one.rows), ", ".join(t["name"] for t in one.tasks), one.description)
    print_out(table)


def presets(specs: dict[str, ExperimentSpec], *, as_json: bool) -> None:
    """The presets."""
    if as_json:
        json_object({"presets": [{"preset": n, "name": s.name, "tasks": s.task_names} for n, s in specs.items()]})
        return
    table = Table("preset", "name", "tasks", "weighting")
    for name, spec in specs.items():
        table.add_row(name, spec.name, ", ".join(spec.task_names), spec.weighting.kind)
    print_out(table)


def inspection(spec: ExperimentSpec, found: "Inspection", *, as_json: bool) -> None:
    """What an experiment would build."""
    model = found.model
    if as_json:
        targets = {name: info.model_dump(mode="json") for name, info in found.targets.items()}
        notes = [note.model_dump(mode="json") for note in found.notes]
        plain = model.model_dump(mode="json", exclude={"notes"})
        json_object({"ok": True, "splits": found.splits, "targets": targets, "model": plain, "notes": notes})
        return
    print_out(f"{spec.name}: " + ", ".join(f"{name} {rows} rows" for name, rows in found.splits.items()))
    table = Table("layer", "", "output", "parameters")
    table.add_row("input", "", "×".join(map(str, model.input_shape)), "")
    branches = {f"{name}: ": (*model.heads.get(name, ()), model.outputs[name]) for name in spec.task_names}
    for prefix, layers in {"": model.shared, **branches}.items():
        for layer in layers:
            shape = "×".join(map(str, layer.output_shape or ()))
            table.add_row(prefix + layer.title, layer.detail, shape, f"{layer.parameters:,}")
    print_out(table)
    shared = model.shared_parameters / max(model.parameters, 1)
    print_out(f"{spec.model.sharing.title}: {model.parameters:,} parameters in all, {shared:.0%} of them shared")
    data_notes(found.notes)


def data_notes(notes: Sequence[object], *, to_stderr: bool = False) -> None:
    """Notes about the data, a line each."""
    write = print_error if to_stderr else print_out
    for note in notes[:_MOST_NOTES]:
        write(f"note: {note}")
    if len(notes) > _MOST_NOTES:
        write(f"note: {len(notes) - _MOST_NOTES} more; --json has all of them")


def cost(name: str, found: "Cost", *, as_json: bool) -> None:
    """What inference costs."""
    if as_json:
        json_object({"name": name, **found.data()})
        return
    print_out(f"{name} on {found.device}, {found.threads} threads")
    print_out(f"{found.parameters:,} parameters ({found.parameter_bytes / 2**20:,.2f} MiB)")
    print_out(f"{found.flops:,} floating-point operations a row")
    table = Table("rows at once", "latency", "rows/s", "peak memory")
    for one in found.batches:
        memory = "not measured on the CPU" if one.peak_bytes is None else f"{one.peak_bytes / 2**20:,.1f} MiB"
        table.add_row(str(one.rows), f"{one.milliseconds:.3g} ms", f"{one.rows_per_second:,.0f}", memory)
    print_out(table)


def record_data(record: RunRecord) -> dict[str, Any]:
    """A run's record as plain data."""
    return {"run": record.id, **{k: v for k, v in asdict(record).items() if k != "id"}}


def metrics_by_run(summaries: Sequence[Summary]) -> dict[int, dict[str, dict[str, dict[str, float]]]]:
    """Last values by run, split, task and metric."""
    found: dict[int, dict[str, dict[str, dict[str, float]]]] = {}
    for s in summaries:
        if s.task:
            found.setdefault(s.run, {}).setdefault(s.split, {}).setdefault(s.task, {})[s.metric] = s.last
    return found
