"""The verbs of the local tournament: against one that runs, on its log, and without any."""

import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from rich.console import Console

from eraforge.core.errors import EraforgeError, Transient, UserError
from eraforge.interfaces.cli.views import simulator as views
from eraforge.pipeline.desk import find_verb, perform
from eraforge.pipeline.verb import Visit
from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.world import World


def do(verb: str, **options: Any) -> dict[str, Any]:
    defaults = {option.name: option.default for option in find_verb(verb).options}
    return perform(verb, Visit(Path(), {}), {**defaults, **options})


def shown(view: Any, facts: dict[str, Any], width: int = 80) -> str:
    out = StringIO()
    view(facts, Console(file=out, width=width, highlight=False))
    return out.getvalue()


def test_the_clock_steps_moves_and_runs(sim: LocalTournament) -> None:
    facts = do("simulator advance", server=sim.url)
    assert (facts["now"], facts["events"][0]["event"]) == ("2026-09-01T12:00:00Z", "round-opened")
    assert "round 1345 opened" in shown(views.advance, facts)
    assert do("simulator advance", server=sim.url, to="2026-09-01T12:30")["now"] == "2026-09-01T12:30:00Z"
    assert do("simulator advance", server=sim.url, seconds=90.0)["now"] == "2026-09-01T12:31:30Z"
    facts = do("simulator advance", server=sim.url, speed=600.0)
    assert facts["speed"] == 600 and "600 times real time" in shown(views.advance, facts)
    assert do("simulator advance", server=sim.url, speed=0.0)["speed"] is None
    stood = sim.now()
    assert sim.now() == stood
    with pytest.raises(UserError) as caught:
        do("simulator advance", server=sim.url, to="2026-08-01")
    assert caught.value.code == "clock-goes-back"


def test_faults_by_name_by_plan_and_none(sim: LocalTournament, tmp_path: Path) -> None:
    options = {"probability": 0.5, "operations": "rounds, *.parquet", "settings": "status=502"}
    (rule,) = do("simulator faults", server=sim.url, name="error-before", **options)["fault"]
    assert (rule["operations"], rule["status"]) == (["rounds", "*.parquet"], 502)
    facts = do("simulator faults", server=sim.url, name="hanging", on="2,5", settings="seconds=0.1")
    assert [one["name"] for one in facts["fault"]] == ["error-before", "hanging"]
    text = shown(views.faults, facts)
    assert "50% of rounds, *.parquet" in text and "no. 2, 5" in text and "stale-cache" in text
    plan = tmp_path / "plan.toml"
    plan.write_text('[[fault]]\nname = "window-moved"\nrounds = [1346]\n')
    (rule,) = do("simulator faults", server=sim.url, plan=str(plan))["fault"]
    assert rule["rounds"] == [1346]
    assert do("simulator faults", server=sim.url, clear=True)["fault"] == []
    facts = do("simulator faults", name="version-released", server=sim.url, rounds="1347", settings="beside=5")
    assert [(rule["rounds"], rule["beside"]) for rule in facts["fault"]] == [([1347], 5)]
    assert "rounds 1347" in shown(views.faults, facts)
    for wrong, code in (
        ({"name": "none such"}, "unknown-fault"),
        ({"name": "version-released", "settings": 'version="v5.3"'}, "setting-not-understood"),
        ({"name": "hanging", "on": "first"}, "settings-not-understood"),
        ({"name": "hanging", "settings": "seconds"}, "settings-not-understood"),
        ({"plan": str(tmp_path / "none.toml")}, "plan-not-found"),
    ):
        with pytest.raises(UserError) as caught:
            do("simulator faults", server=sim.url, **wrong)
        assert caught.value.code == code


def test_no_simulator_there(sim: LocalTournament) -> None:
    with pytest.raises(Transient) as gone:
        do("simulator faults", server="http://127.0.0.1:9")
    assert gone.value.code == "simulator-does-not-answer"
    for server in (sim.url + "/nothing", "nonsense"):
        with pytest.raises(EraforgeError) as caught:
            do("simulator advance", server=server)
        assert caught.value.code in ("no-simulator-there", "simulator-does-not-answer")


@pytest.mark.parametrize("width", [80, 50])
def test_log_and_judge(tmp_path: Path, tiny_world: World, width: int) -> None:
    with local_tournament(tmp_path, world=tiny_world) as sim:
        sim.disturb({"name": "error-before", "on": [2], "operations": ["rounds"]})
        for _ in range(3):
            requests.post(sim.url, json={"query": "{ rounds { number } }"}, timeout=30)
        requests.post(sim.url, json={"query": "{ listDatasets }"}, timeout=30)
    facts = do("simulator log", log=str(tmp_path), operation="rounds")
    assert [row["fault"] for row in facts["rows"]] == [None, "error-before", None]
    assert do("simulator log", log=str(tmp_path), fault="?*")["matching"] == 1
    assert do("simulator log", log=str(tmp_path), outcome="failed", last=1)["rows"][0]["status"] == 503
    everything = do("simulator log", log=str(tmp_path), changes=True)
    assert [row["operation"] for row in everything["rows"]][:3] == ["started", "faults-set", "rounds"]
    assert "503 failed error-before" in " ".join(shown(views.log, everything, width).split())
    judged = do("simulator judge", log=str(tmp_path))
    assert judged["exit_code"] == 0 and "0 doubles" in shown(views.judge, judged, width)
    assert "error-before 1" in " ".join(shown(views.judge, judged, width).split())


def test_a_judgement_that_finds_something_fails(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    line = '{"sequence": %d, "virtual": "2026-09-01T12:00:00+00:00", "change": "submission-created", "facts": %s}\n'
    facts = (
        '{"id": "a%d", "model_id": "m", "filename": "f", "digest": "d", "round": 1345, "late": false, "error": null}'
    )
    journal.write_text("".join(line % (number, facts % number) for number in (1, 2)))
    command = [sys.executable, "-m", "eraforge", "simulator", "judge", str(journal)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1
    assert "1 doubles" in run.stdout and "1345" in run.stdout


def test_a_seed_gives_what_a_server_of_it_gives(sim: LocalTournament) -> None:
    facts = do("simulator seed", seed=7, scale="tiny")
    assert (facts["public_id"], facts["secret_key"]) == (sim.public_id, sim.secret_key)
    assert sim.models.items() <= facts["models"].items()
    assert {facts["stakes"][name] for name in sim.models} == {"64", "128", "32"}
    assert facts["arenas"]["practice_signals_a"] == "signals"
    assert sim.public_id in shown(views.seed, facts)
