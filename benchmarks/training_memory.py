"""How many bytes per feature value each learner's training takes at its peak, and how long it takes.

    python benchmarks/training_memory.py [--rows 200000] [--features 500] [--learners ridge lightgbm ...] [--json FILE]

Rows are made up: int8 values 0 to 4 in a parquet file. Every learner trains in a process of its own, on little of
everything (few trees, one epoch), since only memory is asked; the peak is the kernel's own record of resident memory,
less what the process held before. "obvious" is what most scripts do: a float32 matrix given to LightGBM.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.clock import monotonic

ERAS = 40
FEW: dict[str, dict[str, Any]] = {
    "ridge": {},
    "lasso": {"penalty": 0.5},
    "logistic": {"rounds": 3},
    "support_vectors": {"rounds": 3, "landmarks": 64},
    "lightgbm": {"n_estimators": 5},
    "random_forest": {"n_estimators": 5},
    "xgboost": {"n_estimators": 5},
    "catboost": {"n_estimators": 5},
    "mlp": {"epochs": 1, "patience": 0},
    "tabm": {"epochs": 1, "patience": 0, "members": 4, "width": 64},
    "pca": {"components": 16, "learner": "ridge"},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measurements that were asked for and print them."""
    options = _options().parse_args(arguments)
    if options.measure:
        print(json.dumps(_measure(options.path, options.measure)))
        return 0
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        _write(path, options.rows, options.features)
        for learner in options.learners:
            command = [sys.executable, __file__, "--measure", learner, "--path", str(path)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            figures = json.loads(done.stdout.splitlines()[-1])
            found.append({"learner": learner, **figures})
            size = figures["bytes"] / (options.rows * options.features)
            print(f"{learner:16} {size:6.2f} bytes per value  {figures['seconds']:7.1f} s", flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--features", type=int, default=500)
    parser.add_argument("--learners", nargs="+", default=["obvious", *FEW])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    return parser


def _write(path: Path, rows: int, features: int) -> None:
    rng = np.random.default_rng(1)
    columns = {f"feature_{place}": rng.integers(0, 5, rows, dtype=np.int8) for place in range(features)}
    eras = np.sort(rng.integers(1, ERAS + 1, rows))
    keys = {"era": [f"{era:04d}" for era in eras], "id": [f"n{place:015x}" for place in range(rows)]}
    target = (columns["feature_0"] / 4).astype(np.float32)
    pl.DataFrame({**keys, **columns, "target": target}).write_parquet(path, row_group_size=rows // 8)


def _measure(path: Path, learner: str) -> dict[str, float]:
    """Train on the file in this process."""
    from eraforge.core import plugins
    from eraforge.core.panel import Moments, Panel, Sample, Target

    frame = pl.scan_parquet(path)
    features = tuple(name for name in frame.collect_schema().names() if name.startswith("feature_"))
    eras = tuple(f"{era:04d}" for era in range(1, ERAS + 1))
    dates = tuple(date(2003, 1, 3) + timedelta(weeks=place) for place in range(ERAS))
    moments = Moments(eras, dates, {"target": tuple(day + timedelta(weeks=6) for day in dates)})
    panel = Panel(frame, features, (Target("target", 20, purge=8),), moments, Sample.TRAIN, "benchmark rows")
    small = panel.where_eras(eras[:1]).select(features=features[:8])
    if learner == "obvious":
        import lightgbm

        before, started = _resident("VmRSS"), monotonic()
        rows = panel.collect()
        matrix = rows.select(features).to_numpy().astype(np.float32)
        lightgbm.train({"verbose": -1}, lightgbm.Dataset(matrix, rows["target"].to_numpy()), 5)
    else:
        model = plugins.find("model", learner)(**FEW[learner])
        model.fit(small)  # so that the libraries are loaded
        before, started = _resident("VmRSS"), monotonic()
        model.fit(panel)
    return {"bytes": _resident("VmHWM") - before, "seconds": round(monotonic() - started, 2)}


def _resident(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise SystemExit("This benchmark needs a Linux kernel, which reports peak memory.")


if __name__ == "__main__":
    raise SystemExit(main())
