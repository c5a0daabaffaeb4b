"""Every model family on the same data, splits and budget, beside the tutorial's LightGBM: docs/model_benchmark.md.

    python benchmarks/model_families.py FOLDER [--eras N] [--rows N] [--families ridge,mlp] [--folds 4] [--page FILE]

The simulator's `small` Classic world is written to FOLDER as the tournament's own files and read through eraforge's
panels. Every family is trained and judged in a process of its own; what it found is kept in FOLDER under the digest of
everything that decides it, so that the benchmark can be run in pieces and taken up again. The page is written anew from
all that is known of the sample asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from eraforge.core.clock import monotonic
from eraforge.core.digest import digest_bytes, digest_value
from eraforge.core.panel import ERA, ID, Panel, Sample, join_panels

ROOT = Path(__file__).resolve().parents[1]
ROUND_DAY = date(2026, 11, 20)
FILES = ("features.json", "train.parquet", "validation.parquet", "meta_model.parquet")
TUTORIAL = "tutorial"
NETWORK = {"epochs": 8, "patience": 3, "threads": 0}
MEMBERS: dict[str, dict[str, Any]] = {
    "linear": {"learner": "ridge"},
    "curves": {"learner": "support_vectors", "settings": {"rounds": 60}},
    "trees": {"learner": "lightgbm"},
}
# Family -> (learner, settings that differ from its defaults).
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    TUTORIAL: (
        "lightgbm",
        {"n_estimators": 2000, "learning_rate": 0.01, "max_depth": 5, "num_leaves": 31, "colsample_bytree": 0.1},
    ),
    "ridge": ("ridge", {}),
    "lasso": ("lasso", {}),
    "elastic_net": ("elastic_net", {}),
    "logistic": ("logistic", {"rounds": 60}),
    "support_vectors": ("support_vectors", {"rounds": 60}),
    "lightgbm": ("lightgbm", {}),
    "xgboost": ("xgboost", {}),
    "catboost": ("catboost", {}),
    "extra_trees": ("extra_trees", {}),
    "random_forest": ("random_forest", {}),
    "mlp": ("mlp", NETWORK),
    "resnet": ("resnet", NETWORK),
    "tabm": ("tabm", NETWORK),
    "tabnet": ("tabnet", NETWORK),
    "neutralised": ("neutralised", {}),
    "low_exposure": ("low_exposure", {}),
    "era_boosting": ("era_boosting", {}),
    "average": ("average", {"members": MEMBERS}),
    "rank_average": ("rank_average", {"members": MEMBERS}),
    "optimised": ("optimised", {"members": MEMBERS}),
    "greedy": ("greedy", {"members": MEMBERS}),
    "dynamic": ("dynamic", {"members": MEMBERS}),
    "stacked": ("stacked", {"members": MEMBERS}),
    "regimes": ("regimes", {"members": MEMBERS}),
}
ENSEMBLES = ("average", "rank_average", "optimised", "greedy", "dynamic", "stacked", "regimes")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the families that were asked for and are not known yet, and write the page."""
    options = _options().parse_args(arguments)
    if options.measure:
        print(json.dumps(_measure(options)))
        return 0
    options.folder.mkdir(parents=True, exist_ok=True)
    _write_world(options)
    asked = options.families.split(",") if options.families else list(FAMILIES)
    for family in asked:
        if not _place(options, family).exists():
            _in_own_process(options, family)
        _write_page(options)
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the made-up files and the results are kept")
    parser.add_argument("--eras", type=int, default=0, help="only the last so many labelled eras; 0 for all")
    parser.add_argument("--rows", type=int, default=0, help="only so many rows of each era; 0 for all")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7, help="seed of the made-up world")
    parser.add_argument("--families", default="", help="some of the families, with commas; all when left out")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "model_benchmark.md")
    parser.add_argument("--measure", default="", help=argparse.SUPPRESS)
    return parser


def _write_world(options: argparse.Namespace) -> None:
    """The files of the made-up world; a file is there whole or not at all."""
    from eraforge.simulator.world.world import build_world

    world = build_world(options.seed, "small")
    for name in FILES:
        target = _file(options, name)
        if not target.exists():
            part = target.with_name(f"part-{target.name}")
            world.write(f"{world.arena.version}/{name}", ROUND_DAY, part)
            part.rename(target)


def _file(options: argparse.Namespace, name: str) -> Path:
    folder: Path = options.folder
    return folder / f"seed{options.seed}-{name}"


def _panel(options: argparse.Namespace) -> Panel:
    """The labelled history: training and validation file, read by eraforge's own reader, and cut to the sample."""
    from eraforge.arenas.classic import CLASSIC
    from eraforge.data.feature_sets import feature_sets
    from eraforge.data.panels import read_panel

    features = feature_sets(_file(options, "features.json")).features("all")
    parts = [
        read_panel([_file(options, f"{sample}.parquet")], CLASSIC, features, [CLASSIC.target], sample)
        for sample in (Sample.TRAIN, Sample.VALIDATION)
    ]
    whole = join_panels(*parts)
    eras = whole.moments.known_before(CLASSIC.target, ROUND_DAY)
    panel = whole.where_eras(eras[-options.eras :] if options.eras else eras).labelled()
    if options.rows:
        panel = replace(panel, frame=panel.frame.filter(pl.int_range(pl.len()).over(ERA) < options.rows))
    return panel


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    """One family out of fold, with what it took; runs in a process of its own."""
    from eraforge.core import plugins
    from eraforge.evaluation.report import evaluate
    from eraforge.evaluation.splitters.walk_forward import WalkForward
    from eraforge.pipeline.research.run import peak_memory

    learner, settings = FAMILIES[options.measure]
    meta = pl.read_parquet(_file(options, "meta_model.parquet"))
    name = next(column for column in meta.columns if column.endswith("meta_model"))
    began, ticks = monotonic(), os.times()
    report = evaluate(
        plugins.find("model", learner)(**settings),
        _panel(options),
        WalkForward(folds=options.folds),
        meta_model=meta.select(ERA, ID, pl.col(name).alias("meta_model")),
        train_eras=0,
    )
    spent = os.times()
    return {
        "scores": {row["score"]: row["eras"] for row in report.as_dict()["scores"]},
        "rows": report.predictions.height,
        "wall_seconds": round(monotonic() - began, 1),
        "processor_seconds": round(spent.user + spent.system - ticks.user - ticks.system, 1),
        "peak_memory_bytes": peak_memory(),
    }


def _place(options: argparse.Namespace, family: str) -> Path:
    """The file of a family's result, named by all that decides it: sample, splits, settings, and the code."""
    rooms = ("core", "data", "models", "evaluation", "simulator/world")
    sources = [path for room in rooms for path in sorted((ROOT / "src" / "eraforge" / room).rglob("*.py"))]
    code = digest_value([digest_bytes(path.read_bytes()) for path in sources])
    sample = [options.seed, options.eras, options.rows, options.folds]
    folder: Path = options.folder
    return folder / f"{family}-{digest_value(sample, FAMILIES[family], code)[:16]}.json"


def _in_own_process(options: argparse.Namespace, family: str) -> None:
    command = [sys.executable, __file__, str(options.folder), "--measure", family]
    for name in ("eras", "rows", "folds", "seed"):
        command += [f"--{name}", str(getattr(options, name))]
    print(family, end=" ", flush=True)
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}  # as the command line sets it
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        print("failed:", (done.stderr.strip().splitlines() or ["it said nothing"])[-1])
        return
    found = {"family": family, "commit": _commit(), "at": _today(), "machine": _machine()}
    found |= json.loads(done.stdout.splitlines()[-1])
    _place(options, family).write_text(json.dumps(found) + "\n")
    print(f"{found['wall_seconds']} s")


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short=10", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def _today() -> str:
    from eraforge.core.clock import SystemClock

    return SystemClock().now().date().isoformat()


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"


def _write_page(options: argparse.Namespace) -> None:
    known = {name: json.loads(_place(options, name).read_text()) for name in FAMILIES if _place(options, name).exists()}
    if TUTORIAL in known:
        from model_families_page import page

        options.page.write_text(page(known, FAMILIES, ENSEMBLES, _sample(options, known)))


def _sample(options: argparse.Namespace, known: Mapping[str, Any]) -> dict[str, Any]:
    scored = known[TUTORIAL]["scores"]
    return {
        "seed": options.seed,
        "eras": options.eras,
        "rows": options.rows,
        "folds": options.folds,
        "scored": len([value for value in scored["CORR"].values() if value is not None]),
        "mmc": len([value for value in scored["MMC"].values() if value is not None]),
    }


if __name__ == "__main__":
    raise SystemExit(main())
