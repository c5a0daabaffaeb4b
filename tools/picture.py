"""Draws docs/demo.svg: what `eraforge demo` really printed, from the facts it gave with --json.

Usage: eraforge demo --json > facts.json && python tools/picture.py facts.json
"""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

from rich.console import Console

from eraforge.interfaces.cli.views.play import demo

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "demo.svg"
WIDTH = 80


def draw(facts: dict[str, object]) -> str:
    """The demo's last screen as SVG that needs nothing from the network."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    demo(facts, console)
    drawn = console.export_svg(title="eraforge demo")
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


if __name__ == "__main__":
    PICTURE.write_text(draw(json.loads(Path(sys.argv[1]).read_text())))
