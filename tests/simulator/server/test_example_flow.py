"""The whole way of a published example, as an unchanged script: only the address is pointed elsewhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eraforge.simulator.server.inprocess import LocalTournament

SCRIPT = Path(__file__).with_name("example_flow.py")
ELSEWHERE = 'from numerapi import base_api\nbase_api.API_TOURNAMENT_URL = "{url}"\n'


@pytest.mark.slow
def test_download_train_predict_upload_diagnose_upload_a_model_and_stake(sim: LocalTournament, tmp_path: Path) -> None:
    sim.tournament.advance(sim.tournament.next_event())
    (tmp_path / "sitecustomize.py").write_text(ELSEWHERE.format(url=sim.url))
    keys = {"NUMERAI_PUBLIC_ID": sim.public_id, "NUMERAI_SECRET_KEY": sim.secret_key}
    ran = subprocess.run(
        [sys.executable, str(SCRIPT)],
        cwd=tmp_path,
        env={**os.environ, **keys, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    told = json.loads(ran.stdout.splitlines()[-1])
    first, second = sorted(sim.models)[:2]
    assert (told["round"], told["stake"]) == (1345, "65.000000000000000000")
    assert told["eras"] > 5
    assert told["corr"] > 0
    for name in (first, second):
        standing = sim.tournament.submissions.selected(sim.models[name], 1345)
        assert standing is not None
        assert (standing.status, standing.submission.error) == ("on-time", None)
    left, right = (sim.tournament.submissions.selected(sim.models[name], 1345) for name in (first, second))
    assert (sim.tournament.predictions(left) == sim.tournament.predictions(right)).all()
    assert sim.tournament.books().difference == 0
