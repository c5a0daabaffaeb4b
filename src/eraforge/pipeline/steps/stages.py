"""The stages of a turn, in order. Each computes from digests to a digest; only `submit` acts, through the effects.

A stage's key is the digest of its code, its settings and its inputs: the same question is answered from the store.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

from eraforge.arenas import rules
from eraforge.core.errors import DataError
from eraforge.core.panel import Sample
from eraforge.core.words import PREDICTION, Entry, Predictions, Slot
from eraforge.data import checks, column_checks, panels
from eraforge.data.drift import compare, distances
from eraforge.pipeline.stage_cache import as_json, code_digest
from eraforge.pipeline.steps import fits, inputs
from eraforge.pipeline.steps.damage import thrown_out
from eraforge.pipeline.tools import Tools

Files = dict[str, str]
DRIFT_ERAS = 4  # live features are compared with these newest eras


def fetch(tools: Tools, entry: Entry, number: int) -> Files:
    """Bring every file the entry needs for the round into the store: name of its role -> digest."""
    return inputs.fetch_files(tools, entry, number)


def check(tools: Tools, entry: Entry, number: int, files: Files) -> dict[str, str]:
    """Check the panels the turn will use; returns the digest of each sample's report.

    Raises:
        DataError: the first finding that must stop the entry; `file-damaged`, and that file is fetched anew.
    """
    with thrown_out(tools, files):
        return _check(tools, entry, number, files)


def _check(tools: Tools, entry: Entry, number: int, files: Files) -> dict[str, str]:
    reports = {}
    samples = (*inputs.history_samples(files), Sample.LIVE)
    for place, sample in enumerate(samples):
        tools.progress(f"{entry.name}: check the data", place, len(samples))
        before = _universe_before(tools, entry, number) if sample is Sample.LIVE else None
        asked = [inputs.columns_of(tools, entry, files), files[str(sample)], before]
        code = code_digest(checks, column_checks, panels, inputs, compare, distances)
        asked += [files[str(_recent(files))]] if sample is Sample.LIVE else []
        reports[str(sample)] = tools.cache.output(
            "check", code, asked, partial(_check_sample, tools, entry, number, files, sample, before)
        )
    tools.progress(f"{entry.name}: check the data", len(samples), len(samples))
    rows = live_ids(tools, entry, files).len()
    if (number, rows) not in _universes(tools, entry):
        tools.ledger.record("universe", entry.arena, {"round": number, "rows": rows}, tools.clock.now())
    return reports


def _check_sample(tools: Tools, entry: Entry, number: int, files: Files, sample: Sample, before: int | None) -> bytes:
    report = checks.check_panel(
        inputs.panel(tools, entry, files, sample, number),
        ids_persist=tools.arena(entry).ids_persist,
        previous_rows=before,
        today=tools.clock.now().date(),
    )
    report.refuse()
    figures = {str(figure.name): figure.value for figure in report.figures}
    found = list(report.findings)
    if sample is Sample.LIVE:
        drifted = _live_drift(tools, entry, number, files)
        drifted.refuse()
        found += drifted.findings
    findings = [{"severity": str(one.severity), "code": one.code, "sentence": one.sentence} for one in found]
    return as_json({"sample": str(sample), "passed": report.trustworthy, "figures": figures, "findings": findings})


def _live_drift(tools: Tools, entry: Entry, number: int, files: Files) -> compare.DriftReport:
    """How far the live features lie from the newest eras before them."""
    recent = inputs.panel(tools, entry, files, _recent(files))
    live = inputs.panel(tools, entry, files, Sample.LIVE, number)
    return compare.compare_panels(recent.where_eras(recent.eras[-DRIFT_ERAS:]), live)


def _recent(files: Files) -> Sample:
    """The file that holds the newest eras; an arena may have but one."""
    return Sample.VALIDATION if str(Sample.VALIDATION) in files else Sample.TRAIN


def _universes(tools: Tools, entry: Entry) -> list[tuple[int, int]]:
    """Round and size of every live universe that passed its checks."""
    events = tools.ledger.events(kind="universe", subject=entry.arena)
    return [(int(event.facts["round"]), int(event.facts["rows"])) for event in events]


def _universe_before(tools: Tools, entry: Entry, number: int) -> int | None:
    """Size of the last live universe of an earlier round, to notice one that shrank."""
    earlier = [one for one in _universes(tools, entry) if one[0] < number]
    return max(earlier)[1] if earlier else None


def feature(tools: Tools, entry: Entry, files: Files, checked: dict[str, str]) -> dict[str, Any]:
    """The columns the entry learns from: the names in its feature set, and its target."""
    del checked  # nothing is computed from data that was refused
    return inputs.columns_of(tools, entry, files)


def train(tools: Tools, entry: Entry, files: Files, columns: dict[str, Any]) -> str:
    """The entry's model fitted to what it may know, or the registered one it uses; the digest of the fitted model.

    Raises:
        DataError: `registered-model-of-other-columns` when the data version or feature set has moved on.
    """
    if entry.use:
        return _registered(tools, entry, columns)
    panel = inputs.training_panel(tools, entry, files)
    return fits.Fits(tools, entry, files).digest_of(fits.build_model(entry), panel)


def _registered(tools: Tools, entry: Entry, columns: dict[str, Any]) -> str:
    from eraforge.pipeline.steps.registry import version_of

    version = version_of(tools, entry.use)
    if version.facts["columns"]["features"] != columns["features"]:
        raise DataError(
            "registered-model-of-other-columns",
            f"{version.label} was trained on {len(version.facts['columns']['features'])} features; entry "
            f"{entry.name!r} has {len(columns['features'])} others.",
            "Give the entry the model's feature set and data version, or register a model trained on these.",
        )
    return str(version.facts["fitted"])


def evaluate(tools: Tools, entry: Entry, files: Files, columns: dict[str, Any]) -> str:
    """Leak probes, then purged walk-forward over all labelled eras: the digest of the report ("" when folds = 0).

    What the probes saw stands in the report under `leaks`; a leak stops the entry before it is trained on any fold. The
    eras are cut into blocks whose length does not change as eras arrive, so that every earlier fold stays as it was,
    and its fitted model in the store.

    Raises:
        DataError: `leak-found`, `leak-not-examined`, and whatever the evaluation refuses.
    """
    from eraforge.evaluation.splitters.walk_forward import WalkForward
    from eraforge.pipeline.steps.evaluating.out_of_fold import code_of_evaluation, judge_out_of_fold

    if entry.folds == 0:
        return ""

    def compute() -> bytes:
        cut = WalkForward(chunk=inputs.chunk_eras(tools, entry, files))
        return as_json(judge_out_of_fold(tools, entry, files, cut, fits.Fits(tools, entry, files).fitted))

    read = inputs.history_digests(tools, entry, files)
    asked = [fits.settings_of(entry), entry.folds, entry.leaks, columns, read]
    return tools.cache.output("evaluate", code_of_evaluation(), asked, compute)


def predict(
    tools: Tools, entry: Entry, number: int, files: Files, columns: dict[str, Any], fitted: str
) -> dict[str, Any]:
    """Predictions for the live universe, checked by the arena's rules: the object's digest and the synthetic tag."""
    from eraforge.models.ranking import rank_to_unit

    with thrown_out(tools, files):
        live = inputs.panel(tools, entry, files, Sample.LIVE, number)

    def compute() -> bytes:
        tools.progress(f"{entry.name}: predict", 0, 1)
        model = fits.build_model(entry).load(tools.objects.get(fitted))
        frame = rank_to_unit(model.predict(live)).select("id", PREDICTION).sort("id")
        slot = Slot(entry.account, entry.model, entry.arena, number)
        rules.check_predictions(Predictions(slot, frame), tools.arena(entry), live_ids(tools, entry, files))
        tools.progress(f"{entry.name}: predict", 1, 1)
        return frame.write_csv().encode()

    asked = [fits.settings_of(entry), columns, fitted, files["live"]]
    with thrown_out(tools, files):
        digest = tools.cache.output("predict", code_digest(rules, fits, rank_to_unit), asked, compute)
    return {"digest": digest, "synthetic": live.synthetic}


def submit(tools: Tools, entry: Entry, number: int, predictions: dict[str, Any]) -> dict[str, str]:
    """Make the tournament hold these predictions, once, and read them back: the receipt."""
    tools.progress(f"{entry.name}: submit", 0, 1)
    slot = Slot(entry.account, entry.model, entry.arena, number)
    answer = Predictions(slot, read_predictions(tools, predictions["digest"]), predictions["synthetic"])
    receipt = tools.effects(entry.account).submit(
        answer, tools.arena(entry), tools.round(entry, number), tools.model_id(entry)
    )
    tools.progress(f"{entry.name}: submit", 1, 1)
    return receipt.as_dict()


def read_predictions(tools: Tools, digest: str) -> pl.DataFrame:
    """Stored predictions: columns `id`, `prediction`, sorted by id."""
    return pl.read_csv(tools.objects.get(digest), schema={"id": pl.String, PREDICTION: pl.Float64})


def live_ids(tools: Tools, entry: Entry, files: Files) -> pl.Series:
    """Ids of the live universe."""
    column = tools.arena(entry).id_file_column
    ids = pl.read_parquet(tools.objects.path(files["live"]), columns=[column]).get_column(column)
    if ids.len() == 0:
        raise DataError("live-universe-empty", "The live file holds no rows.", "Pull it again; it may have been cut.")
    return ids


def live_tag(tools: Tools, entry: Entry, files: Files, number: int) -> str | None:
    """The synthetic tag of the live file, or None for real data."""
    return inputs.panel(tools, entry, files, Sample.LIVE, number).synthetic
