"""Numerai Crypto (tournament 12) as a value."""

from __future__ import annotations

from dataclasses import replace

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.policies import CRYPTO_POLICIES
from eraforge.core.words import Arena, Files

CRYPTO = Arena(
    name="crypto",
    tournament=12,
    version="v2.0",
    id_column="symbol",
    prediction_column="signal",
    accepted_id_columns=("symbol",),
    accepted_value_columns=("prediction", "signal"),
    minimum_rows=100,
    files=Files(
        train="crypto/{version}/train.parquet",
        validation=None,
        live="crypto/{version}/live.parquet",
        features=None,
        meta_model=None,
        benchmarks=None,
        example="crypto/{version}/live_example_preds.parquet",
    ),
    # Whether the numbering is Classic's is not known; the server's own numbers win, and eras are dates.
    calendar=replace(CLASSIC.calendar, first_era_date=None),
    policies=CRYPTO_POLICIES,
    era_column="date",
    id_file_column="symbol",
    ids_persist=True,
    target="target_binned_return_20",
    main_horizon=20,
)
