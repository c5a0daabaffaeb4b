"""Every public method of the official client, and every command of its command line, for every tournament.

A method or command that a newer release adds fails these tests until a row is added and it is served.
"""

import inspect
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import cloudpickle
import numerapi
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from numerapi import base_api, cli

from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.tournament.identities import address

CLIENTS = {8: numerapi.NumerAPI, 11: numerapi.SignalsAPI, 12: numerapi.CryptoAPI}
WALLET = address("wallet", "practice")
LIVE = {8: "v5.3/live.parquet", 11: "signals/v2.1/live.parquet", 12: "crypto/v2.0/live.parquet"}
VALIDATION = {8: "v5.3/validation.parquet", 11: "signals/v2.1/validation.parquet", 12: "crypto/v2.0/train.parquet"}


@dataclass
class Visit:
    """One client at the place where it is tried."""

    client: Any
    sim: LocalTournament
    number: int
    folder: Path

    @property
    def models(self) -> dict[str, str]:
        return self.sim.models_of(self.number)

    @property
    def name(self) -> str:
        return next(iter(self.models))

    @property
    def model(self) -> str:
        return self.models[self.name]

    def predictions(self) -> pd.DataFrame:
        contest = self.sim.tournament.contest(self.number)
        ids = contest.live_ids(contest.rounds.current_number(self.sim.tournament.now()))
        values = np.linspace(0.01, 0.99, len(ids))
        return pd.DataFrame({contest.arena.id_column: ids, contest.arena.prediction_column: values})

    def submission(self) -> str:
        return self.client.upload_predictions(df=self.predictions(), model_id=self.model)

    def download(self, name: str, **options: Any) -> str:
        return self.client.download_dataset(name, str(self.folder / f"{self.number}.parquet"), **options)


def play(sim: LocalTournament) -> None:
    """Each tournament's first model plays rounds 1345 and 1346; then Crypto's first resolves."""
    for number in (1345, 1346):
        sim.tournament.advance(max(sim.tournament.contest(one).rounds.get(number).opens for one in CLIENTS))
        for tournament, kind in CLIENTS.items():
            client = kind(sim.public_id, sim.secret_key, verbosity="critical", show_progress_bars=False)
            Visit(client, sim, tournament, Path()).submission()
    sim.tournament.advance(sim.tournament.contest(12).rounds.score_moments(1345)[-1] + timedelta(hours=1))


@pytest.fixture(scope="module")
def sim(three_worlds: dict, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalTournament]:
    with (
        pytest.MonkeyPatch.context() as patch,
        local_tournament(tmp_path_factory.mktemp("methods") / "state", seed=7, world=three_worlds) as running,
    ):
        patch.setattr(base_api, "API_TOURNAMENT_URL", running.url)
        play(running)
        yield running


@pytest.fixture
def visit(sim: LocalTournament, number: int, tmp_path: Path) -> Visit:
    kind = CLIENTS[number]
    return Visit(kind(sim.public_id, sim.secret_key, "critical", False), sim, number, tmp_path)


def refused(ask: Callable[[], object], words: str) -> bool:
    with pytest.raises(ValueError, match=words):
        ask()
    return True


def quietly(ask: Callable[[], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return ask()


def diagnostics(visit: Visit) -> Any:
    data = pd.read_parquet(visit.client.download_dataset(VALIDATION[visit.number], str(visit.folder / "v.parquet")))
    data, arena = data.reset_index(), visit.sim.tournament.contest(visit.number).arena
    keys = [arena.id_file_column, *([arena.era_column] if arena.ids_persist else [])]
    frame = data[keys].assign(prediction=np.random.default_rng(0).random(len(data)))
    made = visit.client.upload_diagnostics(df=frame, model_id=visit.model)
    [found] = visit.client.diagnostics(visit.model, made)
    return found["status"] == ("failed" if visit.number == 12 else "done")


def stake_authorisation(visit: Visit) -> Any:
    engine = visit.sim.tournament
    while visit.sim.tournament.contest(visit.number).rounds.open_at(engine.now()) is None:
        engine.advance(engine.next_event())
    made = visit.submission()
    if visit.number == 11:
        return refused(lambda: visit.client.v3_stake_auth(made, WALLET, amount="1"), "not eligible")
    given = visit.client.v3_stake_auth(made, WALLET, amount="1")
    return given["signature"].startswith("0x") and Decimal(given["amount"]) == 1 and given["submissionId"] == made


def model_upload(visit: Visit) -> Any:
    (visit.folder / "model.pkl").write_bytes(cloudpickle.dumps(len))
    path = str(visit.folder / "model.pkl")
    if visit.number != 8:
        return refused(lambda: visit.client.model_upload(path, model_id=visit.model), "not supported")
    return visit.client.model_upload(path, model_id=visit.model)


def stake_change(visit: Visit) -> Any:
    return visit.client.stake_change("0.5", "increase", visit.model)["requestedAmount"] == Decimal("0.5")


def files_by_round(visit: Visit) -> Any:
    visit.client.set_global_data_dir(str(visit.folder / "data"))
    return Path(visit.client.download_dataset(LIVE[visit.number], "live.parquet")).parent == visit.folder / "data"


ROWS: dict[str, Callable[[Visit], Any]] = {
    "check_new_round": lambda v: v.client.check_new_round() in (True, False),
    "check_round_open": lambda v: v.client.check_round_open() in (True, False),
    "daily_model_performances": lambda v: v.client.daily_model_performances(v.name) is not None,
    "diagnostics": diagnostics,
    "download_dataset": lambda v: pd.read_parquet(v.download(LIVE[v.number])).shape[0] > 50,
    "download_submission": lambda v: v.client.download_submission(
        model_id=v.model, dest_path=str(v.folder / "mine.csv")
    ),
    "get_account": lambda v: v.client.get_account()["username"] == "practice",
    "get_account_leaderboard": lambda v: v.client.get_account_leaderboard(5)[0]["rank"] == 1,
    "get_competitions": lambda v: v.client.get_competitions(v.number)[-1]["number"] == 1343,
    "get_current_round": lambda v: v.client.get_current_round() >= 1345,
    "get_leaderboard": lambda v: [row["rank"] for row in v.client.get_leaderboard(3)] == [1, 2, 3],
    "get_models": lambda v: v.client.get_models() == v.models,
    "get_submission_filenames": lambda v: v.client.get_submission_filenames(v.number, 1345, v.model),
    "intra_round_scores": lambda v: v.client.intra_round_scores(v.model)[-1]["intraRoundSubmissionScores"],
    "list_datasets": lambda v: LIVE[v.number] in v.client.list_datasets(),
    "list_rounds": lambda v: v.client.list_rounds(number=1345)[0]["roundScoreConfigs"],
    "model_upload": model_upload,
    "model_upload_data_versions": lambda v: "v5.3" in v.client.model_upload_data_versions(),
    "model_upload_docker_images": lambda v: "Python 3.12" in v.client.model_upload_docker_images(),
    "modelid_to_modelname": lambda v: v.client.modelid_to_modelname(v.model) == v.name,
    "models_of_account": lambda v: v.client.models_of_account("practice") == v.models,
    "pending_model_payouts": lambda v: v.client.pending_model_payouts()["actual" if v.number == 12 else "pending"],
    "pipeline_status": lambda v: v.client.pipeline_status("2026-09-01")["isScoringDay"],
    "public_user_profile": lambda v: v.client.public_user_profile(v.name)["id"] == v.model,
    "raw_query": lambda v: v.client.raw_query("{ tournaments { tournament } }")["data"]["tournaments"],
    "round_model_performances": lambda v: quietly(lambda: v.client.round_model_performances(v.model)),
    "round_model_performances_v2": lambda v: quietly(lambda: v.client.round_model_performances_v2(v.model)),
    "set_bio": lambda v: v.client.set_bio(v.model, "patient"),
    "set_global_data_dir": files_by_round,
    "set_link": lambda v: v.client.set_link(v.model, "here", "https://example.com"),
    "set_submission_webhook": lambda v: v.client.set_submission_webhook(v.model, None),
    "stake_change": stake_change,
    "stake_decrease": lambda v: v.client.stake_decrease("0.25", v.model)["type"] == "decrease",
    "stake_drain": lambda v: refused(lambda: v.client.stake_drain(v.model), "Unknown type 'bool'"),
    "stake_get": lambda v: v.client.stake_get(v.name) > 60,
    "stake_increase": lambda v: v.client.stake_increase("0.25", v.model)["status"] == "confirmed",
    "stake_set": lambda v: v.client.stake_set(v.client.stake_get(v.name) + 1, v.model)["type"] == "increase",
    "submission_ids": lambda v: v.client.submission_ids(v.model)[-1]["id"],
    "submission_scores": lambda v: v.client.submission_scores(v.model, last_n_rounds=1, distinct_on_round=True),
    "ticker_universe": lambda v: len(v.client.ticker_universe()) == 130,
    "upload_diagnostics": diagnostics,
    "upload_predictions": Visit.submission,
    "v3_stake_auth": stake_authorisation,
    "v3_stake_claim": lambda v: (v.client.v3_stake_claim(1345, v.model, WALLET) is None) == (v.number != 12),
    "v3_stake_config": lambda v: v.client.v3_stake_config()["paused"] is False,
    "v3_stake_round": lambda v: v.client.v3_stake_round(1345)["roundId"] == "1345",
    "wallet_transactions": lambda v: isinstance(v.client.wallet_transactions(), list),
}


def public_methods(kind: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize(
    ("number", "method"), [(number, name) for number, kind in CLIENTS.items() for name in public_methods(kind)]
)
def test_every_public_method_works(visit: Visit, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(visit.folder)
    assert method in ROWS, f"{method} is new in numerapi {numerapi.__version__}: serve it and add a row"
    assert ROWS[method](visit)


def test_no_row_is_for_a_method_that_is_gone() -> None:
    assert ROWS.keys() == {name for kind in CLIENTS.values() for name in public_methods(kind)}


COMMANDS: dict[str, Callable[[Visit], list[str]]] = {
    "account": lambda v: [],
    "check-new-round": lambda v: [],
    "competitions": lambda v: [],
    "current-round": lambda v: [],
    "daily-model-performances": lambda v: [v.name],
    "download-dataset": lambda v: ["--filename", LIVE[v.number], "--dest_path", "live.parquet"],
    "leaderboard": lambda v: ["--limit", "3"],
    "list-datasets": lambda v: [],
    "models": lambda v: [],
    "profile": lambda v: [v.name],
    "stake-decrease": lambda v: ["--model_id", v.model, "0.125"],
    "stake-drain": lambda v: ["--model_id", v.model],
    "stake-get": lambda v: [v.name],
    "stake-increase": lambda v: ["--model_id", v.model, "0.125"],
    "submission-filenames": lambda v: ["--model_id", v.model],
    "submit": lambda v: ["--model_id", v.model, "mine.csv"],
    "transactions": lambda v: [],
    "version": lambda v: [],
}
ONLY_CLASSIC = {"competitions", "submission-filenames"}
NOT_CRYPTO = {"daily-model-performances"}


@pytest.mark.parametrize("number", CLIENTS)
@pytest.mark.parametrize("command", sorted(cli.cli.commands))
def test_every_command_works(visit: Visit, number: int, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(visit.folder)
    visit.predictions().to_csv("mine.csv", index=False)
    assert command in COMMANDS, f"{command} is new in numerapi {numerapi.__version__}: serve it and add a row"
    words = [command, *COMMANDS[command](visit), *([] if command == "version" else ["--tournament", str(number)])]
    keys = {"NUMERAI_PUBLIC_ID": visit.sim.public_id, "NUMERAI_SECRET_KEY": visit.sim.secret_key}
    ran = CliRunner().invoke(cli.cli, words, env=keys)
    absent = (command in ONLY_CLASSIC and number != 8) or (command in NOT_CRYPTO and number == 12)
    if absent:
        assert "not available for tournament" in ran.output
    elif command == "stake-drain":
        assert "Unknown type 'bool'" in str(ran.exception)
    else:
        assert ran.exit_code == 0, f"{ran.output[-400:]} {ran.exception!r}"
