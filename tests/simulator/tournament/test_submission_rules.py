"""On time, late, queued, mapped, superseded: which submission counts."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eraforge.core.clock import SystemClock
from eraforge.core.errors import Refused
from eraforge.simulator.tournament.engine import Session, Tournament
from eraforge.simulator.tournament.rules.payouts import at_risk
from eraforge.simulator.world import World

OPENS = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path, tiny_world: World) -> Iterator[Tournament]:
    made = Tournament(tiny_world, 7, tmp_path / "state", SystemClock())
    yield made
    made.close()


@pytest.fixture
def upload(engine: Tournament) -> Callable[..., str]:
    account = engine.records.accounts["practice"]
    session = Session(account.tokens[0])

    def make(number: int, seed: int = 0, datestamp: int | None = None, rows: int | None = None) -> str:
        ids = engine.live_ids(number)[:rows]
        frame = pd.DataFrame({"id": ids, "prediction": np.random.default_rng(seed).random(len(ids))})
        name = engine.authorise_upload(session, "mine.csv", account.models[0], 8)
        engine.store_object(name, frame.to_csv(index=False).encode())
        return engine.create_submission(session, name, account.models[0], 8, datestamp=datestamp)

    return make


def listed(engine: Tournament) -> list[tuple[int, str, bool]]:
    model = engine.records.accounts["practice"].models[0]
    return [(one.submission.round, one.status, one.selected) for one in engine.submissions.of_model(model)]


def test_the_latest_valid_one_in_the_window_counts(engine: Tournament, upload: Callable[..., str]) -> None:
    engine.advance(OPENS)
    upload(1345, seed=1)
    second = upload(1345, seed=2)
    upload(1345, seed=3, rows=5)
    assert listed(engine) == [(1345, "on-time", False), (1345, "on-time", True), (1345, "on-time", False)]
    model = engine.records.accounts["practice"].models[0]
    chosen = engine.submissions.selected(model, 1345)
    assert chosen is not None
    assert chosen.submission.id == second


def test_the_window_ends_to_the_second(engine: Tournament, upload: Callable[..., str]) -> None:
    engine.advance(OPENS + timedelta(minutes=59, seconds=59))
    upload(1345)
    assert listed(engine) == [(1345, "on-time", True)]
    engine.advance(OPENS + timedelta(hours=1))
    upload(1345)
    assert listed(engine) == [(1346, "queued", False), (1345, "late", False), (1345, "on-time", True)]


def test_an_upload_between_rounds_is_late_and_queued(engine: Tournament, upload: Callable[..., str]) -> None:
    model = engine.records.accounts["practice"].models[0]
    engine.advance(OPENS + timedelta(hours=2))
    made = upload(1345)
    assert listed(engine) == [(1346, "queued", False), (1345, "late", True)]
    assert engine.submissions.selected(model, 1346) is None
    engine.advance(OPENS + timedelta(days=1))
    assert listed(engine) == [(1346, "on-time", True), (1345, "late", True)]
    queued = engine.submissions.selected(model, 1346)
    assert queued is not None
    assert engine.submissions.find(queued.submission.id) == queued.submission
    assert len(engine.predictions(queued)) == len(engine.live_ids(1346))
    upload(1346)
    assert listed(engine)[0] == (1346, "on-time", True)
    assert listed(engine)[1] == (1346, "on-time", False)
    assert made in engine.records.submissions


def test_a_rejected_upload_is_not_queued(engine: Tournament, upload: Callable[..., str]) -> None:
    upload(1344, rows=3)
    assert listed(engine) == [(1344, "late", False)]


def test_predictions_on_yesterdays_ids_need_their_datestamp(engine: Tournament, upload: Callable[..., str]) -> None:
    engine.advance(OPENS)
    upload(1344)
    upload(1344, datestamp=20260828)
    upload(1345, datestamp=20260831)
    assert listed(engine) == [(1345, "on-time", True), (1345, "on-time", False), (1345, "on-time", False)]
    errors = [one.error for one in engine.records.submissions.values()]
    assert [error is None for error in errors] == [False, True, True]
    with pytest.raises(Refused, match="dataDatestamp 20260801"):
        upload(1345, datestamp=20260801)


def test_stakes_count_as_they_stood_when_the_window_closed(engine: Tournament, upload: Callable[..., str]) -> None:
    account = engine.records.accounts["practice"]
    model, session = account.models[0], Session(account.tokens[0])
    engine.advance(OPENS)
    upload(1345)
    engine.stakes.change(session, model, "increase", "6.4")
    engine.advance(OPENS + timedelta(hours=1))
    engine.stakes.change(session, model, "decrease", "64")
    table = engine.scores.table(1345, ())
    [mine] = [member for member in table.members if member.model_id == model]
    assert mine.risk == at_risk(Decimal("70.4"), engine.rounds.policy(1345))
    assert float(mine.risk) == pytest.approx(1.1)


@pytest.mark.parametrize("tournament", [11, 12])
def test_other_tournaments_are_refused(engine: Tournament, tournament: int) -> None:
    account = engine.records.accounts["practice"]
    with pytest.raises(Refused, match="is not served here"):
        engine.authorise_upload(Session(account.tokens[0]), "a.csv", account.models[0], tournament)
