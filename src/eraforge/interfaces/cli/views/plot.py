"""A small line plot of braille dots for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
COLOURS = ("cyan", "yellow", "magenta", "green", "blue", "red")


def plot(series: Mapping[str, Sequence[float]], width: int = 56, height: int = 8, digits: int = 2) -> list[Text]:
    """Lines of text showing every series over its index, with the value axis at the left and a legend below.

    Args:
        series: name to values; all are drawn on one scale that includes zero.
        width, height: size of the drawing in characters, without the axis.
        digits: decimal places on the axis.
    """
    values = [value for line in series.values() for value in line]
    if not values:
        return [Text("nothing to plot yet")]
    low, high = min([0.0, *values]), max([0.0, *values])
    span = (high - low) or 1.0
    cells = [[0] * width for _ in range(height)]
    owners = [[-1] * width for _ in range(height)]
    for number, line in enumerate(series.values()):
        for column, level in _points(line, low, span, width * 2, height * 4):
            row, place = height - 1 - level // 4, column // 2
            cells[row][place] |= DOTS[3 - level % 4][column % 2]
            owners[row][place] = number
    lines = []
    for row in range(height):
        label = high - span * row / max(height - 1, 1)
        text = Text(f"{label:+7.{digits}f} ┤", style="dim")
        for place in range(width):
            style = COLOURS[owners[row][place] % len(COLOURS)] if owners[row][place] >= 0 else ""
            text.append(chr(0x2800 + cells[row][place]), style=style)
        lines.append(text)
    legend = Text(" " * 9)
    for number, name in enumerate(series):
        legend.append("━━ ", style=COLOURS[number % len(COLOURS)])
        legend.append(f"{name}   ")
    return [*lines, legend]


def _points(line: Sequence[float], low: float, span: float, columns: int, levels: int) -> list[tuple[int, int]]:
    """Every dot of a line: one per column, with vertical runs where it is steep."""
    points: list[tuple[int, int]] = []
    if not line:
        return points
    before: int | None = None
    for column in range(columns):
        place = column / max(columns - 1, 1) * (len(line) - 1)
        left = int(place)
        right = min(left + 1, len(line) - 1)
        value = line[left] + (line[right] - line[left]) * (place - left)
        level = round((value - low) / span * (levels - 1))
        start = level if before is None else before
        for between in range(min(start, level), max(start, level) + 1):
            points.append((column, between))
        before = level
    return points
