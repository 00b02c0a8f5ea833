"""The verb ``best``: several weighting methods on one experiment, trained, compared and judged."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from mtl_core.analysis.comparison import Comparison, read_comparison
from mtl_core.cli import output, study_output
from mtl_core.cli.references import build_spec, spec_data
from mtl_core.cli.training_verbs import check_members, train_members
from mtl_core.files import check_new_file
from mtl_core.report.report import read_report
from mtl_core.report.tables import best_sentences, sentences
from mtl_core.report.writing import check_report_path, write_report
from mtl_core.spec import InputError, apply_overrides, method_members
from mtl_core.store import RunStore, open_store

_MAX_SEEDS = 100


def best(arguments: Namespace) -> int:
    """Train each method with each seed and say which is best; runs that fail do not stop the others."""
    if not 1 <= arguments.seeds <= _MAX_SEEDS:
        raise InputError("--seeds", f"from 1 to {_MAX_SEEDS}", found=arguments.seeds)
    path = Path(arguments.report) if arguments.report else None
    if path is not None:
        check_report_path(path)
        check_new_file(path, force=arguments.force)
    data = spec_data(arguments)
    if arguments.device:
        data = apply_overrides(data, [f"training.device={arguments.device}"])
    spec = build_spec(data, arguments)
    methods = [method.strip() for method in arguments.methods.split(",") if method.strip()]
    seeds = range(spec.training.seed, spec.training.seed + arguments.seeds)
    groups = check_members(method_members(spec, methods, seeds, baselines=arguments.baselines))
    with open_store(arguments.store) as store:
        results, status = train_members(store, groups, as_json=arguments.json)
        _print(store, results, path, arguments)
    return status


def _print(store: RunStore, results: list[dict[str, Any]], path: Path | None, arguments: Namespace) -> None:
    from mtl_core.analysis.studies import read_study

    runs = [result["run"] for result in results]
    study = read_study(store, runs[0])
    assert study is not None  # the first run trains all tasks, so there is a study
    comparison = read_comparison(store, runs)
    if path is not None:
        write_report(read_report(store, runs), path)
    if arguments.json:
        own = {key: value for key, value in study.data().items() if key != "runs"}
        judgment = {"best": best_data(comparison), "sentences": list(sentences(comparison))}
        output.print_json({"runs": results, **own, **judgment, "report": str(path) if path else None})
        return
    study_output.print_study(study)
    for sentence in best_sentences(comparison) or sentences(comparison):
        output.print_out(sentence)
    for result in results:
        if result["state"] != "finished":
            output.print_out(f"run {result['run']} is not counted: {result['state']}")
    report = f"; a report is in {path}" if path else ""
    output.print_out(f"kept in {store.name}; see: mtl-workbench compare study:{study.number}{report}")


def best_data(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the best group of each task, and of all by Δm, as plain data."""
    found = [comparison.best_change, *comparison.best]
    return [
        {
            "task": best.task or None,
            "metric": best.metric,
            "best": None if best.best is None else comparison.titles[best.best],
            **best.spread.data(),
            "wins": best.wins,
            "seeds": best.seeds,
            "better_than": [comparison.titles[group] for group in best.worse],
            "clear": best.is_clear,
        }
        for best in found
        if best is not None
    ]
