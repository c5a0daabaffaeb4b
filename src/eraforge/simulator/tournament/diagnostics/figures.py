"""From scores per era to the figures of a diagnostics: means, spreads, Sharpe ratios, drawdowns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

SERIES = {
    "corr": "validationCorr",
    "mmc": "validationMmc",
    "bmc": "validationBmc",
    "fnc_v3": "validationFeatureNeutralCorrV3",
    "alpha": "validationAlpha",
    "corr_v4": "validationCorrV4",
}


def summary(eras: Sequence[Mapping[str, Any]]) -> dict[str, float | int | None]:
    """The figures of a diagnostics by the names of the API.

    Args:
        eras: one row an era: `era` and its scores by the keys of SERIES, `example_corr`, `feature_corr_max`.

    Returns:
        Only figures that can be computed; ratings are not among them, for nobody says what they compare with.
    """
    figures: dict[str, float | int | None] = {"erasAcceptedCount": len(eras)}
    for key, stem in SERIES.items():
        figures |= _described(stem, values_of(eras, key))
    corr, mmc = values_of(eras, "corr"), values_of(eras, "mmc")
    both = np.array([row["corr"] + row["mmc"] for row in eras if None not in (row.get("corr"), row.get("mmc"))])
    figures |= {
        "examplePredsCorrMean": _mean(values_of(eras, "example_corr")),
        "validationAutocorr": _autocorrelation(corr),
        "validationBmcMean": _mean(values_of(eras, "bmc")),
        "validationCorrMaxDrawdown": _drawdown(corr),
        "validationCorrPlusMmcMean": _mean(both),
        "validationCorrPlusMmcSharpe": _sharpe(both),
        "validationCorrPlusMmcStd": _std(both),
        "validationFeatureCorrMax": _mean(values_of(eras, "feature_corr_max")),
        "validationFeatureNeutralCorrMean": _mean(values_of(eras, "fnc_v3")),
        "validationMaxDrawdown": _drawdown(corr),
    }
    if both.size and corr.size and mmc.size:
        plus, alone = _sharpe(both), _sharpe(corr)
        figures["validationCorrPlusMmcSharpeDiff"] = None if plus is None or alone is None else plus - alone
    return figures


def values_of(eras: Sequence[Mapping[str, Any]], key: str) -> np.ndarray:
    """The values of one score in the eras that have it."""
    found = [row[key] for row in eras if row.get(key) is not None]
    return np.array([value for value in found if np.isfinite(value)], dtype=float)


def _described(stem: str, values: np.ndarray) -> dict[str, float | int | None]:
    return {
        f"{stem}Mean": _mean(values),
        f"{stem}Std": _std(values),
        f"{stem}Sharpe": _sharpe(values),
        f"{stem}MaxDrawdown": _drawdown(values),
    }


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if values.size else None


def _std(values: np.ndarray) -> float | None:
    return float(values.std()) if values.size else None


def _sharpe(values: np.ndarray) -> float | None:
    return float(values.mean() / values.std()) if values.size and values.std() > 0 else None


def _drawdown(values: np.ndarray) -> float | None:
    """Largest fall of the cumulative score below its running maximum, which starts at the first value."""
    if not values.size:
        return None
    path = np.cumsum(values)
    return float((np.maximum.accumulate(path) - path).max())


def _autocorrelation(values: np.ndarray) -> float | None:
    if values.size < 3 or values[1:].std() == 0 or values[:-1].std() == 0:
        return None
    return float(np.corrcoef(values[1:], values[:-1])[0, 1])
