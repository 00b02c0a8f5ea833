"""The verbs ``compare`` and ``report``."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mtl_core.analysis.best_epochs import best_epochs_of
from mtl_core.analysis.comparison import Comparison, read_comparison
from mtl_core.analysis.studies import studies_of
from mtl_core.cli import output, run_output, study_output
from mtl_core.cli.exit_status import SUCCESS
from mtl_core.cli.references import all_run_numbers, run_number
from mtl_core.files import check_new_file
from mtl_core.report.report import read_report
from mtl_core.report.tables import comparison_tables, sentences
from mtl_core.report.text_formats import format_tables
from mtl_core.report.writing import check_report_path, write_report
from mtl_core.spec import InputError, diff_data, flatten
from mtl_core.store import RunStore, open_store


def compare(arguments: Namespace) -> int:
    """Print differing settings and metrics of several runs side by side, and tests over their seeds."""
    if arguments.json and arguments.format != "table":
        raise InputError("--json", f"says another format than --format {arguments.format}", fix="Give one of the two.")
    if arguments.rows:
        return _compare_rows(arguments)
    if arguments.split:
        raise InputError("--split", "is an option of --rows", found=arguments.split, fix="Add --rows TASK.")
    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        store.reap()
        numbers = _numbers(store, arguments.runs)
        comparison = read_comparison(store, numbers, [run_number(store, name) for name in arguments.against])
        if arguments.format != "table":
            text = format_tables(comparison_tables(comparison), sentences(comparison), arguments.format)
            sys.stdout.write(text)
            return SUCCESS
        records = [entry.run for entry in comparison.runs]
        specs = [store.spec_data(run) for run in numbers]
        summaries = store.summaries(numbers)
        best = {record.id: best_epochs_of(store, record, summaries) for record in records}
        studies = studies_of(store, records)
    paths = list(dict.fromkeys(d.path for other in specs[1:] for d in diff_data(specs[0], other)))
    settings = [flatten(spec) for spec in specs]
    differences = [{"path": path, "values": [s.get(path) for s in settings]} for path in paths]
    more = {"best": best, "studies": [study.data() for study in studies], "tests": _tests_data(comparison)}
    run_output.print_comparison(records, differences, summaries, more, as_json=arguments.json)
    if not arguments.json:
        _print_tests(comparison)
        for study in studies:
            study_output.print_study(study)
    return SUCCESS


def _compare_rows(arguments: Namespace) -> int:
    """Print the rows that two runs predict differently."""
    for option, given in (("--format", arguments.format != "table"), ("--against", arguments.against)):
        if given:
            raise InputError(option, "is no option of --rows", fix="Leave it out.")
    from mtl_core.cli.disagreements_output import print_disagreements
    from mtl_core.runner.run_disagreements import compare_rows

    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        store.reap()
        numbers = _numbers(store, arguments.runs)
        if len(numbers) != 2:
            raise InputError("--rows", "compares two runs", found=" ".join(arguments.runs), fix="Name two runs.")
        found = compare_rows(store, (numbers[0], numbers[1]), arguments.split or "test", arguments.rows)
    print_disagreements(found, as_json=arguments.json)
    return SUCCESS


def report(arguments: Namespace) -> int:
    """Write a report on runs to a file."""
    path = Path(arguments.out)
    check_report_path(path)
    check_new_file(path, force=arguments.force)
    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        store.reap()
        numbers = all_run_numbers(store, arguments.runs)
        content = read_report(store, numbers, [run_number(store, name) for name in arguments.against])
    write_report(content, path)
    data = {"runs": numbers, "file": str(path)}
    text = f"a report on {len(numbers)} run{'' if len(numbers) == 1 else 's'} in {path}"
    output.print_result(data, text, as_json=arguments.json)
    return SUCCESS


def _numbers(store: RunStore, names: Sequence[str]) -> list[int]:
    numbers = all_run_numbers(store, names)
    if len(numbers) < 2:
        raise InputError("RUN", "name at least two different runs", found=" ".join(names))
    return numbers


def _print_tests(comparison: Comparison) -> None:
    """Print the tables that runs of several seeds have, and what their tests say."""
    if not any(len(group.entries) > 1 for group in comparison.groups):
        return
    for table in comparison_tables(comparison):
        if table.key in ("tests", "changes"):
            shown = output.Table(*table.header, title=table.title)
            for row in table.rows:
                shown.add_row(*(cell.text for cell in row))
            output.print_out(shown)
    for sentence in sentences(comparison):
        output.print_out(sentence)


def _tests_data(comparison: Comparison) -> dict[str, Any]:
    groups = [
        {"title": title, "runs": [entry.run.id for entry in group.entries]}
        for title, group in zip(comparison.titles, comparison.groups, strict=True)
    ]
    tests = [
        {
            "task": test.row.task,
            "metric": test.row.metric,
            "group": test.group,
            "against": test.reference,
            "difference": test.result.differences.data(),
            "wins": test.result.wins,
            "p": test.p_value,
            "effect_size": test.result.effect_size,
            "change": test.relative.data(),
            "verdict": test.verdict,
        }
        for test in comparison.tests
    ]
    changes = [{"group": change.group, "delta_m": change.delta_m.data()} for change in comparison.changes]
    return {"groups": groups, "tests": tests, "changes": changes, "sentences": list(sentences(comparison))}
