"""Signals and Crypto by the same path as Classic: from the tournament's files, and prices beside them, to payouts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from eraforge.pipeline.steps import preflight
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.workspace import open_workspace

TOML = """
[server]
url = "{url}"

[submit]
settle_seconds = 0.0

[prices.shares]
source = "feed"
url = "/prices/signals/daily.parquet"
repairs = ["adjust"]

[prices.tokens]
source = "feed"
url = "/prices/crypto/daily.parquet"

[entries.shares]
arena = "signals"
model = "{signals}"
learner = "ridge"
prices = "shares"
price_features = ["return_20", "rsi_14", "price_to_sma_50"]
folds = 0

[entries.tokens]
arena = "crypto"
model = "{crypto}"
learner = "ridge"
prices = "tokens"
price_features = ["return_20", "hvol_20"]
folds = 0

[entries.plain]
arena = "crypto"
model = "{other}"
learner = "lightgbm"
settings = {{ n_estimators = 10 }}
folds = 0
"""


@pytest.fixture
def three(workspace: Any, tournament: Any) -> Any:
    signals, crypto = (sorted(tournament.models_of(number)) for number in (11, 12))
    text = TOML.format(url=tournament.url, signals=signals[0], crypto=crypto[0], other=crypto[1])
    (workspace.folder / "eraforge.toml").write_text(text)
    return workspace


def outcomes(facts: dict[str, Any]) -> dict[str, Any]:
    return {row["entry"]: row.get("outcome", row.get("error")) for row in facts["entries"]}


def test_every_arena_is_played_and_what_is_held_is_what_was_decided(three: Any) -> None:
    facts = three.perform("submit")
    assert facts["exit_code"] == 0, outcomes(facts)
    held = three.tournament.tournament.records.submissions.values()
    assert {(one.model_id in three.tournament.models_of(11).values()) for one in held} == {True, False}
    assert all(one.error is None for one in held) and len(held) == 3
    three.seen.clear()
    assert three.perform("submit")["exit_code"] == 0
    assert not [what for what in three.seen if "rows" in what or "price features" in what or "download" in what]


def test_price_features_stand_beside_the_tournaments_own(three: Any) -> None:
    facts = three.perform("train", entry="tokens")
    assert facts["exit_code"] == 0, facts
    checked = three.perform("data check", entry="tokens")["entries"][0]
    assert "reports" in checked, checked
    report = checked["reports"]
    with open_workspace(Visit(three.folder, three.environment)) as tools:
        from eraforge.core.panel import Sample
        from eraforge.pipeline.steps import inputs

        entry = tools.configuration.entry("tokens")
        files = inputs.fetch_files(tools, entry, 1345)
        panel = inputs.panel(tools, entry, files, Sample.TRAIN)
        assert panel.features[-2:] == ("return_20", "hvol_20") and panel.synthetic
        rows = panel.where_eras(panel.eras[-3:]).collect()
        for _, era in rows.group_by("era"):
            assert era["return_20"].is_between(0, 1).all() and era["return_20"].n_unique() > 20
    assert {one["passed"] for one in report.values()} == {True}


def test_a_row_holds_what_had_closed_by_its_day_and_nothing_later(three: Any) -> None:
    """Oracle: the momentum of the feed's own closes up to the day, ranked by polars."""
    from eraforge.core.panel import Sample
    from eraforge.pipeline.steps import inputs
    from eraforge.pipeline.steps.bars.price_rows import _bars

    with open_workspace(Visit(three.folder, three.environment)) as tools:
        entry = tools.configuration.entry("tokens")
        files = inputs.fetch_files(tools, entry, 1345)
        panel = inputs.panel(tools, entry, files, Sample.TRAIN)
        era = panel.eras[-40]
        bars = _bars(tools, files["prices"])
        days = bars.times.astype("datetime64[D]").astype(str)
        place = int((days <= era).sum()) - 1
        assert days[place] == era
        momentum = {}
        for row, name in enumerate(bars.symbols):
            own = bars["close"][row, : place + 1]
            own = own[~(own != own)]
            if len(own) > 20 and bars["close"][row, place] == bars["close"][row, place]:
                momentum[name] = own[-1] / own[-21] - 1
        shown = panel.where_eras([era]).collect().filter(pl.col("id").is_in(list(momentum)))
        ours = shown.sort("id")["return_20"].rank("average")
        oracle = pl.Series([momentum[name] for name in shown.sort("id")["id"]]).rank("average")
        assert (ours - oracle).abs().max() == 0


def test_an_entry_is_evaluated_on_everyone_who_was_there_not_on_those_who_stayed(three: Any) -> None:
    """Oracle: rows that stand lowest in a feature lose their label for ever; ranks must be those of all rows."""
    from eraforge.core.panel import Sample
    from eraforge.evaluation.splitters.walk_forward import WalkForward
    from eraforge.models.ranking import rank_to_unit
    from eraforge.pipeline.steps import inputs
    from eraforge.pipeline.steps.evaluating.out_of_fold import judge_out_of_fold

    with open_workspace(Visit(three.folder, three.environment)) as tools:
        alone = replace(tools.configuration.entry("tokens"), leaks="quick")
        members = {"one": {"learner": "ridge", "settings": {}}}
        ranked = replace(alone, learner="rank_average", settings={"members": members})
        files = inputs.fetch_files(tools, alone, 1345)
        panel = inputs.panel(tools, alone, files, Sample.TRAIN)
        whole = pl.read_parquet(tools.objects.path(files["train"]))
        fallen = (pl.col(panel.features[0]).rank("ordinal") / pl.len()).over("date") < 0.25
        target = tools.target(alone)
        lost = whole.with_columns(pl.when(~fallen).then(pl.col(target)).alias(target))
        lost.write_parquet(three.folder / "lost.parquet")
        files = {**files, "train": tools.objects.put_file(three.folder / "lost.parquet")}
        cut = WalkForward(chunk=inputs.chunk_eras(tools, replace(alone, folds=2), files))
        one, report = (judge_out_of_fold(tools, entry, files, cut) for entry in (alone, ranked))
        plain, made = (pl.read_parquet(tools.objects.path(facts["predictions"])) for facts in (one, report))
    assert report["leaks"]["passed"]
    there = panel.where_eras(made["era"].unique().sort().to_list()).collect()
    assert made.select("era", "id").equals(there.select("era", "id")), "nobody may vanish from a predicted era"
    assert report["predicted_rows"] == there.height
    assert report["scored_rows"] < 0.8 * there.height
    assert (made["prediction"] - rank_to_unit(plain)["prediction"]).abs().max() < 1e-9


BESIDE = """
[prices.tokens.series.rates]
file = "rates.csv"
column = "rate"
published = "released"

[prices.tokens.identity]
file = "names.csv"
vendor = "ticker"
id = "symbol"
"""


def test_series_and_names_beside_prices_are_features_of_an_entry(three: Any) -> None:
    """A rate, and a file of names in which one token's symbol was another's before."""
    from eraforge.core.panel import Sample
    from eraforge.pipeline.steps import inputs
    from eraforge.pipeline.steps.bars import price_rows

    path = three.folder / "eraforge.toml"
    names = ["return_20", "rates_state_252", "rates_beta_60"]
    text = path.read_text().replace('["return_20", "hvol_20"]', str(names).replace("'", '"')) + BESIDE
    path.write_text(text.replace("folds = 0", 'folds = 1\nleaks = "thorough"'))
    days = [date(2018, 1, 1) + timedelta(days=7 * place) for place in range(520)]
    lines = [f"{day},{(place * 37) % 101},{day + timedelta(days=30)}" for place, day in enumerate(days)]
    (three.folder / "rates.csv").write_text("date,rate,released\n" + "\n".join(lines) + "\n")
    with open_workspace(Visit(three.folder, three.environment)) as tools:
        entry = tools.configuration.entry("tokens")
        ids = pl.read_parquet(tools.objects.path(inputs.fetch_files(tools, replace(entry, prices=""), 1345)["train"]))
        everyone = ids["symbol"].unique().sort().to_list()
        reused, rest = everyone[0], everyone[1:]
        told = [f"{reused},FORMER,,2025-12-31", f"{reused},{reused},2026-01-01,", *(f"{one},{one},," for one in rest)]
        (three.folder / "names.csv").write_text("ticker,symbol,entry,exit\n" + "\n".join(told) + "\n")
        files = inputs.fetch_files(tools, entry, 1345)
        bars = price_rows._bars(tools, files["prices"])
        assert {"FORMER", reused} <= set(bars.symbols)
        mine = bars.times[np.isfinite(bars["close"][bars.symbols.index(reused)])]
        assert mine.min() >= np.datetime64("2026-01-01")
        panel = inputs.panel(tools, entry, files, Sample.TRAIN)
        assert panel.features[-3:] == tuple(names)
        rows = panel.where_eras(panel.eras[-3:]).collect()
        for (era,), part in rows.group_by("era"):
            assert part["rates_state_252"].n_unique() == 1 and part["rates_beta_60"].n_unique() > 20
            known = [place for place, day in enumerate(days) if day + timedelta(days=30) <= date.fromisoformat(era)]
            moment = np.datetime64(era, "s") + price_rows.END_OF_DAY
            at = int(np.searchsorted(bars.times, moment, side="right")) - 1
            assert bars["series_rates"][0, at] == (known[-1] * 37) % 101
    facts = three.perform("evaluate", entry="tokens")
    assert facts["exit_code"] == 0, facts


def test_the_preflight_tells_and_damps_the_change_from_the_last_answers(three: Any) -> None:
    assert three.perform("submit", entry="shares")["exit_code"] == 0
    three.move_to_round(1346)
    other = {"entries.shares.target": "target_raw_return_20", "entries.shares.settings.penalty": 30.0}
    row = three.perform("predict", other, entry="shares")["entries"][0]
    assert row["rows"] > 100
    damped = three.perform("submit", {**other, "entries.shares.damp": True}, entry="shares")
    assert damped["exit_code"] == 0, damped
    told = damped["entries"][0]["outcome"]["predictions"]["preflight"]
    assert told["compared"] == [1345] and abs(told["exposure"]["correlation"]) <= 1
    assert told["limit"] == 0.15 and told["change"]["churn"] > 0.15
    assert told["damped"]["holds"] and told["damped"]["churn"] < 0.15 and told["damped"]["turnover_estimated"] < 0.25
    assert 0 < told["damped"]["signal_kept"] < 1


def test_no_window_is_missed_for_a_change_that_cannot_be_damped(three: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert three.perform("submit", entry="shares")["exit_code"] == 0
    three.move_to_round(1346)
    monkeypatch.setattr(preflight, "_keeps", lambda *_: False)
    sent = three.perform("submit", {"entries.shares.damp": True}, entry="shares")
    assert sent["exit_code"] == 0 and sent["entries"][0]["outcome"]["receipt"]["submission_id"]
    assert sent["entries"][0]["outcome"]["predictions"]["preflight"]["damped"]["holds"] is False


def test_scores_and_payouts_of_the_other_tournaments_arrive(three: Any) -> None:
    three.perform("submit", entry="plain")
    opened = three.tournament.tournament.now()
    three.advance_to(opened + timedelta(days=12))
    early = three.perform("scores", entry="plain")["entries"][0]["rounds"][0]
    assert set(early["scores"]) >= {"corr", "mmc"} and not early["resolved"]
    three.advance_to(opened + timedelta(days=45))
    late = three.perform("scores", entry="plain")["entries"][0]["rounds"][0]
    assert late["resolved"] and late["payout_settled"]
    weighted = 0.1 * late["scores"]["corr"]["value"] + late["scores"]["mmc"]["value"]
    assert float(late["payout"]) == pytest.approx(float(late["at_risk"]) * max(-1.0, min(1.0, weighted)), abs=1e-9)


def test_misspelt_price_features_and_prices_are_told(three: Any) -> None:
    for flags, code in (
        ({"entries.tokens.price_features": ["retrun_20"]}, "unknown-feature"),
        ({"entries.tokens.price_features": ["mfe_h5"]}, "feature-looks-ahead"),
        ({"entries.tokens.prices": "tokns"}, "unknown-prices"),
    ):
        row = three.perform("train", flags, entry="tokens")["entries"][0]
        assert row["error"]["code"] == code


def test_what_is_computed_from_prices_is_probed_before_it_is_trained_on(three: Any, monkeypatch: Any) -> None:
    """A feature that reads the bar after its own stops the entry, on the entry's own bars."""
    flags = {"entries.tokens.folds": 1}
    clean = three.perform("evaluate", flags, entry="tokens")["entries"][0]["report"]
    assert clean["leaks"]["passed"] and [one["sample"] for one in clean["scores"]] == ["validation"]
    from eraforge.features import engine

    honest = engine.compute

    def peeking(features: Any, bars: Any, **options: Any) -> Any:
        table = honest(features, bars, **options)
        table.values[..., :-1] = table.values[..., 1:].copy()
        return table

    monkeypatch.setattr(engine, "compute", peeking)
    row = three.perform("evaluate", {**flags, "entries.tokens.settings.penalty": 9.0}, entry="tokens")["entries"][0]
    assert row["error"]["code"] == "leak-found"
