"""The help: its topics, and that they lead to each other."""

import re

import pytest
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from app.main_window.help import TOPICS, HelpWindow, title_of, topic_text
from app.main_window.rail import PAGES
from mtl_core.spec import LAYER_GROUPS, Sharing, Task, Weighting, members


@pytest.mark.parametrize("topic", TOPICS)
def test_links_lead_to_topics_and_no_place_is_left_empty(topic: str) -> None:
    text = topic_text(topic)
    assert text.startswith("# ")
    assert "{{" not in text
    assert {link.removesuffix(".md") for link in re.findall(r"\]\(([^)]+)\)", text)} <= set(TOPICS)


def test_every_page_has_a_topic() -> None:
    assert set(PAGES) <= set(TOPICS)


def test_every_kind_of_the_spec_is_explained() -> None:
    layers = [layer for group in LAYER_GROUPS.values() for layer in group]
    kinds = {"data": members(Task), "model": (*members(Sharing), *layers), "weighting": members(Weighting)}
    for topic, specs in kinds.items():
        text = topic_text(topic)
        assert all(f"- **{spec.title}**: {spec.help()}" in text for spec in specs)


def test_a_link_opens_another_topic(qtbot: QtBot) -> None:
    window = HelpWindow()
    qtbot.addWidget(window)
    window.open("live")
    assert window.isVisible()
    assert "Follows one run" in window.text.toPlainText()
    window.text.anchorClicked.emit(QUrl("weighting.md"))
    assert window.topics.currentItem().text() == title_of("weighting")
    assert "Nash-MTL" in window.text.toPlainText()
