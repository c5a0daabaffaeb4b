"""Before an answer leaves: how much it changes from the last ones, what that costs, and a damped answer where asked.

The last answers are read back from the tournament itself, so that those sent from elsewhere count too. No neutralisers
are published for a live round: neutral churn and turnover are estimated with the features of the live file.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from eraforge.arenas import rules
from eraforge.core.errors import DataError
from eraforge.core.panel import Panel, Sample, frame_matrix
from eraforge.core.words import PREDICTION, Arena, Entry, PayoutPolicy, Predictions, Slot
from eraforge.pipeline.played import told
from eraforge.pipeline.steps import inputs
from eraforge.pipeline.steps.live_history import policy_of
from eraforge.pipeline.steps.stages import Files, live_ids, read_predictions
from eraforge.pipeline.tools import Tools

Held = tuple[np.ndarray, np.ndarray]
TIGHTER = 0.8
TRIES = 6


@dataclass(frozen=True, slots=True)
class Change:
    """How an answer differs from the last ones; `keeps` is the share of a positive payout it leaves."""

    churn: float
    neutral_churn: float
    turnover: float
    keeps: float

    def as_dict(self) -> dict[str, float]:
        """The same figures for the ledger and for machines."""
        return {
            "churn": self.churn,
            "neutral_churn_estimated": self.neutral_churn,
            "turnover_estimated": self.turnover,
            "keeps_of_positive_payout": self.keeps,
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Damped:
    """An answer to send instead: how it differs from the last ones, the share of the new signal it keeps."""

    values: np.ndarray
    change: Change
    kept: float
    holds: bool


def preflight(tools: Tools, entry: Entry, number: int, files: Files, predictions: dict[str, Any]) -> dict[str, Any]:
    """Compare the answer with the last ones of its model; returns the answer to submit, damped where that was asked.

    No answer is held back for its churn: a missed window costs more than a penalty.

    Raises:
        DataError: what the arena's rules find.
    """
    arena = tools.arena(entry)
    if arena.churn_rounds == 0:
        return predictions
    from eraforge.evaluation.neutral.damping import comparable

    tools.progress(f"{entry.name}: compare with the last answers", 0, 1)
    played = tools.round(entry, number)
    policy = policy_of(arena, played)
    answer = read_predictions(tools, predictions["digest"])
    live = inputs.panel(tools, entry, files, Sample.LIVE, number)
    ids, values, features, names = _aligned(answer, live)
    digests = last_answers(tools, entry, number)
    found = {one: _held(tools, digests[one]) for one in digests}
    last = {one: held for one, held in found.items() if comparable(ids, held[0])}
    facts: dict[str, Any] = {"compared": sorted(last), "exposure": _exposure(values, features, names)}
    facts["told"] = told.keep(tools.objects, told.Told(played, digests))
    made = predictions
    if last:
        held = list(last.values())
        before = _change(ids, values, features, held, policy)
        facts["change"] = before.as_dict()
        limit = _limit(arena, policy)
        facts["limit"] = limit
        if entry.damp and not _keeps(before, arena, policy):
            damped = _damped(ids, values, features, held, arena, policy)
            facts["damped"] = {**damped.change.as_dict(), "signal_kept": damped.kept, "holds": damped.holds}
            if damped.kept < 1:
                made = _store(tools, entry, number, files, predictions, ids, damped.values)
    tools.ledger.record("preflight", _slot(entry, number).key, facts, tools.clock.now())
    tools.progress(f"{entry.name}: compare with the last answers", 1, 1)
    return {**made, "preflight": facts}


def last_answers(tools: Tools, entry: Entry, number: int) -> dict[int, str]:
    """Round to digest of the answers the tournament holds for the rounds before this one, newest rounds."""
    arena = tools.arena(entry)
    held = [
        one for one in tools.reader(entry).submissions(tools.model_id(entry)) if one.selected and one.round < number
    ]
    newest = sorted({one.round: one for one in held}.values(), key=lambda one: one.round)[-arena.churn_rounds :]
    found = {}
    for one in newest:
        asked = {"submission": one.id, "server": tools.configuration.server.url}
        digest = tools.cache.known("answer", asked)
        if digest is None:
            digest = tools.objects.put(tools.reader(entry).submission_bytes(one.id))
            tools.cache.remember("answer", asked, digest)
        found[one.round] = digest
    return found


def _held(tools: Tools, digest: str) -> Held:
    """Ids and values of an answer."""
    frame = _table(tools.objects.get(digest))
    ids, values = frame.columns
    rows = frame.drop_nulls().unique(ids, keep="first", maintain_order=True)
    return rows[ids].cast(pl.String).to_numpy(), rows[values].cast(pl.Float64).to_numpy()


def _table(data: bytes) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(io.BytesIO(data)) if data[:4] == b"PAR1" else pl.read_csv(data)
    except pl.exceptions.PolarsError as error:
        raise DataError(
            "last-answer-unreadable",
            f"An answer the tournament holds cannot be read: {str(error).splitlines()[0]}.",
            "Download it and look; it was not sent by eraforge.",
        ) from error
    return frame.select(frame.columns[:2])


def _aligned(answer: pl.DataFrame, live: Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Ids, values and the live features that vary, (rows, features) and their names, in the order of the answer.

    A missing feature value counts as the column's mean.
    """
    rows = answer.join(live.collect(), on="id", how="left", maintain_order="left")
    matrix = frame_matrix(rows, live.features, np.float64)
    with np.errstate(invalid="ignore"):
        means = np.nan_to_num(np.nanmean(matrix, axis=0))
    matrix = np.where(np.isnan(matrix), means, matrix)
    varies = matrix.min(axis=0) != matrix.max(axis=0)
    names = [name for name, kept in zip(live.features, varies, strict=True) if kept]
    return rows["id"].to_numpy(), rows[PREDICTION].to_numpy(), matrix[:, varies], names


def _change(
    ids: np.ndarray, values: np.ndarray, features: np.ndarray, last: list[Held], policy: PayoutPolicy
) -> Change:
    from eraforge.evaluation.neutral.churn import (
        Answer,
        churn,
        max_churn_and_turnover,
        mean_neutral_churn,
        neutral_churn_penalty,
    )

    factors, weights = np.linalg.qr(features - features.mean(axis=0))[0], np.ones(len(ids))
    mine = Answer(ids, values, factors, weights)
    place = {name: row for row, name in enumerate(ids.tolist())}
    others = []
    for names, answers in last:
        full = np.full(len(ids), np.nan)
        known = [(place[name], row) for row, name in enumerate(names.tolist()) if name in place]
        full[[here for here, _ in known]] = answers[[there for _, there in known]]
        others.append(Answer(ids, full, factors, weights))
    largest = max(churn(ids, values, *answer) for answer in last)
    neutral = mean_neutral_churn(mine, others)
    rule = policy.churn_penalty
    keeps = 1.0 if rule is None else neutral_churn_penalty(min(neutral, 2.0), float(rule.threshold), float(rule.scale))
    return Change(largest, neutral, max_churn_and_turnover(mine, others)[1], keeps)


def _limit(arena: Arena, policy: PayoutPolicy) -> float | None:
    return float(policy.churn_penalty.threshold) if policy.churn_penalty else arena.churn_limit


def _keeps(change: Change, arena: Arena, policy: PayoutPolicy) -> bool:
    """Whether a change costs nothing: the round's penalty is on neutral churn, the older rule on churn and turnover."""
    limit = _limit(arena, policy)
    if limit is None:
        return True
    if policy.churn_penalty:
        return max(change.churn, change.neutral_churn) <= limit
    return change.churn < limit and (arena.turnover_limit is None or change.turnover < arena.turnover_limit)


def _damped(
    ids: np.ndarray,
    values: np.ndarray,
    features: np.ndarray,
    last: list[Held],
    arena: Arena,
    policy: PayoutPolicy,
) -> _Damped:
    """The nearest answer that keeps the limit; where none does, the one that leaves most of the expected payout."""
    from eraforge.evaluation.neutral.damping import damp

    limit = _limit(arena, policy) or 0.0
    best = _Damped(values, _change(ids, values, features, last, policy), 1.0, False)
    bound = limit
    for _ in range(TRIES):
        found = damp(ids, values, last, bound)
        change = _change(ids, found.values, features, last, policy)
        near = _Damped(found.values, change, found.kept, found.holds and _keeps(change, arena, policy))
        if near.holds:
            return near
        if near.kept * change.keeps > best.kept * best.change.keeps:
            best = near
        bound *= TIGHTER
    return best


def _exposure(values: np.ndarray, features: np.ndarray, names: list[str]) -> dict[str, Any]:
    from eraforge.evaluation.neutral.scores import feature_correlations

    if not features.size:
        return {}
    found = feature_correlations(values, features)[:, 0]
    largest = int(np.nanargmax(np.abs(found)))
    return {"feature": names[largest], "correlation": float(found[largest])}


def _store(
    tools: Tools,
    entry: Entry,
    number: int,
    files: Files,
    predictions: dict[str, Any],
    ids: np.ndarray,
    values: np.ndarray,
) -> dict[str, Any]:
    frame = pl.DataFrame({"id": ids.tolist(), PREDICTION: values}).sort("id")
    rules.check_predictions(Predictions(_slot(entry, number), frame), tools.arena(entry), live_ids(tools, entry, files))
    return {**predictions, "digest": tools.objects.put(frame.write_csv().encode())}


def _slot(entry: Entry, number: int) -> Slot:
    return Slot(entry.account, entry.model, entry.arena, number)
