"""The ``fork`` and ``checkpoint`` verbs."""

from argparse import Namespace

from mtl_core.cli import output
from mtl_core.cli.exit_status import SUCCESS
from mtl_core.cli.references import run_number
from mtl_core.cli.training_verbs import train_stored
from mtl_core.errors import InputError
from mtl_core.forking.checkpoint_list import find_checkpoint
from mtl_core.forking.fork import create_fork
from mtl_core.forking.fork_settings import length_dependence
from mtl_core.protocol.requests import CheckpointRequest
from mtl_core.spec import apply_overrides, spec_from_data, spec_to_data
from mtl_core.store import open_store


def fork(arguments: Namespace) -> int:
    """Train a new run that begins with a checkpoint of another one."""
    with open_store(arguments.store, create=False) as store:
        store.reap()
        run = run_number(store, arguments.run)
        checkpoint = find_checkpoint(store, run, step=arguments.from_step, kind=arguments.checkpoint)
        original = store.spec(run)
        epochs = arguments.epochs
        if arguments.more is not None:
            if arguments.more < 1:
                raise InputError("--more", "must be at least 1", found=arguments.more)
            epochs = (checkpoint.epoch or 0) + arguments.more
        settings = [*arguments.settings, *([] if epochs is None else [f"training.epochs={epochs}"])]
        spec = spec_from_data(apply_overrides(spec_to_data(original), settings))
        number = create_fork(store, checkpoint, spec)
        reason = length_dependence(spec)
        if spec.training.epochs != original.training.epochs and reason:
            output.print_error(f"warning: {reason}, so that a run of so many epochs would have come here otherwise")
        if not arguments.json:
            output.print_out(f"run {number} begins with run {run} at {checkpoint.text}")
        forked = {"parent": run, "from_step": checkpoint.step, "from_epoch": checkpoint.epoch}
        return train_stored(store, number, {**forked, "checkpoint": checkpoint.kind}, as_json=arguments.json)


def checkpoint(arguments: Namespace) -> int:
    """Ask a run to keep a checkpoint of its next step."""
    with open_store(arguments.store, create=False) as store:
        store.reap()
        run = run_number(store, arguments.run)
        store.add_request(run, CheckpointRequest())
    text = f"asked run {run} to keep a checkpoint; mtl-workbench fork {run} --checkpoint step begins with it"
    output.print_result({"run": run, "request": "checkpoint"}, text, as_json=arguments.json)
    return SUCCESS
