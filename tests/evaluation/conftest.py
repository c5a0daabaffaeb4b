"""Random and nasty eras, and the comparison with numerai-tools that all score tests share."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eraforge.core.errors import EraforgeError

GAP = 1e-12
REFUSALS = (AssertionError, ValueError, ZeroDivisionError, np.linalg.LinAlgError)
FLAVOURS = ("plain", "ties", "constant", "half", "infinite", "outlier", "zeros", "tiny", "holes", "many holes")


def nasty(rng: np.random.Generator, rows: int, flavour: str) -> np.ndarray:
    """One column of predictions of a kind that has broken scores before."""
    values = rng.normal(size=rows)
    chosen = rng.random(rows)
    if flavour == "ties":
        return np.round(values, 1)
    if flavour == "constant":
        return np.full(rows, 0.5)
    if flavour == "half":
        return np.where(chosen < 0.5, 0.5, values)
    if flavour == "infinite":
        return np.where(chosen < 0.05, np.inf, np.where(chosen > 0.95, -np.inf, values))
    if flavour == "outlier":
        return np.where(chosen < 0.02, 1e300, 0.5 + 1e-13 * values)
    if flavour == "zeros":
        return np.where(chosen < 0.4, -0.0, np.where(chosen > 0.7, 0.0, values))
    if flavour == "tiny":
        return values * 5e-324 * 100
    if flavour in ("holes", "many holes"):
        return np.where(chosen < (0.05 if flavour == "holes" else 0.3), np.nan, values)
    return values


def target(rng: np.random.Generator, rows: int, flavour: str) -> np.ndarray:
    """A target of one era."""
    binned = rng.choice([0, 0.25, 0.5, 0.75, 1], rows, p=[0.05, 0.2, 0.5, 0.2, 0.05])
    if flavour == "returns":
        return rng.normal(size=rows) * 0.05
    if flavour == "constant":
        return np.full(rows, 0.5)
    if flavour == "holes":
        return np.where(rng.random(rows) < 0.06, np.nan, binned)
    return binned


TARGETS = ("binned", "returns", "constant", "holes")


def ids(rows: int) -> list[str]:
    return [f"n{place:07d}" for place in range(rows)]


@dataclass(frozen=True)
class Oracle:
    """Calls the reference and ours with the same numbers."""

    def series(self, values: np.ndarray) -> pd.Series:
        return pd.Series(values, index=ids(len(values)), name="t")

    def frame(self, values: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(values, index=ids(len(values)), columns=[f"c{place}" for place in range(values.shape[1])])

    def column(self, rng: np.random.Generator, rows: int, flavour: str) -> np.ndarray:
        return nasty(rng, rows, flavour)

    def target(self, rng: np.random.Generator, rows: int, flavour: str = "binned") -> np.ndarray:
        return target(rng, rows, flavour)

    def agree(self, ours: Callable[[], Any], reference: Callable[[], Any], gap: float = GAP) -> float:
        """Both refuse, or both answer within `gap`; the largest gap is returned."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                expected = np.asarray(reference(), float)
            except REFUSALS as refusal:
                expected = refusal
        if isinstance(expected, Exception):
            with pytest.raises(EraforgeError) as error:
                ours()
            assert error.value.code
            return 0.0
        found = np.asarray(ours(), float)
        np.testing.assert_allclose(found, expected, rtol=0, atol=gap, equal_nan=True)
        gaps = np.abs(found - expected)
        return float(gaps[~np.isnan(gaps)].max(initial=0.0))


@pytest.fixture(scope="session")
def oracle() -> Oracle:
    return Oracle()
