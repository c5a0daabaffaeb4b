"""The memory plan tells from the footers alone what reading would take."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eraforge.core.errors import DataError, UserError
from eraforge.data.memory_plan import WORKING_COPIES, available_memory, plan_memory, plan_training

ROWS, NAMES = 20_000, [f"feature_{number}" for number in range(20)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    values = {name: np.zeros(ROWS, np.int8) for name in NAMES} | {"target": np.zeros(ROWS, np.float32)}
    pl.DataFrame(values | {"id": [f"n{row:015x}" for row in range(ROWS)]}).write_parquet(tmp_path / "train.parquet")
    return tmp_path / "train.parquet"


def test_the_plan_covers_what_polars_really_holds(path: Path) -> None:
    plan = plan_memory([path], [*NAMES, "target"], 10, 1 << 40)
    held = pl.read_parquet(path).estimated_size()
    assert held <= plan.needed <= 8 * held
    assert (plan.rows, plan.columns, plan.whole, plan.eras_at_once) == (ROWS, 21, True, 10)
    assert "read whole" in plan.sentence


def test_what_does_not_fit_is_read_in_pieces(path: Path) -> None:
    whole = plan_memory([path, path], [*NAMES, "target"], 10, 1 << 40)
    plan = plan_memory([path, path], [*NAMES, "target"], 10, whole.needed // 3)
    assert not plan.whole
    assert plan.eras_at_once == 3
    assert "pieces of 3 of 10 eras" in plan.sentence
    assert whole.needed == pytest.approx(2 * ROWS * (48 + 20 + 4) * WORKING_COPIES)


def test_one_era_that_does_not_fit_is_refused(path: Path) -> None:
    with pytest.raises(UserError) as caught:
        plan_memory([path], NAMES, 10, 1000)
    assert caught.value.code == "memory-too-small"


def test_a_wrong_column_and_a_broken_file_are_named(path: Path) -> None:
    with pytest.raises(UserError) as caught:
        plan_memory([path], ["feature_x"], 10, 1 << 40)
    assert caught.value.code == "unknown-column"
    path.write_bytes(b"nothing")
    with pytest.raises(DataError) as damaged:
        plan_memory([path], NAMES, 10, 1 << 40)
    assert damaged.value.code == "file-damaged"


def test_a_container_bounds_what_is_available(tmp_path: Path) -> None:
    meminfo, limit = tmp_path / "meminfo", tmp_path / "memory.max"
    meminfo.write_text("MemTotal: 16000 kB\nMemAvailable:    8000 kB\n")
    assert available_memory(meminfo, limit, share=0.5) == 4000 * 1024
    limit.write_text("max\n")
    assert available_memory(meminfo, limit, share=0.5) == 4000 * 1024
    limit.write_text("3000000\n")
    (tmp_path / "memory.current").write_text("1000000\n")
    assert available_memory(meminfo, limit, share=0.5) == 1_000_000
    meminfo.write_text("")
    with pytest.raises(UserError) as caught:
        available_memory(meminfo, limit)
    assert caught.value.code == "memory-unknown"


def test_a_learner_that_fits_is_told_so_and_one_that_does_not_is_told_what_to_choose(path: Path) -> None:
    plan = plan_memory([path], [*NAMES, "target"], 10, 5 << 20)
    assert "it fits" in plan_training(plan, "ridge", 20, 0.5).sentence
    values = ROWS * 20
    tight = plan_training(plan, "mlp", 20, 40.0)
    assert tight.needed == ROWS * 48 + (40 + 8) * values
    assert tight.every == 4
    assert "every 4th era" in tight.sentence
    assert "at most 5 of 20 features" in tight.sentence
