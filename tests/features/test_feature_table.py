"""The table of features in the documentation is what is declared."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from eraforge.features.catalogue import default, families, named

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_of_features_is_what_is_declared() -> None:
    words = [sys.executable, str(ROOT / "tools" / "feature_table.py"), "--check"]
    run = subprocess.run(words, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_the_family_of_the_page_computes(made: Any) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "features.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(blocks[1], "features.md", "exec"), names)
    (feature,) = names["MINE"].features
    assert feature.lookback == 15 and feature.inputs == ("close", "volume") and feature.scale_free
    assert np.isfinite(feature.compute(made(2, 40, whole=True))[:, -1]).all()


def test_the_page_counts_right(made: Any) -> None:
    page = (ROOT / "docs" / "features.md").read_text()
    count = len(default(made(6, 5, whole=True)))
    assert f"{count} with sectors and countries" in page
    assert all(f"`{family.name}`" in page for family in families())
    for name, bars in (("ema_50", 691), ("atr_14", 374)):
        assert named([name])[0].lookback == bars
