"""From real daily prices to scored entries: what `benchmarks/real_prices.py` measures, by the code that a turn runs.

Prices are pulled into a lake, checked and repaired; features, labels and folds are those of a default entry. Nothing
here chooses anything by looking at a score.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from eraforge.arenas.crypto import CRYPTO
from eraforge.arenas.signals import SIGNALS
from eraforge.core.bars import Bars
from eraforge.core.clock import SystemClock
from eraforge.core.configuration import load
from eraforge.core.panel import ERA, ID, Panel, Sample
from eraforge.core.ports import Feature, Model
from eraforge.core.words import PREDICTION, Arena
from eraforge.data.lake.update import pull
from eraforge.data.panels import target_of
from eraforge.data.quality.check import PriceReport
from eraforge.data.reference.groups import SymbolMap, read_map, with_groups
from eraforge.evaluation.eras import score_table
from eraforge.evaluation.leaks.answers import Answer, of_frame
from eraforge.evaluation.leaks.bar_history import BarHistory
from eraforge.evaluation.leaks.entry_probe import examine_entry
from eraforge.evaluation.leaks.findings import LeakReport
from eraforge.evaluation.leaks.laboratory import Depth, examine
from eraforge.evaluation.neutral.scores import fnc
from eraforge.evaluation.report import evaluate
from eraforge.evaluation.scores import corr
from eraforge.evaluation.splitters.walk_forward import WalkForward
from eraforge.evaluation.uncertainty import Overlap
from eraforge.features import catalogue
from eraforge.features.engine import compute
from eraforge.features.labels.exposures import FACTORS, factor_exposures
from eraforge.features.labels.recipes import BINNED_RETURN_20, CHILI_60, Label
from eraforge.features.panel_rows import to_panel
from eraforge.models.boosting import LightGBM
from eraforge.models.linear import Ridge
from eraforge.pipeline.steps.bars.price_rows import END_OF_DAY, STALE_BARS
from eraforge.pipeline.steps.bars.prices import judged, open_prices
from eraforge.store.objects import Objects

FRIDAY = 5
WEEK = 5
"""Weekdays between two weekly eras."""
YEAR = 52
LEAST_ROWS = 50
NEUTRALISERS = ("volatility", "momentum", "size")
DEFAULT = "default entry"
BASELINES = ("momentum", "low volatility", "ridge")
TRUTH = "truth"
PROBE_SYMBOLS, PROBE_DAYS, PROBE_BLOCKS = 40, 500, 3
TEN_CUTS = Depth("ten cuts", 10, 1, by_chance=False)


@dataclass(frozen=True)
class Market:
    """One file of real prices and the tournament whose default entry plays on it.

    Args:
        name: of the `[prices.NAME]` table.
        title: for people, with the sample's limits.
        arena: whose calendar, purge and target are used.
        label: the arena's main target as eraforge computes it from bars.
        file: under the folder of data.
        repairs: rules that the bars need before they may be used.
        label_repairs: further rules for the bars the labels are computed from.
        sectors: file of `symbol, gics_sector` under the folder of data, or "".
        country: of every symbol, where the label takes countries out.
        block: eras predicted by one training on all before them.
    """

    name: str
    title: str
    arena: Arena
    label: Label
    file: str
    repairs: tuple[str, ...] = ()
    label_repairs: tuple[str, ...] = ()
    sectors: str = ""
    country: str = ""
    block: int = YEAR

    @property
    def overlap(self) -> Overlap:
        """How much of their label neighbouring weekly eras share."""
        return Overlap(self.label.horizon, WEEK)


MARKETS = (
    Market(
        "crypto",
        "Crypto: perpetuals that still traded at the end of 2024 (survivors only)",
        CRYPTO,
        BINNED_RETURN_20,
        "crypto_daily/bybit_perp_2020_2024.parquet",
    ),
    Market(
        "equities",
        "Signals: the S&P 500 members of 2021 in the ten years before (survivors only)",
        SIGNALS,
        CHILI_60,
        "us_equities_daily/sp500_members_2012_2021.parquet",
        repairs=("drop-zero-volume",),
        label_repairs=("adjust",),
        sectors="us_equities_daily/sp500_gics_sectors_c2021.parquet",
        country="US",
        block=2 * YEAR,
    ),
)


@dataclass(frozen=True)
class Prices:
    """Checked bars.

    Args:
        bars: what features are computed from: no later dividend has touched them.
        priced: what labels are computed from.
        report: what the gates found after the repairs.
    """

    bars: Bars
    priced: Bars
    report: PriceReport


@dataclass(frozen=True)
class Rows:
    """A panel of weekly eras with the default features, and each row's exposures to the factors.

    Args:
        panel: rows of the eras whose label is known.
        factors: `era`, `id` and FACTORS, each in [-1, 1], known at the era's own date.
    """

    panel: Panel
    factors: pl.DataFrame


@dataclass(frozen=True)
class Measured:
    """Out-of-sample scores, era by era. Every figure is of the validation sample.

    Args:
        market: where.
        corr: entry -> era -> CORR.
        past: entry -> era -> CORR of what is left once low volatility, momentum and size are taken out.
        null: entry -> one dealing of shuffled labels each: era -> CORR.
        folds: trained and predicted spans, as dates.
        rows: predicted rows.
    """

    market: Market
    corr: Mapping[str, Mapping[str, float]]
    past: Mapping[str, Mapping[str, float]]
    null: Mapping[str, Sequence[Mapping[str, float]]] = field(default_factory=dict)
    folds: tuple[tuple[str, str, str, str], ...] = ()
    rows: int = 0


def read_prices(market: Market, data: Path, workspace: Path) -> Prices:
    """Pull the file into a lake, check and repair it as `[prices.NAME]` in a configuration would.

    Raises:
        DataError: what the gates refuse.
    """
    path = data / market.file
    lines = [f"[prices.{market.name}]", f"folder = {json.dumps(str(path.parent))}", f'files = "{path.name}"']
    lines.append(f"repairs = {json.dumps(market.repairs)}")
    configuration = load("\n".join(lines)).tree
    prices = open_prices(configuration, market.name, workspace, workspace, Objects(workspace / "objects"))
    pull(prices.source(""), prices.lake, SystemClock(), workspace / "downloads", lambda *_: None)
    bars, report = judged(prices, {})
    report.refuse()
    sectors = read_map(data / market.sectors, "symbol") if market.sectors else None
    bars = grouped(bars, market, sectors)
    if not market.label_repairs:
        return Prices(bars, bars, report)
    rules = (*market.repairs, *market.label_repairs)
    adjusted = judged(replace(prices, table=prices.table.model_copy(update={"repairs": rules})), {})[0]
    return Prices(bars, grouped(adjusted, market, sectors), report)


def grouped(bars: Bars, market: Market, sectors: SymbolMap | None) -> Bars:
    """The bars with the sectors and the country of their symbols."""
    labels: dict[str, Mapping[str, str]] = {}
    if sectors is not None:
        labels["sector"] = sectors.column("gics_sector")
    if market.country:
        labels["country"] = dict.fromkeys(bars.symbols, market.country)
    return with_groups(bars, SymbolMap(labels, {}), list(labels)) if labels else bars


def rows_of(
    bars: Bars,
    market: Market,
    priced: Bars | None = None,
    features: Sequence[Feature] | None = None,
    least: int = LEAST_ROWS,
) -> Rows:
    """Weekly eras (Fridays) with the features an entry gets when it names none, ranked within the era.

    Args:
        priced: bars the labels are computed from, where they are others.
        features: other features than the default ones.
        least: rows an era needs. A row whose label never comes is predicted like any other: whether a symbol still
            trades in a month is not known when the prediction is made.
    """
    days = fridays(bars)
    moments = {day.isoformat(): np.datetime64(day, "s") + END_OF_DAY for day in days}
    table = compute(catalogue.default(bars) if features is None else features, bars)
    frame = to_panel(table, moments, oldest=STALE_BARS)
    names = table.names
    del table
    told = bars if priced is None else priced
    places = np.searchsorted(told.times, np.array(list(moments.values())), side="right") - 1
    label = market.label.compute(told, places)
    frame = frame.join(_long(told.symbols, list(moments), {market.label.name: label}), on=[ERA, ID], how="left")
    labelled = pl.col(market.label.name).is_finite().fill_null(False)
    frame = frame.filter((pl.len().over(ERA) >= least) & labelled.any().over(ERA)).sort(ERA, ID)
    kept = set(frame.get_column(ERA).unique())
    target = target_of(market.arena, market.label.name)
    dated = market.label.moments(market.arena.calendar, [day for day in days if day.isoformat() in kept])
    panel = Panel(frame.lazy(), names, (target,), dated, Sample.TRAIN, bars.synthetic)
    return Rows(panel, _factors(bars, {era: moments[era] for era in dated.eras}))


def fridays(bars: Bars) -> list[date]:
    """Fridays from the first bar to the last, holidays among them: what was known at their end is what counts."""
    first, last = (moment.astype("datetime64[D]") for moment in (bars.times[0], bars.times[-1]))
    days = np.arange(first, last + 1).tolist()
    return [day for day in days if day.isoweekday() == FRIDAY]


def _factors(bars: Bars, moments: Mapping[str, np.datetime64]) -> pl.DataFrame:
    places = np.searchsorted(bars.times, np.array(list(moments.values())), side="right") - 1
    exposures = np.stack([factor_exposures(bars, int(place)) for place in places], axis=1)
    return _long(bars.symbols, list(moments), {name: exposures[:, :, at] for at, name in enumerate(FACTORS)})


def _long(symbols: Sequence[str], eras: Sequence[str], columns: Mapping[str, np.ndarray]) -> pl.DataFrame:
    """Rows `era`, `id` and the (symbols, eras) columns."""
    keys = {
        ERA: np.repeat(np.array(eras, dtype=object), len(symbols)),
        ID: np.tile(np.array(symbols, dtype=object), len(eras)),
    }
    series = [pl.Series(name, values, dtype=pl.String) for name, values in keys.items()]
    return pl.DataFrame([*series, *(pl.Series(name, values.T.ravel()) for name, values in columns.items())])


def entries() -> dict[str, Model]:
    """What is trained: the linear model and the entry `learner = "lightgbm"` without any setting."""
    return {"ridge": Ridge(), DEFAULT: LightGBM()}


def measure(rows: Rows, market: Market, models: Mapping[str, Model], chunk: int, dealings: int = 0) -> Measured:
    """Train and predict walk-forward, and score models and untrained baselines on the same predicted eras.

    Args:
        models: by name.
        chunk: eras per block: each is predicted after training on all before it, purged.
        dealings: how often labels are shuffled within eras and everything is done again for the null, in halves: the
            older eras are learned, the newer ones predicted.
    """
    splitter, name = WalkForward(chunk=chunk), market.label.name
    truth = rows.panel.frame.select(ERA, ID, pl.col(name).alias(TRUTH)).collect()
    table = truth.join(rows.factors, on=[ERA, ID], how="left").with_columns(
        pl.col("volatility").neg().alias("low volatility")
    )
    spans: tuple[tuple[str, str, str, str], ...] = ()
    for model_name, model in models.items():
        report = evaluate(model, rows.panel, splitter, train_eras=0)
        predicted = report.predictions.rename({PREDICTION: model_name})
        table = table.join(predicted, on=[ERA, ID], how="inner", maintain_order="left")
        spans = tuple((*fold.train_dates, *fold.predict_dates) for fold in report.folds)
    scored = ["momentum", "low volatility", *models]
    labelled = table.filter(pl.col(TRUTH).is_finite())
    plain = score_table(corr, labelled, scored, [TRUTH])
    past = score_table(fnc, labelled, list(models), [list(NEUTRALISERS), TRUTH])
    halves = WalkForward(folds=1)
    null = {
        model_name: [
            _known(evaluate(model, dealt(rows.panel, dealing), halves, train_eras=0).scores[0].values)
            for dealing in range(dealings)
        ]
        for model_name, model in models.items()
    }
    return Measured(market, _series(plain, scored), _series(past, list(models)), null, spans, table.height)


def dealt(panel: Panel, seed: int) -> Panel:
    """The panel with the labels of each era dealt out anew: nothing is left to be learned."""
    name, generator = panel.target.name, np.random.default_rng([2026, seed])
    frame = panel.collect()
    values = frame.get_column(name).to_numpy().copy()
    eras, known = frame.get_column(ERA).to_numpy(), np.isfinite(values)
    for era in panel.eras:
        rows = np.flatnonzero((eras == era) & known)
        values[rows] = values[generator.permutation(rows)]
    return replace(panel, frame=frame.with_columns(pl.Series(name, values)).lazy(), digest=None)


def _series(table: pl.DataFrame, names: Sequence[str]) -> dict[str, dict[str, float]]:
    eras = table.get_column(ERA).to_list()
    return {name: _known(dict(zip(eras, table.get_column(name).to_list(), strict=True))) for name in names}


def _known(scores: Mapping[str, float | None]) -> dict[str, float]:
    return {era: value for era, value in sorted(scores.items()) if value is not None and np.isfinite(value)}


@dataclass(frozen=True)
class PriceEntry:
    """The whole way from bars to out-of-sample predictions, as the leak laboratory asks it."""

    name: str
    market: Market
    model: Model
    chunk: int
    features: tuple[Feature, ...] | None = None
    least: int = 10
    kind: str = "pipeline"
    lookback: int | None = None
    truncatable: bool = False

    def answer(self, history: BarHistory, places: Sequence[int]) -> Answer:
        """Predictions of each era, at the place of the last bar known to it."""
        bars = history.bars
        panel = rows_of(bars, self.market, features=self.features, least=self.least).panel
        predicted = evaluate(self.model, panel, WalkForward(chunk=self.chunk), train_eras=0).predictions
        ends = np.array([np.datetime64(era, "s") + END_OF_DAY for era in panel.eras])
        position = dict(zip(panel.eras, (np.searchsorted(bars.times, ends, side="right") - 1).tolist(), strict=True))
        return of_frame(predicted, position)


def probe(
    bars: Bars, market: Market, model: Model, features: tuple[Feature, ...] | None = None, depth: Depth = TEN_CUTS
) -> LeakReport:
    """The future-scramble probe over the whole way from bars to predictions, on a small part of the bars."""
    small = part_of(bars)
    chunk = len(rows_of(small, market, features=features, least=10).panel.eras) // PROBE_BLOCKS
    subject = PriceEntry(f"{DEFAULT} on {market.name}", market, model, chunk, features)
    return examine(subject, BarHistory(small), depth)


def part_of(bars: Bars) -> Bars:
    """The newest bars of evenly chosen symbols that were there all the time."""
    newest = bars.last(PROBE_DAYS)
    there = np.flatnonzero(np.isfinite(newest["close"]).mean(axis=1) > 0.9)
    chosen = there[np.unique(np.linspace(0, len(there) - 1, min(PROBE_SYMBOLS, len(there))).round().astype(int))]
    return newest.of([newest.symbols[row] for row in chosen])


def examine_rows(rows: Rows, market: Market, model: Model) -> LeakReport:
    """What a turn examines before it trains: folds, columns, and the model on some of the rows."""
    return examine_entry(f"{DEFAULT} on {market.name}", model, rows.panel, WalkForward(chunk=market.block), "quick")
