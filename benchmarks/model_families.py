"""Every model family on the same data, splits and budget, beside the tutorial's LightGBM: docs/model_benchmark.md.

    python benchmarks/model_families.py FOLDER [--eras N] [--rows N] [--families ridge,mlp] [--folds 4] [--together]
    python benchmarks/model_families.py FOLDER --rows 500 --records mine.json --page mine.md

The simulator's `small` Classic world is written to FOLDER as the tournament's own files and read through eraforge's
panels. Every family is trained and judged in a process of its own, or with `--together` in one process that trains the
members of blends once. What was found is kept in the file of records, with the digest of the rows it was found on, the
settings and the commit: the benchmark can be run in pieces and taken up again, and a family that is known there is not
measured twice. The page is written anew from all records.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from shared_members import measured, processor_seconds

from eraforge.core.clock import monotonic
from eraforge.core.digest import digest_chunks, digest_value
from eraforge.core.panel import ERA, ID, Panel, Sample, join_panels

ROOT = Path(__file__).resolve().parents[1]
ROUND_DAY = date(2026, 11, 20)
FILES = ("features.json", "train.parquet", "validation.parquet", "meta_model.parquet")
TUTORIAL = "tutorial"
NETWORK = {"epochs": 8, "patience": 3, "threads": 1}
SMALL_TRANSFORMER = {**NETWORK, "width": 32, "heads": 4}
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
    # Its time grows with the square of the features: behind all of them it would take days here.
    "ft_transformer": ("pca", {"learner": "ft_transformer", "components": 32, "settings": SMALL_TRANSFORMER}),
    "neutralised": ("neutralised", {}),
    "low_exposure": ("low_exposure", {}),
    "era_boosting": ("era_boosting", {}),
    "era_sample": ("era_sample", {}),
    "feature_groups": ("feature_groups", {}),
    "average": ("average", {"members": MEMBERS}),
    "rank_average": ("rank_average", {"members": MEMBERS}),
    "optimised": ("optimised", {"members": MEMBERS}),
    "greedy": ("greedy", {"members": MEMBERS}),
    "dynamic": ("dynamic", {"members": MEMBERS}),
    "stacked": ("stacked", {"members": MEMBERS}),
    "regimes": ("regimes", {"members": MEMBERS}),
}
ON_CUDA = {
    f"{name} on cuda": (FAMILIES[name][0], {**FAMILIES[name][1], "device": "cuda"})
    for name in ("xgboost", "catboost", "mlp", "resnet", "tabm", "tabnet")
}
EVERY = FAMILIES | ON_CUDA
ENSEMBLES = ("average", "rank_average", "optimised", "greedy", "dynamic", "stacked", "regimes")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the families that were asked for and are not known yet, and write the page."""
    options = _options().parse_args(arguments)
    if options.measure:
        for found in _measure(options, options.measure.split(",")):
            print(json.dumps(found), flush=True)
        return 0
    options.folder.mkdir(parents=True, exist_ok=True)
    _write_world(options)
    records = Records(options.records, _sample(options))
    asked = options.families.split(",") if options.families else list(EVERY if options.cuda else FAMILIES)
    unknown = [family for family in asked if family not in records.known()]
    for batch in [unknown] if options.together else [[family] for family in unknown]:
        if batch:
            _in_own_process(options, batch, records)
    _write_page(options, records)
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the made-up files are kept")
    parser.add_argument("--eras", type=int, default=0, help="only the last so many labelled eras; 0 for all")
    parser.add_argument("--rows", type=int, default=0, help="only so many rows of each era; 0 for all")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7, help="seed of the made-up world")
    parser.add_argument("--families", default="", help="some of the families, with commas; all when left out")
    parser.add_argument("--cuda", action="store_true", help="also on a CUDA device, what can be trained there")
    parser.add_argument("--together", action="store_true", help="in one process, members of blends trained once")
    parser.add_argument("--records", type=Path, default=ROOT / "benchmarks" / "model_families.json")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "model_benchmark.md")
    parser.add_argument("--measure", default="", help=argparse.SUPPRESS)
    return parser


class Records:
    """What was found of families on one sample, in a file.

    Args:
        path: of the file; made where it is not there.
        sample: how the made-up world was cut, with the digest of its rows under `data`.
    """

    def __init__(self, path: Path, sample: dict[str, Any]) -> None:
        self.path = path
        self._found: dict[str, Any] = {"sample": sample, "eras": [], "families": {}}
        if path.exists():
            self._found = json.loads(path.read_text())
            if self._found["sample"] != sample:
                raise SystemExit(f"{path} holds another sample, {self._found['sample']}; name another file: --records.")

    @property
    def sample(self) -> dict[str, Any]:
        """How the made-up world was cut."""
        sample: dict[str, Any] = self._found["sample"]
        return sample

    def known(self) -> dict[str, Any]:
        """Per family what was found with the settings it has today, scores by era, in the order of EVERY."""
        eras, families = self._found["eras"], self._found["families"]
        return {
            name: families[name]
            | {
                "scores": {
                    score: dict(zip(eras, values, strict=True)) for score, values in families[name]["scores"].items()
                }
            }
            for name in EVERY
            if name in families and families[name]["settings"] == digest_value(EVERY[name])
        }

    def add(self, family: str, found: Mapping[str, Any]) -> None:
        """Keep what was found, scores to a millionth."""
        eras = list(found["scores"]["CORR"])
        if self._found["eras"] not in ([], eras):
            raise SystemExit(f"{family} was scored on other eras than the families before it.")
        self._found["eras"] = eras
        scores = {
            score: [None if values.get(era) is None else round(values[era], 6) for era in eras]
            for score, values in found["scores"].items()
        }
        self._found["families"][family] = {**found, "settings": digest_value(EVERY[family]), "scores": scores}
        lines = [f"{json.dumps(name)}: {json.dumps(one)}" for name, one in sorted(self._found["families"].items())]
        head = f'"sample": {json.dumps(self.sample)},\n"eras": {json.dumps(eras)},\n"families": {{\n'
        self.path.write_text("{\n" + head + ",\n".join(lines) + "\n}\n}\n")


def _sample(options: argparse.Namespace) -> dict[str, Any]:
    panel = _panel(options)
    keys = panel.frame.select(ERA, ID, panel.target.name).collect()
    chunks = [keys[name].str.join("\n").item().encode() for name in (ERA, ID)]
    data = digest_chunks([*chunks, keys[panel.target.name].to_numpy().tobytes(), panel.matrix(np.int8).tobytes()])
    return {"data": data, **{name: getattr(options, name) for name in ("seed", "eras", "rows", "folds")}}


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


def _measure(options: argparse.Namespace, families: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Families out of fold, each with what it took; runs in a process of its own."""
    from eraforge.core import plugins
    from eraforge.evaluation.report import evaluate
    from eraforge.evaluation.splitters.walk_forward import WalkForward
    from eraforge.models import members
    from eraforge.pipeline.research.run import peak_memory

    meta = pl.read_parquet(_file(options, "meta_model.parquet"))
    name = next(column for column in meta.columns if column.endswith("meta_model"))
    meta = meta.select(ERA, ID, pl.col(name).alias("meta_model"))

    def made(family: str) -> Any:
        learner, settings = EVERY[family]
        if family in ENSEMBLES:
            return plugins.find("model", learner)(**settings)
        return members.made(learner, settings)  # shared with blends that have it as a member

    def measure(family: str, model: Any) -> dict[str, Any]:
        began, spent = monotonic(), processor_seconds()
        splitter = WalkForward(folds=options.folds)
        report = evaluate(model, _panel(options), splitter, meta_model=meta, train_eras=0)
        return {
            "family": family,
            "scores": {row["score"]: row["eras"] for row in report.as_dict()["scores"]},
            "rows": report.predictions.height,
            "wall_seconds": round(monotonic() - began, 1),
            "processor_seconds": round(processor_seconds() - spent, 1),
            "peak_memory_bytes": peak_memory(),
            "together": list(families) if len(families) > 1 else [],
        }

    if len(families) == 1:
        yield measure(families[0], made(families[0]))
    else:
        yield from measured({family: partial(made, family) for family in families}, measure)


def _in_own_process(options: argparse.Namespace, families: Sequence[str], records: Records) -> None:
    command = [sys.executable, __file__, str(options.folder), "--measure", ",".join(families)]
    for name in ("eras", "rows", "folds", "seed"):
        command += [f"--{name}", str(getattr(options, name))]
    facts = {"commit": _commit(), "at": _today(), "machine": _machine()}
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}  # as the command line sets it
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as running:
        for line in running.stdout or ():
            found = json.loads(line)
            family = found.pop("family")
            records.add(family, facts | found)
            _write_page(options, records)
            print(f"{family}: {found['processor_seconds']} s of processor time", flush=True)
    if running.returncode:
        print(f"{', '.join(families)}: ended with {running.returncode}, not everything is measured", flush=True)


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short=10", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def _today() -> str:
    from eraforge.core.clock import SystemClock

    return SystemClock().now().date().isoformat()


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"


def _write_page(options: argparse.Namespace, records: Records) -> None:
    known = records.known()
    if TUTORIAL in known:
        from model_families_page import page

        options.page.write_text(page(known, EVERY, ENSEMBLES, records.sample))


if __name__ == "__main__":
    raise SystemExit(main())
