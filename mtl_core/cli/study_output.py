"""What is printed of a study: each task together and alone, and Δm."""

import math

from mtl_core.analysis.delta_m import Judgement, MetricJudgement
from mtl_core.analysis.statistics import Spread
from mtl_core.analysis.studies import Study
from mtl_core.cli.output import Table, print_out

_TRANSFER = {"positive": "better together", "negative": "negative transfer", "unclear": "within chance", "unknown": ""}


def study(found: Study) -> None:
    """A study's table: a row a metric, then Δm."""
    judgement = found.judgement
    against = any(one.single for one in judgement.metrics)
    table = Table("task", "metric", "seeds", *(("baseline",) if against else ()), "multi-task", title=_title(found))
    if against:
        table.add_column("change")
        table.add_column("")
    for one in judgement.metrics:
        table.add_row(*_row(one, against))
    print_out(table)
    for line in conclusions(judgement):
        print_out(line)


def _title(found: Study) -> str:
    return f"Study {found.number} · {found.name}: test metrics, mean ± standard deviation"


def _row(one: MetricJudgement, against: bool) -> list[str]:
    arrow = "↑" if one.direction == "max" else "↓"
    cells = [one.task, f"{one.metric} {arrow}" + (" *" if one.score else ""), str(len(one.multi.values))]
    if not against:
        return [*cells, one.multi.text()]
    transfer = _transfer(one) if one.score else ""
    return [*cells, one.single.text(), one.multi.text(), per_cent(one.change), transfer]


def _transfer(one: MetricJudgement) -> str:
    return "one seed" if len(one.change.values) == 1 else _TRANSFER[one.transfer]


def conclusions(judgement: Judgement) -> list[str]:
    """Δm, negative transfer and what is missing, a line each."""
    lines = []
    if judgement.delta_m:
        scores = ", ".join(f"{one.task} by {one.metric}" for one in judgement.scores)
        lines.append(f"Δm {per_cent(judgement.delta_m)}{_interval(judgement.delta_m)} ({scores})")
        for one in judgement.harmed:
            chance = ", which may be chance" if one.transfer == "unclear" else ""
            lines.append(f"negative transfer: {one.task} {per_cent(one.change)}{_interval(one.change)}{chance}")
        if not judgement.harmed:
            lines.append("no task does worse than alone")
    if judgement.missing:
        lines.append("not in Δm: " + "; ".join(judgement.missing))
    return lines


def per_cent(spread: Spread) -> str:
    """A relative change: ``+1.20 % ± 0.31``."""
    if not spread:
        return "—"
    return f"{100 * spread.mean:+.2f} %" + ("" if math.isnan(spread.sd) else f" ± {100 * spread.sd:.2f}")


def _interval(spread: Spread) -> str:
    low, high = spread.interval
    n = len(spread.values)
    if math.isnan(low):
        return ", of one seed"
    return f", 95 % interval {100 * low:+.2f} to {100 * high:+.2f} %, {n} seeds"
