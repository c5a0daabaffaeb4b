"""Writes docs/commands.md from the commands' own help. `--check` only says whether it is up to date."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["COLUMNS"] = "100"

from typer.testing import CliRunner

from eraforge.interfaces.cli.main import build
from eraforge.pipeline.catalogue import VERBS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "commands.md"
HEAD = """\
# Commands

Generated from the commands' own help by `make help-pages`; a test compares. `--json` and `--workspace` work everywhere.
"""


def page() -> str:
    """The whole page."""
    runner = CliRunner()
    parts = [HEAD]
    for words in ([], *(verb.name.split() for verb in VERBS)):
        text = runner.invoke(build(), [*words, "--help"], prog_name="eraforge", terminal_width=100).stdout
        title = " ".join(["eraforge", *words])
        parts.append(f"## `{title}`\n\n```text\n{text.strip()}\n```\n")
    return "\n\n".join("\n".join(line.rstrip() for line in part.strip().splitlines()) for part in parts) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text() == page() else "docs/commands.md is stale: run `make help-pages`")
    PAGE.write_text(page())
