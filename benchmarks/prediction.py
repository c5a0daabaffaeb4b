"""How long ten trained models take to predict a live round, and what a million rows take in time and memory.

    python benchmarks/prediction.py FOLDER [--features 3555] [--rows 6700] [--steps live many] [--models ridge tabm]
    python benchmarks/prediction.py FOLDER --steps many --many 1000000 --many-features 3555

Ten models of ten families are trained on a few made-up eras and saved. A process of its own loads them all and predicts
a live round of `rows` rows with all features from parquet; the obvious way is beside it for what it can be compared
with: LightGBM's own `predict` of a float32 matrix, in the same process. Then `many` rows are predicted, each model in a
process of its own. The peak is the kernel's own record of resident memory, seconds are the clock's and, of all threads,
the processor's. What is made up is kept in FOLDER, written a piece at a time, and made once.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from shared_members import processor_seconds

from eraforge.core.clock import monotonic

GIB = 2**30
ROWS_OF_AN_ERA = 6700
ROWS_OF_A_FILE = 100_000
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
        print(json.dumps(MEASURES[options.measure](options.folder, options.models)))
        return 0
    found: dict[str, Any] = {}
    if "live" in options.steps:
        folder = _prepared(options.folder, options.features, options.rows, options.models)
        found["live"] = _measured("live", folder, options.models)
        found["live"] |= {"rows": options.rows, "features": options.features}
    if "many" in options.steps:
        folder = _prepared(options.folder, options.many_features, options.many, options.models)
        each = {name: _measured("many", folder, [name]) for name in options.models}
        peak = max(one["peak_gib"] for one in each.values())
        found["many"] = {"rows": options.many, "features": options.many_features, "peak_gib": peak, "models": each}
    print(json.dumps(found, indent=2))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the made-up rows and the trained models are kept")
    parser.add_argument("--features", type=int, default=3555)
    parser.add_argument("--rows", type=int, default=ROWS_OF_AN_ERA)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--many-features", type=int, default=800)
    parser.add_argument("--steps", nargs="+", choices=["live", "many"], default=["live", "many"])
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure", choices=["live", "many"], help=argparse.SUPPRESS)
    return parser


def _measured(step: str, folder: Path, models: Sequence[str]) -> dict[str, Any]:
    command = [sys.executable, __file__, str(folder), "--measure", step, "--models", *models]
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}  # as the command line sets it
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(step, " ".join(models), json.dumps(found), file=sys.stderr, flush=True)
    return found


def _prepared(folder: Path, features: int, rows: int, models: Sequence[str]) -> Path:
    """The folder of the rows to predict, eras of 6,700 a hundred thousand rows to a file, and of the trained models."""
    from eraforge.core import plugins
    from eraforge.evaluation.checks.practice import practice_panel

    here = folder / f"{rows}x{features}"
    here.mkdir(parents=True, exist_ok=True)
    panel = practice_panel(eras=4, rows=250, features=features)
    for name in models:
        target = here / f"{name}.model"
        if not target.exists():
            target.write_bytes(plugins.find("model", name)(**MODELS[name]).fit(panel).save())
    for start in range(0, rows, ROWS_OF_A_FILE):
        target = here / f"rows_{start:07d}.parquet"
        if not target.exists():
            part = target.with_suffix(".part")
            _rows(start, min(ROWS_OF_A_FILE, rows - start), panel.features).write_parquet(part, compression_level=1)
            part.rename(target)
    return here


def _rows(start: int, count: int, features: Sequence[str]) -> pl.DataFrame:
    """Made-up rows: five values of each feature, at random."""
    rng, places = np.random.default_rng([2, start]), range(start, start + count)
    keys = {
        "era": [f"{place // ROWS_OF_AN_ERA + 1:04d}" for place in places],
        "id": [f"n{place:015x}" for place in places],
    }
    return pl.DataFrame({**keys, **{name: rng.integers(0, 5, count, dtype=np.int8) for name in features}})


def _panel(folder: Path) -> Any:
    from eraforge.core.panel import Moments, Panel, Sample

    frame = pl.scan_parquet(sorted(folder.glob("rows_*.parquet")))
    features = tuple(name for name in frame.collect_schema().names() if name.startswith("feature_"))
    eras = tuple(frame.select(pl.col("era").unique().sort()).collect()["era"])
    dates = tuple(date(2003, 1, 3) + timedelta(weeks=place) for place in range(len(eras)))
    return Panel(frame, features, (), Moments(eras, dates), Sample.LIVE, "benchmark rows")


def _live(folder: Path, models: Sequence[str]) -> dict[str, Any]:
    """Load and predict with all, from the saved bytes; libraries are loaded within the time."""
    from eraforge.core import plugins

    panel, seconds, began = _panel(folder), {}, processor_seconds()
    for name in models:
        started = monotonic()
        model = plugins.find("model", name)(**MODELS[name])
        model.load((folder / f"{name}.model").read_bytes()).predict(panel)
        seconds[name] = round(monotonic() - started, 2)
    found: dict[str, Any] = {"seconds": seconds, "total_seconds": round(sum(seconds.values()), 2)}
    found |= {"processor_seconds": round(processor_seconds() - began, 1)}
    if "lightgbm" in models:
        found["lightgbm_obvious_over_ours"] = _beside_the_obvious(folder, panel)
    return {**found, "peak_gib": _peak()}


def _beside_the_obvious(folder: Path, panel: Any) -> float:
    """Processor time of LightGBM's own prediction of a float32 matrix over that of ours, the least of three each."""
    from eraforge.core import plugins

    fitted = plugins.find("model", "lightgbm")().load((folder / "lightgbm.model").read_bytes())
    ours, obvious = [], []
    for _ in range(3):
        started = processor_seconds()
        fitted.predict(panel)
        ours.append(processor_seconds() - started)
        started = processor_seconds()
        matrix = panel.collect().select(panel.features).to_pandas().astype(np.float32)
        fitted._booster.predict(matrix.to_numpy())
        obvious.append(processor_seconds() - started)
    return round(min(obvious) / min(ours), 2)


def _many(folder: Path, models: Sequence[str]) -> dict[str, Any]:
    """Load one model and predict many rows; only pieces of them are ever in memory."""
    from eraforge.core import plugins

    panel = _panel(folder)
    name = models[0]
    started, began = monotonic(), processor_seconds()
    model = plugins.find("model", name)(**MODELS[name])
    rows = model.load((folder / f"{name}.model").read_bytes()).predict(panel).height
    seconds, spent = monotonic() - started, processor_seconds() - began
    return {"seconds": round(seconds, 1), "processor_seconds": round(spent, 1), "peak_gib": _peak(), "rows": rows}


MEASURES = {"live": _live, "many": _many}


def _peak() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return round(int(line.split()[1]) * 1024 / GIB, 2)
    raise SystemExit("This benchmark needs a Linux kernel, which reports peak memory.")


if __name__ == "__main__":
    raise SystemExit(main())
