"""A run that is killed during any write leaves store and files intact, and resumes exactly."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runner.kill_at_write import command

_EVERY = 13
_ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux" or shutil.which("cc") is None, reason="preloads a library made with cc")
def test_a_run_killed_in_a_write_goes_on_and_ends_with_the_same_series(tmp_path: Path) -> None:
    arguments, environment = command(tmp_path, _EVERY)  # the whole loop, by hand, takes minutes
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False, cwd=_ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["problems"] == {}
    assert found["writes"] > 60
    assert found["killed"] >= 60 // _EVERY
