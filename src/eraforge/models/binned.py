"""A LightGBM dataset built a few columns at a time, so that only its own bins are ever whole in memory.

A tree learner reads a feature at a time, and so does parquet: each slice of columns is read for all rows, binned, and
joined to the bins already there. A Numerai feature has five values, which LightGBM keeps in half a byte; the raw
columns of a slice are gone before the next slice is read.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import Panel
from eraforge.models.progress import report

if TYPE_CHECKING:
    import lightgbm

SLICE_CELLS = 48 * 2**20
_log = logging.getLogger("eraforge.models")


class _LightGBMLog:
    """LightGBM writes to standard output by itself; this sends what it says to the log instead."""

    def info(self, message: str) -> None:
        _log.debug("lightgbm: %s", message)

    def warning(self, message: str) -> None:
        _log.debug("lightgbm: %s", message)


def engine() -> Any:
    """The lightgbm package, quietened; imported on first use because that takes more than a second."""
    import lightgbm

    lightgbm.register_logger(_LightGBMLog())
    return lightgbm


def binned_dataset(panel: Panel, truth: np.ndarray, parameters: Mapping[str, Any]) -> lightgbm.Dataset:
    """All rows of the panel as a constructed LightGBM dataset; columns are named `0`, `1`, ... in feature order.

    Besides the bins (half a byte per value while `max_bin` is at most 15) it needs one slice of raw columns.

    Args:
        panel: rows to train on; their order is that of `truth`.
        truth: labels, shape (rows,).
        parameters: LightGBM parameters; the ones that shape a dataset must be those of the training.

    Raises:
        DataError: `features-all-constant` when no feature has two values.
    """
    width = max(1, SLICE_CELLS // len(truth))
    whole = None
    for start in range(0, len(panel.features), width):
        columns = panel.features[start : start + width]
        frame = panel.frame.select(pl.col(name).alias(str(start + place)) for place, name in enumerate(columns))
        part = _binned_slice(frame.collect(), truth, parameters)
        if whole is None:
            whole = part
        else:
            whole.add_features_from(part)
            part._free_handle()
        report("columns read", min(start + width, len(panel.features)), len(panel.features))
    if whole is None or all(whole.feature_num_bin(place) < 2 for place in range(whole.num_feature())):
        raise DataError("features-all-constant", "No feature has two values.", "Select features that vary.")
    return whole


def _binned_slice(frame: pl.DataFrame, truth: np.ndarray, parameters: Mapping[str, Any]) -> lightgbm.Dataset:
    """One slice of columns as a constructed dataset that has let go of its raw values."""
    part = (
        engine()
        .Dataset(frame, label=truth, feature_name=frame.columns, params=dict(parameters), free_raw_data=True)
        .construct()
    )
    part.data = None
    return part
