"""Scores, payouts and leaderboards of a played season, read through the official client."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numerapi
import numpy as np
import pandas as pd
import pytest
from numerai_tools import scoring

from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.tournament.rules.score_rules import rulebook
from eraforge.simulator.world import World

SCORE_RULES = rulebook(8).rules
ROW = {rule.display_name: row for row, rule in enumerate(SCORE_RULES)}


@dataclass
class Season:
    sim: LocalTournament
    client: numerapi.NumerAPI


@pytest.fixture(scope="module")
def season(tiny_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Season]:
    """Round 1345: practice_a on time, practice_b late; then ninety days pass."""
    with (
        pytest.MonkeyPatch.context() as patch,
        local_tournament(tmp_path_factory.mktemp("season") / "state", seed=7, world=tiny_world) as sim,
    ):
        patch.setattr("numerapi.base_api.API_TOURNAMENT_URL", sim.url)
        client = numerapi.NumerAPI(sim.public_id, sim.secret_key, verbosity="critical", show_progress_bars=False)
        day = sim.tournament.rounds.day(1345)
        ids, truth = tiny_world.live_ids(day), tiny_world.truth(day, "target_ender_60", 60)
        noise = np.random.default_rng(3).random(len(ids))
        sim.tournament.advance(sim.tournament.rounds.next_event(sim.tournament.now()))
        good = pd.DataFrame({"id": ids, "prediction": 0.05 * truth + 0.95 * noise})
        client.upload_predictions(df=good, model_id=sim.models["practice_a"])
        sim.tournament.advance(sim.tournament.rounds.next_event(sim.tournament.now()))
        late = pd.DataFrame({"id": ids, "prediction": noise})
        client.upload_predictions(df=late, model_id=sim.models["practice_b"])
        sim.tournament.advance(sim.tournament.now() + 90 * pd.Timedelta(days=1).to_pytimedelta())
        yield Season(sim, client)


@pytest.mark.parametrize("day", [1, 20, 60])
def test_scores_are_those_of_numerai_tools(season: Season, tiny_world: World, day: int) -> None:
    engine = season.sim.tournament
    table = engine.scores.table(1345, [day])
    open_day = engine.rounds.day(1345)
    ids = tiny_world.live_ids(open_day)
    columns = {}
    field = dict(zip((one.model_id for one in tiny_world.competitors), tiny_world.field(open_day).T, strict=True))
    for member in table.members:
        standing = engine.submissions.selected(member.model_id, 1345)
        columns[member.model_id] = field[member.model_id] if standing is None else engine.predictions(standing)
    frame = pd.DataFrame(columns, index=ids)
    risks = pd.Series({member.model_id: float(member.risk) for member in table.members})
    meta = scoring.stake_weight(scoring.tie_kept_rank(frame), risks)
    if isinstance(meta, pd.DataFrame):
        meta = meta.iloc[:, 0]
    np.testing.assert_allclose(engine.scores.meta_model(1345), meta.to_numpy(), rtol=0, atol=1e-12)
    targets = {"corr60": ("target_ender_60", 60), "v2_corr20": ("target_ender_20", 20)}
    targets |= {"mmc60": targets["corr60"], "mmc": targets["v2_corr20"]}
    for name, (target, days) in targets.items():
        if day > days:
            assert np.isnan(table.days[day][ROW[name]]).all()
            continue
        truth = pd.Series(tiny_world.truth(open_day, target, day).astype(float), index=ids, name="target")
        official = (
            scoring.correlation_contribution(frame, meta.rename("meta"), truth)
            if "mmc" in name
            else scoring.numerai_corr(frame, truth)
        )
        np.testing.assert_allclose(table.days[day][ROW[name]], official.to_numpy(), rtol=0, atol=1e-12)


def test_submission_scores_and_their_filters(season: Season) -> None:
    client, model_id = season.client, season.sim.models["practice_a"]
    everything = client.submission_scores(model_id)
    assert {row["roundNumber"] for row in everything} == {1345}
    assert len(everything) == 4 * 60 + 2 * 20
    [final] = client.submission_scores(model_id, display_name="corr60", resolved=True)
    assert (final["day"], final["value"] > 0, final["percentile"] > 0.5) == (60, True, True)
    assert final in everything
    [first] = client.submission_scores(model_id, display_name="mmc60", day=1)
    assert first["date"].isoformat() == "2026-09-05T14:00:00+00:00"
    latest = client.submission_scores(model_id, distinct_on_round=True)
    assert {row["displayName"]: row["day"] for row in latest}["v2_corr20"] == 20
    assert len(latest) == len(SCORE_RULES)
    assert client.submission_scores(model_id, version="99") == []
    assert client.submission_scores(model_id, day=61) == []


def test_nothing_is_known_before_its_score_day(season: Season) -> None:
    rival = season.sim.tournament.world.competitors[0].model_id
    rows = season.client.submission_scores(rival, last_n_rounds=3)
    now = season.sim.tournament.now()
    assert rows
    assert all(row["date"] <= now for row in rows)


def test_payouts_follow_the_formula_and_add_up(season: Season) -> None:
    client, models = season.client, season.sim.models
    with pytest.warns(DeprecationWarning, match="round_model_performances_v2"):
        [performance] = client.round_model_performances_v2(models["practice_a"])
    assert performance["atRisk"] == Decimal(1)
    assert performance["roundResolved"]
    scores = {row["displayName"]: row for row in performance["submissionScores"]}
    weighted = sum(
        Decimal(repr(one["multiplier"])) * Decimal(repr(scores[one["displayName"]]["value"]))
        for one in performance["payoutMultipliers"]
    )
    expected = max(min(weighted, Decimal(1)), Decimal(-1))
    paid = scores["corr60"]["payoutSettled"] + scores["mmc60"]["payoutSettled"]
    assert abs(paid - expected) < Decimal("1e-15")
    assert scores["bmc"]["payoutSettled"] is None
    payouts = client.pending_model_payouts()
    settled = {(row["modelName"], row["roundNumber"]): row["payoutNmr"] for row in payouts["actual"]}
    assert settled.keys() == {("practice_a", 1345), ("practice_b", 1346)}
    assert settled["practice_a", 1345] == paid
    assert payouts["pending"] == []
    assert client.wallet_transactions() == []
    assert client.get_account()["availableNmr"] == 100
    assert client.stake_get("practice_a") == 64 + paid
    assert client.stake_get("practice_b") == 128 + settled["practice_b", 1346]
    assert season.sim.tournament.books().difference == 0
    [intra] = client.intra_round_scores(models["practice_a"])
    assert {row["displayName"] for row in intra["intraRoundSubmissionScores"]} == set(ROW)


def test_a_late_submission_is_scored_but_risks_nothing(season: Season) -> None:
    client, model_id = season.client, season.sim.models["practice_b"]
    with pytest.warns(DeprecationWarning, match="round_model_performances_v2"):
        queued, late = client.round_model_performances_v2(model_id)
    assert (late["roundNumber"], late["atRisk"]) == (1345, Decimal(0))
    assert {row["displayName"] for row in late["submissionScores"]} == set(ROW)
    assert (queued["roundNumber"], queued["atRisk"]) == (1346, Decimal(2))
    settled = client.pending_model_payouts()["actual"]
    assert all((row["modelName"], row["roundNumber"]) != ("practice_b", 1345) for row in settled)


def test_leaderboards(season: Season) -> None:
    client = season.client
    rows = client.get_leaderboard(limit=100)
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) == len(season.sim.tournament.records.models)
    assert client.get_leaderboard(limit=2, offset=1) == rows[1:3]
    mine = next(row for row in rows if row["username"] == "practice_a")
    [final] = client.submission_scores(season.sim.models["practice_a"], display_name="v2_corr20", resolved=True)
    assert mine["corr20Rep"] == pytest.approx(final["value"], abs=1e-15)
    settled = {row["modelName"]: row["payoutNmr"] for row in client.pending_model_payouts()["actual"]}
    paid = settled["practice_a"]
    assert mine["nmrStaked"] == 64 + paid
    assert mine["return_13_weeks"] == pytest.approx(float(100 * paid / (64 + paid)))
    assert rows[-1]["corr20Rep"] is None
    accounts = client.get_account_leaderboard(limit=100)
    me = next(row for row in accounts if row["username"] == "practice")
    assert me["nmrStaked"] == 224 + sum(settled.values())
    assert me["returnAllTimeNmr"] == sum(settled.values())
    days = client.daily_model_performances("practice_a")
    assert days[0]["date"] > days[-1]["date"]
    assert days[0]["corrRep"] == mine["corr20Rep"]
    assert days[0]["corrRank"] >= 1
