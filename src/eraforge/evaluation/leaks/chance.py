"""Probes by chance: where nothing can be known, a score must vanish, forwards and backwards in time.

Each compares a mean score with its standard error. A pipeline is accused when two independent dealings both exceed
what happens by chance in `1 - LEVEL` of the cases (the 3 sigma of a normal), which is a false alarm in 7 of a million;
a feature, of which hundreds are tried at once, when its score on a random walk exceeds one in a million.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl

from eraforge.core.errors import EraforgeError
from eraforge.core.panel import ERA, ID, Panel
from eraforge.evaluation.checks.model_checks import FAULTS
from eraforge.evaluation.checks.practice_bars import practice_bars
from eraforge.evaluation.leaks.bar_history import BarHistory
from eraforge.evaluation.leaks.findings import Finding, ProbeResult
from eraforge.evaluation.leaks.panel_history import PanelHistory
from eraforge.evaluation.leaks.subjects import Subject, ask
from eraforge.evaluation.uncertainty import SHORTEST, critical

LEVEL = 0.9973
FEATURE_LEVEL = 1 - 1e-6
FEWEST_ROWS = 5


def shuffled_target(subject: Subject, history: PanelHistory, seed: int, backwards: bool = False) -> ProbeResult:
    """Deal the labels of each era out anew, run the pipeline, and score it against those: the mean must vanish.

    |mean correlation| is compared with Student's t times sigma / sqrt(n), 3 sigma / sqrt(n) for many eras. Labels of
    neighbouring eras overlap, and errors that took their scores for independent would be far too small; dealing anew
    in each era takes that overlap away, so that here n eras are n observations.

    Args:
        subject: a pipeline from a panel to predictions.
        history: the rows it is tried on.
        seed: of the dealing.
        backwards: run time the other way round as well (the time-reversed run).
    """
    probe = "time-reversed run" if backwards else "shuffled target"
    first = one_dealing(subject, history, seed, backwards)
    if not first.findings:
        return replace(first, probe=probe)
    second = one_dealing(subject, history, seed + 1, backwards)
    if not second.findings:
        sentence = f"On labels dealt out at random the score vanishes in the second of two dealings: {second.sentence}"
        return ProbeResult(probe, sentence, first.looked + second.looked)
    return replace(first, probe=probe, findings=tuple(replace(one, probe=probe) for one in first.findings))


def one_dealing(subject: Subject, history: PanelHistory, seed: int, backwards: bool) -> ProbeResult:
    """One run on labels dealt out anew, which alarms falsely in `1 - LEVEL` of the cases."""
    given = history.backwards() if backwards else history
    dealt = given.with_labels(_dealt(given.panel, np.random.default_rng([seed, backwards])))
    try:
        answer = ask(subject, dealt)
    except (*FAULTS, EraforgeError) as error:
        return ProbeResult("one dealing", f"{subject.name} fails on shuffled labels: {error}.", 0)
    predictions = pl.DataFrame(
        {"place": answer.place, ID: answer.row.astype(str), "value": answer.columns["prediction"]}
    )
    scores = _scores(predictions, dealt.panel)
    return _judge("one dealing", subject.name, "labels dealt out at random", scores, LEVEL)


def next_return(subject: Subject, seed: int, moments: int = 400, backwards: bool = False) -> ProbeResult:
    """On a random walk no value can know the next return, in whichever direction time runs.

    Args:
        subject: a feature on bars.
        seed: of the walk.
        moments: its length.
        backwards: run the walk backwards (the time-reversed run).
    """
    probe = "time-reversed run" if backwards else "next return"
    history = BarHistory(practice_bars(seed, symbols=30, moments=moments, ragged=False))
    given = history.backwards() if backwards else history
    try:
        answer = ask(subject, given)
    except (*FAULTS, EraforgeError) as error:
        return ProbeResult(probe, f"{subject.name} fails on a random walk: {error}.", 0)
    close = given.bars["close"]
    coming = np.full(close.shape, np.nan)
    coming[:, :-1] = close[:, 1:] / close[:, :-1] - 1
    values = next(iter(answer.columns.values())).reshape(close.shape)
    scores = np.array([_correlation(values[:, at], coming[:, at]) for at in range(close.shape[1])])
    scores = scores[np.isfinite(scores)]
    if scores.size < SHORTEST:
        # A value that is the same for all symbols orders nothing, so there is nothing it could know of the order.
        return ProbeResult(probe, f"{subject.name} tells no symbols apart; there is nothing to score.", 1)
    return _judge(probe, subject.name, "a random walk", scores, FEATURE_LEVEL)


def _judge(probe: str, name: str, what: str, scores: np.ndarray, level: float) -> ProbeResult:
    if scores.size < SHORTEST:
        return ProbeResult(probe, f"{name} scored in {scores.size} eras; {SHORTEST} are needed to say anything.", 0)
    error = float(scores.std(ddof=1)) / math.sqrt(scores.size)
    mean, limit = float(scores.mean()), critical(level, scores.size - 1) * error
    facts = f"mean correlation {mean:+.4f}, limit {limit:.4f}, {scores.size} moments, false alarms {1 - level:.2g}"
    if abs(mean) <= limit:
        return ProbeResult(probe, f"On {what} the score vanishes: {facts}.", scores.size)
    sentence = f"{name} scores on {what}, where nothing can be known: {facts}."
    return ProbeResult(probe, sentence, scores.size, (Finding(probe, sentence, gap=mean),))


def _dealt(panel: Panel, generator: np.random.Generator) -> np.ndarray:
    """The main target with the values of each era in another order; missing ones stay where they are."""
    frame = panel.frame.select(ERA, pl.col(panel.target.name).cast(pl.Float64)).collect()
    values = frame[panel.target.name].fill_null(np.nan).to_numpy().copy()
    eras = frame[ERA].to_numpy()
    for era in panel.eras:
        rows = np.flatnonzero((eras == era) & np.isfinite(values))
        values[rows] = values[generator.permutation(rows)]
    return values


def _scores(predictions: pl.DataFrame, panel: Panel) -> np.ndarray:
    """Correlation of predictions and labels in each era that has enough of both."""
    place = pl.col(ERA).replace_strict(panel.moments.position, return_dtype=pl.Int64).alias("place")
    truth = panel.frame.select(place, ID, pl.col(panel.target.name).cast(pl.Float64).alias("truth")).collect()
    rows = predictions.join(truth, on=["place", ID]).sort("place", ID)
    parts = rows.partition_by("place", maintain_order=True)
    scores = np.array([_correlation(part["value"].to_numpy(), part["truth"].to_numpy()) for part in parts])
    return np.asarray(scores[np.isfinite(scores)])


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < FEWEST_ROWS or np.ptp(one[both]) == 0 or np.ptp(other[both]) == 0:
        return float("nan")
    return float(np.corrcoef(np.argsort(np.argsort(one[both])), other[both])[0, 1])
