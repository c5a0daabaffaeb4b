"""Planted leaks caught and honest columns left in peace; scores beside numerai-tools."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from eraforge.evaluation.leaks.bar_history import BarHistory
from eraforge.evaluation.leaks.laboratory import DEPTHS, examine, examine_object
from eraforge.evaluation.leaks.subjects import BarSubject
from eraforge.evaluation.scores import corr, mmc
from programmes.by_path import load
from programmes.figures import Figure, Proof

LEAKS_FULL, SCORES_FULL = 1000, 2000
ROWS = (1, 2, 3, 5, 17, 80, 300, 5000)


def prove_leaks(scale: int, first: int = 7) -> Proof:
    """Examine at most `scale` kinds of each zoo, spread over it; the planted ones and their honest twins."""
    bars, panels = load("evaluation/leaks/test_bar_zoo.py"), load("evaluation/leaks/test_panel_zoo.py")
    history = BarHistory(bars.BARS)
    missed, planted, accused, honest = [], 0, [], 0
    depth = replace(DEPTHS["quick"], by_chance=False)
    for name in _spread(list(bars.ZOO), scale):
        planted += 1
        missed += [name] if examine(BarSubject(name, bars.ZOO[name]), history, depth).passed else []
    for name in _spread([one for one in panels.ZOO if one not in panels.LONG], scale):
        kind, subject = panels.ZOO[name]
        planted += 1
        missed += [name] if examine_object(kind, name, subject).passed else []
    for name in _spread(list(panels.HONEST), scale):
        kind, subject = panels.HONEST[name]
        honest += 1
        accused += [name] if not examine_object(kind, name, subject, seed=first).passed else []
    figures = (
        Figure("P7", "planted leaks caught", planted - len(missed), "== whole", planted),
        Figure("P7", "honest columns and pipelines accused", len(accused), "== 0", honest),
    )
    about = (
        "features on bars, transforms and decisions on panels, whole pipelines; the future scrambled at several cuts"
    )
    return Proof("leaks", about, planted, len(bars.ZOO) + len(panels.ZOO) - len(panels.LONG), f"{first}", figures)


def _spread(names: list[str], count: int) -> list[str]:
    if count >= len(names):
        return names
    return [names[int(place)] for place in np.linspace(0, len(names) - 1, count)]


def prove_scores(scale: int, first: int = 1) -> Proof:
    """Score `scale` nasty eras by both; the largest gap."""
    from numerai_tools import scoring

    eras = load("evaluation/conftest.py")
    oracle, gaps, refused = eras.Oracle(), [0.0], 0
    for seed in range(first, first + scale):
        for ours, theirs in _scorings(oracle, eras, scoring, np.random.default_rng(seed)):
            try:
                gaps.append(float(oracle.agree(ours, theirs)))
            except (AssertionError, pytest.fail.Exception):
                refused += 1
    figures = (
        Figure("P13", "largest gap to numerai-tools", max(gaps), "<= 1e-12"),
        Figure("P13", "eras where one scores and the other refuses, or further apart", refused, "== 0", 2 * scale),
    )
    about = "CORR and MMC of random and nasty eras: ties, constants, holes, infinities, outliers, 1 to 5,000 rows"
    return Proof("scores", about, scale, SCORES_FULL, f"{first}-{first + scale - 1}", figures)


def _scorings(oracle: Any, eras: Any, scoring: Any, rng: np.random.Generator) -> list[tuple[Any, Any]]:
    """CORR and MMC of one drawn era, by ours and by theirs."""
    rows = int(rng.choice(ROWS))
    flavours = rng.choice(eras.FLAVOURS, size=int(rng.integers(1, 4)))
    predictions = np.column_stack([oracle.column(rng, rows, str(flavour)) for flavour in flavours])
    market = oracle.column(rng, rows, str(rng.choice(eras.FLAVOURS)))
    truth = oracle.target(rng, rows, str(rng.choice(eras.TARGETS)))
    frame, meta, series = oracle.frame(predictions), oracle.series(market), oracle.series(truth)
    return [
        (lambda: corr(predictions, truth), lambda: scoring.numerai_corr(frame, series)),
        (lambda: mmc(predictions, market, truth), lambda: scoring.correlation_contribution(frame, meta, series)),
    ]
