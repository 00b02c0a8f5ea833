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
from keyword import iskeyword
from typing import Any, NoReturn

from mtl_core import __version__
from mtl_core.cli.exit_status import INTERRUPTED, INVALID_INPUT, SUCCESS
from mtl_core.cli.failures import report_failure
from mtl_core.errors import shorten
from mtl_core.plugins import plugin_problems
from mtl_core.protocol.attribution_methods import CAPTUM_METHODS, OWN_METHODS
from mtl_core.protocol.series_key import SPLITS
from mtl_core.text import escape_control_characters, replace_unencodable

_Add = Callable[..., argparse.ArgumentParser]
"""Adds a verb: arguments are its name, its help and the parsers of shared options."""


_RUNS_HELP = "their numbers, or study:N for those of a study"
_AGAINST_HELP = (
    "test the others against the runs that differ from this one in nothing but the seed; may be repeated "
    "(default: the single-task baselines, else the first run)"
)


DEFAULT_METHODS = "equal,uncertainty,pcgrad"
"""Weighting methods to compare: no weighting, one by the losses, one by the gradients."""


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
    best = add("best", "train an experiment with several weighting methods and say which is best", spec, store, json)
    help_ = f"their kinds, separated by commas (default: {DEFAULT_METHODS})"
    best.add_argument("--methods", metavar="KIND,KIND", default=DEFAULT_METHODS, help=help_)
    help_ = "how many seeds each method is trained with, from that of the experiment on (default: 3)"
    best.add_argument("--seeds", type=int, metavar="N", default=3, help=help_)
    help_ = "whether to train each task alone too, which gives Δm (default: yes)"
    best.add_argument("--baselines", action=argparse.BooleanOptionalAction, default=True, help=help_)
    best.add_argument("--report", metavar="FILE", help="also write a report: a name that ends in .html or .pdf")
    best.add_argument("--force", action="store_true", help="overwrite the report if it exists")
    best.add_argument("--device", help="auto, cpu or cuda:N")


def _add_run_verbs(add: _Add) -> None:
    """Add the verbs that list, show, query, compare, resume and stop runs."""
    store, json = _store_option(), _json_option()
    runs = add("runs", "list the stored runs", store, json)
    runs.add_argument("--filter", default="", metavar="EXPR", help="e.g. 'left.accuracy > 0.9 and tag:paper'")
    runs.add_argument("--archived", action="store_true", help="archived runs too")
    show = add("show", "one run: spec, state, device, metrics, events", store, json)
    show.add_argument(
        "--spec", action="store_true", help="print its spec alone, as YAML or JSON, hand-moved weights included"
    )
    show.add_argument("run", metavar="RUN", help="its number, or 'last'")
    query = add("query", "the rows that a SELECT on the tables of the store answers; changes nothing", store, json)
    query.add_argument("sql", metavar="SQL", help="e.g. 'SELECT id, name FROM runs'; may begin with WITH")
    compare = add("compare", "the differing settings and the metrics of several runs", store, json)
    compare.add_argument("runs", metavar="RUN", nargs="+", help=_RUNS_HELP)
    help_ = "the tables with seeds grouped, as text to print or to save; table is for the terminal"
    compare.add_argument("--format", choices=("table", "markdown", "latex", "csv"), default="table", help=help_)
    help_ = "of two runs: the rows of a split that they predict differently in a task, and which of them is right"
    compare.add_argument("--rows", metavar="TASK", default="", help=help_)
    compare.add_argument("--split", choices=SPLITS, help="with --rows: which rows (default: test)")
    compare.add_argument("--against", metavar="RUN", action="append", default=[], help=_AGAINST_HELP)
    report = add("report", "one page on runs, as HTML that opens offline or as PDF: tables, tests, curves", store, json)
    report.add_argument("runs", metavar="RUN", nargs="+", help=_RUNS_HELP)
    report.add_argument("--against", metavar="RUN", action="append", default=[], help=_AGAINST_HELP)
    report.add_argument("--out", metavar="FILE", required=True, help="what to write: a name that ends in .html or .pdf")
    report.add_argument("--force", action="store_true", help="overwrite it if it exists")
    add("resume", "resume a run that was stopped or interrupted", store, json).add_argument("run", metavar="RUN")
    _add_fork_verbs(add)
    stop = add("stop", "ask a run to stop and keep what it has", store, json)
    stop.add_argument("run", metavar="RUN")
    stop.add_argument(
        "--kill", action="store_true", help="kill its process; the run can be resumed from its checkpoint"
    )


def _add_fork_verbs(add: _Add) -> None:
    """Add the verbs of checkpoints and forks."""
    store, json = _store_option(), _json_option()
    help_ = "train a new run that begins with a checkpoint of another one, its curves up to there included"
    fork = add("fork", help_, store, json)
    fork.add_argument("run", metavar="RUN", help="its number, or 'last'")
    help_ = "the last checkpoint at or before this step (default: the run's last one)"
    fork.add_argument("--from-step", type=int, metavar="STEP", help=help_)
    help_ = "a checkpoint of this kind: step for those that were kept; best has the model's weights alone"
    fork.add_argument("--checkpoint", choices=("last", "best", "step"), default="", help=help_)
    epochs = fork.add_mutually_exclusive_group()
    epochs.add_argument("--epochs", type=int, metavar="N", help="epochs in all, those before the checkpoint included")
    epochs.add_argument("--more", type=int, metavar="N", help="epochs from the checkpoint on")
    help_ = "a setting of the fork: learning rate, schedule, loss weights, early stopping, gradient clipping …"
    fork.add_argument("--set", dest="settings", metavar="PATH=VALUE", action="append", default=[], help=help_)
    help_ = "ask a running run to keep a checkpoint of its next step, with which a fork can begin"
    add("checkpoint", help_, store, json).add_argument("run", metavar="RUN")


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
    help_ = "of one run also confusion, curves, calibration, residuals, the hardest rows and common errors of tasks"
    evaluate.add_argument("--details", action="store_true", help=help_)
    help_ = "with --details: scores of the rows with each value of a column"
    evaluate.add_argument("--group", metavar="COLUMN", default="", help=help_)
    _add_explain(add)
    predict = add("predict", "write what a run's best model, or several runs as one, predict", store, json)
    help_ = f"{run_help}; then, to predict new rows, a table file with the inputs' columns, or a folder of images"
    predict.add_argument("run", metavar="RUN", nargs="+", help=help_)
    predict.add_argument("--split", choices=SPLITS, help="rows of the run's own data (default: test)")
    help_ = "every row of a study of folds, predicted by the run that has not seen it"
    predict.add_argument("--out-of-fold", action="store_true", help=help_)
    help_ = "with new rows: also the ends of the interval that holds this share of the true numbers, such as 0.9"
    predict.add_argument("--interval", metavar="SHARE", type=float, help=help_)
    help_ = "one row instead of a file, which is printed without --out; a column that is not named is missing"
    predict.add_argument("--row", metavar="COLUMN=VALUE", nargs="+", action="extend", default=[], help=help_)
    export = add("export", "write runs or their models to a file or folder that is read elsewhere", store, json)
    help_ = "their numbers, 'last', or study:N; csv takes one run, parquet all where none is named"
    export.add_argument("run", metavar="RUN", nargs="*", help=help_)
    help_ = "runs that match instead, archived ones too, e.g. 'state:finished archived:no'"
    export.add_argument("--filter", metavar="EXPR", help=help_)
    help_ = (
        "csv: a run's points; models: a folder of models that evaluate and predict read anywhere, several as one; "
        "parquet: a folder with a Parquet file for each table of the store; run: one file with all of the runs, which "
        "import adds to another store; tensorboard, mlflow, wandb: a new folder that these programs read"
    )
    formats = ("csv", "models", "parquet", "run", "tensorboard", "mlflow", "wandb")
    export.add_argument("--to", choices=formats, default="csv", help=help_)
    import_ = add("import", "add runs to the store that were exported elsewhere", store, json)
    help_ = (
        "a file that export --to run wrote, a CSV file, an event file of TensorBoard or a folder with some, a database "
        "or folder of MLflow"
    )
    import_.add_argument("path", metavar="PATH", nargs="+", help=help_)
    import_.add_argument("--again", action="store_true", help="import runs that the store has already once more")
    help_ = "the table to write: Excel (.xlsx), Parquet (.parquet), else CSV"
    predict.add_argument("--out", metavar="PATH", help=help_)
    export.add_argument("--out", metavar="PATH", required=True, help="what to write")
    for verb in (predict, export):
        verb.add_argument("--force", action="store_true", help="overwrite it if it exists")


def _add_explain(add: _Add) -> None:
    """Add the verb that explains a model or one prediction."""
    explain = add(
        "explain",
        "what a run's best model uses: shuffled columns, shared features; or why it predicts what it does for a row",
        _store_option(),
        _json_option(),
    )
    explain.add_argument("run", metavar="RUN", help="its number, or 'last'")
    explain.add_argument("--task", default="", help="one task; needed for --row and --column if there are several")
    explain.add_argument("--split", choices=SPLITS, default="test")
    explain.add_argument("--row", type=int, metavar="N", help="explain the prediction for this row of the data, from 1")
    explain.add_argument("--column", default="", help="the mean prediction with other values of this column")
    help_ = "with --row or --column: the class or value; default: the predicted one"
    explain.add_argument("--output", metavar="CLASS", default="", help=help_)
    help_ = "with --row (default: integrated_gradients); the last ones need the extra explain"
    explain.add_argument("--method", choices=(*OWN_METHODS, *CAPTUM_METHODS), help=help_)
    explain.add_argument("--head", type=int, help="with --row: the head of attention layers (default: their mean)")
    explain.add_argument("--score", metavar="METRIC", help="what gets worse by shuffling (default: loss)")
    explain.add_argument("--repeats", type=int, help="shuffles of each column and input (default: 5)")
    explain.add_argument("--seed", type=int, default=0, help="of the shuffles and of the rows drawn from many")
    explain.add_argument("--csv", metavar="FILE", default="", help="also write the numbers as a table")
    explain.add_argument("--force", action="store_true", help="overwrite it if it exists")


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
    "train", "best", "runs", "show", "query", "compare", "report", "resume", "fork", "checkpoint", "stop", "evaluate",
    "explain", "predict", "export", "import", "datasets", "presets", "check", "cache", "cost",
)  # fmt: skip
"""The verbs; with any other first argument the window opens."""


def load_command(verb: str) -> Callable[[Any], int]:
    """Import the function of a verb.

    ``runs`` has a module without the classes of the spec, whose import takes longer than listing the runs.
    """
    module = import_module("mtl_core.cli.run_list" if verb == "runs" else "mtl_core.cli.commands")
    command: Callable[[Any], int] = getattr(module, f"{verb}_" if iskeyword(verb) else verb)
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
