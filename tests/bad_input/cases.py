"""The cases of bad input: how each is made, what is entered, and what the message must name.

A case is made in a :class:`Place`. What the line must name is written as ``"training.epochs … at least 1"``.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.store import sqlite
from tests.bad_input.place import FINISHED, GOOD_TABLE, STOPPED, Place, make_runs
from tests.workbooks import archive, sheet_rows, text_cell, workbook

Words = list[str]


@dataclass(frozen=True)
class Case:
    """One bad input.

    Attributes:
        name: What is bad.
        says: What the line must name, in this order, apart by ``…``.
        make: Makes it and gives the command line; ``--store`` is added unless it is there.
        shown: What the window must name where the message arises, when that differs.
        status: The exit status: 2 when what a person gave is at fault, 3 when the store or the surroundings are.
    """

    name: str
    says: str
    make: Callable[[Place], Words]
    shown: str = ""
    status: int = 2

    @property
    def parts(self) -> tuple[str, ...]:
        """What the line must name."""
        return tuple(self.says.split(" … "))

    @property
    def shown_parts(self) -> tuple[str, ...]:
        """What the window must name."""
        return tuple((self.shown or self.says).split(" … "))


# --- spec files


def changed(name: str, path: str, value: Any, says: str) -> Case:
    """The good spec with one setting made bad."""
    return Case(name, f"spec.yaml … {says}", lambda place: ["train", str(place.write_spec({path: value}))])


def lacking(name: str, key: str, says: str) -> Case:
    """The good spec without one of its parts."""
    return Case(name, f"spec.yaml … {says}", lambda place: ["train", str(place.write_spec(drop=key))])


def written(name: str, text: str | bytes, says: str) -> Case:
    """A spec file with this content."""
    return Case(name, f"spec.yaml … {says}", lambda place: ["train", str(place.write_text(text))])


def _manual(**weights: float) -> dict[str, Any]:
    return {"kind": "manual", "weights": weights}


def _sgd(lr: float) -> dict[str, Any]:
    return {"kind": "sgd", "lr": lr}


_FIRST, _RATE = "model.shared[0]", "training.optimizer"
_NO_TASK = "there is no such task … prise … Tasks: price, sold"

SPECS = (
    changed("a text without an embedding", "dataset.types", {"city": "text"}, "model.shared … Embedding"),
    changed("an unknown kind of layer", f"{_FIRST}.kind", "linaer", f"{_FIRST}.kind … no such kind … linaer … linear?"),
    changed("a layer without a kind", _FIRST, {"out_features": 8}, f"{_FIRST} … must have a kind"),
    changed("an unknown key", "training.epoch", 5, "training.epoch … there is no such setting … 5"),
    changed("text for a number", "training.epochs", "many", "training.epochs … must be a whole number … many"),
    changed("a number for a list", "model.shared", 3, "model.shared … must be a list … 3"),
    changed("no epochs", "training.epochs", 0, "training.epochs … must be at least 1 … 0"),
    changed("a huge batch", "training.batch_size", 10**9, "training.batch_size … must be at most 1000000 … 1000000000"),
    changed("a negative rate", _RATE, _sgd(-1.0), f"{_RATE}.lr … must be greater than 0 … -1"),
    changed("an infinite rate", _RATE, _sgd(float("inf")), f"{_RATE}.lr … must be a finite number … inf"),
    changed("old tasks of no run", "training.keep", {"kind": "distil"}, "training.keep … new weights … distil … Begin"),
    changed("a device of no known form", "training.device", "gpu", "training.device … must be auto, cpu, cuda … gpu"),
    changed("a newer version", "version", 99, "version … 99 … Update the application"),
    changed("a split beyond the whole", "dataset.split", {"train": 0.9, "val": 0.9, "test": 0.1}, "split … sum to 1.9"),
    changed("no task", "tasks", [], "tasks … must have at least 1 entry"),
    changed("two tasks of one name", "tasks[1].name", "price", "tasks … a name of its own … price"),
    changed("a task called total", "tasks[0].name", "total", "tasks[0].name … total … Take another"),
    changed("a task of an unknown kind", "tasks[0].kind", "rank", "tasks[0].kind … must be one of regression … rank"),
    changed("an input that is a target", "dataset.inputs", ["area", "price"], "dataset.inputs[1] … not both … price"),
    changed("a head of an unknown task", "model.heads", {"prise": []}, f"model.heads.prise … {_NO_TASK}"),
    changed("a weight of an unknown task", "weighting", _manual(prise=1.0), f"weighting.weights.prise … {_NO_TASK}"),
    changed(
        "a preference for an unknown task",
        "weighting",
        {"kind": "upgrad", "preference": {"prise": 2.0}},
        f"weighting.preference.prise … {_NO_TASK}",
    ),
    changed("weights of zero alone", "weighting", _manual(price=0.0, sold=0.0), "weighting.weights … above 0"),
    changed("a monitor of an unknown task", "training.monitor", "prise.mae", "monitor … must be one of total … prise"),
    changed(
        "balancing the classes of no such task",
        "training.sampling",
        {"kind": "balanced_classes", "task": "price"},
        "training.sampling.task … must be a task with classes … price … sold",
    ),
    changed(
        "a proportion of an unknown task",
        "training.sampling",
        {"kind": "task_proportions", "proportions": {"prise": 1.0}},
        f"training.sampling.proportions.prise … {_NO_TASK}",
    ),
    changed(
        "proportions of zero alone",
        "training.sampling",
        {"kind": "task_proportions", "proportions": {"price": 0.0, "sold": 0.0}},
        "training.sampling.proportions … at least one task needs a proportion above 0",
    ),
    changed("an unknown weighting", "weighting", {"kind": "magic"}, "weighting.kind … must be one of equal … magic"),
    changed("an unknown data set", "dataset", {"kind": "bundled", "name": "mnist"}, "dataset.name … wine … mnist"),
    lacking("no version", "version", "version … must be given … Write version: 2"),
    lacking("no tasks key", "tasks", "tasks … must be given"),
    written("text that is no YAML", "version: 1\nname: [a\ntasks: {", "line 3 … is not valid YAML … expected"),
    written("a list for a spec", "- 1\n- 2\n", "must be a mapping … [1, 2]"),
    written("an empty spec", "", "must be a mapping"),
    written("a key that is repeated", "version: 1\nname: a\nname: b\n", "line 3 … 'name' is repeated"),
    written("a spec in UTF-16", "version: 1".encode("utf-16"), "must be a YAML file in UTF-8"),
    written("binary junk for a spec", bytes(range(256)), "must be a YAML file in UTF-8"),
)

# --- well-formed specs that only the data or the machine can prove wrong


def unbuildable(name: str, changes: dict[str, Any], says: str, shown: str = "") -> Case:
    """The good spec with these settings."""
    return Case(name, says, lambda place: ["train", str(place.write_spec(changes))], shown)


def table(name: str, content: str | bytes, says: str, changes: dict[str, Any] | None = None) -> Case:
    """The good spec on a bad table."""

    def make(place: Place) -> Words:
        place.write_table(content)
        return ["train", str(place.write_spec(changes))]

    return Case(name, says, make)


def no_table(name: str, put: Callable[[Path], object], says: str, shown: str = "") -> Case:
    """The good spec with something else where the table should be."""

    def make(place: Place) -> Words:
        spec = place.write_spec()
        place.table.unlink()
        put(place.table)
        return ["train", str(spec)]

    return Case(name, says, make, shown)


def typed_table(name: str, file: str, content: bytes, says: str) -> Case:
    """The good spec on a bad table of typed cells."""

    def make(place: Place) -> Words:
        place.write_table(content, file)
        return ["train", str(place.write_spec({"dataset.path": file}))]

    return Case(name, f"dataset.path … {says} … {file}", make)


def _images(*layers: dict[str, Any]) -> dict[str, Any]:
    return {
        "dataset": {"kind": "bundled", "name": "multidigits"},
        "tasks": [{"name": "left", "kind": "multiclass", "target": "left"}],
        "model.shared": [*layers, {"kind": "flatten"}],
    }


_CONV = {"kind": "conv2d", "out_channels": 4, "kernel_size": 3}
_POOL = {"kind": "max_pool2d", "kernel_size": 64}
_GROUPS = {"kind": "group_norm", "num_groups": 3}

MODELS = (
    unbuildable(
        "a pretrained model that is not there",
        _images({"kind": "pretrained", "path": "nowhere"}),
        f"{_FIRST} … Pretrained model … there is no folder … nowhere",
        "there is no folder",
    ),
    unbuildable(
        "a convolution of a table", {_FIRST: _CONV}, f"{_FIRST} … Conv2d … 5 features … Use Linear", "5 features"
    ),
    unbuildable("a pool beyond its input", _images(_POOL), f"{_FIRST} … MaxPool2d … 64 … 16 arrive", "64 … 16 arrive"),
    unbuildable("groups that do not divide", _images(_CONV, _GROUPS), "model.shared[1] … 3 groups … 4", "3 groups … 4"),
)

TEXTS = (
    unbuildable(
        "a tokenizer that is not there",
        {
            "dataset": {"kind": "bundled", "name": "sentences", "text": {"tokenizer": "nowhere"}},
            "tasks": [{"name": "topic", "kind": "multiclass", "target": "topic"}],
            "model.shared": [{"kind": "pretrained", "path": "nowhere"}],
        },
        "dataset.text.tokenizer … there is no such folder … nowhere … Choose",
    ),
)

DEVICES = (
    unbuildable(
        "half precision without a GPU",
        {"training.precision": "fp16", "training.device": "cpu"},
        "training.precision … fp16 needs a CUDA device … cpu … bf16",
    ),
    unbuildable(
        "a trunk from no file",
        {"training.start_from": {"kind": "from_file", "path": "no.safetensors"}},
        "training.start_from … no such file … no.safetensors",
    ),
    unbuildable("no such device", {"training.device": "cuda:77"}, "training.device … no such device … cuda:77 … cpu"),
)

_SEOUL = GOOD_TABLE.replace("Seoul", "서울").encode("cp949")
_UNSOLD = GOOD_TABLE.replace(",yes\n", ",\n").replace(",no\n", ",\n")
_WORKBOOK = workbook({"homes": sheet_rows([line.split(",") for line in GOOD_TABLE.splitlines()])})
_HUGE_WORKBOOK = workbook({"a": sheet_rows([["a", "b"]]) + f'<row r="1048576">{text_cell("XFD1048576", "c")}</row>'})
_ENCRYPTED_WORKBOOK = b"\xd0\xcf\x11\xe0" + bytes(508) + "EncryptedPackage".encode("utf-16-le") + bytes(500)
_TEXT = {"dataset.types": {"city": "text"}, "model.shared": [{"kind": "embedding"}]}

FILES = (
    table("an empty file", "", "dataset.path … is empty … homes.csv"),
    table("column names alone", "area,rooms,city,price,sold\n", "dataset.path … no rows … area, rooms"),
    table("one column", "area\n1\n2\n3\n", "dataset.path … only one column … area … delimiter"),
    table("binary junk", bytes(range(256)) * 20, "dataset.path … must be CSV … Parquet … JSON or JSON lines … binary"),
    table("two columns of one name", GOOD_TABLE.replace("rooms", "area"), "dataset.path … name of its own … 'area'"),
    table("rows of uneven length", GOOD_TABLE + "1,2,3,4,5,6,7\n", "dataset.path … line 62 … 7 cells"),
    typed_table("a Parquet file that is none", "homes.parquet", b"PAR1" + bytes(80), "not a whole Parquet file"),
    typed_table("an Arrow file that is none", "homes.feather", b"ARROW1\0\0" + bytes(80), "not a whole Arrow file"),
    typed_table("a workbook cut short", "homes.xlsx", _WORKBOOK[:900], "not a whole workbook"),
    typed_table("a workbook without cells", "homes.xlsx", workbook({"a": ""}), "no sheet of the workbook has cells"),
    typed_table("a workbook beyond all memory", "homes.xlsx", _HUGE_WORKBOOK, "1048576 rows and 16384 columns"),
    typed_table("an encrypted workbook", "homes.xlsx", _ENCRYPTED_WORKBOOK, "encrypted with a password"),
    typed_table("an archive of something else", "homes.zip", archive({"a.csv": "a,b"}), "this is an archive"),
    no_table("a folder for a table", Path.mkdir, "dataset.path … it is a folder … homes.csv … Choose a file in it"),
    no_table(
        "a table that is not there",
        lambda _: None,
        "dataset.path … there is no such file … homes.csv",
        "dataset.path … there is no file … homes.csv",
    ),
    no_table("a pipe for a table", os.mkfifo, "dataset.path … must be an ordinary file … homes.csv"),
)

COLUMNS = (
    table("too few rows", "\n".join(GOOD_TABLE.splitlines()[:6]), "dataset … at least 10 rows … 5"),
    table(
        "another number of tags than tokens",
        GOOD_TABLE.replace("Seoul", "New Seoul"),
        "tasks[0].target … a tag for each token of 'city' … 1 tag for 2 tokens in row 1",
        _TEXT | {"dataset.inputs": ["city"], "tasks": [{"name": "sold", "kind": "tagging", "target": "sold"}]},
    ),
    table("a text beside other inputs", GOOD_TABLE, "dataset.inputs … read alone … 'city'", _TEXT),
    table(
        "a regression on text",
        GOOD_TABLE,
        "tasks[0].target … numbers … city",
        {"tasks[0].target": "city", "dataset.inputs": ["area"]},
    ),
    table(
        "a binary task with three values",
        GOOD_TABLE.replace(",yes\n", ",maybe\n", 5),
        "tasks[1].target … two values … maybe … multiclass",
    ),
    table(
        "a target that is not there",
        GOOD_TABLE,
        "tasks[0].target … no such column … prise … price",
        {"tasks[0].target": "prise"},
    ),
    table(
        "an input that is not there",
        GOOD_TABLE,
        "dataset.inputs[0] … no such column … arae … area",
        {"dataset.inputs": ["arae"]},
    ),
    table("a task without labels", _UNSOLD, "tasks[1].target … no row has a label … sold … Take another"),
    table("an unknown encoding", GOOD_TABLE, "encoding … no such … klingon … utf-8", {"dataset.encoding": "klingon"}),
    table("a wrong encoding", _SEOUL, "dataset.encoding … not in utf-8 … cp949", {"dataset.encoding": "utf-8"}),
    table("a long delimiter", GOOD_TABLE, "dataset.delimiter … one character … ',,'", {"dataset.delimiter": ",,"}),
)

# --- stores


def bad_store(
    name: str, make: Callable[[Place], object], says: str, verb: Words | None = None, *, status: int = 2
) -> Case:
    """``runs`` on something that is no store; ``make`` gives its place unless it is that of :class:`Place`."""

    def command(place: Place) -> Words:
        given = make(place)
        return [*(verb or ["runs"]), "--store", str(given or place.store)]

    return Case(name, says, command, status=status)


def _newer(place: Place) -> None:
    with closing(sqlite.library().connect(place.with_runs())) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


def _truncated(place: Place) -> None:
    content = place.with_runs().read_bytes()
    place.store.write_bytes(content[: len(content) // 3])


def _foreign(place: Place) -> None:
    with closing(sqlite.library().connect(place.store)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.commit()


def _text(text: str) -> Callable[[Place], None]:
    def write(place: Place) -> None:
        place.store.write_text(text)

    return write


_NO_DATABASE = "must be an SQLite database … Take another file"
_POSTGRES = "postgresql://nobody:secret@127.0.0.1:1/db"

STORES = (
    bad_store("a folder for a store", lambda p: p.store.mkdir(), "runs.sqlite … must be a file … a directory"),
    bad_store(
        "a store of a newer version", _newer, "runs.sqlite … newer version … 9999 … Update MTL Workbench", status=3
    ),
    bad_store("a store that is text", _text("Dear diary,\n" * 100), f"runs.sqlite … {_NO_DATABASE}"),
    bad_store("a PostgreSQL that is away", lambda p: _POSTGRES, "postgresql … nobody:***@127.0.0.1:1/db", status=3),
    bad_store("another program's database", _foreign, "runs.sqlite … not a store of MTL Workbench … recipes"),
    bad_store("a truncated store", _truncated, "runs.sqlite … damaged … Restore the store", status=3),
    bad_store(
        "a store below a file", lambda p: p.write_table() / "runs.sqlite", "cannot be opened … homes.csv is a file"
    ),
    bad_store("a store that is a word", _text("hello"), f"runs.sqlite … {_NO_DATABASE}"),
    bad_store("an unknown kind of database", lambda p: "nosuch://host/db", "nosuch … no such kind of database"),
    bad_store("a URL that is none", lambda p: "://", "must be a file or a URL"),
    bad_store("a store in memory", lambda p: "sqlite://", "must be a plain file"),
)

NO_STORE = (
    bad_store("a store that is not there", lambda p: None, "runs.sqlite … there is no such store", ["show", "1"]),
    bad_store("a table for a store", lambda p: p.write_table(), f"homes.csv … {_NO_DATABASE}", ["show", "last"]),
)

# --- runs


def of_run(
    name: str, words: str, says: str, before: Callable[[Place], object] = lambda _: None, *, status: int = 2
) -> Case:
    """A verb on the store with runs; ``PLACE`` in it is the folder."""

    def make(place: Place) -> Words:
        place.with_runs()
        before(place)
        return [word.replace("PLACE", str(place.folder)) for word in words.split()]

    return Case(name, says, make, status=status)


def _damaged(name: str, words: str, says: str, before: Callable[[Place], object]) -> Case:
    """A verb on the store with runs, of whose files one is not as the program wrote it."""
    return of_run(name, words, says, before, status=3)


def _cut(kind: str, run: str) -> Callable[[Place], None]:
    def cut(place: Place) -> None:
        path = place.checkpoint(run, kind)
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])

    return cut


def _wider(kind: str, run: str) -> Callable[[Place], None]:
    """The checkpoint of a model twice as wide."""

    def put(place: Place) -> None:
        from mtl_core.training.persistence.checkpoints import Checkpoint

        path = place.checkpoint(run, kind)
        found = Checkpoint.load(path)
        model = {name: tensor.repeat(2, *[1] * (tensor.ndim - 1)) for name, tensor in found.parts["model"].items()}
        values = {name: value for name, value in found.values.items() if name != "format"}
        Checkpoint({**found.parts, "model": model}, values).save(path)

    return put


def _flipped(run: str) -> Callable[[Place], None]:
    """One bit of the last weight is another."""

    def flip(place: Place) -> None:
        path = place.checkpoint(run, "best")
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)

    return flip


def _file_for_folder(run: str) -> Callable[[Place], None]:
    def put(place: Place) -> None:
        folder = place.checkpoint(run, "last").parent
        shutil.rmtree(folder)
        folder.write_text("mine")

    return put


def _no_checkpoints(place: Place) -> None:
    for path in place.checkpoint(FINISHED).parent.iterdir():
        path.unlink()


def _data_changed(*words: str) -> Callable[[Place], Words]:
    def make(place: Place) -> Words:
        make_runs(place.folder)
        place.write_table(GOOD_TABLE.replace("Seoul", "Incheon"))
        return list(words)

    return make


def _file_for_artifacts(place: Place) -> Words:
    place.with_runs()
    shutil.rmtree(place.folder / "artifacts")
    (place.folder / "artifacts").write_text("mine")
    return ["train", str(place.spec)]


_CUT = "is not a whole checkpoint … Put a copy back"
_GONE = "run 1 … its checkpoints in … artifacts/1 … are gone … Put a copy back"
_OTHER = "is a checkpoint of another model … of shape … Put the run's own checkpoint back"
_CHANGED = "dataset … the data has changed … Put the old data back"

RESUMES = (
    of_run("resuming a finished run", f"resume {FINISHED}", "run 1 … has finished … Run it again"),
    _damaged(
        "resuming from a cut checkpoint", f"resume {STOPPED}", f"last.safetensors … {_CUT}", _cut("last", STOPPED)
    ),
    _damaged("resuming another model", f"resume {STOPPED}", f"last.safetensors … {_OTHER}", _wider("last", STOPPED)),
    Case("resuming on changed data", _CHANGED, _data_changed("resume", STOPPED)),
)

RUNS = (
    of_run("a run that is not there", "show 77", "run 77 … there is no such run … mtl-workbench runs"),
    of_run("a run that is no number", "show first", "first … the number of a run or 'last'"),
    of_run("a run of thirty digits", "show " + "9" * 30, "999 … the number of a run or 'last'"),
    of_run("a comparison of one run", "compare 1", "RUN … at least two different runs … 1"),
    of_run("a comparison of a run with itself", "compare 2 last", "RUN … at least two different runs … 2 last"),
    of_run("a comparison with no run", "compare 1 77", "run 77 … there is no such run"),
    of_run("stopping an ended run", f"stop {STOPPED}", "run 2 … is not running … stopped"),
    _damaged("judging a cut checkpoint", f"evaluate {FINISHED}", f"best.safetensors … {_CUT}", _cut("best", FINISHED)),
    _damaged("judging another model", f"evaluate {FINISHED}", f"best.safetensors … {_OTHER}", _wider("best", FINISHED)),
    _damaged(
        "judging where the folder of checkpoints became a file",
        f"evaluate {FINISHED}",
        "artifacts/1 … must be a folder … a file … Move it away",
        _file_for_folder(FINISHED),
    ),
    _damaged(
        "resuming where the folder of checkpoints became a file",
        f"resume {STOPPED}",
        "artifacts/2 … must be a folder … a file … Move it away",
        _file_for_folder(STOPPED),
    ),
    _damaged("judging flipped weights", f"evaluate {FINISHED}", f"best.safetensors … {_CUT}", _flipped(FINISHED)),
    _damaged(
        "judging without the best checkpoint",
        f"evaluate {FINISHED}",
        "run 1 … its best checkpoint … best.safetensors is gone … Put a copy back … delete the best one",
        lambda place: place.checkpoint(FINISHED, "best").unlink(),
    ),
    _damaged("judging without a checkpoint", f"evaluate {FINISHED}", _GONE, _no_checkpoints),
    of_run("judging on an unknown split", "evaluate 1 --split all", "--split … 'all' … 'train', 'val', 'test'"),
    Case("judging on changed data", _CHANGED, _data_changed("evaluate", FINISHED)),
    _damaged("predicting without a checkpoint", f"predict {FINISHED} --out x", _GONE, _no_checkpoints),
    of_run(
        "predicting into a missing folder",
        f"predict {FINISHED} --out no/x.csv",
        "no/x.csv … cannot be written … No such",
    ),
    of_run(
        "averaging a run with itself", f"predict {FINISHED} {FINISHED} --out x", "RUN … at least two runs, each once"
    ),
    of_run(
        "models into a missing folder",
        f"export {FINISHED} --to models --out no/x",
        "no/x … cannot be written … No such",
    ),
    of_run("a filter with an open quote", 'runs --filter "two', "filter … quotation mark … Close it"),
    of_run("a filter by an unknown field", "runs --filter colour:red", "filter … state, tag, task … colour:red"),
    of_run("a filter by an unknown state", "runs --filter state:done", "filter … must be one of … state:done"),
    of_run("a filter that compares text", "runs --filter training.epochs>many", "filter … a number … many"),
    of_run("exporting onto a file", "export 1 --out PLACE/homes.csv", "homes.csv … exists already … --force"),
    of_run("exporting onto a folder", "export 1 --out PLACE/artifacts --force", "artifacts … must be a plain file"),
    of_run("exporting into no folder", "export 1 --out PLACE/no/points.csv", "no/points.csv … cannot be written"),
    of_run("exporting in an unknown format", "export 1 --to xlsx --out PLACE/x.xlsx", "--to … 'xlsx' … 'csv'"),
    of_run("exporting to nowhere", "export 1", "--out"),
    of_run("training the spec of no run", "train run:77", "run 77 … there is no such run"),
    Case("no room for artifacts", "artifacts … must be a folder … a file", _file_for_artifacts, status=3),
)

# --- what is typed


def typed(name: str, words: str, says: str) -> Case:
    """Words typed in a folder with the good spec; ``SPEC`` in them is its file, ``PLACE`` its folder."""

    def make(place: Place) -> Words:
        spec = str(place.write_spec())
        return [word.replace("SPEC", spec).replace("PLACE", str(place.folder)) for word in words.split()]

    return Case(name, says, make)


COMMANDS = (
    typed("a setting without =", "train SPEC --set training.epochs", "training.epochs … path=value"),
    typed("an unknown setting", "train SPEC --set training.lr=1", "training.lr … there is no such setting"),
    typed("a setting below a number", "train SPEC --set training.epochs.x=1", "training.epochs.x … no such setting"),
    typed("a setting that is no YAML", "train SPEC --set training.epochs=[1", "training.epochs … not valid YAML"),
    typed("a setting at no path", "train SPEC --set model.shared[x]=1", "model.shared[x] … is not a path such as"),
    typed("a setting out of range", "train SPEC --set training.batch_size=0", "training.batch_size … at least 1 … 0"),
    typed("a seed that is no number", "train SPEC --seed x", "--seed … 'x'"),
    typed("a second seed below zero", "train SPEC --seed 1 --seed -1", "training.seed … at least 0 … -1"),
    typed("a device that is none", "train SPEC --device tpu", "training.device … must be auto, cpu … tpu"),
    typed("an unknown option", "train SPEC --quick", "--quick … --help"),
    typed("an unknown verb", "tain SPEC", "tain … 'train' … --help"),
    typed("no verb", "", "VERB … --help"),
    typed("an unknown preset", "presets digits", "digits … no such preset … multidigits"),
    typed("an unknown spec", "train digits", "digits … no such file and no such preset … multidigits"),
    typed("a spec that is not there", "check PLACE/no.yaml", "no.yaml … there is no such file"),
    typed("a folder for a spec", "check PLACE", "must be a spec file, it is a folder"),
)

CASES = (*SPECS, *MODELS, *TEXTS, *DEVICES, *FILES, *COLUMNS, *STORES, *NO_STORE, *RESUMES, *RUNS, *COMMANDS)
