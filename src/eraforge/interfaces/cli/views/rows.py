"""Rows of cells: a table where its words fit the terminal, else a few lines for each row. No cell is ever cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

GAP = 2  # the space after a cell and the line between cells


class Rows:
    """What `console.print` shows as a table or, in a narrow terminal, row under row.

    Args:
        names: headings of the columns.
        left: how many of the first columns are words; the others are figures and stand at the right.
        title: above the whole, may be empty.
    """

    def __init__(self, names: Sequence[str], left: int = 1, title: str = "") -> None:
        self.names = tuple(names)
        self.left = left
        self.title = title
        self.rows: list[tuple[str, ...]] = []

    def add(self, *cells: str) -> None:
        """Add a row; cells are console markup, one for each name."""
        self.rows.append(cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        columns = list(zip(self.names, *self.rows, strict=True))
        widths = [max(map(_longest_word, column)) for column in columns]
        spare = options.max_width - sum(widths) - GAP * len(widths)
        if spare >= 0:
            for place, (name, *cells) in enumerate(columns):
                wider = max(widths[place], min(widths[place] + spare, max(map(_whole, cells), default=0)))
                spare -= wider - widths[place]
                widths[place] = max(wider, _whole(name)) if _whole(name) - wider <= spare else wider
                spare -= widths[place] - wider
            yield self._table(widths)
        else:
            yield from self._lines()

    def _table(self, widths: Sequence[int]) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=self.title or None)
        for place, (name, width) in enumerate(zip(self.names, widths, strict=True)):
            table.add_column(name, justify="left" if place < self.left else "right", width=width)
        for row in self.rows:
            table.add_row(*row)
        return table

    def _lines(self) -> Iterator[RenderableType]:
        if self.title:
            yield Text.from_markup(f"[italic]{self.title}[/]")
        width = max(map(len, self.names))
        for first, *others in self.rows:
            yield Text.from_markup(f"{self.names[0]} [bold]{first}[/]")
            for name, cell in zip(self.names[1:], others, strict=True):
                yield Text.from_markup(f"  {name:<{width}}  {cell}")


def _whole(cell: str) -> int:
    return len(Text.from_markup(cell).plain)


def _longest_word(cell: str) -> int:
    return max((len(word) for word in Text.from_markup(cell).plain.split()), default=0)
