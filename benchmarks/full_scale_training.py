"""How much memory and time LightGBM takes to train on a file of the size of Numerai's, next to the obvious way.

    python benchmarks/full_scale_training.py train.parquet --trees 20 --json figures.json

Each measurement runs in a process of its own, whose peak resident memory the kernel reports. "eraforge" trains from the
lazy panel; "obvious" reads the selected columns, makes them a float32 matrix and gives that to LightGBM.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

GIB = 2**30
RUNS = ("eraforge:1", "eraforge:0.25", "obvious:0.25")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measurements that were asked for and print them."""
    options = _options().parse_args(arguments)
    if options.measure:
        print(json.dumps(MEASURES[options.measure](options)))
        return 0
    rows = []
    for run in options.runs:
        way, _, share = run.partition(":")
        rows.append(_in_own_process(options, way, float(share or 1)))
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path, help="a Numerai training file, or one of its shape")
    parser.add_argument("--trees", type=int, default=20)
    parser.add_argument("--features", type=int, help="only the first so many features")
    parser.add_argument("--target", default="target")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--runs", nargs="+", default=list(RUNS), help="way:share of the eras, in this order")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--measure", choices=["eraforge", "obvious"], help=argparse.SUPPRESS)
    parser.add_argument("--share", type=float, default=1.0, help=argparse.SUPPRESS)
    return parser


def _in_own_process(options: argparse.Namespace, way: str, share: float) -> dict[str, Any]:
    command = [sys.executable, __file__, str(options.path), "--measure", way, "--share", str(share)]
    for name in ("trees", "features", "target", "threads"):
        value = getattr(options, name)
        command += [f"--{name}", str(value)] if value is not None else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return {"way": way, "share": share, "failed": done.returncode}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"way": way, "share": share, **result}


def _eraforge(options: argparse.Namespace) -> dict[str, Any]:
    """Train through the panel; construction ends when the first tree starts."""
    from eraforge.core.panel import Moments, Panel, Sample, Target
    from eraforge.models.boosting import LightGBM
    from eraforge.models.progress import reporting

    features, eras = _columns(options), _eras(options)
    dates = tuple(date(2003, 1, 3) + timedelta(weeks=place) for place in range(len(eras)))
    moments = Moments(eras, dates, {options.target: tuple(day + timedelta(weeks=16) for day in dates)})
    target = Target(options.target, 60, purge=16)
    frame = pl.scan_parquet(options.path).filter(pl.col("era").is_in(list(eras)))
    panel = Panel(frame.select("era", "id", *features, options.target), features, (target,), moments, Sample.TRAIN)
    before, marks = _resident(), {}

    def listen(what: str, done: float, total: float) -> None:
        if done == total:
            marks[what] = time.monotonic()

    started = time.monotonic()
    with reporting(listen):
        fitted = LightGBM(n_estimators=options.trees, threads=options.threads).fit(panel)
    seconds = (marks["columns read"] - started, marks["trees"] - started)
    return _figures(options, frame, features, before, seconds, fitted.text)


def _obvious(options: argparse.Namespace) -> dict[str, Any]:
    """Read the columns, make one float32 matrix, hand it over."""
    import lightgbm

    from eraforge.models.boosting import LightGBM

    features = _columns(options)
    frame = pl.scan_parquet(options.path).filter(pl.col("era").is_in(list(_eras(options))))
    before = _resident()
    started = time.monotonic()
    rows = frame.select(*features, options.target).collect()
    matrix, truth = rows.select(features).to_numpy().astype(np.float32), rows[options.target].to_numpy()
    del rows
    parameters = LightGBM(threads=options.threads).parameters(matrix.size)
    dataset = lightgbm.Dataset(matrix, truth, params=parameters).construct()
    constructed = time.monotonic()
    booster = lightgbm.train(parameters, dataset, options.trees)
    seconds = (constructed - started, time.monotonic() - started)
    return _figures(options, frame, features, before, seconds, booster.model_to_string())


MEASURES = {"eraforge": _eraforge, "obvious": _obvious}


def _columns(options: argparse.Namespace) -> tuple[str, ...]:
    names = pl.scan_parquet(options.path).collect_schema().names()
    return tuple([name for name in names if name.startswith("feature_")][: options.features])


def _eras(options: argparse.Namespace) -> tuple[str, ...]:
    eras = pl.scan_parquet(options.path).select("era").unique().collect()["era"].sort().to_list()
    return tuple(eras[: max(1, round(len(eras) * options.share))])


def _figures(
    options: argparse.Namespace,
    frame: pl.LazyFrame,
    features: tuple[str, ...],
    before: float,
    seconds: tuple[float, float],
    model: str,
) -> dict[str, Any]:
    """The figures of one run; `seconds` are those until the dataset stood and until the last tree."""
    peak = _resident("VmHWM")
    rows = frame.select(pl.len()).collect().item()
    trees = model[model.index("Tree=0") : model.index("end of trees")]
    return {
        "rows": rows,
        "features": len(features),
        "trees": options.trees,
        "resident_before_gib": round(before, 2),
        "peak_resident_gib": round(peak, 2),
        "peak_bytes_per_value": round((peak - before) * GIB / (rows * len(features)), 2),
        "construction_seconds": round(seconds[0], 1),
        "seconds_per_tree": round((seconds[1] - seconds[0]) / options.trees, 2),
        "digest_of_trees": hashlib.sha256(trees.encode()).hexdigest()[:12],
    }


def _resident(field: str = "VmRSS") -> float:
    """Resident memory of this process in GiB: now (`VmRSS`) or at its peak (`VmHWM`)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024 / GIB
    raise SystemExit("This benchmark needs a Linux kernel, which reports peak memory.")


def _print(rows: list[dict[str, Any]]) -> None:
    keys = list(dict.fromkeys(key for row in rows for key in row))
    table = [keys, *[[str(row.get(key, "")) for key in keys] for row in rows]]
    widths = [max(len(line[place]) for line in table) for place in range(len(keys))]
    for line in table:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


if __name__ == "__main__":
    raise SystemExit(main())
