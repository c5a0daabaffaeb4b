"""Rounds of three tournaments played for real, and long after played again from what was stored: the same bytes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import polars as pl

from eraforge.models.linear import FittedRidge, Ridge
from eraforge.pipeline.played.record import attempts
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.workspace import open_workspace
from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from programmes.by_path import load
from programmes.figures import Figure, Proof

FULL = 25
FIRST = 1345  # in the long run it passes the round from which Signals has its new rule
TOURNAMENTS = {"classic": 8, "signals": 11, "crypto": 12}
UNREACHABLE = {"server.url": "http://127.0.0.1:9"}
CONFIGURATION = """
[server]
url = "{url}"

[submit]
settle_seconds = 0.0

[entries.linear]
model = "{classic[0]}"
learner = "ridge"
train_on = "known"
retrain = 3
folds = 0

[entries.boosted]
model = "{classic[1]}"
learner = "lightgbm"
settings = {{ n_estimators = 20 }}

[entries.shares]
arena = "signals"
model = "{signals[0]}"
learner = "ridge"
folds = 0

[entries.tokens]
arena = "crypto"
model = "{crypto[0]}"
learner = "lightgbm"
settings = {{ n_estimators = 20 }}
folds = 0
"""


def prove(scale: int) -> Proof:
    """Play `scale` rounds, then replay every one of them; plant changes, which must be found."""
    seen: Counter[str] = Counter()
    with TemporaryDirectory() as name, local_tournament(Path(name) / "tournament") as running:
        workspace = _workspace(Path(name) / "workspace", running)
        for number in range(FIRST, FIRST + scale):
            workspace.move_to_round(number)
            played = workspace.perform("submit")
            seen["played"] += sum("outcome" in row for row in played["entries"])
        requests, submissions = len(running.requests()), len(running.tournament.records.submissions)
        workspace.environment.clear()  # no keys, and below an address at which nobody listens
        rows = workspace.perform("replay", UNREACHABLE, last=scale)["entries"]
        seen["replayed"] = len(rows)
        seen["unequal"] = sum(row["answer_equal"] is not True for row in rows)
        seen["stages"] = sum(len(row["stages"]) for row in rows)
        seen["stages unequal"] = sum(not stage["equal"] for row in rows for stage in row["stages"])
        _plant(workspace, seen)
        seen["asked"] = len(running.requests()) - requests
        seen["sent"] = len(running.tournament.records.submissions) - submissions
    whole = seen["played"]
    figures = (
        Figure("P9", "answers replayed, of those that were confirmed", seen["replayed"], "== whole", whole),
        Figure("P9", "answers that came out otherwise", seen["unequal"], "== 0", seen["replayed"]),
        Figure("P9", "stages that gave something else", seen["stages unequal"], "== 0", seen["stages"]),
        Figure(
            "P9", "planted changes found, at the stage they were planted", seen["found"], "== whole", seen["planted"]
        ),
        Figure("P9", "requests and submissions that a replay made", seen["asked"] + seen["sent"], "== 0"),
    )
    about = "three tournaments, models trained again from the data of their day, without keys or connection"
    return Proof("replay", about, scale, FULL, "7", figures)


def _workspace(folder: Path, running: LocalTournament) -> Any:
    folder.mkdir()
    models = {name: sorted(running.models_of(number)) for name, number in TOURNAMENTS.items()}
    (folder / "eraforge.toml").write_text(CONFIGURATION.format(url=running.url, **models))
    keys = {"NUMERAI_PUBLIC_ID": running.public_id, "NUMERAI_SECRET_KEY": running.secret_key}
    return load("conftest.py").Workspace(folder, keys, running)


def _plant(workspace: Any, seen: Counter[str]) -> None:
    """A training and a prediction that come out otherwise, and one flipped bit in each file the last round read."""
    honest_fit, honest_predict = Ridge.fit, FittedRidge.predict

    def found(stage: str) -> None:
        (row,) = workspace.perform("replay", UNREACHABLE, entry="linear")["entries"]
        seen["planted"] += 1
        seen["found"] += row["first_difference"] == stage and row["answer_equal"] is not True

    with mock.patch.object(Ridge, "fit", lambda self, panel: honest_fit(Ridge(penalty=1e4), panel)):
        found("fit")
    with mock.patch.object(FittedRidge, "predict", lambda self, panel: _turned(honest_predict(self, panel))):
        found("predict")
    with open_workspace(Visit(workspace.folder, {})) as tools:
        last = list(attempts(tools.ledger, "linear"))[-1]
        paths = [tools.objects.path(digest) for digest in last.stages["fetch"].output.values()]
    for path in paths:
        whole = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
        found("fetch")
        path.write_bytes(whole)


def _turned(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(-pl.col("prediction"))
