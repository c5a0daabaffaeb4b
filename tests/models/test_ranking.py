"""Ranks per era: inside (0, 1), ties kept, equal to numerai-tools, blind to the order of rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numerai_tools.scoring import numerai_corr, tie_kept_rank

from eraforge.core.errors import DataError
from eraforge.models.ranking import era_corr, predictions_frame, rank_to_normal, rank_to_unit


def frame(values: list[float], eras: list[str] | None = None) -> pl.DataFrame:
    keys = {"era": eras or ["0001"] * len(values), "id": [f"n{place:03d}" for place in range(len(values))]}
    return pl.DataFrame(keys | {"prediction": pl.Series(values, dtype=pl.Float64)})


@given(st.lists(st.sampled_from([-1.5, 0.0, 0.25, 1e-300, 3.0, 1e300]), min_size=1, max_size=40))
@settings(max_examples=50, deadline=None)
def test_equals_the_official_rank_and_stays_inside(values: list[float]) -> None:
    ranked = rank_to_unit(frame(values))["prediction"].to_numpy()
    official = tie_kept_rank(frame(values).select("prediction").to_pandas())["prediction"].to_numpy()
    np.testing.assert_allclose(ranked, official, rtol=4e-16)
    assert ((ranked > 0) & (ranked < 1)).all()


@given(st.permutations(range(12)))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    straight = frame([0.1, 0.1, 0.3, 0.2, 0.2, 0.2] * 2, ["0001"] * 6 + ["0002"] * 6)
    turned = rank_to_unit(straight[order]).sort("era", "id")
    assert turned.equals(rank_to_unit(straight))


def test_each_era_is_ranked_by_itself() -> None:
    ranked = rank_to_unit(frame([1, 2, 100, 200], ["0001", "0001", "0002", "0002"]))
    assert ranked["prediction"].to_list() == [0.25, 0.75, 0.25, 0.75]


def test_normal_ranks_are_symmetric_around_zero() -> None:
    values = rank_to_normal(frame([3, 1, 2]))["prediction"].to_list()
    assert values[1] == pytest.approx(-values[0])
    assert values[2] == 0


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), None])
def test_refuses_what_is_no_number_and_names_it(bad: float | None) -> None:
    with pytest.raises(DataError, match="n001") as caught:
        rank_to_unit(frame([0.1, bad, 0.2]))  # type: ignore[list-item]
    assert caught.value.code == "prediction-not-finite"


def test_refuses_a_wrong_number_of_values() -> None:
    with pytest.raises(DataError) as caught:
        predictions_frame(frame([1, 2]), np.zeros(3))
    assert caught.value.code == "prediction-count"


def test_the_corr_a_model_judges_itself_by_is_the_official_one() -> None:
    rng = np.random.default_rng(5)
    eras = np.repeat(["0001", "0002", "0003"], [40, 1, 60])
    values = rng.normal(size=101).round(1)
    truth = rng.choice([0, 0.25, 0.5, 0.75, 1], size=101)
    ours = era_corr(frame(values.tolist(), eras.tolist()), truth)
    assert ours[1] == 0.0
    for place, era in ((0, "0001"), (2, "0003")):
        here = eras == era
        predicted = pl.DataFrame({"p": values[here]}).to_pandas()
        official = numerai_corr(predicted, pl.DataFrame({"t": truth[here]}).to_pandas()["t"])
        assert abs(ours[place] - official["p"]) < 1e-12
