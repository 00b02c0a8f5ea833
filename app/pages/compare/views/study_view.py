"""View model of a study on the Compare page; no Qt here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.formatting import format_quantity, format_relative_change
from app.pages.compare.views.comparison import Cell, Line
from mtl_core.analysis.method_titles import method_title
from mtl_core.text import DIRECTION_ARROWS

if TYPE_CHECKING:
    from mtl_core.analysis.delta_m import MetricResult, StudyResult
    from mtl_core.analysis.statistics import Spread
    from mtl_core.analysis.studies import Study

_VERDICTS = {
    "positive": ("better together", "good"),
    "negative": ("negative transfer", "error"),
    "unclear": ("no clear effect", "muted"),
    "unknown": ("", ""),
}


@dataclass(frozen=True)
class StudyView:
    """The result of a study as texts and table rows.

    Attributes:
        title: Title of its card.
        headline: Δm with its spread, or what is shown without it.
        words: Sentences on negative transfer, missing metrics and unfinished runs.
        heads: Headers of ``lines``.
        lines: A row per metric: mean and standard deviation over the seeds of both kinds of runs, and the change.
        seed_heads: Headers of ``by_seed``.
        by_seed: A row per task, and one for Δm: the change for each seed.
    """

    title: str
    headline: str
    words: tuple[str, ...]
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    seed_heads: tuple[str, ...]
    by_seed: tuple[Line, ...]


def study_view(study: Study) -> StudyView:
    """Texts and rows of a study."""
    if len(study.results) > 1:
        return _methods_view(study)
    judgement = study.result
    against = any(run.baseline for run in study.runs)
    heads = ("alone", "all tasks", "change", "") if against else ("all tasks",)
    return StudyView(
        title=" · ".join([f"Study {study.number}", study.name, *_methods(study)]),
        headline=_headline(judgement, against),
        words=_words(study),
        heads=heads,
        lines=tuple(_line(metric, against) for metric in judgement.metrics if metric.multi or metric.single),
        seed_heads=tuple(f"seed {seed}" for seed in judgement.seeds) if against else (),
        by_seed=_by_seed(judgement) if against else (),
    )


def _methods_view(study: Study) -> StudyView:
    """Texts and rows of a study of several methods: a column for each, after that of the shared baselines."""
    titles = {method: method_title(method) for method in study.results}
    results = list(study.results.values())
    against = any(run.baseline for run in study.runs)
    changes = [
        f"{titles[method]} {format_relative_change(result.delta_m.mean, result.delta_m.sd)}"
        for method, result in study.results.items()
        if result.delta_m
    ]
    seeds = tuple(dict.fromkeys(seed for result in results for seed in result.seeds))
    lines = []
    for metrics in zip(*(result.metrics for result in results), strict=True):
        if any(metric.multi or metric.single for metric in metrics):
            values = [metric.multi for metric in metrics]
            cells = [Cell(_value(spread)) for spread in ([metrics[0].single, *values] if against else values)]
            lines.append(Line(_metric_name(metrics[0]), tuple(cells)))
    by_seed = [
        Line(
            f"Δm {titles[method]}", tuple(Cell(format_relative_change(result.by_seed.get(s, math.nan))) for s in seeds)
        )
        for method, result in study.results.items()
    ]
    waiting = len(study.unfinished)
    effects = [
        f"{titles[method]}: {' '.join(sentences)}"
        for method, result in study.results.items()
        if (sentences := effect_sentences(result.scores))
    ]
    unfinished = [f"{waiting} of {len(study.runs)} runs have not finished yet."] if waiting else []
    return StudyView(
        title=" · ".join([f"Study {study.number}", study.name, *titles.values()]),
        headline="Δm: " + ", ".join(changes) if changes else _headline(results[0], against),
        words=(*(effects if against else ()), *unfinished),
        heads=(*(("alone",) if against else ()), *titles.values()),
        lines=tuple(lines),
        seed_heads=tuple(f"seed {seed}" for seed in seeds) if against else (),
        by_seed=tuple(by_seed) if against else (),
    )


def _headline(judgement: StudyResult, against: bool) -> str:
    if not against:
        return f"Mean ± standard deviation over {format_quantity(len(judgement.seeds), 'seed')}"
    spread = judgement.delta_m
    if not spread:
        return "Δm appears when a seed and its baselines have finished"
    low, high = spread.interval
    interval = (
        "" if math.isnan(low) else f", 95 % interval {format_relative_change(low)} to {format_relative_change(high)}"
    )
    return (
        f"Δm {format_relative_change(spread.mean, spread.sd)}{interval}, {format_quantity(len(spread.values), 'seed')}"
    )


def _methods(study: Study) -> tuple[str, ...]:
    """The weighting methods of the runs of all tasks."""
    return tuple(dict.fromkeys(method_title(run.method) for run in study.runs if not run.baseline))


def _words(study: Study) -> tuple[str, ...]:
    judgement = study.result
    words = [*effect_sentences(judgement.scores)]
    waiting = len(study.unfinished)
    if waiting:
        words.append(f"{waiting} of {len(study.runs)} runs have not finished yet.")
    elif judgement.missing:
        words.append("Not in Δm: " + "; ".join(judgement.missing) + ".")
    return tuple(words)


def effect_sentences(scores: Sequence[MetricResult]) -> tuple[str, ...]:
    """Describe the effects of multi-task training on the tasks, one sentence per kind of effect.

    Negative transfer is claimed only where the 95 % interval of the change lies below 0, a gain only where it lies
    above; one seed says nothing either way.
    """
    effects = [effect for effect in scores if effect.change]
    single = [effect for effect in effects if len(effect.change.values) < 2]
    sentences = []
    for transfer, words in (("negative", "Negative transfer"), ("positive", "Better together")):
        changes = [
            f"{effect.task} {format_relative_change(effect.change.mean, effect.change.sd)}"
            for effect in effects
            if effect.transfer == transfer
        ]
        if changes:
            sentences.append(f"{words}, beyond chance: {', '.join(changes)}.")
    unclear = [effect for effect in effects if effect.transfer == "unclear" and effect not in single]
    if unclear:
        counts = sorted({len(effect.change.values) for effect in unclear})
        seeds = "–".join(dict.fromkeys(map(str, (counts[0], counts[-1]))))
        sentences.append(f"No clear effect on {', '.join(effect.task for effect in unclear)} (n = {seeds}).")
    if single:
        sentences.append(f"One seed says nothing about chance: {', '.join(effect.task for effect in single)}.")
    return tuple(sentences)


def _line(judgement: MetricResult, against: bool) -> Line:
    name = _metric_name(judgement)
    together = Cell(_value(judgement.multi))
    if not against:
        return Line(name, (together,))
    words, tone = _VERDICTS[judgement.transfer] if len(judgement.change.values) > 1 else ("", "")
    change = Cell(
        format_relative_change(judgement.change.mean, judgement.change.sd), tone=tone if judgement.score else ""
    )
    return Line(
        name, (Cell(_value(judgement.single)), together, change, Cell(words if judgement.score else "", tone=tone))
    )


def _metric_name(metric: MetricResult) -> str:
    return f"{metric.task} · {metric.metric} {DIRECTION_ARROWS[metric.direction]}"


def _value(spread: Spread) -> str:
    return spread.text().replace("-", "−")


def _by_seed(judgement: StudyResult) -> tuple[Line, ...]:
    lines = []
    for effect in judgement.scores:
        cells = tuple(Cell(format_relative_change(effect.by_seed.get(seed, math.nan))) for seed in judgement.seeds)
        lines.append(Line(f"{effect.task} · {effect.metric}", cells))
    cells = tuple(Cell(format_relative_change(judgement.by_seed.get(seed, math.nan))) for seed in judgement.seeds)
    return (*lines, Line("Δm", cells))
