"""Numerai Signals (tournament 11) as a value."""

from __future__ import annotations

from dataclasses import replace

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.policies import SIGNALS_POLICIES
from eraforge.core.words import Arena, Files

SIGNALS = Arena(
    name="signals",
    tournament=11,
    version="v2.1",
    id_column="numerai_ticker",
    prediction_column="signal",
    accepted_id_columns=("ticker", "sedol", "bloomberg_ticker", "composite_figi", "numerai_ticker"),
    accepted_value_columns=("prediction", "signal"),
    minimum_rows=100,
    files=Files(
        train="signals/{version}/train.parquet",
        validation="signals/{version}/validation.parquet",
        live="signals/{version}/live.parquet",
        features=None,
        meta_model=None,
        benchmarks=None,
        example="signals/{version}/live_example_preds.parquet",
        neutralizers=(
            "signals/{version}/train_neutralizer.parquet",
            "signals/{version}/validation_neutralizer.parquet",
        ),
        weights=(
            "signals/{version}/train_sample_weights.parquet",
            "signals/{version}/validation_sample_weights.parquet",
        ),
    ),
    # The numbering is shared with Classic; eras are dates.
    calendar=replace(CLASSIC.calendar, first_era_date=None),
    policies=SIGNALS_POLICIES,
    era_column="date",
    id_file_column="numerai_ticker",
    ids_persist=True,
    target="target_chili_60",
    main_horizon=60,
    churn_rounds=5,
    churn_limit=0.15,
    turnover_limit=0.25,
)
