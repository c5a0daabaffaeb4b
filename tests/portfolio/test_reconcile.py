"""Stored forecasts against settled payouts."""

from __future__ import annotations

import polars as pl
import pytest

from eraforge.core.errors import DataError, UserError
from eraforge.portfolio.reconcile import reconcile


def _forecasts() -> pl.DataFrame:
    """Two rounds of two models, their months and the portfolio, made once after round 9."""
    keys = [("round", number, model) for number in (10, 11) for model in ("a", "b", "")]
    keys += [("period", None, model) for model in ("a", "b", "")]
    rows = [
        {
            "scope": scope,
            "period": "2026-11",
            "round": number,
            "model": model,
            "stake": (2.0 if scope == "period" else 1.0) * (2 if not model else 1),
            "mean": 0.1,
            "q05": -0.2,
            "q10": -0.1,
            "q25": 0.0,
            "q50": 0.1,
            "q75": 0.2,
            "q90": 0.3,
            "q95": 0.4,
            "known_until": 9,
        }
        for scope, number, model in keys
    ]
    return pl.DataFrame(rows)


SETTLED = pl.DataFrame(
    {
        "round": [10, 10, 11, 11],
        "model": ["a", "b", "a", "b"],
        "payout": ["0.05", "0.25", "-0.150000000000000000", "0E-18"],
    }
)


def test_each_figure_is_judged_and_sums_are_of_their_rounds() -> None:
    found = reconcile(_forecasts(), SETTLED)
    assert found.open == 0
    assert found.rows.height == 9
    told = {(row["scope"], row["round"], row["model"]): row for row in found.rows.iter_rows(named=True)}
    assert told["period", None, "a"]["settled"] == pytest.approx(-0.1)
    assert told["period", None, ""]["settled"] == pytest.approx(0.15)
    assert told["round", 10, ""]["settled"] == pytest.approx(0.3)
    assert told["round", 11, "a"]["inside_90"]
    assert not told["round", 11, "a"]["inside_80"]
    assert told["period", None, ""]["off_stake"] == pytest.approx(0.05 / 4)


def test_calibration_counts_models_and_portfolio_apart() -> None:
    table = reconcile(_forecasts(), SETTLED).calibration
    models = table.filter(pl.col("scope") == "round", pl.col("of") == "model").row(0, named=True)
    assert models["count"] == 4
    assert models["inside_80"] == 0.75
    assert models["bias"] == pytest.approx((-0.05 + 0.15 - 0.25 - 0.1) / 4)
    assert models["error"] == pytest.approx((0.05 + 0.15 + 0.25 + 0.1) / 4)


def test_sums_wait_until_every_round_is_settled() -> None:
    found = reconcile(_forecasts(), SETTLED.head(3))
    judged = set(found.rows.select("scope", "round", "model").rows())
    assert judged == {
        ("round", 10, "a"),
        ("round", 10, "b"),
        ("round", 10, ""),
        ("round", 11, "a"),
        ("period", None, "a"),
    }
    assert found.open == 4
    assert "4 forecasts wait" in found.sentence
    none = reconcile(_forecasts(), SETTLED.clear())
    assert none.rows.height == 0
    assert none.sentence == "No forecast can be judged yet; 9 wait for their payouts."


def test_forecasts_made_twice_are_judged_each_for_itself() -> None:
    later = _forecasts().filter(pl.col("round") == 11).with_columns(known_until=pl.lit(10, pl.Int64))
    found = reconcile(pl.concat([_forecasts(), later]), SETTLED)
    assert found.rows.height == 12
    assert found.rows.filter(pl.col("known_until") == 10, pl.col("model") == "")["settled"].item() == pytest.approx(
        -0.15
    )


def test_incomplete_or_doubled_frames_are_refused() -> None:
    with pytest.raises(DataError, match="known_until"):
        reconcile(_forecasts().drop("known_until"), SETTLED)
    with pytest.raises(DataError, match="two payouts"):
        reconcile(_forecasts(), pl.concat([SETTLED, SETTLED]))
    with pytest.raises(UserError, match="no amount"):
        reconcile(_forecasts(), SETTLED.with_columns(payout=pl.lit("much")))
