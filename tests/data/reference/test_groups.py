"""Labels of symbols from a map, beside the bars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eraforge.core.bars import FIELDS, Bars
from eraforge.core.errors import DataError, UserError
from eraforge.data.reference.groups import read_groups, read_map, with_groups

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


def test_groups_are_found_by_their_usual_names(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text("Ticker,GICS Sector,Country,size\nB,Oil,US,3\nA,,CA,4\n")
    assert read_groups(path) == {"country": {"A": "CA", "B": "US"}, "sector": {"B": "Oil"}}
    for text, code in (("sector\nOil\n", "map-without-key"), ("ticker,size\nA,3\n", "map-without-groups")):
        path.write_text(text)
        with pytest.raises(DataError) as error:
            read_groups(path)
        assert error.value.code == code
