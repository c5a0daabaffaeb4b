"""Labels of symbols from a map, beside the bars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eraforge.core.bars import FIELDS, Bars
from eraforge.core.errors import DataError, UserError
from eraforge.data.reference.groups import read_map, with_groups

TEXT = "Ticker,Sector,Country\nA,Oil,US\nB,,CA\nA,Tech,US\n"


def test_the_last_label_of_a_symbol_holds(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text(TEXT)
    found = read_map(path, "ticker")
    assert found.column("sector") == {"A": "Tech"} and found.missing == {"sector": 1, "country": 0}
    bars = Bars(("A", "C"), np.empty(0, "datetime64[s]"), {name: np.empty((2, 0)) for name in FIELDS})
    assert with_groups(bars, found, ["sector"]).groups == {"sector": ("Tech", "")}
    with pytest.raises(UserError):
        with_groups(bars, found, ["colour"])
    with pytest.raises(DataError):
        read_map(path, "yahoo")
