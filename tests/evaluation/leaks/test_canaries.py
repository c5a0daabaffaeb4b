"""The gate flags canaries and columns made from the target, on few rows and many, and no honest column."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from eraforge.core.panel import Panel
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.evaluation.leaks import canaries
from eraforge.evaluation.leaks.canaries import canary_columns
from eraforge.evaluation.leaks.laboratory import practice_rows


def with_feature(panel: Panel, value: pl.Expr) -> Panel:
    frame = panel.collect().with_columns(value.alias("made"))
    return replace(panel, frame=frame.lazy(), features=(*panel.features, "made"))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("rows", [12, 60, 400])
def test_no_honest_column_is_flagged_and_the_canaries_are(seed: int, rows: int) -> None:
    result = canary_columns(practice_panel(seed, eras=20, rows=rows, signal=0.1), seed=seed)
    assert result.passed, result.sentence
    assert "2 of 2 canaries flagged" in result.sentence and "ids do not persist" in result.sentence


def test_where_ids_persist_the_next_round_is_a_canary_too() -> None:
    result = canary_columns(practice_rows())
    assert result.passed and "3 of 3 canaries flagged" in result.sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("target", pl.col("target")),
        ("inverted target", -pl.col("target")),
        ("target and noise", pl.col("target") + pl.Series(np.random.default_rng(1).normal(0, 0.7, 40 * 24))),
        ("next round", pl.col("target").shift(-1).over("id", order_by="era")),
        ("partly missing", pl.when(pl.col("feature_0") > 1).then(pl.col("target"))),
    ],
)
def test_a_column_made_from_the_target_is_flagged(name: str, value: pl.Expr) -> None:
    result = canary_columns(with_feature(practice_rows(), value))
    assert not result.passed
    assert {one.column for one in result.findings} == {"made"}
    assert result.findings[0].moment and "knows the target" in result.findings[0].sentence


def test_a_gate_that_no_longer_flags_its_canaries_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canaries, "_flagged", lambda *_: [])
    result = canary_columns(practice_rows())
    assert not result.passed and "did not notice a planted canary" in result.findings[0].sentence


def test_without_labels_nothing_was_looked_at() -> None:
    panel = with_feature(practice_rows(), pl.lit(1.0))
    bare = replace(panel, frame=panel.frame.with_columns(target=pl.lit(None, pl.Float32)))
    result = canary_columns(bare)
    assert not result.passed and result.looked == 0 and not result.findings
