"""Contract: a page of the window is described once; its package, help topic and documentation page exist."""

from importlib import import_module
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from app.main_window.help import TOPICS, topic_text
from app.navigation import Page
from app.theme import icon
from mtl_core.spec import ExperimentSpec

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", Page, ids=lambda page: page.key)
def test_a_page_has_a_widget_an_icon_a_help_topic_and_a_page_of_the_documentation(page: Page, qapp: object) -> None:
    module, _, name = page.widget.partition(":")
    assert module == f"app.pages.{page.key}"
    assert issubclass(getattr(import_module(module), name), QWidget)
    assert not icon(page.icon).isNull()
    assert page.help_topic in TOPICS
    assert topic_text(page.help_topic).startswith(f"# {page.title}")
    assert f"{{{{help {page.help_topic}}}}}" in (ROOT / f"docs/window/{page.help_topic}.md").read_text("utf-8")
    assert f"\n{page.help_topic}\n" in (ROOT / "docs/window/index.md").read_text("utf-8")


def test_every_package_of_pages_is_a_page() -> None:
    packages = {path.parent.name for path in (ROOT / "app/pages").glob("*/__init__.py")}
    assert packages == {page.key for page in Page}


def test_pages_share_no_shortcut_and_every_section_of_the_experiment_is_edited_on_one() -> None:
    shortcuts = [QKeySequence(page.shortcut).toString() for page in Page]
    assert all(shortcuts)
    assert len(set(shortcuts)) == len(shortcuts)
    sections = [section for page in Page for section in page.sections]
    assert len(set(sections)) == len(sections)
    assert set(sections) <= set(ExperimentSpec.model_fields)
    parts = {name for name, field in ExperimentSpec.model_fields.items() if hasattr(field.annotation, "model_fields")}
    assert parts <= set(sections)
