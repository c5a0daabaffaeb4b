"""Faults of whole rounds and of submissions: decided once, written in the journal, the same after a restart."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numerapi
import numpy as np
import pandas as pd
import polars as pl
import requests

from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.world import World

DAY = timedelta(days=1)
OPENS = datetime(2026, 9, 2, 12, tzinfo=UTC)  # of round 1346


def changes(sim: LocalTournament, change: str) -> list[dict]:
    return [line["facts"] for line in sim.tournament.journal.lines if line["change"] == change]


def events(sim: LocalTournament, until: datetime) -> dict[tuple[str, int], str]:
    return {
        (event["event"], event["round"]): f"{event['at']:%m-%d %H:%M}"
        for event in sim.tournament.rounds.events(sim.now(), until)
        if "round" in event
    }


def test_a_moved_window_is_told_by_the_api_and_kept_by_the_rules(sim: LocalTournament) -> None:
    sim.disturb({"name": "window-moved", "rounds": [1346], "minutes": 90.0})
    assert changes(sim, "window-changed") == []
    sim.advance(OPENS - DAY)
    assert changes(sim, "window-changed") == [
        {
            "tournament": 8, "round": 1346, "opens": "2026-09-02T13:30:00+00:00",
            "closes": "2026-09-02T14:30:00+00:00", "fault": "window-moved",
        }
    ]  # fmt: skip
    seen = events(sim, OPENS + DAY)
    assert seen["round-opened", 1346] == "09-02 13:30"
    assert seen["round-closed", 1346] == "09-02 14:30"
    assert sim.tournament.rounds.current_number(OPENS + timedelta(minutes=60)) == 1345
    assert sim.tournament.rounds.open_at(OPENS + timedelta(minutes=100)).number == 1346


def test_a_shortened_window_closes_early(
    sim: LocalTournament, client: numerapi.NumerAPI, predictions: Callable[..., pd.DataFrame]
) -> None:
    sim.disturb({"name": "window-shortened", "rounds": [1346], "minutes": 20.0})
    sim.advance(OPENS + timedelta(minutes=19))
    client.upload_predictions(df=predictions(sim, 1346), model_id=sim.models["practice_a"])
    sim.advance(timedelta(minutes=1))
    client.upload_predictions(df=predictions(sim, 1346), model_id=sim.models["practice_b"])
    made = changes(sim, "submission-created")
    assert [one["late"] for one in made] == [False, True]
    assert not client.check_round_open()


def test_a_changed_universe_is_that_of_files_checks_and_scores(
    sim: LocalTournament, client: numerapi.NumerAPI, tmp_path: Path
) -> None:
    planned = len(sim.tournament.live_ids(1345))
    sim.disturb(
        {"name": "universe-changed", "rounds": [1346], "share": 0.7},
        {"name": "universe-changed", "rounds": [1347], "share": 1.4},
    )
    for number, share in ((1346, 0.7), (1347, 1.4)):
        sim.advance(OPENS + DAY * (number - 1346))
        live = pl.read_parquet(client.download_dataset("v5.3/live.parquet", str(tmp_path / f"{number}.parquet")))
        ids = live["id"].to_list()
        assert len(set(ids)) == len(ids)
        assert sorted(ids) == list(sim.tournament.live_ids(number)) == ids
        assert abs(len(ids) / planned - share) < 0.1
        example = client.download_dataset("v5.3/live_example_preds.csv", str(tmp_path / f"{number}.csv"))
        assert pl.read_csv(example)["id"].to_list() == ids
        frame = pd.DataFrame({"id": ids, "prediction": np.linspace(0.1, 0.9, len(ids))})
        client.upload_predictions(df=frame, model_id=sim.models["practice_a"])
        assert changes(sim, "submission-created")[-1]["error"] is None
    sim.advance(8 * DAY)
    rows = client.submission_scores(sim.models["practice_a"])
    assert {row["roundNumber"] for row in rows} == {1346, 1347}
    assert all(row["value"] is not None for row in rows)


def test_a_submission_rejected_late_no_longer_counts(
    sim: LocalTournament, client: numerapi.NumerAPI, predictions: Callable[..., pd.DataFrame]
) -> None:
    sim.advance()
    sim.disturb({"name": "rejected-late", "seconds": 600.0, "error": "taken back"})
    model = sim.models["practice_a"]
    client.upload_predictions(df=predictions(sim, 1345), model_id=model)
    (seen,) = sim.tournament.submissions.of_model(model)
    assert (seen.selected, seen.submission.error) == (True, None)
    sim.advance(timedelta(minutes=10))
    (seen,) = sim.tournament.submissions.of_model(model)
    assert (seen.selected, seen.submission.error) == (False, "taken back")
    sim.disturb()
    client.upload_predictions(df=predictions(sim, 1345, 1), model_id=model)
    sim.advance(8 * DAY)
    assert not sim.judge().of("double")
    assert sim.judge().figures["rejected-later"] == 1


def test_a_revised_score_replaces_the_one_before(sim: LocalTournament) -> None:
    sim.disturb({"name": "score-revised", "rounds": [1345], "day": 2, "wait": 2, "size": 0.1})
    sim.advance(sim.now() + 2 * DAY)
    moments = sim.tournament.rounds.score_moments(1345)
    sim.advance(moments[2])
    before = {day: sim.tournament.scores.table(1345, [day]).days[day].copy() for day in (1, 2)}
    payout = sim.tournament.standings.payout(1345, sim.tournament.world.competitors[0].model_id, 2)
    sim.advance(moments[3])
    after = {day: sim.tournament.scores.table(1345, [day]).days[day] for day in (1, 2)}
    np.testing.assert_array_equal(before[1], after[1])
    off = (after[2] - before[2])[~np.isnan(before[2])]
    assert 0.05 < off.std() < 0.2
    again = sim.tournament.standings.payout(1345, sim.tournament.world.competitors[0].model_id, 2)
    assert payout is not None and again is not None and payout.parts != again.parts


def test_a_round_that_resolves_late_pays_late(sim: LocalTournament) -> None:
    planned = sim.tournament.rounds.score_moments(1345)
    sim.disturb({"name": "resolved-late", "rounds": [1345], "days": 4})
    sim.advance(planned[0])
    late = sim.tournament.rounds.score_moments(1345)
    assert late[:-1] == planned[:-1]
    assert late[-1] == sim.tournament.rounds.score_moments(1349)[-1]
    sim.advance(planned[-1])
    assert sim.tournament.rounds.status(sim.tournament.rounds.get(1345), sim.now()) == "RESOLVING"
    assert ("round-resolved", 1345) in events(sim, late[-1])
    sim.advance(late[-1])
    assert sim.tournament.rounds.published(1345, sim.now()) == 60


def test_every_round_is_decided_once_whatever_the_steps_and_restarts(tmp_path: Path, tiny_world: World) -> None:
    plan = [
        {"name": "window-moved", "probability": 0.4},
        {"name": "resolved-late", "probability": 0.3, "days": 2},
        {"name": "score-revised", "probability": 0.3},
    ]
    written = []
    for step in (timedelta(days=40), timedelta(hours=9)):
        state = tmp_path / str(step)
        until = None
        for _ in range(2):
            with local_tournament(state, world=tiny_world) as sim:
                if until is None:
                    sim.disturb(*plan)
                    until = sim.now() + timedelta(days=40)
                else:
                    until += timedelta(days=40)
                while sim.now() < until:
                    sim.advance(min(sim.now() + step, until))
                names = ("window-changed", "resolution-delayed", "score-revised")
                found = [(name, facts) for name in names for facts in changes(sim, name)]
                struck = list(sim.server.site.board.struck)
        written.append((sorted(found, key=repr), struck))
    assert written[0] == written[1]
    assert len(written[0][0]) == sum(written[0][1]) > 30


def test_a_plan_in_force_goes_on_after_a_restart(tmp_path: Path, tiny_world: World) -> None:
    query = {"query": "{ listDatasets }"}
    rules = [{"name": "error-before", "probability": 0.3}, {"name": "rate-limited", "on": [5, 9]}]
    statuses = []
    for name, parts in (("one", (20,)), ("two", (7, 13))):
        asked: list[int] = []
        for place, count in enumerate(parts):
            with local_tournament(tmp_path / name, world=tiny_world) as sim:
                if place == 0:
                    sim.disturb(*rules)
                asked += [requests.post(sim.url, json=query, timeout=30).status_code for _ in range(count)]
        statuses.append(asked)
    assert statuses[0] == statuses[1]
    assert statuses[0].count(429) == 2 and 503 in statuses[0]
