"""How long ten trained models take to predict a live round, and what a million rows take in time and memory.

    python benchmarks/prediction.py [--features 3555] [--rows 6700] [--many 1000000] [--many-features 800] [--json FILE]

Ten models of ten families are trained on a few made-up eras, saved, and loaded by a process of its own, which predicts
a live round of `rows` rows with all features from parquet. The obvious way is beside it for what it can be compared
with: LightGBM's own `predict` of a float32 matrix, in the same process. Then a million rows are predicted model by
model; the peak is the kernel's own record of resident memory.
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

GIB = 2**30
MODELS: dict[str, dict[str, Any]] = {
    "ridge": {},
    "elastic_net": {"penalty": 0.5},
    "logistic": {"rounds": 5},
    "support_vectors": {"rounds": 5},
    "lightgbm": {},
    "xgboost": {},
    "catboost": {},
    "extra_trees": {"n_estimators": 100},
    "mlp": {"epochs": 1, "patience": 0},
    "tabm": {"epochs": 1, "patience": 0},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, predict in processes of their own, and print the figures."""
    options = _options().parse_args(arguments)
    if options.measure:
        print(json.dumps(MEASURES[options.measure](options.folder)))
        return 0
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        for step, features, rows in (
            ("live", options.features, options.rows),
            ("many", options.many_features, options.many),
        ):
            if step not in options.steps:
                continue
            folder = Path(name) / step
            folder.mkdir()
            _prepare(folder, features, rows)
            command = [sys.executable, __file__, "--measure", step, "--folder", str(folder)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            found[step] = {"rows": rows, "features": features, **json.loads(done.stdout.splitlines()[-1])}
            print(json.dumps(found[step], indent=2), flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--features", type=int, default=3555)
    parser.add_argument("--rows", type=int, default=6700)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--many-features", type=int, default=800)
    parser.add_argument("--steps", nargs="+", choices=["live", "many"], default=["live", "many"])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure", choices=["live", "many"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser


def _prepare(folder: Path, features: int, rows: int) -> None:
    """Train the ten models on made-up eras, and write the rows to predict a hundred thousand at a time."""
    from eraforge.core import plugins
    from eraforge.evaluation.checks.practice import practice_panel

    panel = practice_panel(eras=4, rows=250, features=features)
    for name, settings in MODELS.items():
        (folder / f"{name}.model").write_bytes(plugins.find("model", name)(**settings).fit(panel).save())
    rng = np.random.default_rng(2)
    for start in range(0, rows, 100_000):
        count = min(100_000, rows - start)
        columns = {name: rng.integers(0, 5, count, dtype=np.int8) for name in panel.features}
        keys = {"era": np.repeat([f"{start:07d}"], count), "id": [f"n{start + place:015x}" for place in range(count)]}
        pl.DataFrame({**keys, **columns}).write_parquet(folder / f"rows_{start:07d}.parquet")


def _panel(folder: Path) -> Any:
    from eraforge.core.panel import Moments, Panel, Sample

    files = sorted(folder.glob("rows_*.parquet"))
    frame = pl.scan_parquet(files)
    features = tuple(name for name in frame.collect_schema().names() if name.startswith("feature_"))
    eras = tuple(file.stem.removeprefix("rows_") for file in files)
    dates = tuple(date(2003, 1, 3) + timedelta(weeks=place) for place in range(len(eras)))
    return Panel(frame, features, (), Moments(eras, dates), Sample.LIVE, "benchmark rows")


def _live(folder: Path) -> dict[str, Any]:
    """Load and predict with all ten, from the saved bytes; libraries are loaded within the time."""
    from eraforge.core import plugins

    panel, seconds = _panel(folder), {}
    for name, settings in MODELS.items():
        started = monotonic()
        model = plugins.find("model", name)(**settings)
        model.load((folder / f"{name}.model").read_bytes()).predict(panel)
        seconds[name] = round(monotonic() - started, 2)
    fitted = plugins.find("model", "lightgbm")().load((folder / "lightgbm.model").read_bytes())
    ours, obvious = [], []
    for _ in range(3):
        started = monotonic()
        fitted.predict(panel)
        ours.append(monotonic() - started)
        started = monotonic()
        matrix = panel.collect().select(panel.features).to_pandas().astype(np.float32)
        fitted._booster.predict(matrix.to_numpy())
        obvious.append(monotonic() - started)
    return {
        "seconds": seconds,
        "total_seconds": round(sum(seconds.values()), 2),
        "lightgbm_obvious_over_ours": round(min(obvious) / min(ours), 2),
        "peak_gib": round(_peak() / GIB, 2),
    }


def _many(folder: Path) -> dict[str, Any]:
    """Predict many rows with each of the ten; only pieces of them are ever in memory."""
    from eraforge.core import plugins

    panel, seconds, peaks = _panel(folder), {}, {}
    for name, settings in MODELS.items():
        started = monotonic()
        model = plugins.find("model", name)(**settings)
        model.load((folder / f"{name}.model").read_bytes()).predict(panel)
        seconds[name], peaks[name] = round(monotonic() - started, 1), round(_peak() / GIB, 2)
    return {"seconds": seconds, "peak_gib_so_far": peaks, "peak_gib": round(_peak() / GIB, 2)}


MEASURES = {"live": _live, "many": _many}


def _peak() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise SystemExit("This benchmark needs a Linux kernel, which reports peak memory.")


if __name__ == "__main__":
    raise SystemExit(main())
