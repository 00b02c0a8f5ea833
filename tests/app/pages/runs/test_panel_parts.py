"""Parts of the side panel of a run."""

from pytestqt.qtbot import QtBot

from app.pages.runs.panel_parts import MetricsGrid


def _least_width(qtbot: QtBot, task: str, metric: str) -> int:
    grid = MetricsGrid()
    qtbot.addWidget(grid)
    grid.show_rows([(task,), (metric, "0.1234", "0.1234", "0.1234")])
    grid.show()
    return grid.minimumSizeHint().width()


def test_long_names_of_tasks_and_metrics_do_not_widen_the_table_of_metrics(qtbot: QtBot) -> None:
    assert _least_width(qtbot, "the name of a task " * 5, "the name of a metric " * 5) == _least_width(qtbot, "a", "b")
