"""Argument parser of the command line, and its main function.

Exit status: 0 done; 1 the run failed, or a bug of the program; 2 invalid input; 3 store or environment; 130 stopped by
the user.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from mtl_core import __version__
from mtl_core.cli.exit_status import INTERRUPTED, INVALID_INPUT, SUCCESS
from mtl_core.cli.failures import report_failure
from mtl_core.errors import shorten
from mtl_core.plugins import plugin_problems
from mtl_core.protocol.series_key import SPLITS
from mtl_core.text import escape_control_characters, replace_unencodable

_Add = Callable[..., argparse.ArgumentParser]
"""Adds a verb: arguments are its name, its help and the parsers of shared options."""


class _Parser(argparse.ArgumentParser):
    """Argument parser that prints errors on one line."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {shorten(message, 800)}; see {self.prog} --help", file=sys.stderr)
        sys.exit(INVALID_INPUT)


def _store_option() -> _Parser:
    parent = _Parser(add_help=False)
    parent.add_argument("--store", metavar="URL", help="an SQLite file or any SQLAlchemy URL (default: yours)")
    return parent


def _json_option() -> _Parser:
    parent = _Parser(add_help=False)
    parent.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    return parent


def _spec_options() -> _Parser:
    parent = _Parser(add_help=False)
    parent.add_argument("spec", metavar="SPEC", help="a spec file, a preset's name, or run:N for a stored run's spec")
    parent.add_argument("--set", dest="settings", metavar="PATH=VALUE", action="append", default=[], help="a setting")
    return parent


def build_parser(prog: str = "mtl-workbench") -> argparse.ArgumentParser:
    """Build the parser of all verbs."""
    parser = _Parser(prog=prog, description="Design, train, watch and compare multi-task PyTorch models.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=_Parser)

    def add(name: str, help: str, *parents: _Parser) -> argparse.ArgumentParser:  # noqa: A002
        return verbs.add_parser(name, help=help, description=help, parents=list(parents))

    _add_training_verbs(add)
    _add_run_verbs(add)
    _add_model_verbs(add)
    _add_other_verbs(add)
    return parser


def _add_training_verbs(add: _Add) -> None:
    """Add the verbs that train."""
    store, json, spec = _store_option(), _json_option(), _spec_options()
    train = add("train", "train an experiment", spec, store, json)
    train.add_argument("--seed", type=int, action="append", default=[], help="train with this seed; may be repeated")
    help_ = "also train each task alone, with the same rows and budget, and print Δm"
    train.add_argument("--baselines", action="store_true", help=help_)
    help_ = "train every fold of the split as the test once, as one study; evaluate --out-of-fold gathers them"
    train.add_argument("--folds", action="store_true", help=help_)
    help_ = "train all seeds in one loop, which is faster for small models; says what does not allow it"
    train.add_argument("--together", action="store_true", help=help_)
    train.add_argument("--device", help="auto, cpu or cuda:N")


def _add_run_verbs(add: _Add) -> None:
    """Add the verbs that list, show, compare, resume and stop runs."""
    store, json = _store_option(), _json_option()
    runs = add("runs", "list the stored runs", store, json)
    runs.add_argument("--filter", default="", metavar="EXPR", help="e.g. 'left.accuracy > 0.9 and tag:paper'")
    runs.add_argument("--archived", action="store_true", help="archived runs too")
    show = add("show", "one run: spec, state, device, metrics, events", store, json)
    show.add_argument("--spec", action="store_true", help="print its spec as YAML, hand-moved weights included")
    show.add_argument("run", metavar="RUN", help="its number, or 'last'")
    compare = add("compare", "the differing settings and the metrics of several runs", store, json)
    compare.add_argument("runs", metavar="RUN", nargs="+", help="their numbers, or study:N for those of a study")
    add("resume", "resume a run that was stopped or interrupted", store, json).add_argument("run", metavar="RUN")
    stop = add("stop", "ask a run to stop and keep what it has", store)
    stop.add_argument("run", metavar="RUN")
    stop.add_argument(
        "--kill", action="store_true", help="kill its process; the run can be resumed from its checkpoint"
    )


def _add_model_verbs(add: _Add) -> None:
    """Add the verbs that use trained models."""
    store, json = _store_option(), _json_option()
    run_help = "a number; several, or study:N, are averaged; or a folder of models that export wrote"
    evaluate = add("evaluate", "the metrics of a run's best model, or of several runs as one", store, json)
    evaluate.add_argument("run", metavar="RUN", nargs="+", help=f"{run_help}; several need --ensemble")
    help_ = "average the predictions of several runs of the same tasks and data"
    evaluate.add_argument("--ensemble", action="store_true", help=help_)
    help_ = "the metrics of all test rows of a study of folds, each predicted by the run that has not seen it"
    evaluate.add_argument("--out-of-fold", action="store_true", help=help_)
    evaluate.add_argument("--split", choices=SPLITS, default="test")
    predict = add("predict", "write what a run's best model, or several runs as one, predict as CSV", store, json)
    help_ = f"{run_help}; then, to predict new rows, a table file with the inputs' columns, or a folder of images"
    predict.add_argument("run", metavar="RUN", nargs="+", help=help_)
    predict.add_argument("--split", choices=SPLITS, help="rows of the run's own data (default: test)")
    help_ = "every row of a study of folds, predicted by the run that has not seen it"
    predict.add_argument("--out-of-fold", action="store_true", help=help_)
    export = add("export", "write a run's points to a file, or the models of runs to a folder", store)
    export.add_argument("run", metavar="RUN", nargs="+", help="a number; for models also several, or study:N")
    help_ = "a run's points as CSV, or a folder of models that evaluate and predict read anywhere, several as one"
    export.add_argument("--to", choices=("csv", "models"), default="csv", help=help_)
    for verb in (predict, export):
        verb.add_argument("--out", metavar="PATH", required=True, help="what to write")
        verb.add_argument("--force", action="store_true", help="overwrite it if it exists")


def _add_other_verbs(add: _Add) -> None:
    """Add the verbs that need no run."""
    store, json, spec = _store_option(), _json_option(), _spec_options()
    add("datasets", "the data sets that come with the application", json)
    presets = add("presets", "the experiments that come with the application, or one of them as YAML", json)
    presets.add_argument("name", metavar="NAME", nargs="?")
    check = add("check", "validate an experiment; print shapes and parameters", spec, store, json)
    help_ = "also look for faults of the data: leaks between splits, useless columns, codes for missing values …"
    check.add_argument("--data", action="store_true", help=help_)
    cache = add("cache", "what is kept of decoded pictures and sounds, and the limits of disk and memory", json)
    cache.add_argument("--clear", action="store_true", help="remove all of it; it is decoded again when it is needed")
    cache.add_argument("--limit", type=float, metavar="GB", help="room on the disk for it, from now on")
    help_ = "keep data that take more than this on disk while a model trains, from now on"
    cache.add_argument("--memory", type=float, metavar="GB", help=help_)
    add(
        "cost",
        "what inference costs: parameters, FLOPs, latency, memory; SPEC may be a run's number",
        spec,
        store,
        json,
    )


VERBS = (
    "train", "runs", "show", "compare", "resume", "stop", "evaluate", "predict", "export", "datasets", "presets",
    "check", "cache", "cost",
)  # fmt: skip
"""The verbs; with any other first argument the window opens."""


def load_command(verb: str) -> Callable[[Any], int]:
    """Import the function of a verb.

    ``runs`` has a module without the classes of the spec, whose import takes longer than listing the runs.
    """
    module = import_module("mtl_core.cli.run_list" if verb == "runs" else "mtl_core.cli.commands")
    command: Callable[[Any], int] = getattr(module, verb)
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb.

    Args:
        argv: The arguments after the program's name; those of the process without it.

    Returns:
        The exit status.
    """
    for stream in (sys.stdout, sys.stderr):
        replace_unencodable(stream)
    try:
        arguments = build_parser().parse_args(argv)
    except SystemExit as exit_:
        return int(exit_.code or 0)
    verb = load_command(arguments.verb)
    for problem in plugin_problems():
        print(escape_control_characters(f"mtl-workbench: {problem}"), file=sys.stderr)
    try:
        return verb(arguments)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SUCCESS
    except Exception as error:
        return report_failure(arguments.verb, error)
