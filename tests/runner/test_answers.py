"""Every question to a worker has its answer."""

from typing import get_args

from mtl_core.protocol.questions import AnyQuestion
from mtl_core.runner.answers import ANSWERS


def test_each_kind_of_question_has_an_answer() -> None:
    assert set(ANSWERS) == set(get_args(AnyQuestion))
