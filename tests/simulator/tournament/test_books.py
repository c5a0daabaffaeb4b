"""Every wei is accounted for: whatever is staked, released, claimed and played, nothing appears and nothing is lost."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eraforge.core.clock import SystemClock
from eraforge.core.errors import Refused
from eraforge.portfolio.per_round import Position
from eraforge.simulator.tournament.accounts.host import Session
from eraforge.simulator.tournament.engine import Tournament
from eraforge.simulator.tournament.identities import address
from eraforge.simulator.tournament.rules.assumptions import Assumptions

amounts = st.decimals(min_value="0.000000000000000001", max_value=60, places=18)
places = st.integers(0, 5)
acts = st.one_of(
    st.tuples(st.just("increase"), places, amounts),
    st.tuples(st.just("decrease"), places, amounts),
    st.tuples(st.just("cancel"), places, st.none()),
    st.tuples(st.just("profit"), places, st.booleans()),
    st.tuples(st.just("position"), places, amounts),
    st.tuples(st.just("claim"), places, st.none()),
    st.tuples(st.just("restake"), places, st.none()),
    st.tuples(st.just("play"), places, st.integers(0, 9)),
    st.tuples(st.just("wait"), places, st.integers(1, 40)),
)


class Owner:
    """The ready account of a simulator, acting through its parts."""

    def __init__(self, engine: Tournament) -> None:
        self.engine, self.session = engine, Session(engine.records.accounts["practice"].tokens[0])
        self.models = engine.records.accounts["practice"].models

    def play(self, model: str, seed: int | None) -> str | None:
        """Answer the open round, with random values or, without a seed, with the same order of ids in every round."""
        contest = self.engine.contest_of(model)
        current = contest.rounds.open_at(self.engine.now())
        if current is None:
            self.engine.advance(self.engine.next_event())
            return None
        ids = contest.live_ids(current.number)
        values = np.linspace(0.01, 0.99, len(ids)) if seed is None else np.random.default_rng(seed).random(len(ids))
        frame = pd.DataFrame({contest.arena.id_column: ids, contest.arena.prediction_column: values})
        name = self.engine.authorise_upload(self.session, "mine.csv", model, contest.number)
        self.engine.store_object(name, frame.to_csv(index=False).encode())
        return self.engine.create_submission(self.session, name, model, contest.number)

    def claim(self, model: str, number: int) -> Position:
        """Claim with the proof that the API gives."""
        made = self.engine.chain.proof(self.engine.contest_of(model), model, number, address("wallet", "practice"))
        assert made is not None
        return self.engine.chain.claim(made.leaf, made.proof)

    def act(self, kind: str, place: int, value: object) -> None:
        model = self.models[place]
        held = self.engine.ledger.holding(model)
        try:
            if kind in ("increase", "decrease"):
                self.engine.stakes.change(self.session, model, kind, str(value))
            elif kind == "cancel":
                self.engine.stakes.cancel_release(self.session, model)
            elif kind == "profit":
                self.engine.stakes.select_payout(self.session, model, take_profit=bool(value))
            elif kind == "position" and (made := self.play(model, 1)):
                wallet = address("wallet", "practice")
                given = self.engine.chain.authorise(self.session, made, wallet, str(value))
                self.engine.chain.stake(given.signature, str(value))
            elif kind == "claim" and held.unclaimed():
                self.claim(model, held.unclaimed()[0].round)
            elif kind == "restake" and held.unclaimed() and (made := self.play(model, 2)):
                self.engine.chain.restake(self.session, model, held.unclaimed()[0].round, made, None)
            elif kind == "play":
                self.play(model, int(str(value)))
            elif kind == "wait":
                self.engine.advance(self.engine.now() + timedelta(days=int(str(value))))
        except Refused as refused:
            assert refused.code != "books-do-not-balance"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(acts, max_size=25), st.sampled_from(["continuous", "per_round"]))
def test_nothing_appears_and_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory, three_worlds: dict, deeds: list, staking: str
) -> None:
    prove(tmp_path_factory, three_worlds, deeds, staking)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(acts, max_size=60), st.sampled_from(["continuous", "per_round"]))
def test_nothing_is_lost_over_longer_histories(
    tmp_path_factory: pytest.TempPathFactory, three_worlds: dict, deeds: list, staking: str
) -> None:
    prove(tmp_path_factory, three_worlds, deeds, staking)


def prove(tmp_path_factory: pytest.TempPathFactory, three_worlds: dict, deeds: list, staking: str) -> None:
    folder = tmp_path_factory.mktemp("books")
    markets = {number: world for number, world in three_worlds.items() if number != 8}
    engine = Tournament(markets, 7, folder, SystemClock(), assumptions=Assumptions(staking=staking))
    owner = Owner(engine)
    before = engine.books()
    for deed in deeds:
        owner.act(*deed)
    engine.advance(engine.now() + timedelta(days=100))
    after = engine.books()
    assert before.difference == after.difference == 0
    held = {model: engine.stake(model) for model in owner.models}
    wallet = engine.available("practice")
    engine.close()
    again = Tournament(markets, 7, folder, SystemClock())
    assert again.books() == after
    assert {model: again.stake(model) for model in owner.models} == held
    assert again.available("practice") == wallet
    again.close()


@pytest.fixture
def owner(tmp_path: Path, three_worlds: dict) -> Owner:
    return Owner(Tournament(three_worlds, 7, tmp_path, SystemClock()))


def test_a_continuous_stake_is_wholly_at_risk_and_leaves_when_its_rounds_resolve(owner: Owner) -> None:
    engine, model = owner.engine, owner.models[3]
    assert engine.contest_of(model).number == 11
    for number in (1345, 1346):
        engine.advance(engine.contest(11).rounds.get(number).opens + timedelta(minutes=1))
        assert owner.play(model, None)
        engine.advance(engine.contest(11).rounds.get(number).closes)
    assert [engine.ledger.risk(one, model) for one in (1345, 1346)] == [0, 64]  # the first has no answer before it
    change = owner.engine.stakes.change(owner.session, model, "decrease", "60")
    assert (change.status, change.pending) == ("pending", 60)
    assert change.due == engine.contest(11).rounds.score_moments(1346)[-1]
    assert (engine.stake(model), engine.available("practice")) == (4, 100)
    owner.engine.stakes.cancel_release(owner.session, model)
    assert engine.stake(model) == 64
    owner.engine.stakes.change(owner.session, model, "decrease", "60")
    engine.advance(change.due + timedelta(days=2))
    assert engine.available("practice") > 150
    assert engine.books().difference == 0
    engine.close()


@pytest.mark.parametrize(("first", "at_risk"), [(1345, False), (1363, True)])
def test_too_large_a_change_takes_the_stake_out_of_a_round_until_a_penalty_does(
    owner: Owner, first: int, at_risk: bool
) -> None:
    engine, model = owner.engine, owner.models[3]
    for number, seed in ((first, None), (first + 1, 1)):  # the second answer has nothing to do with the first
        engine.advance(engine.contest(11).rounds.get(number).opens + timedelta(minutes=1))
        assert owner.play(model, seed)
        engine.advance(engine.contest(11).rounds.get(number).closes)
    assert (engine.contest(11).rounds.policy(first + 1).churn_penalty is not None) is at_risk
    assert (engine.ledger.risk(first + 1, model) > 0) is at_risk
    engine.close()


def test_what_is_locked_in_rounds_is_released_as_they_resolve(owner: Owner) -> None:
    engine, model = owner.engine, owner.models[6]
    assert engine.contest_of(model).number == 12
    engine.advance(engine.next_event())
    owner.play(model, 0)
    engine.advance(engine.now() + timedelta(hours=2))
    share = engine.ledger.risk(1345, model)
    assert share == (Decimal(64) / 24).quantize(Decimal("1e-18"), "ROUND_DOWN")
    change = owner.engine.stakes.change(owner.session, model, "decrease", "64")
    assert change.pending == share
    assert engine.available("practice") == 164 - share
    engine.advance(change.due + timedelta(days=12))
    assert engine.stake(model) == 0
    assert engine.available("practice") == 164 + engine.contest(12).standings.settled_of(model)[0].total
    engine.close()


def test_a_position_by_hand_is_authorised_once_locked_claimed_and_proved(owner: Owner) -> None:
    engine, model = owner.engine, owner.models[7]
    owner.engine.stakes.change(owner.session, model, "decrease", "128")
    engine.advance(engine.next_event())
    made = owner.play(model, 4)
    wallet = address("wallet", "practice")
    given = engine.chain.authorise(owner.session, str(made), wallet, "10")
    with pytest.raises(Refused, match="exceeds"):
        engine.chain.stake(given.signature, "11")
    engine.chain.stake(given.signature, "10")
    with pytest.raises(Refused, match="Invalid authorization"):
        engine.chain.stake(given.signature, "10")
    late = engine.chain.authorise(owner.session, str(made), wallet, "1")
    engine.advance(engine.now() + timedelta(minutes=11))
    with pytest.raises(Refused, match="expired"):
        engine.chain.stake(late.signature, "1")
    assert engine.available("practice") == 218
    engine.advance(engine.contest(12).rounds.score_moments(1345)[-1])
    proof = engine.chain.proof(engine.contest(12), model, 1345, wallet)
    assert proof is not None
    with pytest.raises(Refused, match="Invalid claim proof"):
        engine.chain.claim(replace(proof.leaf, payout=proof.leaf.payout + 1), proof.proof)
    position = owner.claim(model, 1345)
    assert position.claimed
    assert position.settlement is not None
    assert engine.available("practice") == 218 + position.settlement.claimable
    with pytest.raises(Refused, match="Nothing to claim"):
        owner.claim(model, 1345)
    assert engine.books().difference == 0
    engine.close()
