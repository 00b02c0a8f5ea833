"""Progress bar of a training for terminals and notebooks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from mtl_core.protocol.progress import Progress as RunProgress
from mtl_core.spec import shorten


@contextmanager
def progress_bar(
    name: str, *, enabled: bool | None = None, console: Console | None = None
) -> Iterator[Callable[[RunProgress], None]]:
    """Show a progress bar; yields the function that updates it.

    Args:
        name: Name of the experiment, shown as written.
        enabled: Whether it is shown; None: only if the console is a terminal or a notebook.
        console: Console to use; by default standard error.
    """
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]} · {task.fields[rate]:,.0f} rows/s", markup=False),
        TimeRemainingColumn(),
    )
    console = console or Console(stderr=True)
    if enabled is None:
        enabled = console.is_terminal or console.is_jupyter
    with Progress(*columns, console=console, disable=not enabled, transient=True) as bar:
        line = bar.add_task(shorten(name, 40), total=None, epoch=0, epochs="?", rate=0.0)

        def show(progress: RunProgress) -> None:
            bar.update(
                line,
                completed=progress.step,
                total=progress.steps,
                epoch=progress.epoch,
                epochs=progress.epochs,
                rate=progress.samples_per_second,
            )

        yield show
