"""The rules applied before an upload give the official validator's verdict on every frame, good or bad."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numerai_tools import submissions as official

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.rules import check_predictions, check_submission
from eraforge.core.errors import DataError
from eraforge.core.words import Arena, Predictions, Slot

LIVE = [f"n{number:015x}" for number in range(120)]
CRYPTO = replace(
    CLASSIC,
    name="crypto",
    tournament=12,
    id_column="symbol",
    prediction_column="signal",
    accepted_id_columns=("symbol",),
    accepted_value_columns=("prediction", "signal"),
    minimum_rows=100,
)


def good(rows: int = 120, id_column: str = "id", value_column: str = "prediction") -> dict[str, Any]:
    return {id_column: LIVE[:rows], value_column: list(np.linspace(0.01, 0.99, rows))}


def changed(column: str, at: int, value: Any, **base: Any) -> dict[str, Any]:
    frame = good(**base)
    frame[column] = [*frame[column][:at], value, *frame[column][at + 1 :]]
    return frame


def values(some: Any) -> dict[str, Any]:
    return good() | {"prediction": list(some)}


HALF = [0.5] * 119
CATALOGUE: list[tuple[dict[str, Any], str]] = [
    (good(), ""),
    (good(value_column="probability"), ""),
    ({name: list(reversed(column)) for name, column in good().items()}, ""),
    ({"prediction": good()["prediction"], "id": LIVE}, "invalid-submission-headers"),
    (good() | {"era": ["X"] * 120}, "invalid-submission-headers"),
    (good(id_column="ID"), "invalid-submission-headers"),
    (good(value_column="score"), "invalid-submission-headers"),
    ({"id": LIVE}, "invalid-submission-headers"),
    (good(119), "invalid-submission-ids-too-few"),
    (changed("id", 3, LIVE[4]), "invalid-submission-ids-duplicate"),
    (changed("id", 3, None), "invalid-submission-ids-missing"),
    (changed("id", 3, "n_another_round"), "invalid-submission-ids-too-few"),
    ({"id": [*LIVE, "n_unknown"], "prediction": [*good()["prediction"], 0.5]}, ""),
    ({"id": [*LIVE, "n_unknown", "n_unknown"], "prediction": [*good()["prediction"], 7.0, float("nan")]}, ""),
    ({"id": [*LIVE, LIVE[0]], "prediction": [*good()["prediction"], 0.5]}, "invalid-submission-ids-duplicate"),
    (changed("prediction", 3, float("nan")), "invalid-submission-values-missing"),
    (changed("prediction", 3, None), "invalid-submission-values-missing"),
    (changed("prediction", 3, float("inf")), "invalid-submission-values-range"),
    (changed("prediction", 3, -float("inf")), "invalid-submission-values-range"),
    (changed("prediction", 3, 1.1), "invalid-submission-values-range"),
    (changed("prediction", 3, -0.1), "invalid-submission-values-range"),
    (changed("prediction", 3, 0.0), ""),
    (changed("prediction", 3, 1.0), ""),
    (changed("prediction", 3, -1e-9), ""),
    (changed("prediction", 3, -1e-7), "invalid-submission-values-range"),
    (changed("prediction", 3, 1 + 1e-6), ""),
    (changed("prediction", 3, 1 + 1e-4), "invalid-submission-values-range"),
    (values([-1e-9, 1 + 1e-6, *HALF[:118]]), ""),
    (values([0.5, *HALF]), "invalid-submission-values-constant"),
    (values([0.5 + 1e-7, *HALF]), "invalid-submission-values-constant"),
    (values([0.5 + 1e-6, *HALF]), ""),
    (values([0.0] * 120), "invalid-submission-values-constant"),
    (values(range(120)), "invalid-submission-values-range"),
    (values([0, 1] * 60), ""),
]


def verdict(frame: dict[str, Any], arena: Arena, validate: Callable[..., Any], live: Any) -> tuple[str, str]:
    """(our code, the official machine code); both empty when the frame passes."""
    ours = theirs = ""
    try:
        check_submission(pl.DataFrame(frame, strict=False), arena, LIVE)
    except DataError as error:
        ours = error.code
    try:
        validate(live, pd.DataFrame(frame))
    except AssertionError as error:
        theirs = str(error).partition(":")[0]
    return ours, theirs


def assert_same_verdict(ours: str, theirs: str) -> None:
    assert bool(ours) == bool(theirs)
    assert ours.startswith(theirs.replace("_", "-"))


@pytest.mark.parametrize(("frame", "code"), CATALOGUE, ids=[f"{at}-{code}" for at, (_, code) in enumerate(CATALOGUE)])
def test_the_catalogue_gets_the_official_verdict(frame: dict[str, Any], code: str) -> None:
    ours, theirs = verdict(frame, CLASSIC, official.validate_submission_numerai, pd.Series(LIVE))
    assert ours == code
    assert_same_verdict(ours, theirs)


@pytest.mark.parametrize(("rows", "passes"), [(120, True), (100, True), (99, False)])
def test_an_arena_with_a_minimum_of_rows_gets_the_official_verdict(rows: int, passes: bool) -> None:
    frame = good(rows, "symbol", "signal")
    universe = pd.DataFrame({"symbol": LIVE})
    ours, theirs = verdict(frame, CRYPTO, official.validate_submission_crypto, universe)
    assert (ours == "") is passes
    assert_same_verdict(ours, theirs)


CELLS = st.sampled_from([0.0, 1.0, 0.5, 0.25, 0.7, float("nan"), -1e-9, 1.5])
IDS = st.sampled_from([*LIVE[:6], "n_unknown", None])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(IDS, CELLS), min_size=1, max_size=9), st.integers(1, 6))
def test_any_frame_gets_the_official_verdict(rows: list[tuple[str | None, float]], live: int) -> None:
    frame = {"id": [row[0] for row in rows], "prediction": [row[1] for row in rows]}
    ours = theirs = ""
    try:
        schema = {"id": pl.String, "prediction": pl.Float64}
        check_submission(pl.DataFrame(frame, schema=schema), CLASSIC, LIVE[:live])
    except DataError as error:
        ours = error.code
    try:
        official.validate_submission_numerai(pd.Series(LIVE[:live]), pd.DataFrame(frame))
    except AssertionError as error:
        theirs = str(error).partition(":")[0]
    assert_same_verdict(ours, theirs)


def test_coverage_names_what_is_not_live() -> None:
    frame = pl.DataFrame({"id": [*LIVE, "n_b", "n_a"], "prediction": [*good()["prediction"], 0.5, 0.5]})
    coverage = check_submission(frame, CLASSIC, LIVE)
    assert (coverage.rows, coverage.universe, coverage.unknown) == (120, 120, ("n_a", "n_b"))


def test_predictions_are_checked_as_the_file_they_become() -> None:
    frame = pl.DataFrame(good()).sort("id")
    slot = Slot("ada", "spring", "crypto", 1345)
    assert check_predictions(Predictions(slot, frame), CRYPTO, LIVE).rows == 120
    with pytest.raises(DataError) as caught:
        check_predictions(Predictions(slot, frame.head(3)), CRYPTO, LIVE)
    assert caught.value.code == "invalid-submission-ids-too-few"


def test_text_is_no_prediction() -> None:
    with pytest.raises(DataError) as caught:
        check_submission(pl.DataFrame(good() | {"prediction": ["high"] * 120}), CLASSIC, LIVE)
    assert caught.value.code == "invalid-submission-values-no-numbers"
