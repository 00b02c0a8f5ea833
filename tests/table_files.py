"""A table as a file of each format, by the title of the format."""

import io
from collections.abc import Callable

import pandas as pd

from tests.workbooks import sheet_rows, workbook


def _excel(frame: pd.DataFrame) -> bytes:
    rows = [list(frame.columns), *frame.astype(object).where(frame.notna(), None).to_numpy().tolist()]
    return workbook({"Homes": sheet_rows(rows)})


def _arrow(frame: pd.DataFrame) -> bytes:
    content = io.BytesIO()
    frame.to_feather(content)
    return content.getvalue()


def _parquet(frame: pd.DataFrame) -> bytes:
    content = io.BytesIO()
    frame.to_parquet(content)
    return content.getvalue()


def _conll(frame: pd.DataFrame) -> bytes:
    """A token and a tag for each column, a sentence for each row."""
    rows = frame.astype(str).to_numpy().tolist()
    lines = ["\n".join(f"{'_'.join(cell.split()) or '_'} B-{i}" for i, cell in enumerate(row)) for row in rows]
    return ("\n\n".join(lines) + "\n\n").encode()


WRITERS: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "CSV": lambda frame: frame.to_csv(index=False).encode(),
    "Excel": _excel,
    "Parquet": _parquet,
    "Arrow": _arrow,
    "JSON": lambda frame: frame.to_json(orient="records").encode(),
    "CoNLL": _conll,
    "JSON lines": lambda frame: frame.to_json(orient="records", lines=True).encode(),
}

TABLE_WRITERS = {title: write for title, write in WRITERS.items() if title != "CoNLL"}
"""Those whose files have the columns of the table."""
