"""The page and the document behind it."""

import json
from collections.abc import Callable
from datetime import timedelta

import numerapi
import pandas as pd
import requests

from eraforge.simulator.page.situation import page
from eraforge.simulator.server.inprocess import LocalTournament


def situation(sim: LocalTournament) -> dict:
    answer = requests.get(sim.url + "/control/situation", timeout=30)
    assert answer.status_code == 200
    return answer.json()


def test_before_anything_happens(sim: LocalTournament) -> None:
    seen = situation(sim)
    assert seen["next"] == {"event": "round-opened", "round": 1345, "at": "2026-09-01T12:00:00+00:00"}
    assert [one["name"] for one in seen["entries"]] == ["practice_a", "practice_b", "practice_c"]
    assert all(one["submission"] is None for one in seen["entries"])
    assert (seen["requests"], seen["faults"], seen["speed"]) == ([], [], None)
    assert seen["rounds"][0]["number"] == 1345 and seen["rounds"][0]["status"] == "UPCOMING"


def test_after_a_round_was_scored(
    sim: LocalTournament, client: numerapi.NumerAPI, predictions: Callable[..., pd.DataFrame]
) -> None:
    sim.advance()
    sim.disturb({"name": "error-after", "on": [99]})
    model = sim.models["practice_a"]
    client.upload_predictions(df=predictions(sim, 1345), model_id=model)
    assert situation(sim)["entries"][0]["submission"]["verdict"] == "on-time"
    sim.advance(timedelta(days=8))
    seen = situation(sim)
    score = seen["entries"][0]["score"]
    assert score["round"] == 1345
    rows = [row for row in client.submission_scores(model) if row["day"] == score["day"]]
    values = {row["displayName"]: row["value"] for row in rows}
    assert score["values"] == {name: values[name] for name in ("corr60", "mmc60")}
    assert [one["submissions"] for one in seen["rounds"] if one["number"] == 1345] == [1]
    assert seen["requests"][0]["operation"] == "createSubmission"
    assert seen["faults"][0]["name"] == "error-after" and seen["faults"][0]["struck"] == 0
    assert situation(sim)["totals"]["requests"] == len(sim.requests())
    json.dumps(seen)


def test_the_page_escapes_and_asks_nobody_else() -> None:
    text = page("<b>&").decode()
    assert "&lt;b&gt;&amp;" in text and "<b>&" not in text
    assert "src=" not in text and "@import" not in text
    assert text.count("http") == text.count("http://www.w3.org/2000/svg")
