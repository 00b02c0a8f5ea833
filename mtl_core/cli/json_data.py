"""Conversion of data to what JSON can represent."""

import math
from typing import Any


def replace_non_finite(data: Any) -> Any:
    """Replace NaN and infinities in plain data by text, as JSON has no such numbers."""
    match data:
        case dict():
            return {str(key): replace_non_finite(value) for key, value in data.items()}
        case list() | tuple():
            return [replace_non_finite(value) for value in data]
        case float() if not math.isfinite(data):
            return "NaN" if math.isnan(data) else "Infinity" if data > 0 else "-Infinity"
    return data
