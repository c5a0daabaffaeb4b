"""What an entry's own evaluation examines before it trains anything: its folds, its columns, and what its model makes
of a small part of its own rows when their future is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from eraforge.core.bars import Bars
from eraforge.core.panel import ERA, ID, Panel
from eraforge.core.ports import Model, Progress, Splitter
from eraforge.evaluation.leaks.bar_history import BarHistory
from eraforge.evaluation.leaks.canaries import canary_columns
from eraforge.evaluation.leaks.findings import LeakReport, ProbeResult
from eraforge.evaluation.leaks.fold_audit import audit_folds
from eraforge.evaluation.leaks.laboratory import DEPTHS, SEED, SPARE_MOMENTS, Depth, examine, examine_growing
from eraforge.evaluation.leaks.panel_history import PanelHistory
from eraforge.evaluation.leaks.subjects import FamilySubject, PipelineSubject, model_pipeline
from eraforge.evaluation.splitters.walk_forward import WalkForward
from eraforge.features.feature import Declared, Family

PriceColumns = tuple[Sequence[Declared], Bars]
OFF = "off"
CHOICES = (*DEPTHS, OFF)
LEARNED_ERAS, PREDICTED_ERAS = 10, 8
ROWS, COLUMNS, SYMBOLS = 60, 24, 12
QUICK = Depth("quick", 3, 1, False)
"""Three cuts with one scramble each: the model is trained four times on a few hundred rows."""


def examine_entry(
    name: str,
    model: Model,
    panel: Panel,
    splitter: Splitter,
    depth: str,
    progress: Progress | None = None,
    prices: PriceColumns | None = None,
) -> LeakReport:
    """The fold audit on the whole panel, canary columns in some eras, and the exact probes on a small part of it.

    What the entry computes from prices is probed on a small part of its own bars.

    Args:
        name: of the entry.
        model: unfitted, as it will be trained.
        panel: labelled history, as it will be evaluated.
        splitter: as it will be used.
        depth: `quick` (what a turn does), `thorough` (as `eraforge leak` does), or `off`: nothing is examined, and the
            report says so.
        progress: told which probe is at work.
        prices: bars and the features computed from them, where the entry has some.
    """
    if depth == OFF:
        return LeakReport(name, "entry", OFF, SEED, "nothing", ())
    probes: list[ProbeResult] = []
    steps: tuple[tuple[str, Callable[[], tuple[ProbeResult, ...]]], ...] = (
        ("folds", lambda: (audit_folds(splitter, panel),)),
        ("columns", lambda: (canary_columns(panel, 6 if depth == QUICK.name else 24),)),
        ("model", lambda: _model_probes(name, model, panel, QUICK if depth == QUICK.name else DEPTHS[depth])),
    )
    if prices is not None:
        shallow = QUICK if depth == QUICK.name else DEPTHS[depth]
        steps = (*steps, ("price features", lambda: _price_probes(prices, shallow)))
    for place, (what, step) in enumerate(steps):
        if progress is not None:
            progress(f"leak probes: {what}", place, len(steps))
        probes += step()
        if progress is not None:
            progress(f"leak probes: {what}", len(steps), len(steps))
        if not probes[-1].passed:
            break  # what is known to be wrong is said at once
    kind = f" (made up: {panel.synthetic})" if panel.synthetic else ""
    history = f"the entry's own rows{kind}: {len(panel.eras)} eras, {len(panel.features)} features"
    return LeakReport(name, "entry", depth, SEED, history, tuple(probes))


def _price_probes(prices: PriceColumns, depth: Depth) -> tuple[ProbeResult, ...]:
    features, bars = prices
    subject = FamilySubject(Family("price features", "What the entry computes from its prices.", tuple(features)))
    there = np.isfinite(bars["close"]).sum(axis=1)
    chosen = np.sort(np.argsort(-there, kind="stable")[:SYMBOLS])
    small = bars.of([bars.symbols[row] for row in chosen]).last(subject.reach + SPARE_MOMENTS)
    return examine(subject, BarHistory(small), replace(depth, by_chance=False)).probes


def _model_probes(name: str, model: Model, panel: Panel, depth: Depth) -> tuple[ProbeResult, ...]:
    def tries() -> Iterator[tuple[PipelineSubject, PanelHistory]]:
        for learned in learned_eras(panel):
            small = small_part(panel, learned)
            chunk = max(1, len(small.eras) - PREDICTED_ERAS)
            yield model_pipeline(name, model, WalkForward(chunk=chunk)), PanelHistory(small)

    return examine_growing(tries(), depth).probes


def learned_eras(panel: Panel) -> Iterator[int]:
    """How many eras the model is shown: few, and twice as many each time it says they are too few, up to all."""
    most = len(panel.eras) - _left_out(panel) - PREDICTED_ERAS
    count = LEARNED_ERAS
    while count < most:
        yield count
        count *= 2
    yield max(1, most)


def small_part(panel: Panel, learned: int = LEARNED_ERAS) -> Panel:
    """The newest eras of a panel that make one clean fold, with some rows and columns of each, in memory.

    Args:
        panel: labelled history.
        learned: eras to learn from.
    """
    count = learned + _left_out(panel) + PREDICTED_ERAS
    eras = panel.eras[-count:]
    places = np.unique(np.linspace(0, len(panel.features) - 1, min(COLUMNS, len(panel.features))).round().astype(int))
    chosen = panel.where_eras(eras).select(features=[panel.features[at] for at in places])
    rows = chosen.frame.filter(pl.int_range(pl.len()).over(ERA) < ROWS).collect()
    return replace(chosen, frame=rows.sort(ERA, ID).lazy())


def _left_out(panel: Panel) -> int:
    """Eras before the newest ones that purging takes, by count and by the date a label is known."""
    first = panel.eras[-min(PREDICTED_ERAS, len(panel.eras))]
    known = panel.moments.known_before(panel.target.name, panel.moments.date_of(first))
    place = panel.moments.position
    by_date = place[first] - (place[known[-1]] if known else 0)
    return max(panel.target.purge, by_date)
