"""Several tournaments in one simulator: each with its own rounds, rules, models and scores."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numerai_tools import scoring

from eraforge.core.clock import SystemClock
from eraforge.core.errors import Broken, Refused, UserError
from eraforge.simulator.tournament.engine import Session, Tournament
from eraforge.simulator.tournament.rules.assumptions import Assumptions, parse_assumptions


@pytest.fixture
def engine(tmp_path: Path, three_worlds: dict) -> Iterator[Tournament]:
    made = Tournament(three_worlds, 7, tmp_path / "state", SystemClock())
    yield made
    made.close()


def submit(engine: Tournament, number: int, place: int = 0, rows: int | None = None, seed: int = 0) -> str:
    account = engine.records.accounts["practice"]
    models = [one for one in account.models if engine.records.models[one].tournament == number]
    contest, session = engine.contest(number), Session(account.tokens[0])
    ids = contest.live_ids(contest.rounds.current_number(engine.now()))[:rows]
    values = np.random.default_rng(seed).random(len(ids))
    frame = pd.DataFrame({contest.arena.id_column: ids, contest.arena.prediction_column: values})
    name = engine.authorise_upload(session, "mine.csv", models[place], number)
    engine.store_object(name, frame.to_csv(index=False).encode())
    return engine.create_submission(session, name, models[place], number)


def test_the_ready_account_plays_three_models_in_each(engine: Tournament) -> None:
    played = [engine.records.models[one].tournament for one in engine.records.accounts["practice"].models]
    assert [played.count(number) for number in (8, 11, 12)] == [3, 3, 3]


def test_each_tournament_scores_by_its_own_rules(engine: Tournament, three_worlds: dict) -> None:
    engine.advance(engine.next_event())
    made = {number: submit(engine, number) for number in (8, 11, 12)}
    assert [engine.submission(one).error for one in made.values()] == [None] * 3
    engine.advance(engine.now() + timedelta(days=120))
    names = {number: [rule.display_name for rule in engine.contest(number).rounds.rules] for number in made}
    assert names[11] == ["alpha", "corr_w_meta_model", "mpc", "neutral_corr", "neutral_mmc"]
    assert names[12] == ["corr", "corr_w_meta_model", "mmc"]
    assert {number: engine.contest(number).rounds.score_days for number in made} == {8: 60, 11: 60, 12: 20}
    for number in made:
        contest = engine.contest(number)
        table = contest.scores.table(1345, [contest.rounds.score_days])
        values = table.days[contest.rounds.score_days]
        assert values.shape[0] == len(names[number])
        final = [place for place, rule in enumerate(contest.rounds.rules) if rule.days == contest.rounds.score_days]
        assert np.isfinite(values[final]).all()


def test_signals_scores_are_those_of_numerai_tools(engine: Tournament, three_worlds: dict) -> None:
    engine.advance(engine.next_event())
    submit(engine, 11, rows=120)
    engine.advance(engine.now() + timedelta(days=100))
    contest, world = engine.contest(11), three_worlds[11]
    day = contest.rounds.day(1345)
    table = contest.scores.table(1345, [60])
    ids = world.live_ids(day)
    columns = np.column_stack([world.field(day), contest.scores.answer(1345, table.members[-1].model_id)])
    cleaned = scoring.tie_kept_rank(pd.DataFrame(columns, index=ids)).fillna(0.5)
    truth = pd.Series(world.truth(day, "target_chili_60", 60), index=ids, name="target")
    factors, weights = pd.DataFrame(world.neutralizers(day), index=ids), pd.Series(world.weights(day), index=ids)
    stakes = pd.Series([float(one.risk) for one in table.members])
    meta = scoring.stake_weight(scoring.tie_kept_rank(cleaned), stakes)
    official = {
        "alpha": scoring.alpha(cleaned, factors, weights, truth),
        "mpc": scoring.meta_portfolio_contribution(cleaned, stakes, factors, weights, truth),
        "neutral_corr": scoring.neutral_correlation(cleaned, factors, truth),
        "neutral_mmc": scoring.neutral_contribution(cleaned, pd.Series(meta, index=ids, name="meta"), factors, truth),
    }
    rows = [rule.display_name for rule in contest.rounds.rules]
    for name, values in official.items():
        ours = table.days[60][rows.index(name)]
        np.testing.assert_allclose(ours, np.asarray(values).ravel(), rtol=0, atol=1e-12, err_msg=name)


def test_which_scores_pay_follows_the_era_and_the_assumptions(engine: Tournament) -> None:
    rounds = engine.contest(11).rounds
    paying = {
        number: {one.display_name: one.multiplier for one in rounds.get(number).score_configs if one.is_payout}
        for number in (1362, 1363)
    }
    assert paying[1362] == {"alpha": Decimal("0.3"), "mpc": Decimal("0.8")}
    assert paying[1363] == {"neutral_corr": Decimal("0.5"), "neutral_mmc": Decimal(2)}
    assert rounds.policy(1363).churn_penalty is not None
    crypto = engine.contest(12).rounds
    assert {one.display_name: one.multiplier for one in crypto.get(1345).score_configs if one.is_payout} == {
        "corr": Decimal("0.1"),
        "mmc": Decimal(1),
    }
    assert (crypto.policy(1345).staking, rounds.policy(1345).staking) == ("per_round", "continuous")


def test_assumptions_are_read_kept_and_not_changed(tmp_path: Path, three_worlds: dict) -> None:
    wanted = parse_assumptions("neutral_corr=2, neutral_mmc=4, cap=1, staking=per_round, legacy_stakes=no")
    assert (wanted.weights["neutral_mmc"], wanted.cap, wanted.legacy_stakes) == (Decimal(4), Decimal(1), False)
    for text in ("neutral_corr", "cap=much", "staking=never", "colour=red", "score_days=30"):
        with pytest.raises(UserError, match="not understood"):
            parse_assumptions(text)
    engine = Tournament(three_worlds, 7, tmp_path, SystemClock(), assumptions=wanted)
    engine.close()
    again = Tournament(three_worlds, 7, tmp_path, SystemClock())
    assert again.assumptions == wanted
    again.close()
    with pytest.raises(UserError, match="other assumptions"):
        Tournament(three_worlds, 7, tmp_path, SystemClock(), assumptions=Assumptions())


def test_a_folder_of_one_tournament_opens_with_three(tmp_path: Path, three_worlds: dict) -> None:
    alone = Tournament(three_worlds[8], 7, tmp_path, SystemClock())
    models = list(alone.records.models)
    lines = len(alone.journal.lines)
    alone.close()
    engine = Tournament(three_worlds, 7, tmp_path, SystemClock())
    assert list(engine.records.models)[: len(models)] == models
    assert [line["change"] for line in engine.journal.lines[lines:]] == ["tournament-opened"] * 2
    engine.close()
    again = Tournament(three_worlds, 7, tmp_path, SystemClock())
    assert again.records.models.keys() == engine.records.models.keys()
    again.close()
    with pytest.raises(UserError, match="a world that is served here"):
        Tournament(three_worlds[8], 7, tmp_path, SystemClock())


def test_names_are_free_in_another_tournament(engine: Tournament) -> None:
    made = {engine.add_model("practice", "alike", tournament=number) for number in (8, 11)}
    assert len(made) == 2
    with pytest.raises(Refused, match="not available"):
        engine.add_model("practice", "alike", tournament=11)


def test_worlds_whose_competitors_collide_are_refused(tmp_path: Path, three_worlds: dict) -> None:
    signals, crypto = three_worlds[11], three_worlds[12]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crypto, "competitors", signals.competitors)
        with pytest.raises(Broken, match="identifier"):
            Tournament({11: signals, 12: crypto}, 7, tmp_path, SystemClock())
