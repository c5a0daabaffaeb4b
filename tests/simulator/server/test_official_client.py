"""The unmodified official client, operation by operation."""

import datetime
import types
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numerapi
import numpy as np
import pandas as pd
import pytest
import requests
from numerapi import base_api

from eraforge.simulator.server.inprocess import LocalTournament

Make = Callable[..., pd.DataFrame]


def advance(sim: LocalTournament, **body: object) -> dict:
    answer = requests.post(sim.url + "/control/advance", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_rounds_and_their_score_configurations(client: numerapi.NumerAPI, sim: LocalTournament) -> None:
    assert client.get_current_round() == 1344
    advance(sim, event="next")
    assert client.get_current_round() == 1345
    [current] = client.list_rounds(number=1345)
    assert current["openTime"] == datetime.datetime(2026, 9, 1, 12, tzinfo=datetime.UTC)
    assert current["closeStakingTime"] == datetime.datetime(2026, 9, 1, 13, tzinfo=datetime.UTC)
    assert current["dataDatestamp"] == 20260831
    assert current["payoutFactor"] == Decimal("1.0")
    configs = {config["displayName"]: config for config in current["roundScoreConfigs"]}
    paying = {name: config["defaultMultiplier"] for name, config in configs.items() if config["isPayout"]}
    assert paying == {"corr60": 3.0, "mmc60": 15.0}
    assert {config["clipThreshold"] for config in configs.values()} == {1.0}
    assert {configs[name]["totalScoreDays"] for name in ("v2_corr20", "mmc")} == {20}
    assert configs["corr60"]["scoringStart"].date() == datetime.date(2026, 9, 5)
    assert configs["corr60"]["scoringEnd"].date() == current["resolveTime"].date()
    assert [one["number"] for one in client.list_rounds(status="open")] == [1345]
    assert [one["number"] for one in client.list_rounds(status="upcoming")] == [1346]
    assert [one["number"] for one in client.list_rounds(status="resolving", limit=1)] == [1344]
    assert client.list_rounds(status="resolved") == []
    assert client.list_rounds(number=2000) == []


def test_competitions_newest_first(client: numerapi.NumerAPI) -> None:
    assert [one["number"] for one in client.get_competitions()] == [1344, 1343]
    assert not client.get_competitions()[0]["resolvedGeneral"]


def test_whether_a_round_is_open_by_the_clock_of_the_client(
    client: numerapi.NumerAPI, sim: LocalTournament, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Frozen(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return sim.tournament.now().astimezone(tz)

    frozen = types.SimpleNamespace(datetime=Frozen, timedelta=datetime.timedelta)
    monkeypatch.setattr(base_api, "datetime", frozen)
    assert not client.check_round_open()
    advance(sim, to="2026-09-01T12:30:00Z")
    assert client.check_round_open()
    assert client.check_new_round()
    advance(sim, seconds=1800)
    assert not client.check_round_open()
    assert client.check_new_round(hours=2)
    assert not client.check_new_round(hours=1)


def test_datasets(client: numerapi.NumerAPI, sim: LocalTournament, tmp_path: Path) -> None:
    names = client.list_datasets()
    assert {"v5.3/train.parquet", "v5.3/live.parquet", "v5.3/features.json"} <= set(names)
    before = pd.read_parquet(client.download_dataset("v5.3/live.parquet", str(tmp_path / "before.parquet")))
    advance(sim, event="next")
    path = client.download_dataset("v5.3/live.parquet", str(tmp_path / "live.parquet"))
    live = pd.read_parquet(path)
    assert live.index.name == "id"
    assert list(live.index) == list(sim.tournament.live_ids(1345))
    assert not set(live.index) & set(before.index)
    again = client.download_dataset("v5.3/live.parquet", str(tmp_path / "again.parquet"), round_num=1344)
    assert pd.read_parquet(again).equals(before)
    with pytest.raises(ValueError, match="Round 1346 has not opened yet"):
        client.download_dataset("v5.3/live.parquet", str(tmp_path / "no.parquet"), round_num=1346)
    with pytest.raises(ValueError, match="not found"):
        client.download_dataset("v9/live.parquet", str(tmp_path / "no.parquet"))


def test_filtered_download(client: numerapi.NumerAPI, tmp_path: Path) -> None:
    whole = pd.read_parquet(client.download_dataset("v5.3/validation.parquet", str(tmp_path / "whole.parquet")))
    eras = sorted(whole["era"].unique())[:2]
    path = client.download_dataset(
        "v5.3/validation.parquet", str(tmp_path / "part.parquet"), filters=[("era", "in", eras)]
    )
    assert pd.read_parquet(path).equals(whole[whole["era"].isin(eras)])


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in.*socket:pytest.PytestUnraisableExceptionWarning")
def test_a_broken_download_is_resumed(client: numerapi.NumerAPI, tmp_path: Path) -> None:
    whole = Path(client.download_dataset("v5.3/train.parquet", str(tmp_path / "whole.parquet"))).read_bytes()
    (tmp_path / "part.parquet.temp").write_bytes(whole[:1000])
    resumed = client.download_dataset("v5.3/train.parquet", str(tmp_path / "part.parquet"))
    assert Path(resumed).read_bytes() == whole


def test_account_and_models(client: numerapi.NumerAPI, sim: LocalTournament) -> None:
    account = client.get_account()
    assert account["username"] == "practice"
    assert account["availableNmr"] == Decimal(100)
    assert account["insertedAt"].tzinfo is not None
    assert account["apiTokens"][0]["public_id"] == sim.public_id
    assert len(sim.public_id) == 32
    assert client.get_models() == sim.models == client.models_of_account("practice")
    assert len(sim.models) == 3
    assert client.get_models(tournament=11) == {}
    model_id = sim.models["practice_b"]
    assert client.modelid_to_modelname(model_id) == "practice_b"
    assert client.stake_get("practice_b") == Decimal(128)
    profile = client.public_user_profile("practice_b")
    assert (profile["id"], profile["nmrStaked"], profile["bio"]) == (model_id, Decimal(128), None)
    assert client.set_bio(model_id, "patient")
    assert client.set_link(model_id, "here", "https://example.com")
    assert client.set_submission_webhook(model_id, "https://example.com/hook")
    assert client.public_user_profile("practice_b")["bio"] == "patient"
    assert sim.tournament.records.models[model_id].webhook == "https://example.com/hook"


@pytest.mark.parametrize("form", ["df", "csv", "parquet", "indexed parquet"])
def test_a_submission_in_every_form(
    client: numerapi.NumerAPI, sim: LocalTournament, predictions: Make, tmp_path: Path, form: str
) -> None:
    advance(sim, event="next")
    frame, model_id = predictions(sim, 1345), sim.models["practice_a"]
    path = tmp_path / ("mine.parquet" if "parquet" in form else "mine.csv")
    if form == "df":
        made = client.upload_predictions(df=frame, model_id=model_id)
    else:
        if form == "csv":
            frame.to_csv(path, index=False)
        else:
            (frame if form == "parquet" else frame.set_index("id")).to_parquet(path)
        made = client.upload_predictions(str(path), model_id=model_id)
    [listed] = client.submission_ids(model_id)
    assert listed["id"] == made
    stem = "predictions" if form == "df" else "mine"
    assert listed["filename"].startswith(f"{stem}-")
    assert len(listed["filename"]) == len(stem) + 13 + len(path.suffix)
    assert client.get_submission_filenames(8, 1345, model_id) == [
        {"round_num": 1345, "tournament": 8, "filename": listed["filename"]}
    ]
    back = client.download_submission(model_id=model_id, dest_path=str(tmp_path / "back"))
    sent = frame.to_csv(index=False).encode() if form == "df" else path.read_bytes()
    assert Path(back).read_bytes() == sent
    standing = sim.tournament.submissions.selected(model_id, 1345)
    assert standing is not None
    np.testing.assert_array_equal(sim.tournament.predictions(standing), frame["prediction"].to_numpy())


def test_a_rejected_submission_leaves_the_selected_one(
    client: numerapi.NumerAPI, sim: LocalTournament, predictions: Make
) -> None:
    advance(sim, event="next")
    model_id = sim.models["practice_a"]
    good = client.upload_predictions(df=predictions(sim, 1345), model_id=model_id)
    bad = client.upload_predictions(df=predictions(sim, 1345).iloc[1:], model_id=model_id)
    query = "query($id: ID) { submissions(modelId: $id) { id selected status errorInfo round { number } } }"
    rows = client.raw_query(query, {"id": model_id}, authorization=True)["data"]["submissions"]
    assert [(row["id"], row["selected"], row["status"]) for row in rows] == [
        (bad, False, "rejected"),
        (good, True, "accepted"),
    ]
    assert rows[0]["errorInfo"].startswith("invalid_submission_ids: Not enough stocks submitted.")
    assert rows[1]["errorInfo"] is None


def test_an_object_that_never_arrived_makes_no_submission(
    client: numerapi.NumerAPI, sim: LocalTournament, predictions: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance(sim, event="next")
    monkeypatch.setattr(requests, "put", lambda *_, **__: None)
    with pytest.raises(ValueError, match="Uploaded file not found"):
        client.upload_predictions(df=predictions(sim, 1345), model_id=sim.models["practice_a"])
    assert client.submission_ids(sim.models["practice_a"]) == []


def test_stakes(client: numerapi.NumerAPI, sim: LocalTournament) -> None:
    model_id = sim.models["practice_c"]
    change = client.stake_increase(8, model_id)
    assert (change["requestedAmount"], change["type"]) == (Decimal(8), "increase")
    assert client.stake_get("practice_c") == Decimal(40)
    assert client.stake_set(10, model_id)["type"] == "decrease"
    assert client.stake_set(10, model_id) is None
    assert client.stake_get("practice_c") == Decimal(10)
    assert client.get_account()["availableNmr"] == Decimal(122)
    assert [one["amount"] for one in client.wallet_transactions()] == [Decimal(30), Decimal(-8)]
    with pytest.raises(ValueError, match="Insufficient NMR balance"):
        client.stake_increase(1000, model_id)
    with pytest.raises(ValueError, match="Unknown type 'bool'"):
        client.stake_drain(model_id)


def test_pipeline_status(client: numerapi.NumerAPI) -> None:
    status = client.pipeline_status("2026-09-01")
    assert status["isScoringDay"]
    assert status["scoredAt"] is None
    assert client.pipeline_status("2026-08-29")["scoredAt"].tzinfo is not None
    assert not client.pipeline_status("2026-08-30")["isScoringDay"]


def test_a_tournament_without_a_world_is_refused(client: numerapi.NumerAPI, sim: LocalTournament) -> None:
    signals = numerapi.SignalsAPI(sim.public_id, sim.secret_key, verbosity="critical")
    for ask in (signals.get_leaderboard, signals.get_current_round, signals.list_datasets):
        with pytest.raises(ValueError, match="Tournament 11 is not served here"):
            ask()
