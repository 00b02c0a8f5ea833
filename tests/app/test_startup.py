"""The start of the program, in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QObject

from app import __main__ as program
from app.settings import Settings
from app.settings import home as app_home
from mtl_core import store


def _python(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    everything = {**os.environ, **env}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=everything, check=False
    )


def test_the_window_loads_no_torch() -> None:
    code = (
        "import sys, app.main_window, app.application, app.__main__\n"
        "import app.pages.data, app.pages.model, app.pages.training\n"
        "import app.pages.live, app.pages.runs, app.pages.compare\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('torch', 'torchmetrics', 'sklearn', 'pandas')))"
    )
    result = _python(code)
    assert result.stdout.strip() == "[]", result.stderr


def test_the_window_does_not_wait_for_the_database() -> None:
    result = _python("import sys, app.main_window; print('alembic' in sys.modules)")
    assert result.stdout.strip() == "False", result.stderr


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None and True are never freed there, whatever is counted")
def test_qt_keeps_the_references_of_none_and_true() -> None:
    """PySide6 6.12.0 drops one at each call of a void method, which ends in an abort."""
    thing = QObject()
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(2000):
        thing.setObjectName("x")
        thing.blockSignals(True)
        thing.signalsBlocked()
    after = sys.getrefcount(None), sys.getrefcount(True)
    assert abs(after[0] - before[0]) < 500
    assert abs(after[1] - before[1]) < 500


def test_without_a_display_the_program_says_so_and_leaves() -> None:
    code = "import sys; from app.__main__ import main; sys.exit(main([]))"
    result = _python(code, QT_QPA_PLATFORM="", DISPLAY="", WAYLAND_DISPLAY="")
    assert result.returncode == 2
    assert "no window can be opened here" in result.stderr
    assert "mtl-workbench train" in result.stderr


@pytest.mark.parametrize("given", [["train", "x.yaml"], ["--store", "a.sqlite", "runs"], ["--help"], ["runs"]])
def test_a_verb_goes_to_the_command_line(given: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def command_line(argv: list[str]) -> int:
        seen.append(argv)
        return 7

    monkeypatch.setattr("mtl_core.cli.main", command_line)
    assert program.main(given) == 7
    assert seen == [given]


@pytest.mark.parametrize("given", [[], ["--store", "a.sqlite"], ["mine.yaml"]])
def test_without_a_verb_the_window_opens(given: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr("app.application.run_window", lambda arguments: seen.append(arguments) or 0)
    assert program.main(given) == 0
    assert len(seen) == 1


def test_the_settings_lie_in_the_store_s_folder(home: Path) -> None:
    assert app_home() == store.home() == home


def test_recent_files_are_remembered_newest_first_and_forgotten_when_gone(tmp_path: Path, home: Path) -> None:
    first, second = tmp_path / "하나.yaml", tmp_path / "b.yaml"
    for path in (first, second, first):
        path.write_text("x")
        Settings().add_recent(path)
    assert Settings().recent() == [first, second]
    second.unlink()
    assert Settings().recent() == [first]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_the_window_and_its_worker_and_is_the_exit_status(home: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "app"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            settings = home / "runs.sqlite"
            deadline = time.monotonic() + 60
            while not settings.exists() and time.monotonic() < deadline and process.poll() is None:
                time.sleep(0.05)
            process.send_signal(number)
            output, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 128 + number, output
    assert "Traceback" not in output
    assert (home / "window.ini").is_file()


def test_ctrl_c_before_the_window_stands_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.application.run_window", interrupted)
    assert program.main([]) == 130
