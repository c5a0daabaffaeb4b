"""Faults of whole rounds and of submissions: decided once, written in the journal, the same after a restart."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numerapi
import numpy as np
import pandas as pd
import polars as pl
import pytest
import requests

from eraforge.core.errors import UserError
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


RELEASE = {"name": "version-released", "rounds": [1347], "beside": 2}


def listed(client: numerapi.NumerAPI, **asked: int) -> set[str]:
    return {name.split("/")[0] for name in client.list_datasets(**asked)}


def test_a_version_comes_beside_the_one_before_it_and_takes_its_place(
    sim: LocalTournament, client: numerapi.NumerAPI, tmp_path: Path
) -> None:
    sim.disturb(RELEASE)
    seen = []
    for number in range(1345, 1351):
        sim.advance(OPENS + DAY * (number - 1346 + 2 * (number > 1349)))  # no round opens on a Sunday or Monday
        assert client.get_current_round() == number
        seen.append(listed(client))
    assert seen == [{"v5.3"}, {"v5.3"}, {"v5.3", "v5.4"}, {"v5.3", "v5.4"}, {"v5.4"}, {"v5.4"}]
    assert changes(sim, "version-released") == [
        {
            "tournament": 8, "round": 1347, "fault": "version-released", "version": "v5.4",
            "target": "target_jasper_60", "renamed": "quantum", "named": "quantum_equivalent_features", "until": 1349,
        }
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"v5\.3/live\.parquet not found"):
        client.download_dataset("v5.3/live.parquet", str(tmp_path / "gone.parquet"))
    old = client.download_dataset("v5.3/live.parquet", str(tmp_path / "old.parquet"), round_num=1348)
    now = client.download_dataset("v5.4/live.parquet", str(tmp_path / "now.parquet"), round_num=1348)
    before, after = pd.read_parquet(old), pd.read_parquet(now)
    assert before.equals(after[before.columns]) and after.shape[1] > before.shape[1]
    with pytest.raises(ValueError, match=r"v5\.4/live\.parquet not found"):
        client.download_dataset("v5.4/live.parquet", str(tmp_path / "early.parquet"), round_num=1346)


def test_answers_by_id_count_whichever_version_they_were_made_from(
    sim: LocalTournament, client: numerapi.NumerAPI, tmp_path: Path
) -> None:
    sim.disturb({"name": "version-released", "rounds": [1346]})
    sim.advance(OPENS)
    for version, model in (("v5.3", "practice_a"), ("v5.4", "practice_b")):
        file = client.download_dataset(f"{version}/live.parquet", str(tmp_path / f"{version}.parquet"))
        made = pd.read_parquet(file).iloc[:, 2:44].mean(axis=1).rank(pct=True).clip(0.01, 0.99)
        client.upload_predictions(df=made.rename("prediction").reset_index(), model_id=sim.models[model])
    assert [one["error"] for one in changes(sim, "submission-created")] == [None, None]
    sim.advance(8 * DAY)
    scores = [
        {row["displayName"]: row["value"] for row in client.submission_scores(sim.models[model]) if row["day"] == 1}
        for model in ("practice_a", "practice_b")
    ]
    assert scores[0] == scores[1] and scores[0]["corr60"] is not None


def test_where_target_moves_the_scores_of_a_round_stay(tmp_path: Path, tiny_world: World) -> None:
    """What pays is CORR and MMC of ender at 60 days, whatever a version calls `target`."""
    tables, configurations = [], []
    for name, plan in (("calm", []), ("moved", [RELEASE])):
        with local_tournament(tmp_path / name, world=tiny_world) as sim:
            sim.disturb(*plan)
            sim.advance(sim.now() + 10 * DAY)
            tables.append(sim.tournament.scores.table(1347, [1, 2]).days)
            configurations.append(sim.tournament.rounds.get(1347).score_configs)
    np.testing.assert_array_equal(tables[0][2], tables[1][2])
    assert configurations[0] == configurations[1]


def test_a_released_version_is_there_after_a_restart_and_after_the_faults_ended(
    tmp_path: Path, tiny_world: World
) -> None:
    for place in range(3):
        with local_tournament(tmp_path / "state", world=tiny_world) as sim:
            if place == 0:
                sim.disturb({"name": "version-released"})
                sim.advance(sim.now() + 9 * DAY)
            if place == 1:
                assert sim.server.site.board.struck == [1]
                sim.disturb()
                sim.advance(sim.now() + 2 * DAY)
            found = changes(sim, "version-released")
            contest = sim.tournament.contest(8)
            assert [(one["round"], one["until"]) for one in found] == [(1345, None)]
            assert contest.published.names(1344) == ("v5.3",) and contest.published.names(1345) == ("v5.3", "v5.4")
            assert sim.judge().clean


@pytest.mark.parametrize(
    ("setting", "value", "hint"),
    [
        ("version", "v5.3", "v5.4"),
        ("version", "../v6", "v5.4"),
        ("target", "target", "target_ender_20"),
        ("target", "target_nobody_60", "target_ender_20"),
        ("renamed", "tiny", "small"),
        ("beside", -1, "number of rounds"),
    ],
)
def test_a_version_that_cannot_be_is_refused_at_once(
    sim: LocalTournament, setting: str, value: object, hint: str
) -> None:
    with pytest.raises(UserError) as caught:
        sim.disturb({**RELEASE, setting: value})
    assert caught.value.code == "setting-not-understood" and hint in caught.value.next_step
    assert setting in caught.value.sentence and not changes(sim, "faults-set")


def test_tournaments_whose_data_come_in_one_version_are_left_alone(three: LocalTournament) -> None:
    three.disturb({"name": "version-released"})
    three.advance(three.now() + 3 * DAY)
    assert [one["tournament"] for one in changes(three, "version-released")] == [8]


def test_a_model_upload_names_a_version_and_ends_with_it(
    sim: LocalTournament, client: numerapi.NumerAPI, tmp_path: Path
) -> None:
    upload = tmp_path / "model.pkl"
    upload.write_bytes(b"never opened")
    sim.disturb({**RELEASE, "rounds": [1346], "beside": 1})
    sim.advance(OPENS)
    assert list(client.model_upload_data_versions()) == ["v5.3", "v5.4"]
    asked = client.raw_query("{ computePickleDataVersions { name default deprecated } }")
    told = {row["name"]: (row["default"], row["deprecated"]) for row in asked["data"]["computePickleDataVersions"]}
    assert told == {"v5.3": (True, True), "v5.4": (False, False)}
    identifier = client.model_upload(str(upload), model_id=sim.models["practice_a"], data_version="v5.3")
    sim.advance(OPENS + DAY)
    assert list(client.model_upload_data_versions()) == ["v5.4"]
    trigger = client.raw_query(
        f'mutation {{ triggerComputePickleUpload(pickleId: "{identifier}") {{ id }} }}', authorization=True
    )["data"]["triggerComputePickleUpload"]["id"]
    status = sim.tournament.records.pickles.runs[trigger].statuses[-1]
    assert status.status == "failed" and "v5.3 is no longer available" in str(status.description)
