"""Many eras at once, and the doors for Polars and pandas tables."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numerai_tools import scoring

from eraforge.core.errors import DataError
from eraforge.evaluation.eras import score_eras, score_frames, score_series, score_table
from eraforge.evaluation.neutral.scores import fnc, neutral_corr
from eraforge.evaluation.scores import corr, mmc


def panel(seed: int, eras: int = 6, rows: int = 120) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    size = eras * rows
    return pl.DataFrame(
        {
            "era": np.repeat([f"{era:04d}" for era in range(1, eras + 1)], rows),
            "id": [f"n{place:06d}" for place in rng.permutation(size)],
            **{f"p{place}": np.round(rng.normal(size=size), 2) for place in range(3)},
            "meta": rng.random(size),
            "target": rng.choice([0, 0.25, 0.5, 0.75, 1], size),
            "f1": rng.integers(0, 5, size).astype(np.int8),
            "f2": rng.integers(0, 5, size).astype(np.int8),
        }
    )


P = ["p0", "p1", "p2"]


def per_era(table: pl.DataFrame, score: Any) -> np.ndarray:
    frame = table.to_pandas().set_index("id").sort_index()
    return np.stack([score(part) for _, part in frame.groupby("era")])


def test_scores_of_many_eras_equal_the_reference_era_by_era() -> None:
    table = panel(1)
    expected = per_era(table, lambda part: scoring.numerai_corr(part[P], part["target"]))
    names, scores = score_eras(corr, table["era"].to_numpy(), table.select(P).to_numpy(), table["target"].to_numpy())
    assert names.tolist() == sorted(set(table["era"]))
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)
    mixed = table.sample(fraction=1.0, shuffle=True, seed=3)
    names, scores = score_eras(
        mmc, mixed["era"].to_numpy(), mixed.select(P).to_numpy(), *(mixed[n].to_numpy() for n in ("meta", "target"))
    )
    expected = per_era(table, lambda part: scoring.correlation_contribution(part[P], part["meta"], part["target"]))
    np.testing.assert_allclose(scores[np.argsort(names)], expected, rtol=0, atol=1e-12)


def test_polars_and_pandas_doors_agree() -> None:
    table = panel(2).sample(fraction=1.0, shuffle=True, seed=3)
    expected = per_era(table, lambda part: scoring.feature_neutral_corr(part[P], part[["f1", "f2"]], part["target"]))
    score = partial(fnc)
    found = score_table(score, table, P, [["f1", "f2"], "target"], id_column="id")
    assert found.columns == ["era", *P]
    np.testing.assert_allclose(found.select(P).to_numpy(), expected, rtol=0, atol=1e-12)
    other = score_table(score, table.to_pandas(), P, [["f1", "f2"], "target"], id_column="id")
    assert isinstance(other, pd.DataFrame)
    assert (other.to_numpy() == found.select(P).to_numpy()).all()
    top = score_table(partial(corr, top_bottom=20), table, P, ["target"], id_column="id")
    expected = per_era(table, lambda part: scoring.numerai_corr(part[P], part["target"], top_bottom=20))
    np.testing.assert_allclose(top.select(P).to_numpy(), expected, rtol=0, atol=1e-12)


def test_the_era_that_cannot_be_scored_is_named() -> None:
    table = panel(3).with_columns(
        pl.when(pl.col("era") == "0003").then(float("nan")).otherwise(pl.col("target")).alias("target")
    )
    with pytest.raises(DataError, match=r"Era 0003: Only 0 of 120 rows") as error:
        score_table(corr, table, P, ["target"])
    assert error.value.code == "too-few-overlapping-rows"


def holey(rng: np.random.Generator, rows: int, width: int, lost: float, holes: float) -> pd.DataFrame:
    values = np.round(rng.normal(size=(rows, width)), 2)
    frame = pd.DataFrame(values, index=[f"n{place:05d}" for place in range(rows)])
    frame.loc[rng.random(rows) < holes] = np.nan
    return frame.iloc[rng.permutation(rows)[: rows - int(lost * rows)]]


@given(
    seed=st.integers(0, 10**6),
    lost=st.lists(st.sampled_from((0.0, 0.05, 0.1, 0.17, 0.22)), min_size=3, max_size=3),
    holes=st.lists(st.sampled_from((0.0, 0.0, 0.03, 0.08)), min_size=3, max_size=3),
)
@settings(max_examples=40, deadline=None)
def test_missing_ids_count_as_the_reference_counts_them(
    oracle: Any, seed: int, lost: list[float], holes: list[float]
) -> None:
    rng = np.random.default_rng(seed)
    predictions, meta, target = (
        holey(rng, 100, width, lost[place], holes[place]) for place, width in enumerate((2, 1, 1))
    )
    market, truth = meta[0].rename("m"), target[0].rename("t")
    features = holey(rng, 100, 2, lost[1], holes[1])
    oracle.agree(lambda: score_series(corr, predictions, truth), lambda: scoring.numerai_corr(predictions, truth))
    oracle.agree(
        lambda: score_series(mmc, predictions, market, truth),
        lambda: scoring.correlation_contribution(predictions, market, truth),
    )
    oracle.agree(
        lambda: score_series(neutral_corr, predictions, features, truth),
        lambda: scoring.neutral_correlation(predictions, features, truth),
    )


def test_tables_of_their_own_are_matched_by_era_and_id() -> None:
    table = panel(4)
    mixed = table.sample(fraction=1.0, shuffle=True, seed=1)
    features = mixed.select("era", "id", "f1", "f2")
    found = score_frames(fnc, table.select("era", "id", *P), features, mixed.select("era", "id", "target"))
    expected = per_era(table, lambda part: scoring.feature_neutral_corr(part[P], part[["f1", "f2"]], part["target"]))
    np.testing.assert_allclose(found.select(P).to_numpy(), expected, rtol=0, atol=1e-12)
    with pytest.raises(DataError) as error:
        score_frames(
            corr, pl.concat([table, table.head(1)]).select("era", "id", *P), table.select("era", "id", "target")
        )
    assert error.value.code == "duplicate-ids"


def test_heavy_libraries_wait_until_a_score_needs_them() -> None:
    heavy = "numba scipy pandas sklearn"
    program = (
        "import sys, eraforge.evaluation.scores, eraforge.evaluation.eras, eraforge.evaluation.neutral.churn;"
        f"print(*[name for name in {heavy.split()!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == ""
