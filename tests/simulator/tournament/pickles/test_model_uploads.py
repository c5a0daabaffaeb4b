"""Model uploads run in a process of their own, within limits, on demand and when a round opens."""

from collections.abc import Callable
from pathlib import Path

import cloudpickle
import numerapi
import pytest

from eraforge.simulator.server.inprocess import LocalTournament
from eraforge.simulator.tournament.pickles.runner import Limits

GOOD = """
def predict(live_features, live_benchmark_models):
    ranked = live_benchmark_models.iloc[:, -1].rank(pct=True).reindex(live_features.index)
    return ranked.to_frame("prediction").clip(0.001, 0.999)
"""
BAD = {
    "returns nothing": ("def predict(live): return None", "returned None"),
    "reaches out": (
        "def predict(live):\n import socket\n socket.create_connection(('127.0.0.1', 9))",
        "may not use socket",
    ),
    "starts a process": ("def predict(live):\n import subprocess\n subprocess.run(['true'])", "may not use subprocess"),
    "takes three": ("def predict(a, b, c): return a", "must have 1 or 2 arguments"),
    "takes all memory": ("def predict(live): return bytearray(8 << 30)", "Out of memory"),
    "kills itself": (
        "def predict(live):\n import os, signal\n os.kill(os.getpid(), signal.SIGSEGV)",
        "Segmentation fault",
    ),
}
LISTED = """query($id: ID) { computePickles(id: $id) {
  validationStatus triggerStatus modelIds triggers { id statuses { status description } } } }"""


@pytest.fixture
def upload(client: numerapi.NumerAPI, sim: LocalTournament, tmp_path: Path) -> Callable[..., str]:
    def make(source: str, model: str = "practice_a") -> str:
        namespace: dict = {"__name__": "__main__"}
        exec(source, namespace)
        path = tmp_path / "model.pkl"
        path.write_bytes(cloudpickle.dumps(namespace["predict"]))
        return client.model_upload(
            str(path), model_id=sim.models[model], data_version="v5.3", docker_image="Python 3.11"
        )

    return make


def listed(client: numerapi.NumerAPI, pickle_id: str) -> dict:
    return client.raw_query(LISTED, {"id": pickle_id}, authorization=True)["data"]["computePickles"][0]


def trigger(client: numerapi.NumerAPI, pickle_id: str, validation: bool = True) -> str:
    query = """mutation($id: ID!, $validation: Boolean) {
      triggerComputePickleUpload(pickleId: $id, triggerValidation: $validation) { id } }"""
    answer = client.raw_query(query, {"id": pickle_id, "validation": validation}, authorization=True)
    return answer["data"]["triggerComputePickleUpload"]["id"]


def assign(client: numerapi.NumerAPI, model_id: str, pickle_id: str | None) -> None:
    query = "mutation($model: ID!, $id: ID) { assignPickleToModel(modelId: $model, pickleId: $id) }"
    client.raw_query(query, {"model": model_id, "id": pickle_id}, authorization=True)


def test_an_assigned_upload_plays_every_round(
    client: numerapi.NumerAPI, sim: LocalTournament, upload: Callable[..., str], tmp_path: Path
) -> None:
    made, model = upload(GOOD), sim.models["practice_a"]
    assert listed(client, made)["validationStatus"] == "pending"
    assign(client, model, made)
    rounds = sim.tournament.rounds
    sim.tournament.advance(rounds.get(1346).closes)
    for number in (1345, 1346):
        standing = sim.tournament.submissions.selected(model, number)
        assert standing is not None
        assert (standing.status, standing.submission.inserted) == ("on-time", rounds.get(number).opens)
    found = listed(client, made)
    assert (found["validationStatus"], found["triggerStatus"], len(found["triggers"])) == ("validated", "success", 2)
    assert [one["status"] for one in found["triggers"][0]["statuses"]] == [
        "pending",
        "running",
        "validating",
        "success",
    ]
    (tmp_path / "mine.csv").write_text("id,prediction\n")
    with pytest.raises(ValueError, match="disabled while a model upload is assigned"):
        client.upload_predictions(str(tmp_path / "mine.csv"), model_id=model)
    with pytest.raises(ValueError, match="cannot have a webhook"):
        client.set_submission_webhook(model, "http://127.0.0.1:1/")
    run = trigger(client, made, validation=False)
    last = next(one for one in listed(client, made)["triggers"] if one["id"] == run)
    assert last["statuses"][-1]["description"] == "No currently open rounds!"
    assign(client, model, None)
    assert client.upload_predictions(str(tmp_path / "mine.csv"), model_id=model)


SLOW = {"starts a process", "takes three", "kills itself"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in BAD])
def test_a_bad_upload_fails_with_a_sentence(
    client: numerapi.NumerAPI, sim: LocalTournament, upload: Callable[..., str], name: str
) -> None:
    source, sentence = BAD[name]
    made = upload(source)
    run = trigger(client, made)
    found = listed(client, made)
    assert (found["validationStatus"], found["triggerStatus"]) == ("invalid", "failed")
    assert sentence in found["triggers"][0]["statuses"][-1]["description"]
    logs = "query($id: ID!) { triggerLogs(triggerId: $id) { message timestamp } }"
    client.raw_query(logs, {"id": run}, authorization=True)
    assert sim.tournament.submissions.of_model(sim.models["practice_a"]) == []


@pytest.mark.slow
def test_an_upload_that_never_ends_is_ended(
    client: numerapi.NumerAPI, sim: LocalTournament, upload: Callable[..., str]
) -> None:
    sim.tournament.pickles.limits = Limits(seconds=6)
    made = upload("def predict(live):\n while True: pass")
    trigger(client, made)
    assert listed(client, made)["triggers"][0]["statuses"][-1]["description"] == "Timed out after 6 seconds"
