"""The progress bar of a training."""

import io

import pytest
from rich.console import Console

from mtl_core.protocol.progress import Progress
from mtl_core.runner.progress_bar import progress_bar


@pytest.mark.parametrize(
    ("terminal", "enabled", "shown"), [(True, None, True), (False, None, False), (True, False, False)]
)
def test_a_bar_is_shown_where_it_can_be_seen_and_is_wanted(terminal: bool, enabled: bool | None, shown: bool) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=120)
    with progress_bar("wide [v2]", enabled=enabled, console=console) as show:
        show(Progress(epoch=1, epochs=4, step=5, steps=20, samples_per_second=10.0, eta_seconds=1.0))
    assert ("wide [v2]" in out.getvalue()) is shown
    assert ("epoch" in out.getvalue()) is shown
