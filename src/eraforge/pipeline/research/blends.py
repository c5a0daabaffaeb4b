"""Blends: what the members of an ensemble are worth, and which recorded experiments go well together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import polars as pl

from eraforge.core.configuration import EntryTable
from eraforge.core.errors import UserError
from eraforge.core.panel import ERA, ID, Panel, Sample
from eraforge.core.words import PREDICTION
from eraforge.pipeline.research import records
from eraforge.pipeline.research.experiment import Experiment, experiment_of
from eraforge.pipeline.research.records import Record
from eraforge.pipeline.research.run import splitter_of
from eraforge.pipeline.steps import fits, inputs
from eraforge.pipeline.steps.evaluating.judging import era_overlap
from eraforge.pipeline.tools import Tools

Facts = dict[str, Any]
OWN = ("model", "account", "learner", "settings", "folds")  # an entry's keys that are each member's own, or no matter


def members_of(
    tools: Tools, record: Record, experiment: Experiment, files: Mapping[str, str], panel: Panel
) -> Facts | None:
    """How alike the members of an ensemble are, and what it loses without each, out of fold; None for other models.

    Folds are trained through the store, so that of a recorded experiment nothing is trained again.
    """
    from eraforge.evaluation.study.ensembles import ablations, likenesses

    found = _member_ranks(tools, experiment, files, panel)
    if found is None:
        return None
    ranks, shares = found
    members = [name for name in ranks.columns if name not in (ERA, ID)]
    report = tools.cache.read_json(record.facts["report"])
    overlap = era_overlap(tools.arena(experiment.as_entry()), record.facts["target"], [report])
    rows = _with_truth(ranks, panel)
    return {
        "likenesses": [one.as_dict() for one in likenesses(ranks, members, Sample.VALIDATION)],
        "ablations": [one.as_dict() for one in ablations(rows, shares, overlap, Sample.VALIDATION)],
        "sample": str(Sample.VALIDATION),
    }


def _member_ranks(
    tools: Tools, experiment: Experiment, files: Mapping[str, str], panel: Panel
) -> tuple[pl.DataFrame, dict[str, dict[str, float]]] | None:
    """Out-of-fold ranks of the members, as their ensemble ranks them, and per era the share of each."""
    from eraforge.evaluation.report import training_part
    from eraforge.models.ensemble import FittedAverage
    from eraforge.models.ranking import rank_to_normal, rank_to_unit

    entry, splitter = experiment.as_entry(), splitter_of(experiment)
    model, fitting = fits.build_model(entry), fits.Fits(tools, entry, files)
    frames: list[pl.DataFrame] = []
    shares: dict[str, dict[str, float]] = {}
    for fold in splitter.split(panel):
        fitted = fitting.fitted(model, training_part(panel, fold, splitter))
        if not isinstance(fitted, FittedAverage):
            return None
        asked = panel.where_eras(fold.predict).select(targets=())
        ranked = rank_to_unit if fitted.even else rank_to_normal
        parts = [
            ranked(member.predict(asked)).rename({PREDICTION: name}) for name, member in sorted(fitted.members.items())
        ]
        frames.append(reduce(_beside, parts))
        shares |= {era: dict(fitted.weights) for era in fold.predict}
    return pl.concat(frames, how="diagonal"), shares


def _beside(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    return left.join(right, on=[ERA, ID], how="inner", maintain_order="left", validate="1:1")


def _with_truth(ranks: pl.DataFrame, panel: Panel) -> pl.DataFrame:
    from eraforge.evaluation.study.ensembles import TRUTH

    target = pl.col(panel.target.name).cast(pl.Float64).alias(TRUTH)
    eras = ranks.get_column(ERA).unique(maintain_order=True).to_list()
    truth = panel.where_eras(eras).labelled().frame.select(ERA, ID, target).collect()
    return ranks.join(truth, on=[ERA, ID], how="inner", maintain_order="left")


def pool_of(tools: Tools, names: Sequence[str]) -> list[Record]:
    """The experiments to select from: those named, or all on the same question and data as the newest one.

    Raises:
        UserError: `unknown-experiment`, `experiments-of-other-targets`, `pool-too-small`.
    """
    if names:
        found = {one.id: one for one in (records.find(tools, name) for name in names)}
        pool = _newest_by_name(list(found.values()))
    else:
        known = records.records(tools)
        alike = [one for one in records.alike(tools, known[-1]) if _data(one) == _data(known[-1])] if known else []
        pool = _newest_by_name(alike)
    strange = [one for one in pool if _question(one) != _question(pool[0])]
    if strange:
        raise UserError(
            "experiments-of-other-targets",
            f"{strange[0].name} was asked another question, or read other data, than {pool[0].name}.",
            "Name experiments of one arena, target, evaluation and data.",
        )
    if len(pool) < 2:
        raise UserError(
            "pool-too-small", f"There is a pool of {len(pool)}.", "Name two experiments at least, or run more."
        )
    return pool


def _data(record: Record) -> Any:
    return sorted(record.facts["files"].items())


def _question(record: Record) -> Any:
    facts = record.facts
    return facts["arena"], facts["target"], sorted(facts["experiment"]["evaluation"].items()), _data(record)


def _newest_by_name(pool: Sequence[Record]) -> list[Record]:
    """One record a name: of experiments that were changed and run again, the newest."""
    return list({one.name: one for one in pool}.values())


def select_blend(tools: Tools, names: Sequence[str], objective: str) -> Facts:
    """Pick experiments whose rank average is best on inner eras, and judge it on later ones.

    Raises:
        UserError: as `pool_of`. DataError: `too-few-eras-to-select`, `object-missing`.
    """
    from eraforge.evaluation.study.ensembles import likenesses
    from eraforge.evaluation.study.selection import select
    from eraforge.models.ranking import rank_to_unit

    pool = pool_of(tools, names)
    first = experiment_of(pool[0].facts["experiment"], f"experiment {pool[0].id[:12]}")
    panel = inputs.evaluation_panel(tools, first.as_entry(), pool[0].facts["files"])
    parts = []
    for one in pool:
        frame = pl.read_parquet(tools.objects.path(one.facts["predictions"]))
        parts.append(rank_to_unit(frame).rename({PREDICTION: one.name}))
    ranks = _with_truth(reduce(_beside, parts), panel)
    reports = [tools.cache.read_json(one.facts["report"]) for one in pool]
    overlap = era_overlap(tools.arena(first.as_entry()), pool[0].facts["target"], reports)
    found = select(ranks, [one.name for one in pool], panel.target.purge, objective, overlap)
    chosen = [name for name, _ in found.picks]
    return {
        **found.as_dict(),
        "pool": [one.name for one in pool],
        "likenesses": [one.as_dict() for one in likenesses(ranks, chosen, Sample.VALIDATION)],
        "entry": _entry_of([one for one in pool if one.name in chosen]),
        "differ": _differing([one for one in pool if one.name in chosen]),
        "synthetic": pool[0].facts["synthetic"],
    }


def _entry_of(chosen: Sequence[Record]) -> Facts:
    """The entry of an ensemble of the chosen ones, as an experiment states it; only what is no default."""
    tables = [one.facts["experiment"]["entry"] for one in chosen]
    usual = {name: field.get_default(call_default_factory=True) for name, field in EntryTable.model_fields.items()}
    shared = {
        name: value
        for name, value in tables[0].items()
        if name not in OWN and value not in (usual[name], None) and name not in _differing(chosen)
    }
    members = {
        one.name: {"learner": table["learner"], "settings": table["settings"]}
        for one, table in zip(chosen, tables, strict=True)
    }
    return {"learner": "rank_average", **shared, "settings": {"members": members}}


def _differing(chosen: Sequence[Record]) -> list[str]:
    """Keys in which the entries differ besides learner and settings: no ensemble can hold both values."""
    tables = [one.facts["experiment"]["entry"] for one in chosen]
    return [name for name in tables[0] if name not in OWN and any(table[name] != tables[0][name] for table in tables)]
