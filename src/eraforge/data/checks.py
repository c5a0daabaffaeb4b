"""What makes a panel trustworthy, checked before anything is trained on it or predicted from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import ERA, ID, Panel, Sample
from eraforge.data.column_checks import column_findings, target_findings
from eraforge.data.finding import Finding, Limits, Severity

__all__ = ["Figure", "FigureName", "Finding", "Limits", "PanelReport", "Severity", "check_panel"]


class FigureName(StrEnum):
    """What a report counts."""

    ROWS = "rows"
    ERAS = "eras"
    FEATURES = "features"
    SMALLEST_ERA = "rows in the smallest era"
    LARGEST_ERA = "rows in the largest era"
    MISSING_SHARE = "missing share over all features"
    CONSTANT = "constant features"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a report, and the sample it comes from."""

    name: FigureName
    value: float
    sample: Sample


@dataclass(frozen=True, slots=True)
class PanelReport:
    """What the checks found.

    Args:
        figures: counts, each with its sample.
        findings: what is wrong, refusals first.
    """

    sample: Sample
    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]

    @property
    def trustworthy(self) -> bool:
        """Whether nothing found forbids using the panel."""
        return not any(finding.severity is Severity.REFUSE for finding in self.findings)

    def figure(self, name: FigureName) -> float:
        """The value of a figure."""
        return next(figure.value for figure in self.figures if figure.name is name)

    def refuse(self) -> None:
        """Stop this entry when the panel must not be used.

        Raises:
            DataError: with code, sentence and next step of the first finding that forbids it.
        """
        for finding in self.findings:
            if finding.severity is Severity.REFUSE:
                sentence = f"In the {self.sample} panel {finding.sentence}"
                raise DataError(finding.code, sentence, finding.next_step)


def check_panel(
    panel: Panel,
    limits: Limits | None = None,
    ids_persist: bool = False,
    previous_rows: int | None = None,
    today: date | None = None,
) -> PanelReport:
    """Check a panel's columns, keys, values and universe; one streaming pass over the columns, one over the keys.

    Args:
        ids_persist: whether an id may stand in several eras (`Arena.ids_persist`).
        previous_rows: size of the previous live universe, to compare a live panel with.
        today: the present day; labels that cannot be known yet are refused when it is given.
    """
    bounds = limits or Limits()
    found = list(_schema_findings(panel))
    if any(finding.severity is Severity.REFUSE for finding in found):
        return PanelReport(panel.sample, (), tuple(found))
    sizes = panel.frame.group_by(ERA).agg(pl.len().alias("rows")).collect(engine="streaming")
    rows = int(sizes.get_column("rows").sum() or 0)
    figures = [
        _figure(panel, FigureName.ROWS, rows),
        _figure(panel, FigureName.ERAS, sizes.height),
        _figure(panel, FigureName.FEATURES, len(panel.features)),
        _figure(panel, FigureName.SMALLEST_ERA, float(sizes.get_column("rows").min() or 0)),  # type: ignore[arg-type]
        _figure(panel, FigureName.LARGEST_ERA, float(sizes.get_column("rows").max() or 0)),  # type: ignore[arg-type]
    ]
    if rows:
        found += _key_findings(panel, ids_persist)
        found += _universe_findings(panel, sizes, rows, previous_rows, bounds)
        columns, missing_share, constant = column_findings(panel, rows, bounds)
        found += columns
        found += target_findings(panel, bounds, today)
        figures.append(_figure(panel, FigureName.MISSING_SHARE, missing_share))
        figures.append(_figure(panel, FigureName.CONSTANT, constant))
    else:
        found.append(Finding(Severity.REFUSE, "empty-panel", "there are no rows.", "Fetch the dataset again."))
    found.sort(key=lambda finding: finding.severity is not Severity.REFUSE)
    return PanelReport(panel.sample, tuple(figures), tuple(found))


def _figure(panel: Panel, name: FigureName, value: float) -> Figure:
    return Figure(name, float(value), panel.sample)


def _schema_findings(panel: Panel) -> Iterator[Finding]:
    schema = panel.frame.collect_schema()
    wanted = [ERA, ID, *panel.features, *(target.name for target in panel.targets)]
    missing = [name for name in wanted if name not in schema]
    if missing:
        yield Finding(
            Severity.REFUSE,
            "columns-missing",
            f"{len(missing)} columns are missing, {missing[0]!r} among them.",
            "Check data version and feature set.",
        )
        return
    doubled = len(panel.features) - len(set(panel.features))
    if doubled:
        yield Finding(
            Severity.REFUSE, "feature-listed-twice", f"{doubled} features are listed twice.", "Check the feature set."
        )
    for key in (ERA, ID):
        if schema[key] != pl.String:
            yield Finding(
                Severity.REFUSE, "key-type", f"the {key} column is {schema[key]}, not text.", "Read it with read_panel."
            )
    odd = [name for name in panel.features if not (schema[name] == pl.Int8 or schema[name].is_float())]
    if odd:
        yield Finding(
            Severity.REFUSE,
            "feature-type",
            f"{len(odd)} features are neither int8 nor floating-point, {odd[0]!r} ({schema[odd[0]]}) among them.",
            "Check the data version.",
        )
    labels = [target.name for target in panel.targets if not schema[target.name].is_float()]
    if labels:
        yield Finding(
            Severity.REFUSE,
            "target-type",
            f"target {labels[0]!r} is {schema[labels[0]]}, not floating-point.",
            "Check the data version.",
        )


def _key_findings(panel: Panel, ids_persist: bool) -> Iterator[Finding]:
    keys = panel.frame.select(ERA, ID).collect(engine="streaming")
    empty = keys.filter(pl.col(ID).is_null() | pl.col(ERA).is_null() | (pl.col(ID) == "")).height
    if empty:
        yield Finding(Severity.REFUSE, "key-empty", f"{empty} rows have no era or no id.", "Fetch the file again.")
    twice = keys.height - keys.unique().height
    if twice:
        yield Finding(
            Severity.REFUSE,
            "rows-duplicate",
            f"{twice} rows repeat an (era, id) that is already there.",
            "Check that the files do not overlap, and fetch them again.",
        )
    elif not ids_persist:
        across = keys.height - keys.get_column(ID).n_unique()
        if across:
            yield Finding(
                Severity.REFUSE,
                "id-in-many-eras",
                f"{across} rows carry an id that stands in another era too.",
                "Ids of this arena belong to one era; check how the files were put together.",
            )
    yield from _order_findings(panel, keys)


def _order_findings(panel: Panel, keys: pl.DataFrame) -> Iterator[Finding]:
    present = set(keys.get_column(ERA).drop_nulls().unique())
    strange, absent = present - set(panel.eras), set(panel.eras) - present
    if strange:
        yield Finding(
            Severity.REFUSE,
            "era-undated",
            f"{len(strange)} eras have rows but no date, {min(strange)!r} among them.",
            "Read the files again.",
        )
        return
    if absent:
        yield Finding(
            Severity.REFUSE,
            "era-without-rows",
            f"{len(absent)} eras have no rows, {min(absent)!r} among them.",
            "Fetch the file again.",
        )
    place = keys.select(
        pl.col(ERA).replace_strict(panel.moments.position, default=None, return_dtype=pl.Int32).alias("place"), ID
    )
    back = (pl.col("place") < pl.col("place").shift(1)) | (
        (pl.col("place") == pl.col("place").shift(1)) & (pl.col(ID) < pl.col(ID).shift(1))
    )
    unsorted = int(place.select(back.sum()).item() or 0)
    if unsorted:
        yield Finding(
            Severity.REFUSE,
            "rows-out-of-order",
            f"{unsorted} rows stand before an earlier era or a lower id.",
            "Read the files with read_panel, which sorts them.",
        )


def _universe_findings(
    panel: Panel, sizes: pl.DataFrame, rows: int, previous_rows: int | None, limits: Limits
) -> Iterator[Finding]:
    if previous_rows:
        change = rows / previous_rows - 1
        sentence = f"the universe went from {previous_rows} to {rows} rows ({change:+.1%})."
        if change < -limits.universe_drop:
            yield Finding(
                Severity.REFUSE, "universe-shrunk", sentence, "Fetch the live file again; it may be cut or stale."
            )
        elif change > limits.universe_growth:
            yield Finding(Severity.WARN, "universe-grown", sentence, "Check that the live file is this round's.")
    if rows < limits.smallest_era:
        yield Finding(
            Severity.REFUSE, "too-few-rows", f"there are only {rows} rows.", "Fetch the file again; it may be cut."
        )
        return
    thin = sizes.filter(pl.col("rows") < limits.smallest_era)
    if thin.height:
        yield Finding(
            Severity.REFUSE,
            "era-too-small",
            f"{thin.height} eras have fewer than {limits.smallest_era} rows, {_first(thin)} among them.",
            "Fetch the file again; it may be cut.",
        )
    ordered = sizes.with_columns(pl.col(ERA).replace_strict(panel.moments.position, default=-1).alias("place"))
    around = ordered.sort("place").with_columns(
        pl.col("rows").rolling_median(limits.neighbours, center=True, min_samples=1).alias("usual")
    )
    odd = around.filter(pl.col("rows") < limits.era_share * pl.col("usual"))
    if odd.height:
        yield Finding(
            Severity.WARN,
            "era-smaller-than-neighbours",
            f"{odd.height} eras have far fewer rows than those around them, {_first(odd)} among them.",
            "Check these eras before trusting their scores.",
        )


def _first(sizes: pl.DataFrame) -> str:
    names: Sequence[str] = sizes.get_column(ERA).sort().to_list()
    return repr(names[0])
