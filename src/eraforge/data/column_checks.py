"""Checks of a panel's values: missing, constant and impossible features, and labels that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.panel import ERA, Panel, Sample
from eraforge.data.finding import Finding, Limits, Severity

COLUMNS_AT_ONCE = 512
# A label is published with its round's last score, but the dataset files carry it only some days later.
PUBLICATION_SLACK = timedelta(days=14)


def column_findings(panel: Panel, rows: int, limits: Limits) -> tuple[list[Finding], float, int]:
    """Findings of the features, their missing share over all of them, and how many are constant.

    Args:
        rows: rows of the panel.
    """
    if not panel.features:
        finding = Finding(Severity.REFUSE, "no-features", "no feature is selected.", "Choose a feature set.")
        return [finding], 0.0, 0
    missing, low, high, finite = _ranges(panel)
    shares = missing / rows
    constant = (low == high) & (missing < rows)
    found = list(_missing_findings(panel, shares, limits))
    found += _constant_findings(panel, constant, rows, limits)
    names = np.array(panel.features)
    outside = names[(low < limits.low) | (high > limits.high)]
    if outside.size:
        found.append(
            Finding(
                Severity.REFUSE,
                "feature-range",
                f"{outside.size} features leave {limits.low:g} to {limits.high:g}, {outside[0]!r} among them.",
                "Check the data version; missing values may be marked by a number.",
            )
        )
    infinite = names[~finite]
    if infinite.size:
        found.append(
            Finding(
                Severity.REFUSE,
                "feature-infinite",
                f"{infinite.size} features hold infinite values, {infinite[0]!r} among them.",
                "Fetch the file again.",
            )
        )
    return found, float(shares.mean()), int(constant.sum())


def _ranges(panel: Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Missing count, lowest and highest finite value of each feature, and whether all its values are finite."""
    floats = {name for name, kind in panel.frame.collect_schema().items() if kind.is_float()}
    parts: list[tuple[Any, ...]] = []
    for start in range(0, len(panel.features), COLUMNS_AT_ONCE):
        names = panel.features[start : start + COLUMNS_AT_ONCE]
        wanted = [
            measure(name, name in floats).alias(f"{place} {name}")
            for name in names
            for place, measure in enumerate((_missing, _low, _high, _infinite))
        ]
        row = panel.frame.select(wanted).collect(engine="streaming").row(0)
        parts += [row[at : at + 4] for at in range(0, len(row), 4)]
    table = np.array(parts, dtype=np.float64)
    return table[:, 0], table[:, 1], table[:, 2], table[:, 3] == 0


def _missing(name: str, is_float: bool) -> pl.Expr:
    column = pl.col(name)
    return (column.is_null() | column.is_nan()).sum() if is_float else column.is_null().sum()


def _known(name: str, is_float: bool) -> pl.Expr:
    column = pl.col(name)
    return column.filter(column.is_finite()) if is_float else column


def _low(name: str, is_float: bool) -> pl.Expr:
    return _known(name, is_float).min()


def _high(name: str, is_float: bool) -> pl.Expr:
    return _known(name, is_float).max()


def _infinite(name: str, is_float: bool) -> pl.Expr:
    return pl.col(name).is_infinite().sum() if is_float else pl.lit(0)


def _missing_findings(panel: Panel, shares: np.ndarray, limits: Limits) -> Iterator[Finding]:
    empty = int((shares >= 1).sum())
    worst = int(np.argmax(shares))
    name, share = panel.features[worst], float(shares[worst])
    if empty:
        yield Finding(
            Severity.REFUSE,
            "feature-empty",
            f"{empty} features hold no value at all, {name!r} among them.",
            "Fetch the file again, or leave these features out.",
        )
    elif share > limits.feature_missing:
        yield Finding(
            Severity.REFUSE,
            "feature-missing",
            f"feature {name!r} is missing in {share:.0%} of rows.",
            "Fetch it again.",
        )
    if float(shares.mean()) > limits.all_missing:
        yield Finding(
            Severity.REFUSE,
            "features-missing",
            f"{float(shares.mean()):.0%} of all feature values are missing.",
            "Fetch the file again; a part of it may be empty.",
        )
    elif share > 0 and not empty:
        count = int((shares > 0).sum())
        yield Finding(
            Severity.WARN,
            "feature-gaps",
            f"{count} features have missing values, {name!r} most ({share:.1%}).",
            "Use a model that takes missing values, or fill them.",
        )


def _constant_findings(panel: Panel, constant: np.ndarray, rows: int, limits: Limits) -> Iterator[Finding]:
    count = int(constant.sum())
    if not count or rows < 2:
        return
    first = panel.features[int(np.argmax(constant))]
    sentence = f"{count} of {len(panel.features)} features are constant, {first!r} among them."
    if count > limits.constant_share * len(panel.features) and count > 1:
        yield Finding(
            Severity.REFUSE, "features-constant", sentence, "Fetch the file again; it carries no information."
        )
    else:
        yield Finding(Severity.WARN, "feature-constant", sentence, "Leave such features out.")


def target_findings(panel: Panel, limits: Limits, today: date | None) -> Iterator[Finding]:
    """Findings of the labels: range, gaps where they are known, and values before they can be known."""
    if panel.sample is Sample.LIVE and panel.targets:
        yield from _live_label_findings(panel)
    for place, target in enumerate(panel.targets):
        value = pl.col(target.name)
        per_era = (
            panel.frame.group_by(ERA)
            .agg(
                (value.is_not_null() & value.is_not_nan()).sum().alias("known"),
                pl.len().alias("rows"),
                ((value < 0) | ((value > 1) & value.is_not_nan())).sum().alias("outside"),
            )
            .collect(engine="streaming")
        )
        outside = int(per_era.get_column("outside").sum() or 0)
        if outside:
            yield Finding(
                Severity.REFUSE,
                "target-range",
                f"target {target.name!r} leaves 0 to 1 in {outside} rows.",
                "Check the data version.",
            )
        if place == 0 and panel.sample is Sample.TRAIN and not per_era.get_column("known").sum():
            yield Finding(
                Severity.REFUSE, "target-empty", f"target {target.name!r} has no value.", "Check the target's name."
            )
        elif today is not None and panel.sample is not Sample.LIVE:
            yield from _moment_findings(panel, target.name, per_era, place == 0, limits, today)


def _live_label_findings(panel: Panel) -> Iterator[Finding]:
    known = [pl.col(target.name).is_not_nan().any() for target in panel.targets]
    if any(panel.frame.select(known).collect().row(0)):
        yield Finding(
            Severity.REFUSE, "label-in-live-rows", "live rows carry labels.", "Check that this is the live file."
        )


def _moment_findings(
    panel: Panel, target: str, per_era: pl.DataFrame, main: bool, limits: Limits, today: date
) -> Iterator[Finding]:
    known_on = dict(zip(panel.eras, panel.moments.known[target], strict=True))
    early = gaps = rows = 0
    for era, known, count in per_era.select(ERA, "known", "rows").iter_rows():
        day = known_on.get(era)
        if day is None:
            continue
        if day > today:
            early += known > 0
        elif day < today - PUBLICATION_SLACK:
            gaps, rows = gaps + count - known, rows + count
    if early:
        yield Finding(
            Severity.REFUSE,
            "label-before-its-time",
            f"target {target!r} has values in {early} eras whose label is not known yet.",
            "Check the calendar and the horizon of this target; a label from the future leaks. `target` may stand for "
            "one of another horizon in this data version: name that one.",
        )
    if main and rows and gaps / rows > limits.target_missing:
        yield Finding(
            Severity.REFUSE,
            "target-missing",
            f"target {target!r} is missing in {gaps / rows:.0%} of the rows whose label is long known.",
            "Fetch the file again; it may be stale.",
        )
