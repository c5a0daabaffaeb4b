"""Two tournaments under every fault of a round: their rounds stay apart, books balance, a restart changes nothing."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.tournament.accounts.host import Session
from eraforge.simulator.tournament.contest import Contest

FAULTS = [
    {"name": "window-moved", "probability": 0.3, "minutes": 40.0},
    {"name": "window-shortened", "probability": 0.3},
    {"name": "universe-changed", "probability": 0.3, "share": 0.95},
    {"name": "score-revised", "probability": 0.4},
    {"name": "resolved-late", "probability": 0.4, "days": 4},
]


def play(sim: LocalTournament, number: int, name: str) -> str:
    """A random answer of one of the ready account's models, for the round that is open."""
    engine, contest = sim.tournament, sim.tournament.contest(number)
    current = contest.rounds.current(sim.now())
    session = Session(engine.records.accounts["practice"].tokens[0])
    ids = contest.live_ids(current.number)
    values = np.random.default_rng(current.number).random(len(ids))
    frame = pd.DataFrame({contest.arena.id_column: ids, contest.arena.prediction_column: values})
    model = sim.models_of(number)[name]
    given = engine.authorise_upload(session, "mine.csv", model, number)
    engine.store_object(given, frame.to_csv(index=False).encode())
    return engine.create_submission(session, given, model, number)


def figures(sim: LocalTournament) -> dict[str, Any]:
    """What the scores and the books come to."""
    found: dict[str, Any] = {"books": sim.tournament.books(), "available": sim.tournament.available("practice")}
    for number, contest in sim.tournament.contests.items():
        rounds, finals = contest.standings.weighted_finals()
        found[f"finals {number}"] = rounds, np.nan_to_num(finals, nan=9.0).tolist()
        found[f"reputations {number}"] = contest.standings.reputations()
        for name, model in sim.models_of(number).items():
            risks = [sim.tournament.ledger.risk(one, model) for one in contest.standings.round_numbers()]
            found[name] = contest.standings.settled_of(model), sim.tournament.stake(model), risks
    return found


def weighted(contest: Contest, number: int, model: str) -> float:
    """The final payout-weighted score, computed once more from the table."""
    scores = contest.standings.final_scores(number, model)
    weights = contest.rounds.policy(number).weights
    return float(sum((weights[name] or Decimal(0)) * scores[name] for name in weights))


def test_what_is_disturbed_is_settled_all_the_same(tmp_path: Path, three_worlds: dict) -> None:
    worlds = {number: three_worlds[number] for number in (11, 12)}
    with local_tournament(tmp_path, world=worlds) as sim:
        sim.disturb(*FAULTS, seed=3)
        opened: set[tuple[int, int]] = set()
        until = sim.now() + timedelta(days=20)
        while sim.now() < until:
            for event in sim.advance():
                if event["event"] == "round-opened":
                    number = event.get("tournament", 11)
                    opened.add((number, event["round"]))
                    play(sim, number, "practice_a" if number == 11 else "practice_crypto_a")
                    sim.tournament.books()
        last = max(one for _, one in opened)
        sim.advance(timedelta(days=50))
        live, lines = figures(sim), list(sim.tournament.journal.lines)
        contest = sim.tournament.contest(12)
        rounds, finals = contest.standings.weighted_finals()
        for place, model in list(enumerate(contest.standings.models()))[:3]:
            again = [weighted(contest, one, model) for one in rounds]
            np.testing.assert_allclose(np.nan_to_num(finals[:, place]), again, atol=1e-12)
        late = {one["facts"]["round"] for one in lines if one["change"] == "resolution-delayed"}
        assert late & set(rounds)
        assert {one for _, one in opened} <= set(contest.standings.round_numbers())
        mine = sim.models_of(12)["practice_crypto_a"]
        assert all(contest.scores.answer(one, sim.models_of(11)["practice_a"]) is None for one in rounds)
        assert sum(contest.scores.answer(one, mine) is not None for one in rounds) > 10
        judgement = sim.judge()
        assert not [one for one in judgement.findings if one.check != "missed" or (one.round or 0) <= last]
        assert judgement.figures["models"] == 2
    with local_tournament(tmp_path, world=worlds) as again:
        assert list(again.tournament.journal.lines) == lines
        assert figures(again) == live


@pytest.mark.parametrize("asked_between", [True, False])
def test_what_a_round_holds_at_its_closing_is_not_changed_by_a_rejection_afterwards(
    tmp_path: Path, three_worlds: dict, asked_between: bool
) -> None:
    with local_tournament(tmp_path, world={12: three_worlds[12]}) as sim:
        sim.advance()
        identifier = play(sim, 12, "practice_a")
        current = sim.tournament.rounds.current(sim.now())
        after = current.closes + timedelta(minutes=5)
        rejection = {"id": identifier, "error": "no", "from": after.isoformat(), "fault": "rejected-late"}
        sim.tournament.change("submission-rejected", rejection)
        model = sim.models["practice_a"]
        if asked_between:
            sim.advance(current.closes)
            assert sim.tournament.ledger.risk(current.number, model) > 0
        sim.advance(after + timedelta(days=1))
        assert sim.tournament.ledger.risk(current.number, model) > 0
        assert sim.tournament.submissions.selected(model, current.number) is None
        assert sim.tournament.scores.table(current.number, ()).column(model) is None
        sim.tournament.books()
