"""Greedy selection takes what helps, stops when nothing does, and is judged where it did not look."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from eraforge.core.errors import DataError
from eraforge.evaluation.study.selection import parts_of, select
from eraforge.evaluation.uncertainty import WEEKLY_20

ERAS, ROWS = 60, 80


def pool(seed: int = 5) -> pl.DataFrame:
    """Two that know different halves of the truth, a weaker copy of the first, and one that knows nothing."""
    rng = np.random.default_rng(seed)
    halves = rng.normal(size=(2, ERAS * ROWS))
    noise = rng.normal(size=(4, ERAS * ROWS))
    return pl.DataFrame(
        {
            "era": [f"{era:04d}" for era in range(ERAS) for _ in range(ROWS)],
            "id": [f"n{place}" for place in range(ERAS * ROWS)],
            "truth": halves.sum(axis=0) + 3 * noise[0],
            "left": halves[0] * 1.2,
            "right": halves[1],
            "copy": halves[0] + 3 * noise[1],
            "nothing": noise[2],
        }
    )


def test_what_knows_is_taken_and_what_does_not_is_left() -> None:
    found = select(pool(), ["copy", "left", "nothing", "right"], 8, "corr", WEEKLY_20)
    assert {name for name, _ in found.picks} == {"left", "right"}
    values = [value for _, value in found.picks]
    assert values == sorted(values)
    assert found.over_first is not None and found.over_first.difference.low > 0
    assert found.over_pool is not None and found.over_pool.difference.low > 0
    assert found.outcome.low > 0 and str(found.outcome.sample) == "validation"
    told = found.as_dict()
    assert told["inner"]["count"] == 36 and told["held_out"]["count"] == 16
    assert told["held_out"]["eras"][0] == "0044"  # 36 inner eras, then 8 that are left out


def test_the_held_out_eras_have_no_say() -> None:
    frame = pool()
    later = [f"{era:04d}" for era in range(36, ERAS)]
    turned = frame.with_columns(
        pl.when(pl.col("era").is_in(later)).then(-pl.col("left")).otherwise(pl.col("left")).alias("left")
    )
    names = ["copy", "left", "nothing", "right"]
    one, other = (select(each, names, 8, "corr", WEEKLY_20) for each in (frame, turned))
    assert one.picks == other.picks and other.outcome.mean < one.outcome.mean


def test_of_equal_members_one_is_enough() -> None:
    frame = pool().with_columns(pl.col("left").alias("again"))
    found = select(frame, ["left", "again"], 8, "sharpe", WEEKLY_20)
    assert len(found.picks) == 1 and found.over_first is None


def test_too_few_eras_are_refused() -> None:
    with pytest.raises(DataError, match="each part needs 8"):
        parts_of([str(era) for era in range(24)], 8)
