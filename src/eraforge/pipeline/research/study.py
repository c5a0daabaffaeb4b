"""A study of an experiment: everything a person asks after seeing a mean, from the recorded data and predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import ERA, ID, Panel, Sample
from eraforge.core.words import Arena, Entry
from eraforge.pipeline.research.blends import members_of
from eraforge.pipeline.research.experiment import Experiment, experiment_of
from eraforge.pipeline.research.records import Record
from eraforge.pipeline.research.run import splitter_of
from eraforge.pipeline.steps import fits, inputs
from eraforge.pipeline.steps.evaluating.judging import era_overlap, judge, known
from eraforge.pipeline.tools import Tools

FEATURES_PERMUTED = 60
ERAS_PER_FOLD = 8
SEED = 7


def study(tools: Tools, record: Record) -> dict[str, Any]:
    """Regimes, benchmarks, exposures and importances of a recorded experiment; all of it out of fold.

    Raises:
        DataError: `object-missing` when the data it read are no longer in the store.
    """
    experiment = experiment_of(record.facts["experiment"], f"experiment {record.id[:12]}")
    entry, files = experiment.as_entry(), record.facts["files"]
    panel = inputs.evaluation_panel(tools, entry, files)
    report = tools.cache.read_json(record.facts["report"])
    predictions = pl.read_parquet(tools.objects.path(record.facts["predictions"]))
    mine = known(report["scores"][0]["eras"])
    others = _others(tools, entry, panel, files, list(mine))
    exposed = _exposures(panel, predictions)
    return {
        "report": report,
        "regimes": _regimes(tools, record, report, panel, mine, others),
        "benchmarks": _benchmarks(tools, record, report, mine, others),
        "exposures": exposed,
        "members": members_of(tools, record, experiment, files, panel),
        "importances": _importances(tools, experiment, files, panel, [name for name, _ in exposed["strongest"]]),
        "sample": str(Sample.VALIDATION),
    }


def _others(
    tools: Tools, entry: Entry, panel: Panel, files: Mapping[str, str], eras: list[str]
) -> dict[str, dict[str, float]]:
    """CORR per era of the meta model and of every benchmark model, on the eras of the experiment that each covers."""
    from eraforge.evaluation.eras import score_eras
    from eraforge.evaluation.scores import corr

    truth = (
        panel.where_eras(eras)
        .labelled()
        .frame.select(ERA, ID, pl.col(panel.target.name).cast(pl.Float64).alias("truth"))
    )
    found: dict[str, dict[str, float]] = {}
    for frame in inputs.others_predictions(tools, entry, files):
        rows = truth.collect().join(frame, on=[ERA, ID], how="inner", maintain_order="left")
        for name in (column for column in frame.columns if column not in (ERA, ID)):
            covered = rows.filter(pl.col(name).is_not_null())
            if not covered.height:
                continue
            labels = covered.get_column(ERA).to_numpy()
            values = covered.get_column(name).cast(pl.Float64).to_numpy()
            names, scores = score_eras(corr, labels, values, covered.get_column("truth").to_numpy())
            found[name] = {
                str(era): float(score) for era, score in zip(names, scores[:, 0], strict=True) if np.isfinite(score)
            }
    return found


def _regimes(
    tools: Tools,
    record: Record,
    report: dict[str, Any],
    panel: Panel,
    mine: dict[str, float],
    others: dict[str, dict[str, float]],
) -> list[dict[str, Any]]:
    from eraforge.evaluation.study.regimes import by_difficulty, by_year, regime_scores

    overlap = era_overlap(_arena(tools, record), record.facts["target"], [report])
    kinds = {"year": by_year({era: panel.moments.date_of(era) for era in mine})}
    widest = max(others, key=lambda name: len(others[name]), default=None)
    if widest is not None and len(others[widest]) >= 3:
        kinds[f"difficulty ({widest})"] = by_difficulty(others[widest])
    rows = [regime_scores(kind, mine, regime_of, overlap, Sample.VALIDATION) for kind, regime_of in kinds.items()]
    return [row.as_dict() for group in rows for row in group]


def _benchmarks(
    tools: Tools, record: Record, report: dict[str, Any], mine: dict[str, float], others: dict[str, dict[str, float]]
) -> list[dict[str, Any]]:
    """The paired difference to each benchmark on the eras both cover."""
    overlap = era_overlap(_arena(tools, record), record.facts["target"], [report])
    rows = []
    for name, scores in others.items():
        shared = {era: value for era, value in scores.items() if era in mine}
        found = judge(mine, shared, "CORR", Sample.VALIDATION, "eras", overlap)
        rows.append({"benchmark": name, "mean": float(np.mean(list(shared.values()))), "eras": shared, **found})
    return rows


def _exposures(panel: Panel, predictions: pl.DataFrame) -> dict[str, Any]:
    from eraforge.evaluation.study.exposures import exposures

    found = exposures(panel, predictions, Sample.VALIDATION)
    return {
        "eras": list(found.eras),
        "largest": found.largest(),
        "mean_square": found.mean_square(),
        "strongest": found.strongest(FEATURES_PERMUTED),
    }


def _importances(
    tools: Tools, experiment: Experiment, files: Mapping[str, str], panel: Panel, features: list[str]
) -> list[dict[str, Any]]:
    """Permutation importance of the features the predictions lean on most, on some eras of every fold."""
    from eraforge.evaluation.report import training_part
    from eraforge.evaluation.study.importance import importances, permutation_losses

    entry = experiment.as_entry()
    model = fits.build_model(entry)
    fitting = fits.Fits(tools, entry, files)
    losses = []
    splitter = splitter_of(experiment)
    folds = list(splitter.split(panel))
    for number, fold in enumerate(folds, start=1):
        fitted = fitting.fitted(model, training_part(panel, fold, splitter))
        places = np.unique(np.linspace(0, len(fold.predict) - 1, ERAS_PER_FOLD).round().astype(int))
        eras = [fold.predict[place] for place in places]

        def tell(what: str, done: float, total: float, number: int = number) -> None:
            tools.progress(f"{experiment.name}: {what}, fold {number} of {len(folds)}", done, total)

        losses.append(permutation_losses(fitted, panel, eras, features, SEED, tell))
    if not losses:
        raise DataError("nothing-to-study", "The experiment has no fold.", "Run it again.")
    return [one.as_dict() for one in importances(features, losses, Sample.VALIDATION)]


def _arena(tools: Tools, record: Record) -> Arena:
    return tools.arena(experiment_of(record.facts["experiment"], record.id).as_entry())
