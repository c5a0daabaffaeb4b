"""Names and ids."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.simulator.world.rows.draws import generator
from eraforge.simulator.world.rows.naming import competitor_names, feature_names, model_id, row_ids


def test_feature_names_are_distinct_and_shorter_lists_begin_longer_ones() -> None:
    names = feature_names(3_555)
    assert len(set(names)) == 3_555
    assert all(re.fullmatch(r"feature(_[a-z]+){3}", name) for name in names)
    assert feature_names(60) == names[:60]


def test_competitors_have_names_and_uuid_shaped_ids() -> None:
    assert len(set(competitor_names(50))) == 50
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", model_id(1, "x"))
    assert model_id(1, "x") != model_id(2, "x")


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 500), st.integers(0, 10))
def test_row_ids_are_unique_and_ascending(rows: int, seed: int) -> None:
    ids = row_ids(generator(seed), rows).tolist()
    assert len(ids) == rows
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"n[0-9a-f]{15}", one) for one in ids)


def test_row_ids_are_the_numbers_of_the_draw_in_hexadecimal() -> None:
    numbers = np.unique(generator(5).integers(1 << 60, size=1_000, dtype=np.uint64))
    assert row_ids(generator(5), 1_000).tolist() == [f"n{number:015x}" for number in numbers.tolist()]
