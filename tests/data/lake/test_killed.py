"""A process killed while it appends leaves whole pulls behind, and the next one goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from eraforge.data.lake.lake import Lake
from eraforge.store.objects import Objects

DAY = 86_400
WORK = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import polars as pl
from eraforge.data.lake import segments
from eraforge.data.lake.lake import Lake
from eraforge.store.objects import Objects

segments.MANY = 3
root, first = Path(sys.argv[1]), int(sys.argv[2])
lake = Lake(root, "x", Objects(root / "objects"), 86_400)
for day in range(first, first + 10_000):
    moment = [day * 86_400] * 3
    rows = {"symbol": ["A", "B", "C"], "time": moment, "told": moment, "close": [float(day)] * 3}
    lake.append(pl.DataFrame(rows), datetime.now(UTC))
    print(day, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_append_is_whole_or_not_there(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = 0
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", WORK, str(tmp_path), str(known)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(int(rng.integers(2, 12)))]
        try:
            process.wait(float(rng.uniform(0, 0.02)))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().splitlines()]
        process.wait()
        process.stdout.close()
        bars = Lake(tmp_path, "x", Objects(tmp_path / "objects"), DAY).bars()
        days = bars.times.astype(np.int64) // DAY
        assert days.tolist() == list(range(len(days))) and len(days) in (told[-1] + 1, told[-1] + 2)
        assert np.array_equal(bars["close"], np.broadcast_to(days.astype(float), (3, len(days))))
        known = len(days)
