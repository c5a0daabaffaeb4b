"""The signal can be learned, a little: CORR, Sharpe and MMC of an ordinary model, by the reference implementation."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numerai_tools.scoring import correlation_contribution, numerai_corr

from eraforge.simulator.world import World, build_world


def figures(folder: Path, trees: int) -> tuple[np.ndarray, np.ndarray]:
    """CORR and MMC per resolved validation era of LightGBM on the `small` features."""
    names = json.loads((folder / "features.json").read_text())["feature_sets"]["small"]
    train = pl.read_parquet(folder / "train.parquet", columns=[*names, "target"])
    rows = pl.read_parquet(folder / "validation.parquet", columns=["id", "era", "data_type", "target", *names])
    rows = rows.filter(pl.col("data_type") == "validation")
    model = lightgbm.LGBMRegressor(
        n_estimators=trees, learning_rate=0.05, max_depth=5, num_leaves=31, colsample_bytree=0.1, n_jobs=1, verbose=-1
    )
    model.fit(train.select(names).to_numpy(), train["target"].to_numpy())
    rows = rows.with_columns(pl.Series("prediction", model.predict(rows.select(names).to_numpy())))
    rows = rows.join(pl.read_parquet(folder / "meta_model.parquet").drop("era", "data_type"), on="id", how="left")
    corr, mmc = [], []
    for _, era in rows.group_by("era", maintain_order=True):
        index = era["id"].to_list()
        truth = pd.Series(era["target"].to_numpy().astype(float), index=index, name="target")
        predictions = pd.DataFrame({"prediction": era["prediction"].to_numpy()}, index=index)
        corr.append(float(numerai_corr(predictions, truth).iloc[0]))
        if era["numerai_meta_model"].null_count() == 0:
            meta = pd.Series(era["numerai_meta_model"].to_numpy().astype(float), index=index, name="meta")
            mmc.append(float(correlation_contribution(predictions, meta, truth).iloc[0]))
    return np.array(corr), np.array(mmc)


def test_the_tiny_world_is_learnable(world: World, folder: Path) -> None:
    corr, mmc = figures(folder, 150)
    assert 0.04 < corr.mean() < 0.25
    assert 0.4 < corr.mean() / corr.std() < 4
    assert mmc.mean() < corr[-len(mmc) :].mean()


@pytest.mark.slow
def test_the_small_world_scores_like_the_real_one(tmp_path: Path) -> None:
    world = build_world(7, "small")
    for name in ("train.parquet", "validation.parquet", "meta_model.parquet", "features.json"):
        world.write(f"v5.3/{name}", date(2026, 9, 1), tmp_path / name)
    corr, mmc = figures(tmp_path, 200)
    assert 0.012 < corr.mean() < 0.033
    assert 0.6 < corr.mean() / corr.std() < 2
    assert 0 < mmc.mean() < 0.6 * corr[-len(mmc) :].mean()
