"""The benchmark on real prices: its way from bars to figures is tried on made-up bars, where nothing can be known."""

from __future__ import annotations

import importlib
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from eraforge.core.bars import Bars
from eraforge.core.panel import Sample
from eraforge.evaluation.checks.practice_bars import practice_bars
from eraforge.evaluation.leaks.laboratory import Depth
from eraforge.evaluation.uncertainty import mean_interval
from eraforge.features.catalogue import named
from eraforge.features.labels.exposures import FACTORS
from eraforge.models.boosting import LightGBM
from eraforge.models.linear import Ridge

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("ERAFORGE_SHARED", ROOT.parent / "shared"))
FEATURES = ("rsi_14", "roc_10", "atr_14_relative")
CHUNK = 18
SYMBOLS = 60
QUICK = Depth("three cuts", 3, 2, by_chance=False)


class Tomorrow:
    """A feature that is the return of the 20 bars after its own: what no one can know."""

    name, inputs, lookback, lag, unit, scale_free, source = "tomorrow", ("close",), 1, 0, "", True, "planted"

    def compute(self, bars: Bars) -> np.ndarray:
        close = bars["close"]
        out = np.full(close.shape, np.nan)
        out[:, :-20] = close[:, 20:] / close[:, :-20] - 1
        return out


@pytest.fixture(scope="module")
def entries() -> Iterator[Any]:
    """The modules of the benchmark, as its script finds them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield importlib.import_module("price_entries")


@pytest.fixture(scope="module")
def document(entries: Any) -> Any:
    return importlib.import_module("real_prices")


@pytest.fixture(scope="module")
def bars() -> Bars:
    return practice_bars(5, symbols=SYMBOLS, moments=460)


@pytest.fixture(scope="module")
def market(entries: Any) -> Any:
    return entries.MARKETS[0]


@pytest.fixture(scope="module")
def rows(entries: Any, bars: Bars, market: Any) -> Any:
    return entries.rows_of(bars, market, features=named(FEATURES), least=20)


@pytest.fixture(scope="module")
def measured(entries: Any, rows: Any, market: Any) -> Any:
    models = {"ridge": Ridge(), entries.DEFAULT: LightGBM(n_estimators=10, threads=1)}
    return entries.measure(rows, market, models, chunk=CHUNK, dealings=3)


def test_eras_are_fridays_with_features_labels_and_factors(rows: Any, market: Any) -> None:
    panel, frame = rows.panel, rows.panel.collect()
    assert panel.features == FEATURES
    assert panel.synthetic == "practice bars seed=5"
    assert {day.isoweekday() for day in panel.moments.dates} == {5}
    assert (panel.target.name, panel.target.horizon, panel.target.purge) == (market.label.name, 20, 8)
    assert frame.select(FEATURES).to_numpy().min() > 0
    assert frame.select(FEATURES).to_numpy().max() < 1
    assert set(frame[market.label.name].drop_nans().unique()) == {0.0, 0.25, 0.5, 0.75, 1.0}
    known = panel.moments.known[market.label.name]
    assert all(day + timedelta(days=28) < told for day, told in zip(panel.moments.dates, known, strict=True))
    assert rows.factors.columns == ["era", "id", *FACTORS]
    assert rows.factors.join(frame, on=["era", "id"]).height == frame.height


def test_a_row_whose_label_never_comes_is_predicted_all_the_same(entries: Any, rows: Any, market: Any) -> None:
    frame = rows.panel.collect()
    missing = frame.filter(~pl.col(market.label.name).is_finite())
    assert missing.height
    report = entries.evaluate(Ridge(), rows.panel, entries.WalkForward(chunk=CHUNK), train_eras=0)
    unscored = missing.join(report.predictions, on=["era", "id"])
    assert unscored.height
    assert report.scored_rows == report.predictions.height - unscored.height


def test_factors_know_only_what_was_known(entries: Any, rows: Any, bars: Bars) -> None:
    era = rows.panel.eras[30]
    moment = np.datetime64(era, "s") + entries.END_OF_DAY
    cut = entries._factors(bars.until(moment), {era: moment})
    assert cut.equals(rows.factors.filter(pl.col("era") == era))


def test_all_entries_are_scored_on_the_same_predicted_eras(entries: Any, rows: Any, measured: Any) -> None:
    eras = list(rows.panel.eras[CHUNK:])
    assert list(measured.corr) == ["momentum", "low volatility", "ridge", entries.DEFAULT]
    assert list(measured.past) == ["ridge", entries.DEFAULT]
    assert all(list(scores) == eras for scores in [*measured.corr.values(), *measured.past.values()])
    assert [fold[2] for fold in measured.folds] == eras[::CHUNK]
    assert all(fold[1] < fold[2] for fold in measured.folds)


def test_on_shuffled_labels_the_scores_vanish(measured: Any, document: Any, entries: Any) -> None:
    for dealings in measured.null.values():
        eras = np.array([[scores[era] for scores in dealings] for era in dealings[0]])
        found = mean_interval(eras.mean(axis=1), document.APART, Sample.VALIDATION, 0.99)
        assert not found.excludes_zero, found
        assert len({scores[next(iter(scores))] for scores in dealings}) == len(dealings)


def test_labels_are_dealt_within_eras_and_missing_ones_stay(entries: Any, rows: Any, market: Any) -> None:
    name = market.label.name
    before, after = rows.panel.collect(), entries.dealt(rows.panel, 1).collect()
    assert after.drop(name).equals(before.drop(name))
    assert np.array_equal(before[name].is_nan(), after[name].is_nan())
    counts = [frame.group_by("era", name).len().sort("era", name) for frame in (before, after)]
    assert counts[0].equals(counts[1])
    assert not before[name].equals(after[name])


def test_a_planted_leak_scores_and_is_caught(entries: Any, bars: Bars, market: Any) -> None:
    leaking = (*named(FEATURES), Tomorrow())
    rows = entries.rows_of(bars, market, features=leaking, least=20)
    scores = entries.measure(rows, market, {entries.DEFAULT: Ridge()}, chunk=CHUNK).corr[entries.DEFAULT]
    assert np.mean(list(scores.values())) > 0.3
    report = entries.probe(bars, market, Ridge(), leaking, QUICK)
    assert not report.passed
    assert any(finding.probe == "future scramble" for finding in report.findings)


def test_the_honest_pipeline_passes_the_same_probe(entries: Any, bars: Bars, market: Any) -> None:
    report = entries.probe(bars, market, LightGBM(n_estimators=5, threads=1), tuple(named(FEATURES)), QUICK)
    assert report.passed, report.sentence
    assert [one.probe for one in report.probes] == ["repetition", "future scramble"]
    assert report.probes[1].looked > 1000


def test_tables_name_their_sample_and_no_train_figure(entries: Any, measured: Any, document: Any) -> None:
    lines = [*document.by_year(measured.corr, measured.market.overlap), *document.null_lines(measured)]
    assert lines[0].startswith("| year (validation) | eras |")
    assert {line.split("|")[1].strip() for line in lines if line.startswith("| 20")} == {"2019", "2020"}
    assert "train" not in " ".join(lines)
    assert "of the validation sample" in document.paired(measured)
    best = document.best_baseline(measured)
    assert all(
        np.mean(list(measured.corr[best].values())) >= np.mean(list(measured.corr[name].values()))
        for name in entries.BASELINES
    )


def test_the_plot_is_small_and_draws_every_entry(measured: Any, document: Any) -> None:
    drawn = document.chart(measured)
    tree = ElementTree.fromstring(drawn)
    lines = tree.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == len(measured.corr)
    assert len(drawn.encode()) < 60_000
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")


def test_labels_see_dividends_and_features_do_not(entries: Any, tmp_path: Path) -> None:
    days = [date(2020, 1, 1) + timedelta(days=place) for place in range(40)]
    rows = [
        {"symbol": name, "date": day, **dict.fromkeys(("open", "high", "low", "close"), 10.0 + place % 7)}
        | {"adj_factor": 0.9 if place < 20 else 1.0, "volume": float(place != 3)}
        for name in ("AA", "BB")
        for place, day in enumerate(days)
    ]
    pl.DataFrame(rows).write_parquet(tmp_path / "made.parquet")
    pl.DataFrame({"symbol": ["AA"], "gics_sector": ["Energy"]}).write_parquet(tmp_path / "sectors.parquet")
    market = replace(entries.MARKETS[1], file="made.parquet", sectors="sectors.parquet")
    prices = entries.read_prices(market, tmp_path, tmp_path / "work")
    assert np.isnan(prices.bars["close"][:, 3]).all()
    assert prices.report.repairs[0].bars == 2
    assert np.allclose(prices.priced["close"][:, 5], 0.9 * prices.bars["close"][:, 5])
    assert prices.bars["close"][0, 5] == 15.0
    assert prices.bars.groups == prices.priced.groups == {"sector": ("Energy", ""), "country": ("US", "US")}


def test_the_page_begins_with_its_reading_guide_and_holds_every_market(entries: Any, document: Any) -> None:
    page = (ROOT / "docs" / "real_prices.md").read_text()
    assert page.startswith(document.PAGE.read_text())
    for market in entries.MARKETS:
        assert f"## {market.title}" in page
        assert (ROOT / "docs" / f"real_prices_{market.name}.svg").stat().st_size < 60_000
    assert "FAILED" not in page


def test_one_market_is_measured_again_without_the_others(document: Any) -> None:
    sections = document.sections_of("# Title\n\nA guide.\n\n## One\n\n1\n\n## Two (small)\n\n2\n")
    assert sections == {"One": "## One\n\n1\n", "Two (small)": "## Two (small)\n\n2\n"}


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 1])
def test_real_prices_go_the_whole_way(entries: Any, document: Any, place: int, tmp_path: Path) -> None:
    market = entries.MARKETS[place]
    if not (SHARED / "data" / market.file).exists():
        pytest.skip("the real prices are not on this machine")
    prices = entries.read_prices(market, SHARED / "data", tmp_path)
    names = prices.bars.symbols[::5]
    rows = entries.rows_of(prices.bars.of(names).last(1000), market, prices.priced.of(names).last(1000), least=30)
    assert rows.panel.synthetic is None
    measured = entries.measure(rows, market, entries.entries(), market.block, dealings=2)
    assert all(abs(np.mean(list(scores.values()))) < 0.25 for scores in measured.corr.values())
    for dealings in measured.null.values():
        eras = np.array([[scores[era] for scores in dealings] for era in dealings[0]]).mean(axis=1)
        assert not mean_interval(eras, document.APART, Sample.VALIDATION, 0.999).excludes_zero
    assert entries.examine_rows(rows, market, entries.entries()[entries.DEFAULT]).passed
