"""Data as JSON can hold it."""

import math
from typing import Any


def finite(data: Any) -> Any:
    """Plain data with NaN and infinities as text, which JSON has not."""
    match data:
        case dict():
            return {str(key): finite(value) for key, value in data.items()}
        case list() | tuple():
            return [finite(value) for value in data]
        case float() if not math.isfinite(data):
            return "NaN" if math.isnan(data) else "Infinity" if data > 0 else "-Infinity"
    return data
