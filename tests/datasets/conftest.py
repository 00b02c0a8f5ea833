"""Fixtures of the data sets: tables written to a folder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

WriteTable = Callable[..., str]


@pytest.fixture
def homes() -> pd.DataFrame:
    """A small table with Korean header and cells, gaps in inputs and in targets."""
    rng = np.random.default_rng(7)
    rows = 120
    area = rng.normal(80, 20, rows).round(1)
    frame = pd.DataFrame(
        {
            "면적": area,
            "방": rng.integers(1, 6, rows),
            "지역": rng.choice(["서울", "부산", "대구"], rows),
            "가격": (area * 0.1 + rng.normal(0, 1, rows)).round(2),
            "매매": rng.choice(["예", "아니오"], rows),
        }
    ).astype(object)
    for column, share in {"면적": 0.05, "지역": 0.05, "가격": 0.2, "매매": 0.2}.items():
        frame.loc[rng.random(rows) < share, column] = None
    return frame


@pytest.fixture
def write(tmp_path: Path) -> WriteTable:
    """Writes a frame, text or bytes to a file of a name and gives its path."""

    def write(content: pd.DataFrame | str | bytes, name: str = "table.csv", encoding: str = "utf-8") -> str:
        path = tmp_path / name
        if isinstance(content, pd.DataFrame):
            content = content.to_csv(index=False)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return str(path)

    return write
