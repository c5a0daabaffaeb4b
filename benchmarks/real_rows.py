"""Train and evaluate on real Numerai rows of 2018, walk-forward, and write down what comes out.

    python benchmarks/real_rows.py rows_2018_50features_7targets.parquet --write docs/real_rows.md

The file holds 132 labelled eras of about 42 rows, 50 features that are not binned, and 7 binary targets. So few rows
can show that the path works on real data; they cannot show skill, and the table says how large the noise is.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from eraforge.core.panel import Moments, Panel, Sample, Target
from eraforge.core.ports import Model
from eraforge.evaluation.report import Report, evaluate
from eraforge.evaluation.splitters.walk_forward import WalkForward
from eraforge.models.boosting import LightGBM
from eraforge.models.linear import Ridge

TARGETS = ("bernie", "elizabeth", "jordan", "ken", "charles", "frank", "hillary")
FIRST_ERA = date(2003, 1, 3)
SPLITTER = WalkForward(folds=4)
MODELS: dict[str, Model] = {"ridge": Ridge(), "lightgbm": LightGBM()}


def read_rows(path: Path, target: str, shuffled: bool = False) -> Panel:
    """The labelled eras of the file as a panel of one target; eras are taken as weeks, in their order.

    Args:
        path: the parquet file.
        target: one of TARGETS.
        shuffled: deal the labels anew within each era: the control, from which nothing can be learned.
    """
    rows = pl.read_parquet(path).filter(pl.col(target).is_not_null())
    rows = rows.with_columns(pl.col("era").cast(pl.Int32).cast(pl.String).str.zfill(4)).sort("era", "id")
    if shuffled:
        rng = np.random.default_rng([2018, TARGETS.index(target)])
        dealt = [rng.permutation(part[target].to_numpy()) for part in rows.partition_by("era", maintain_order=True)]
        rows = rows.with_columns(pl.Series(target, np.concatenate(dealt)))
    features = tuple(name for name in rows.columns if name.startswith("feature"))
    eras = tuple(rows["era"].unique().sort().to_list())
    dates = tuple(FIRST_ERA + timedelta(weeks=int(era) - 1) for era in eras)
    moments = Moments(eras, dates, {target: tuple(day + timedelta(days=31) for day in dates)})
    frame = rows.select("era", "id", *features, target).lazy()
    return Panel(frame, features, (Target(target, 20, purge=8),), moments, Sample.TRAIN)


def table(path: Path) -> list[str]:
    """One line of markdown per model and target, as measured."""
    lines = [
        "| model | target | validation mean CORR | standard error | validation, labels shuffled | standard error | "
        "train mean CORR (no result) | validation eras |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, model in MODELS.items():
        for target in TARGETS:
            report = evaluate(model, read_rows(path, target), SPLITTER)
            control = evaluate(model, read_rows(path, target, shuffled=True), SPLITTER, train_eras=0)
            inside = [fold.train_corr.value for fold in report.folds if fold.train_corr is not None]
            mean = report.figure("CORR", "mean")
            cells = [name, target, *_outcome(report), *_outcome(control), f"{np.mean(inside):+.4f}", str(mean.eras)]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _outcome(report: Report) -> tuple[str, str]:
    """Mean CORR out of fold and its standard error."""
    mean, error = report.figure("CORR", "mean"), report.figure("CORR", "standard_error_overlap_ignored")
    return f"{mean.value:+.4f}", f"{error.value:.4f}"


def text(path: Path) -> str:
    """The whole document."""
    panel = read_rows(path, TARGETS[0])
    rows, features = panel.collect().height, len(panel.features)
    folds = list(SPLITTER.split(panel))
    spans = "\n".join(
        f"- trained on eras {fold.train[0]}-{fold.train[-1]}, predicted {fold.predict[0]}-{fold.predict[-1]}"
        for fold in folds
    )
    head = f"""# Real rows

Numerai's own data of 2018: {rows} labelled rows, {len(panel.eras)} eras, {features} features that are not binned,
7 binary targets. Walk-forward with a purge of 8 eras, default settings of each model:

{spans}

CORR is the official score. The standard error ignores that labels may overlap between eras, so the truth is less
certain than it says; the seven targets are also close relatives of one another, not seven trials. With the labels dealt
anew within each era there is nothing to learn: those columns show what chance looks like here. The train figure shows
how far a model fits rows it was given. About forty rows an era are too few to show skill; this shows that real rows go
the same way as all others.

Written by `python benchmarks/real_rows.py PATH --write docs/real_rows.md`, as measured.
"""
    return "\n".join([head, *table(path), ""])


def main() -> int:
    """Measure, and print or write the document."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path, help="rows_2018_50features_7targets.parquet")
    parser.add_argument("--write", type=Path, help="write the document to this file")
    options = parser.parse_args()
    document = text(options.path)
    if options.write:
        options.write.write_text(document)
    print(document)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
