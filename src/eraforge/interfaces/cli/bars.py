"""Progress bars: what the work reports, with its speed and the time left."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

BYTES = ("download", "back up", "restore", "read the backup")  # work that counts bytes


class Amount(ProgressColumn):
    """Bytes as megabytes, everything else as counts."""

    def render(self, task: Task) -> Text:
        """`12/35 MB` for downloads and backups, `40/200` for trees, folds and days."""
        total = task.total or 0
        if task.description.startswith(BYTES):
            return Text(f"{task.completed / 1e6:.1f}/{total / 1e6:.1f} MB", style="cyan")
        return Text(f"{task.completed:.0f}/{total:.0f}" if total else "", style="cyan")


def bars(console: Console) -> Progress:
    """Bars that stay on the screen when done, so that a person can read what took how long.

    Where there is no screen they are drawn once, at the end.
    """
    return Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=18),
        Amount(),
        TimeElapsedColumn(),
        console=console,
        auto_refresh=console.is_terminal,
        refresh_per_second=8,
    )
