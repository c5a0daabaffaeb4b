"""A line chart as a small SVG that needs nothing but a browser; read well on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

import numpy as np

WIDTH, HEIGHT = 760, 330
LEFT, RIGHT, TOP, BOTTOM = 52, 148, 34, 30
COLOURS = ("#8a8f98", "#c98a1b", "#2f7ed8", "#c2364b", "#2e9e6b")
STEPS = (1, 2, 2.5, 5, 10)
MOST_LABELS = 6


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    first: int
    last: int

    def x(self, day: date) -> float:
        return LEFT + (day.toordinal() - self.first) / max(1, self.last - self.first) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def line_chart(title: str, lines: Mapping[str, tuple[Sequence[date], Sequence[float]]]) -> str:
    """The SVG of some named lines over time; zero is always in sight.

    Args:
        title: stands above.
        lines: name -> its days, ascending, and its values.
    """
    values = [value for _, line in lines.values() for value in line] + [0.0]
    step = _step(max(values) - min(values) or 1.0)
    low, high = np.floor(min(values) / step) * step, np.ceil(max(values) / step) * step
    days = [day for told, _ in lines.values() for day in told]
    scale = _Scale(float(low), float(max(high, low + step)), min(days).toordinal(), max(days).toordinal())
    levels = np.arange(round((scale.high - scale.low) / step) + 1) * step + scale.low
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" font-size="13" font-weight="bold" fill="#222222">{escape(title)}</text>',
        *(_level(scale, float(level), step) for level in levels),
        *(_year(scale, year) for year in range(min(days).year + 1, max(days).year + 1)),
        *_drawn(scale, lines),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _step(span: float) -> float:
    """The smallest round step that cuts the span into few pieces."""
    size = 10.0 ** np.floor(np.log10(span / MOST_LABELS))
    return float(next(step * size for step in STEPS if span / (step * size) <= MOST_LABELS))


def _level(scale: _Scale, level: float, step: float) -> str:
    y, colour = scale.y(level), "#777777" if abs(level) < step / 2 else "#e4e4e4"
    digits = max(0, 1 - int(np.floor(np.log10(step))))
    text = f"{level + 0.0:+.{digits}f}" if abs(level) >= step / 2 else "0"
    return (
        f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{colour}"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#555555">{text}</text>'
    )


def _year(scale: _Scale, year: int) -> str:
    x = scale.x(date(year, 1, 1))
    return (
        f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#eeeeee"/>'
        f'<text x="{x:.1f}" y="{HEIGHT - 10}" text-anchor="middle" fill="#555555">{year}</text>'
    )


def _drawn(scale: _Scale, lines: Mapping[str, tuple[Sequence[date], Sequence[float]]]) -> list[str]:
    """Each line, and its name at its end; names keep a distance from each other."""
    ends = sorted((scale.y(line[-1]), name) for name, (_, line) in lines.items())
    place, parts = {}, []
    lowest = float(TOP)
    for y, name in ends:
        lowest = place[name] = max(y, lowest)
        lowest += 16
    for colour, (name, (days, line)) in zip(COLOURS, lines.items(), strict=False):
        points = " ".join(f"{scale.x(day):.1f},{scale.y(value):.1f}" for day, value in zip(days, line, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        x, y, text = WIDTH - RIGHT + 8, place[name] + 4, f"{escape(name)} {line[-1]:+.2f}"
        parts.append(f'<text x="{x}" y="{y:.1f}" fill="{colour}">{text}</text>')
    return parts
