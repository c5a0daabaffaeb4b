"""Our arithmetic against 60,212 payouts that the real tournament settled in 2020 and 2021."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from eraforge.arenas.policies import CLASSIC_POLICIES, row_of
from eraforge.portfolio.payouts import settle, supplied

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("ERAFORGE_SHARED", REPOSITORY.parent / "shared"))
FILE = SHARED / "data" / "numerai_round_performances" / "rounds_168_260_all_models.parquet"
ALLOWED = 1e-5


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """Staked rows of rounds 225 to 260 with a settled payout, and how far ours lies off, as a share of the stake."""
    if not FILE.exists():
        pytest.skip(f"the settled payouts are not on this machine ({FILE.name})")
    staked = pl.read_parquet(FILE).filter(
        pl.col("roundNumber") >= 225, pl.col("selectedStakeValue") > 0, pl.col("roundResolved")
    )
    assert (staked.height, staked["payout"].null_count()) == (61529, 1317)
    settled = staked.drop_nulls("payout")
    return settled.with_columns(pl.Series("ours", [_ours(row) for row in settled.iter_rows(named=True)])).with_columns(
        off=(pl.col("ours") - pl.col("payout")) / pl.col("selectedStakeValue")
    )


def _ours(row: dict[str, object]) -> float:
    figures = {key: Decimal(str(row[key])) for key in ("corrMultiplier", "mmcMultiplier", "roundPayoutFactor")}
    table = row_of(CLASSIC_POLICIES, int(str(row["roundNumber"])), None)
    policy = supplied(
        table,
        weights={"corr": figures["corrMultiplier"], "mmc": figures["mmcMultiplier"]},
        factor=figures["roundPayoutFactor"],
    )
    scores = {name: Decimal(str(row[name])) for name in ("corr", "mmc")}
    return float(settle(policy, Decimal(str(row["selectedStakeValue"])), scores).change)


def test_nearly_every_settled_payout_is_reproduced(rows: pl.DataFrame) -> None:
    within = rows["off"].abs() <= ALLOWED
    assert within.mean() >= 0.9999  # type: ignore[operator]


def test_the_rest_is_one_model_of_whose_stake_a_constant_part_did_not_count(rows: pl.DataFrame) -> None:
    rest = rows.filter(pl.col("off").abs() > ALLOWED)
    assert rest.height == 5
    assert rest["username"].n_unique() == 1
    counted = rest["payout"] / (rest["ours"] / rest["selectedStakeValue"])
    not_counted = rest["selectedStakeValue"] - counted
    assert not_counted.max() - not_counted.min() < 0.01  # type: ignore[operator]
    assert not_counted.mean() == pytest.approx(27.29, abs=0.01)


def test_the_caps_are_reached_in_the_sample(rows: pl.DataFrame) -> None:
    rate = rows["payout"] / rows["selectedStakeValue"]
    assert rate.abs().max() == pytest.approx(0.25, abs=1e-6)


def test_a_wrong_multiplier_would_show(rows: pl.DataFrame) -> None:
    """The check can fail: without the MMC part most models that staked on it are off."""
    on_mmc = rows.filter(pl.col("mmcMultiplier") > 0)
    without = pl.col("selectedStakeValue") * (pl.col("roundPayoutFactor") * pl.col("corr").cast(pl.Float64)).clip(
        -0.25, 0.25
    )
    off = on_mmc.select((without - pl.col("payout")).abs() / pl.col("selectedStakeValue")).to_series()
    assert (off > ALLOWED).mean() > 0.9  # type: ignore[operator]
