"""Numerai Classic (tournament 8) as a value."""

from __future__ import annotations

from eraforge.arenas.policies import CLASSIC_POLICIES
from eraforge.core.words import Arena, Calendar, Files

CLASSIC = Arena(
    name="classic",
    tournament=8,
    version="v5.3",
    id_column="id",
    prediction_column="prediction",
    accepted_id_columns=("id",),
    accepted_value_columns=("prediction", "probability"),
    minimum_rows=None,
    files=Files(
        train="{version}/train.parquet",
        validation="{version}/validation.parquet",
        live="{version}/live.parquet",
        features="{version}/features.json",
        meta_model="{version}/meta_model.parquet",
        benchmarks="{version}/validation_benchmark_models.parquet",
        example="{version}/live_example_preds.parquet",
    ),
    calendar=Calendar(
        anchor_date="2026-08-28",
        anchor_round=1343,
        open_weekdays=(1, 2, 3, 4, 5),
        open_hour=12,
        window_hours={1: 1, 2: 1, 3: 1, 4: 1, 5: 26},
        first_score_after=3,
        score_weekdays=(1, 2, 3, 4, 5),
        first_era_date="2003-01-03",
    ),
    policies=CLASSIC_POLICIES,
    feature_set="small",
)
