"""What every learner asks of a panel: its labels, whether its features are whole numbers, its rows in small pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import Panel


def require(condition: bool, setting: str, value: Any, expected: str) -> None:
    """Check one setting of a model.

    Raises:
        UserError: `model-setting`.
    """
    if not condition:
        raise UserError("model-setting", f"Setting {setting} = {value!r} is not {expected}.", "Change the setting.")


def training_rows(panel: Panel) -> Panel:
    """The rows of a panel that can be learned from: those whose main target is known.

    Raises:
        UserError: `panel-without-target`, `panel-without-features`.
    """
    target = panel.target.name
    if not panel.features:
        raise UserError("panel-without-features", "This panel carries no feature.", "Select features to train on.")
    return panel.select(targets=[target]).labelled()


def labels(panel: Panel) -> np.ndarray:
    """The main target of every row, shape (rows,), float64.

    Raises:
        DataError: `nothing-to-learn-from` when fewer than two rows are labelled.
    """
    values = panel.frame.select(pl.col(panel.target.name).cast(pl.Float64)).collect().to_series().to_numpy()
    if len(values) < 2:
        raise DataError(
            "nothing-to-learn-from",
            f"Only {len(values)} rows have a known {panel.target.name!r}.",
            "Give the model more eras, or a target that is already known.",
        )
    return values


def are_bytes(panel: Panel) -> bool:
    """Whether all features are 8-bit whole numbers, as Numerai's are."""
    schema = panel.frame.collect_schema()
    return all(schema[name] in (pl.Int8, pl.UInt8) for name in panel.features)


def pieces(panel: Panel, features: Sequence[str], rows_at_once: int) -> Iterator[pl.DataFrame]:
    """The rows in order, `rows_at_once` at a time (the last piece may be shorter), with their keys and these features.

    They are streamed: however many rows a panel or one of its eras holds, some pieces are in memory, and files are read
    once.

    Raises:
        UserError: `unknown-column` when the panel lacks one of the features.
    """
    chosen = panel.select(features=features, targets=[target.name for target in panel.targets])
    yield from chosen.frame.collect_batches(chunk_size=rows_at_once, maintain_order=True, lazy=True)
