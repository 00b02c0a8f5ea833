"""Output of a study: metrics of multi-task runs and single-task baselines, and Δm."""

import math

from mtl_core.analysis.delta_m import MetricResult, StudyResult
from mtl_core.analysis.method_titles import method_title
from mtl_core.analysis.statistics import Spread
from mtl_core.analysis.studies import Study
from mtl_core.cli.output import Table, print_out
from mtl_core.text import DIRECTION_ARROWS

_TRANSFER = {"positive": "better together", "negative": "negative transfer", "unclear": "within chance", "unknown": ""}


def print_study(study: Study) -> None:
    """Print a study: for each weighting method a table with a row per metric, then Δm."""
    for method, result in study.results.items():
        has_baselines = any(metric.single for metric in result.metrics)
        baseline = ("baseline",) if has_baselines else ()
        table = Table("task", "metric", "seeds", *baseline, "multi-task", title=_title(study, method))
        if has_baselines:
            table.add_column("change")
            table.add_column("")
        for metric in result.metrics:
            table.add_row(*_row(metric, has_baselines))
        print_out(table)
        for line in format_conclusions(result):
            print_out(line)


def _title(study: Study, method: str) -> str:
    name = f"{study.name} · {method_title(method)}" if len(study.results) > 1 else study.name
    return f"Study {study.number} · {name}: test metrics, mean ± standard deviation"


def _row(metric: MetricResult, has_baselines: bool) -> list[str]:
    name = f"{metric.metric} {DIRECTION_ARROWS[metric.direction]}"
    cells = [metric.task, name + (" *" if metric.score else ""), str(len(metric.multi.values))]
    if not has_baselines:
        return [*cells, metric.multi.text()]
    transfer = _format_transfer(metric) if metric.score else ""
    return [*cells, metric.single.text(), metric.multi.text(), metric.change.percent_text(), transfer]


def _format_transfer(metric: MetricResult) -> str:
    return "one seed" if len(metric.change.values) == 1 else _TRANSFER[metric.transfer]


def format_conclusions(result: StudyResult) -> list[str]:
    """Format Δm, negative transfer and missing metrics, one per line."""
    lines = []
    if result.delta_m:
        scores = ", ".join(f"{metric.task} by {metric.metric}" for metric in result.scores)
        lines.append(f"Δm {result.delta_m.percent_text()}{_format_interval(result.delta_m)} ({scores})")
        for metric in result.negative_transfers:
            change = f"{metric.change.percent_text()}{_format_interval(metric.change)}"
            qualification = ", which may be chance" if metric.transfer == "unclear" else ""
            lines.append(f"negative transfer: {metric.task} {change}{qualification}")
        if not result.negative_transfers:
            lines.append("no task does worse than alone")
    if result.missing:
        lines.append("not in Δm: " + "; ".join(result.missing))
    return lines


def _format_interval(spread: Spread) -> str:
    low, high = spread.interval
    n = len(spread.values)
    if math.isnan(low):
        return ", of one seed"
    return f", 95 % interval {100 * low:+.2f} to {100 * high:+.2f} %, {n} seeds"
