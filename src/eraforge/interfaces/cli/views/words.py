"""Small words shared by the views: figures, durations, moments."""

from __future__ import annotations

from collections.abc import Mapping


def figure(value: float | None, digits: int = 4) -> str:
    """A score with its sign, or a dash where there is none yet."""
    return "–" if value is None else f"{value:+.{digits}f}"


def weighted(pays: Mapping[str, str]) -> str:
    """What a round pays on: `3 × corr60 + 15 × mmc60`."""
    return " + ".join(f"{float(weight):g} × {name}" for name, weight in pays.items())


def duration(seconds: float | None) -> str:
    """A span of time in the two largest units."""
    if seconds is None:
        return "–"
    minutes, hours, days = seconds / 60, seconds / 3600, seconds / 86400
    if days >= 2:
        return f"{int(days)} d {int(hours % 24)} h"
    if hours >= 1:
        return f"{int(hours)} h {int(minutes % 60)} min"
    return f"{int(minutes)} min {int(seconds % 60)} s"


def moment(text: str | None) -> str:
    """A moment to the minute, in UTC."""
    return "–" if not text else text[:16].replace("T", " ")
