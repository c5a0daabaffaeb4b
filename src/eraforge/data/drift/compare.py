"""Drift between two panels: what came and went, and how far every column has moved; limits warn or stop an entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import ID, Panel
from eraforge.data.drift.distances import (
    count_columns,
    critical_gap,
    histograms,
    largest_gap,
    largest_gap_of_values,
    stability_index,
)
from eraforge.data.finding import Finding, Severity

COLUMNS_AT_ONCE = 512
LEVEL = 0.001


@dataclass(frozen=True, slots=True)
class DriftLimits:
    """Where drift is told and where it stops an entry. Shares are between 0 and 1.

    Args:
        psi_warn, psi_stop: stability index of a column.
        gap_warn, gap_stop: KS statistic of a column, counted only where the samples are too large for chance.
        columns_stop: share of columns beyond `…_stop` from which the entry stops.
        universe_left: share of the earlier ids that may leave.
        missing: rise of a column's missing share.
    """

    psi_warn: float = 0.1
    psi_stop: float = 0.25
    gap_warn: float = 0.1
    gap_stop: float = 0.2
    columns_stop: float = 0.1
    universe_left: float = 0.2
    missing: float = 0.2


@dataclass(frozen=True)
class DriftReport:
    """How two panels differ.

    Args:
        table: one row a common column: `column, psi, ks, missing_before, missing_after`, furthest first.
        rows: of the earlier and of the later panel.
        samples: of the earlier and of the later panel.
        findings: refusals first.
    """

    table: pl.DataFrame
    rows: tuple[int, int]
    samples: tuple[str, str]
    findings: tuple[Finding, ...]

    @property
    def trustworthy(self) -> bool:
        """Whether nothing found stops the entry."""
        return not any(finding.severity is Severity.REFUSE for finding in self.findings)

    def refuse(self) -> None:
        """Stop this entry when the panels are too far apart.

        Raises:
            DataError: with code, sentence and next step of the first finding that forbids it.
        """
        for finding in self.findings:
            if finding.severity is Severity.REFUSE:
                where = f"Between the {self.samples[0]} and the {self.samples[1]} panel "
                raise DataError(finding.code, where + finding.sentence, finding.next_step)


def compare_panels(
    before: Panel, after: Panel, limits: DriftLimits | None = None, ids_persist: bool = False
) -> DriftReport:
    """Compare two panels column by column.

    Integer columns are counted value by value, floating-point ones by the deciles of the earlier panel (PSI) and by
    sorting (KS). Missing values are left out of both and compared as a share.

    Args:
        ids_persist: whether an id names the same thing in both (`Arena.ids_persist`); else universes are not compared.
    """
    bounds = limits or DriftLimits()
    later_names = set(after.features)
    common = [name for name in before.features if name in later_names]
    kinds, later = _kinds(before, common), _kinds(after, common)
    odd = [name for name in common if kinds[name] != later[name]]
    unlike = set(odd)
    compared = [name for name in common if name not in unlike]
    figures = [_figures(before, after, names) for names in _chunks(compared, kinds)]
    rows = _rows(before), _rows(after)
    table = pl.concat(figures) if figures else _empty()
    table = table.sort("psi", "column", descending=[True, False], nulls_last=True)
    found = [*_schema(before, after, odd), *_moved(table, rows, bounds)]
    if ids_persist:
        found += _universe(before, after, bounds)
    found.sort(key=lambda finding: finding.severity is not Severity.REFUSE)
    return DriftReport(table, rows, (str(before.sample), str(after.sample)), tuple(found))


def _kinds(panel: Panel, names: Sequence[str]) -> dict[str, str]:
    """int8, any floating-point type, or the name of another type, by column."""
    schema = panel.frame.collect_schema()
    return {name: "float" if schema[name].is_float() else str(schema[name]) for name in names}


def _chunks(names: Sequence[str], kinds: dict[str, str]) -> Iterator[list[str]]:
    for kind in sorted({kinds[name] for name in names}):
        alike = [name for name in names if kinds[name] == kind]
        for start in range(0, len(alike), COLUMNS_AT_ONCE):
            yield alike[start : start + COLUMNS_AT_ONCE]


def _rows(panel: Panel) -> int:
    return int(panel.frame.select(pl.len()).collect().item())


def _empty() -> pl.DataFrame:
    floats = dict.fromkeys(("psi", "ks", "missing_before", "missing_after"), pl.Float64)
    return pl.DataFrame(schema={"column": pl.String, **floats})


def _figures(before: Panel, after: Panel, names: list[str]) -> pl.DataFrame:
    one, other = (panel.frame.select(names).collect() for panel in (before, after))
    missing = [_missing(frame) for frame in (one, other)]
    whole = all(kind == pl.Int8 for kind in one.dtypes) and not any(map(any, missing)) and one.height and other.height
    psi, gaps = _counted(one, other, names) if whole else _sorted(one, other, names)
    return pl.DataFrame(
        {"column": names, "psi": psi, "ks": gaps, "missing_before": missing[0], "missing_after": missing[1]},
        schema_overrides={"psi": pl.Float64, "ks": pl.Float64},
        nan_to_null=True,
    )


def _counted(one: pl.DataFrame, other: pl.DataFrame, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    a, b = (np.stack([frame.get_column(name).to_numpy() for name in names]) for frame in (one, other))
    sides = [matrix for matrix in (a, b) if matrix.size]
    low = min((int(matrix.min()) for matrix in sides), default=0)
    kinds = max((int(matrix.max()) for matrix in sides), default=0) - low + 1
    before, after = count_columns(a, low, kinds), count_columns(b, low, kinds)
    return stability_index(before, after), largest_gap(before, after)


def _sorted(one: pl.DataFrame, other: pl.DataFrame, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    psi, gaps = np.empty(len(names)), np.empty(len(names))
    for place, name in enumerate(names):
        a, b = (frame.get_column(name).cast(pl.Float64).fill_null(float("nan")).to_numpy() for frame in (one, other))
        psi[place] = stability_index(*histograms(a, b))[0]
        gaps[place] = largest_gap_of_values(a, b)
    return psi, gaps


def _missing(frame: pl.DataFrame) -> list[float]:
    """Share of each column's values that are null or no number."""
    if not frame.height:
        return [1.0] * frame.width
    if not any(kind.is_float() for kind in frame.dtypes):
        return [count / frame.height for count in frame.null_count().row(0)]
    return list(frame.select((pl.all().is_null() | pl.all().is_nan()).mean()).row(0))


def _schema(before: Panel, after: Panel, odd: list[str]) -> Iterator[Finding]:
    earlier, later = set(before.features), set(after.features)
    gone = [name for name in before.features if name not in later]
    added = [name for name in after.features if name not in earlier]
    if gone:
        yield Finding(
            Severity.REFUSE, "columns-gone", f"{len(gone)} columns are gone, {gone[0]!r} among them.",
            "Use the data version the model was trained on, or train again.",
        )  # fmt: skip
    if added:
        yield Finding(
            Severity.WARN, "columns-added", f"{len(added)} columns are new, {added[0]!r} among them.",
            "Nothing breaks; train again to use them.",
        )  # fmt: skip
    if odd:
        yield Finding(
            Severity.REFUSE, "column-types-changed", f"{len(odd)} columns changed their type, {odd[0]!r} among them.",
            "Check the data version.",
        )  # fmt: skip


def _moved(table: pl.DataFrame, rows: tuple[int, int], limits: DriftLimits) -> Iterator[Finding]:
    if not table.height or not all(rows):
        return
    # Small samples differ by chance, and of many columns some do so much: PSI over (1/n + 1/m) is then chi-square with
    # at most nine degrees of freedom, which exceeds 50 once in ten million columns.
    chance_gap = critical_gap(*rows, LEVEL / table.height)
    chance_psi = 50 * (1 / rows[0] + 1 / rows[1])
    stop = (
        (pl.col("psi") > max(limits.psi_stop, chance_psi)) | (pl.col("ks") > max(limits.gap_stop, chance_gap))
    ).fill_null(False)
    warn = (
        (pl.col("psi") > max(limits.psi_warn, chance_psi)) | (pl.col("ks") > max(limits.gap_warn, chance_gap))
    ).fill_null(False)
    far, moved = table.filter(stop), table.filter(warn)
    furthest = (
        ""
        if not moved.height
        else f", furthest {moved.get_column('column')[0]!r} (PSI {moved.get_column('psi')[0] or 0:.2f})"
    )
    if far.height > limits.columns_stop * table.height:
        yield Finding(
            Severity.REFUSE,
            "columns-drifted",
            f"{far.height} of {table.height} columns have another distribution{furthest}.",
            "Check that both belong to one data version; train again on recent eras.",
        )
    elif moved.height:
        yield Finding(
            Severity.WARN, "columns-moved", f"{moved.height} of {table.height} columns have moved{furthest}.",
            "Watch their scores.",
        )  # fmt: skip
    emptied = table.filter(pl.col("missing_after") - pl.col("missing_before") > limits.missing)
    if emptied.height:
        heavy = emptied.height > limits.columns_stop * table.height
        yield Finding(
            Severity.REFUSE if heavy else Severity.WARN,
            "columns-emptied",
            f"{emptied.height} of {table.height} columns miss far more values, {emptied['column'][0]!r} among them.",
            "Fetch the file again; check the source of these columns.",
        )


def _universe(before: Panel, after: Panel, limits: DriftLimits) -> Iterator[Finding]:
    one, other = (
        set(panel.frame.select(pl.col(ID).unique()).collect().get_column(ID)) if panel.eras else set()
        for panel in (before.where_eras(before.eras[-1:]), after.where_eras(after.eras[:1]))
    )
    if not one:
        return
    left = len(one - other) / len(one)
    if left > limits.universe_left:
        yield Finding(
            Severity.REFUSE,
            "universe-changed",
            f"{left:.0%} of the {len(one)} ids of the last era are gone, and {len(other - one)} are new.",
            "Fetch the live file again; it may be another universe's.",
        )
