"""Members of a blend: alike or not, worth something or nothing, told by figures another code agrees with."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from numerai_tools.scoring import numerai_corr

from eraforge.core.errors import DataError
from eraforge.core.panel import Sample
from eraforge.evaluation.study.ensembles import ablations, blend_scores, likenesses
from eraforge.evaluation.uncertainty import WEEKLY_20
from eraforge.models.ranking import rank_to_normal

ERAS, ROWS = 24, 120


def ranks(seed: int = 3) -> pl.DataFrame:
    """`good` and `twin` know the truth, `noise` does not."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 5, ERAS * ROWS) / 4
    keys = {
        "era": [f"{era:04d}" for era in range(1, ERAS + 1) for _ in range(ROWS)],
        "id": [f"n{place}" for place in range(ERAS * ROWS)],
    }
    good = truth + rng.normal(size=ERAS * ROWS)
    columns = {"good": good, "twin": good + 0.05 * rng.normal(size=len(good)), "noise": rng.normal(size=len(good))}
    frame = pl.DataFrame({**keys, "truth": truth})
    for name, values in columns.items():
        ranked = rank_to_normal(frame.select("era", "id", prediction=pl.Series(values)))
        frame = frame.with_columns(ranked["prediction"].alias(name))
    return frame


def even(*names: str) -> dict[str, dict[str, float]]:
    return {f"{era:04d}": dict.fromkeys(names, 1.0) for era in range(1, ERAS + 1)}


def test_twins_are_the_most_alike_and_strangers_are_not() -> None:
    found = likenesses(ranks(), ["good", "noise", "twin"], Sample.VALIDATION)
    assert (found[0].first, found[0].second) == ("good", "twin") and found[0].mean > 0.99
    assert found[0].low <= found[0].mean <= found[0].high and found[0].eras == ERAS
    assert abs(found[-1].mean) < 0.1
    frame = ranks().filter(pl.col("era") == "0001")
    alone = likenesses(frame, ["good", "noise"], Sample.VALIDATION)[0]
    assert alone.mean == pytest.approx(np.corrcoef(frame["good"], frame["noise"])[0, 1])


def test_the_score_of_a_blend_is_the_tournaments() -> None:
    """Oracle: numerai-tools on the weighted mean."""
    frame = ranks()
    scores = blend_scores(frame, {era: {"good": 3.0, "noise": 1.0} for era in even()})
    part = frame.filter(pl.col("era") == "0002").to_pandas().set_index("id")
    blend = (0.75 * part["good"] + 0.25 * part["noise"]).to_frame("blend")
    assert scores["0002"] == pytest.approx(float(numerai_corr(blend, part["truth"])["blend"]), abs=1e-9)


def test_a_blend_misses_what_knows_and_gains_without_what_does_not() -> None:
    found = {row.member: row for row in ablations(ranks(), even("good", "noise"), WEEKLY_20, Sample.VALIDATION)}
    assert found["good"].loss is not None and found["good"].loss.difference.low > 0
    assert found["noise"].loss is not None and found["noise"].loss.difference.high < 0
    assert found["good"].alone == pytest.approx(found["noise"].without) and found["good"].share == 0.5
    twins = ablations(ranks(), even("good", "twin"), WEEKLY_20, Sample.VALIDATION)
    assert all(row.loss is not None and abs(row.loss.difference.mean) < 0.01 for row in twins)
    assert twins[0].as_dict()["sample"] == "validation" and twins[0].as_dict()["loss"]["eras"] == ERAS


def test_shares_that_change_and_members_that_are_missing_are_taken_as_they_are() -> None:
    late = [f"{era:04d}" for era in range(13, ERAS + 1)]
    frame = ranks().with_columns(pl.when(pl.col("era").is_in(late)).then("noise").alias("noise"))
    shares = {era: {"good": 1.0, "noise": 1.0} if era in late else {"good": 1.0} for era in even()}
    found = {row.member: row for row in ablations(frame, shares, WEEKLY_20, Sample.VALIDATION)}
    assert found["noise"].share == pytest.approx(0.25) and found["good"].share == pytest.approx(0.75)
    # Where a member had no share, leaving it out changes nothing; where it was the only one, nothing is left to score.
    assert set(blend_scores(frame, shares, left_out="good")) == set(late)
    whole, without = blend_scores(frame, shares), blend_scores(frame, shares, left_out="noise")
    assert all((whole[era] == without[era]) == (era not in late) for era in whole)


def test_a_blend_of_nobody_is_refused() -> None:
    with pytest.raises(DataError, match="No member"):
        ablations(ranks(), {}, WEEKLY_20, Sample.VALIDATION)
