"""A table as a file of each format, by the title of the format; a contract test asks for each."""

import io
from collections.abc import Callable

import pandas as pd


def _arrow(frame: pd.DataFrame) -> bytes:
    content = io.BytesIO()
    frame.to_feather(content)
    return content.getvalue()


def _parquet(frame: pd.DataFrame) -> bytes:
    content = io.BytesIO()
    frame.to_parquet(content)
    return content.getvalue()


WRITERS: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "CSV": lambda frame: frame.to_csv(index=False).encode(),
    "Parquet": _parquet,
    "Arrow": _arrow,
    "JSON": lambda frame: frame.to_json(orient="records").encode(),
    "JSON lines": lambda frame: frame.to_json(orient="records", lines=True).encode(),
}
