"""Writes docs/feature_table.md from the declarations. `--check` only says whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from eraforge.features.catalogue import LOOKS_AHEAD, families
from eraforge.features.copies import declared_copies
from eraforge.features.feature import Declared

PAGE = Path(__file__).resolve().parents[1] / "docs" / "feature_table.md"
HEAD = """\
# Every feature

Generated from the declarations by `tools/feature_table.py`; a test compares. See [features](features.md).
`lookback` is in own bars, the current one included; `lag` is how many own bars a value is held back. A copy says what
another feature says: the same, an affine function of it, or its reciprocal.
"""

COLUMNS = (
    "| feature | lookback | lag | unit | reads | source | copy |",
    "| --- | ---: | ---: | --- | --- | --- | --- |",
)


def page() -> str:
    """The whole page."""
    found = families()
    features = [feature for family in found for feature in family.features]
    copies = {copy.name: f"{copy.kind}: `{copy.of}`" for copy in declared_copies(features)}
    parts = [HEAD, f"{len(features)} features in {len(found)} families, {len(copies)} of them copies."]
    for family in found:
        rows = [_row(feature, copies.get(feature.name, "")) for feature in family.features]
        parts.append("\n".join([f"## `{family.name}`", "", family.about, "", *COLUMNS, *rows]))
    refused = "\n".join(f"- `{name}`" for name in sorted(LOOKS_AHEAD))
    parts.append(f"## Refused\n\nMeasured on the bars that follow, so no features; labels at most:\n\n{refused}")
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _row(feature: Declared, copy: str) -> str:
    cells = (f"`{feature.name}`", str(feature.lookback), str(feature.lag), feature.unit, ", ".join(feature.inputs))
    return f"| {' | '.join((*cells, feature.source, copy))} |"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text() == page() else "docs/feature_table.md is stale: run tools/feature_table.py")
    PAGE.write_text(page())
