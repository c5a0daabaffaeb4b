"""Diagnostics are computed on the validation data, and are those that numerai-tools gives."""

from pathlib import Path

import numerapi
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numerai_tools import scoring
from numerapi import base_api

from eraforge.simulator.server.inprocess import LocalTournament


@pytest.fixture
def clients(three: LocalTournament, monkeypatch: pytest.MonkeyPatch) -> dict[int, base_api.Api]:
    monkeypatch.setattr(base_api, "API_TOURNAMENT_URL", three.url)
    kinds = {8: numerapi.NumerAPI, 11: numerapi.SignalsAPI, 12: numerapi.CryptoAPI}
    return {
        number: kind(three.public_id, three.secret_key, verbosity="critical", show_progress_bars=False)
        for number, kind in kinds.items()
    }


def test_classic_diagnostics_are_those_of_numerai_tools(
    three: LocalTournament, clients: dict[int, base_api.Api], tmp_path: Path
) -> None:
    client, model = clients[8], three.models["practice_a"]
    paths = {
        name: client.download_dataset(f"v5.3/{name}.parquet", str(tmp_path / f"{name}.parquet"))
        for name in ("validation", "meta_model", "validation_benchmark_models")
    }
    data = pd.read_parquet(paths["validation"])
    data = data[(data["data_type"] == "validation") & data["target"].notna()]
    predictions = pd.Series(np.random.default_rng(1).random(len(data)), index=data.index, name="prediction")
    frame = predictions.rename_axis("id").reset_index()
    made = client.upload_diagnostics(df=frame, model_id=model)
    [found] = client.diagnostics(model, made)
    assert (found["status"], found["message"]) == ("done", None)
    eras = {row["era"]: row for row in found["perEraDiagnostics"]}
    meta, benchmark = pd.read_parquet(paths["meta_model"]), pd.read_parquet(paths["validation_benchmark_models"])
    corrs = {}
    for era, part in data.groupby("era"):
        signal = predictions.loc[part.index].to_frame()
        corrs[era] = scoring.numerai_corr(signal, part["target"].astype(float)).iloc[0]
        assert eras[era]["validationCorr"] == pytest.approx(corrs[era], abs=1e-12)
        for other, name in ((meta["numerai_meta_model"], "validationMmc"), (benchmark.iloc[:, -1], "validationBmc")):
            if set(part.index) <= set(other.index):
                score = scoring.correlation_contribution(
                    signal, other.loc[part.index].astype(float), part["target"].astype(float)
                )
                assert eras[era][name] == pytest.approx(score.iloc[0], abs=1e-12)
    values = pd.Series(corrs)
    assert eras.keys() == corrs.keys()
    assert found["validationCorrMean"] == pytest.approx(values.mean(), abs=1e-12)
    assert found["validationCorrSharpe"] == pytest.approx(values.mean() / values.std(ddof=0), abs=1e-12)
    assert found["validationMaxDrawdown"] == pytest.approx(
        (values.cumsum().cummax() - values.cumsum()).max(), abs=1e-12
    )
    assert found["validationFeatureNeutralCorrV3Mean"] is not None
    assert found["validationCorrMeanRating"] is None


def test_signals_diagnostics_need_a_date(
    three: LocalTournament, clients: dict[int, base_api.Api], tmp_path: Path
) -> None:
    client, model = clients[11], next(iter(three.models_of(11).values()))
    data = pl.read_parquet(
        client.download_dataset("signals/v2.1/validation.parquet", str(tmp_path / "validation.parquet"))
    )
    signal = np.random.default_rng(2).random(data.height)
    frame = data.select("numerai_ticker", "date").with_columns(pl.Series("signal", signal)).to_pandas()
    client.upload_diagnostics(df=frame.drop(columns="date"), model_id=model)
    client.upload_diagnostics(df=frame, model_id=model)
    good, bad = client.diagnostics(model)
    assert (bad["status"], bad["message"]) == (
        "failed",
        "invalid_submission_headers: submission must contain a date column",
    )
    assert good["erasAcceptedCount"] == 8
    assert good["validationAlphaMean"] is not None
    assert good["perEraDiagnostics"][1]["validationChurn"] is not None


def test_crypto_has_no_validation_data(three: LocalTournament, clients: dict[int, base_api.Api]) -> None:
    client, model = clients[12], next(iter(three.models_of(12).values()))
    frame = pd.DataFrame({"symbol": ["C000 US", "C001 US"], "date": "2026-01-02", "signal": [0.1, 0.9]})
    client.upload_diagnostics(df=frame, model_id=model)
    [found] = client.diagnostics(model)
    assert (found["status"], found["message"]) == ("failed", "There is no validation data of crypto.")
