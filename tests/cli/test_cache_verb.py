"""The verb that lists, bounds and clears the cache of decoded pictures and sounds."""

import json
from collections.abc import Iterator

import numpy as np
import pytest

from mtl_core.cli.verbs import main
from mtl_core.media.cache import MediaCache
from mtl_core.media.limits import read_limits


def blocks() -> Iterator[np.ndarray]:
    yield np.zeros((4, 2048), np.uint8)
    return {}


def test_entries_are_listed_and_cleared(capsys: pytest.CaptureFixture[str]) -> None:
    MediaCache().get("a" * 16, (4, 2048), np.dtype(np.uint8), "flowers [x]", blocks)
    assert main(["cache"]) == 0
    printed = capsys.readouterr().out
    assert "flowers [x]" in printed
    assert "8.1 KB of 20 GB on disk" in printed
    assert main(["cache", "--clear", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["entries"], told["bytes"], told["freed"]) == ([], 0, 8320)


def test_limits_are_set_and_bad_ones_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "--limit", "7", "--memory", "0.5"]) == 0
    assert (read_limits().cache, read_limits().memory) == (7.0, 0.5)
    assert "data of more than 0.5 GB stay there" in capsys.readouterr().out
    assert main(["cache", "--memory", "-1"]) == 2
    assert "--memory: Input should be greater than 0" in capsys.readouterr().err
    assert read_limits().memory == 0.5
