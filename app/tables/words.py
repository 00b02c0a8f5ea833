"""How states, times and numbers are said in tables."""

import math
from datetime import datetime, timedelta

STATE_WORDS: dict[str, tuple[str, str]] = {
    "queued": ("Queued", "muted"),
    "running": ("Running", "accent"),
    "paused": ("Paused", "warning"),
    "finished": ("Finished", "good"),
    "stopped": ("Stopped", "muted"),
    "failed": ("Failed", "error"),
    "interrupted": ("Interrupted", "warning"),
}
"""Each state's word and the tone of its chip."""


def duration(seconds: float) -> str:
    """A stretch of time in its two largest units, e.g. ``1 min 10 s``; ``""`` for none."""
    if seconds <= 0:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def time_left(seconds: float) -> str:
    """An estimated remaining time, no finer than it can be known: seconds below a minute, then five, then minutes."""
    step = 1 if seconds < 60 else 5 if seconds < 600 else 60
    whole = step * round(max(seconds, 0.0) / step)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def moment(time: float | None, now: float) -> str:
    """A point in time (seconds since 1970) in local time: shorter the nearer it is to ``now``."""
    if time is None:
        return ""
    at, today = datetime.fromtimestamp(time), datetime.fromtimestamp(now)
    if at.date() == today.date():
        return f"Today {at:%H:%M}"
    if at.date() == (today - timedelta(days=1)).date():
        return f"Yesterday {at:%H:%M}"
    return f"{at:%d %b %H:%M}" if at.year == today.year else f"{at:%Y-%m-%d}"


def score(value: float | None) -> str:
    """A metric with as many decimals as tell two good runs apart."""
    if value is None:
        return ""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    text = f"{value:.4f}" if size < 10 else f"{value:.2f}" if size < 10_000 else f"{value:.4g}"
    if 0 < size < 0.001:
        text = f"{value:.2e}"
    return text.replace("-", "−")


def brief(value: float) -> str:
    """A metric in as little room as says how good a run was: ``0.966``, ``54.2``, ``1 230``."""
    if not math.isfinite(value):
        return score(value)
    size = abs(value)
    if 0 < size < 0.001 or size >= 1e6:
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e").replace("-", "−")
    text = f"{value:.3f}" if size < 10 else f"{value:.1f}" if size < 100 else f"{value:.0f}"
    return text.replace("-", "−")


def percent(share: float, spread: float = math.nan) -> str:
    """A relative change as ``+1.20 %``, with its standard deviation as ``+1.20 ± 0.31 %``; a dash for none."""
    if not math.isfinite(share):
        return "—"
    more = f" ± {100 * spread:.2f}" if math.isfinite(spread) else ""
    return f"{100 * share:+.2f}{more} %".replace("-", "−")


def count(number: int) -> str:
    """A whole number in groups of three, as in ``1 797``."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def quantity(number: int, noun: str) -> str:
    """A number with its noun: ``1 row``, ``14 000 rows``."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, shortened in the middle: its beginning and its end tell it apart."""
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail].rstrip()}…{text[-tail:].lstrip()}"


def shape(sizes: tuple[int, ...]) -> str:
    """A shape as people write it: ``1×16×16``."""
    return "×".join(str(size) for size in sizes)
