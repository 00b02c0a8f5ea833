"""The relatives of runs that the engine trained."""

from pathlib import Path

from mtl_core.export.run_file import write_run_file
from mtl_core.export.run_file_import import import_run_file
from mtl_core.forking.checkpoint_list import find_checkpoint
from mtl_core.forking.fork import create_fork
from mtl_core.forking.lineage import Lineage, read_lineage
from mtl_core.protocol.requests import StopRequest
from mtl_core.runner.execution import execute
from mtl_core.spec import study_members
from mtl_core.store import RunStore, open_store
from tests.runner.conftest import Experiment


def lineage(store: RunStore, run: int) -> Lineage:
    return read_lineage(store, store.run(run), store.spec_data(run), store.events(run))


def test_a_fork_names_its_parent_and_what_differs(store: RunStore, experiment: Experiment) -> None:
    parent = store.create_run(experiment(training__epochs=1))
    execute(store, parent)
    fork = create_fork(store, find_checkpoint(store, parent), experiment(training__epochs=2))
    execute(store, fork)
    again = store.create_run(experiment(training__epochs=1), parent=parent)
    own = lineage(store, fork)
    assert own.fork is not None
    assert (own.parent, own.fork.run, own.fork.step, own.fork.epoch) == (parent, parent, 7, 1)
    assert own.differences == (("training.epochs", 1, 2),)
    assert own.resumed == ()
    assert (lineage(store, parent).forks, lineage(store, parent).repeats) == ((fork,), (again,))
    assert lineage(store, again).fork is None


def test_a_resumed_run_and_its_study_are_named(store: RunStore, experiment: Experiment) -> None:
    spec = experiment(training__epochs=2)
    first, second, *alone = store.create_study(study_members(spec, (0, 1), baselines=True))
    store.add_request(first, StopRequest())
    assert execute(store, first).state == "stopped"
    execute(store, first)
    own = lineage(store, first)
    members = {record.id: record.baseline for record in store.runs()}
    assert set(own.study) == {run for run, baseline in members.items() if not baseline} - {first}
    assert set(own.baselines) == {run for run, baseline in members.items() if baseline}
    assert len(alone) == 4
    started = experiment(training__start_from={"kind": "from_run", "run": second})
    assert lineage(store, store.create_run(started)).start_run == second


def test_a_fork_alone_in_another_store_says_where_it_comes_from(
    store: RunStore, experiment: Experiment, tmp_path: Path
) -> None:
    store.create_run(experiment())
    parent = store.create_run(experiment(training__epochs=1))
    execute(store, parent)
    fork = create_fork(store, find_checkpoint(store, parent), experiment(training__epochs=2))
    execute(store, fork)
    for name, runs in (("alone", [fork]), ("both", [parent, fork])):
        write_run_file(store, runs, tmp_path / f"{name}.runs")
        with open_store(tmp_path / name / "runs.sqlite") as other:
            numbers = import_run_file(other, tmp_path / f"{name}.runs").numbers
            own = lineage(other, numbers[fork])
            assert own.fork is not None
            if name == "alone":
                assert (own.parent, own.fork.run) == (None, parent)
            else:
                assert own.parent == own.fork.run == numbers[parent] != parent
            assert len(other.read(numbers[fork])[0]) == len(store.read(fork)[0])
            assert find_checkpoint(other, numbers[fork]).epoch == 2
