"""Every planted corruption of a panel is found under its own code, and a sound panel passes without a word."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import era_date, label_known_on
from eraforge.core.errors import DataError
from eraforge.core.panel import ERA, ID, Moments, Panel, Sample, Target
from eraforge.data.checks import FigureName, Severity, check_panel

ERAS = tuple(f"{number:04d}" for number in range(1, 11))
FEATURES = tuple(f"feature_{number:02d}" for number in range(30))
ROWS = 40
TODAY = date(2003, 12, 1)


def rows() -> pl.DataFrame:
    rng = np.random.default_rng(7)
    height = len(ERAS) * ROWS
    columns = {name: rng.integers(0, 5, height).astype(np.int8) for name in FEATURES}
    target = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], height).astype(np.float32)
    keys = {ERA: np.repeat(ERAS, ROWS), ID: [f"n{number:015x}" for number in range(height)]}
    return pl.DataFrame(keys | columns | {"target": target})


def moments(eras: tuple[str, ...] = ERAS) -> Moments:
    days = tuple(era_date(CLASSIC.calendar, era) for era in eras)
    return Moments(eras, days, {"target": tuple(label_known_on(CLASSIC.calendar, day, 60) for day in days)})


def panel(frame: pl.DataFrame, sample: Sample = Sample.TRAIN, eras: tuple[str, ...] = ERAS) -> Panel:
    return Panel(frame.lazy(), FEATURES, (Target("target", 60, 2, 16),), moments(eras), sample)


def test_a_sound_panel_passes_without_a_word() -> None:
    report = check_panel(panel(rows()), previous_rows=len(ERAS) * ROWS, today=TODAY)
    assert report.findings == ()
    assert report.trustworthy
    report.refuse()
    assert report.figure(FigureName.ROWS) == len(ERAS) * ROWS
    assert report.figure(FigureName.SMALLEST_ERA) == ROWS
    assert {figure.sample for figure in report.figures} == {Sample.TRAIN}


def set_where(frame: pl.DataFrame, column: str, where: pl.Expr, value: object) -> pl.DataFrame:
    chosen = pl.lit(value).cast(frame.schema[column])
    return frame.with_columns(pl.when(where).then(chosen).otherwise(pl.col(column)).alias(column))


FIRST = pl.int_range(pl.len()) == 0
MOST = pl.int_range(pl.len()) < len(ERAS) * ROWS * 0.6
Spoil = Callable[[pl.DataFrame], pl.DataFrame]
CORRUPTIONS: list[tuple[str, Spoil]] = [
    ("columns-missing", lambda frame: frame.drop("feature_03")),
    ("feature-type", lambda frame: frame.with_columns(pl.col("feature_03").cast(pl.String))),
    ("feature-type", lambda frame: frame.with_columns(pl.col("feature_03").cast(pl.Int64))),
    ("target-type", lambda frame: frame.with_columns(pl.col("target").cast(pl.Int8))),
    ("key-type", lambda frame: frame.with_columns(pl.col(ERA).cast(pl.Int32))),
    ("empty-panel", lambda frame: frame.clear()),
    ("rows-duplicate", lambda frame: pl.concat([frame, frame.filter(pl.col(ERA) == "0010").head(3)])),
    ("id-in-many-eras", lambda frame: set_where(frame, ID, pl.int_range(pl.len()) == ROWS, f"n{0:015x}")),
    ("key-empty", lambda frame: set_where(frame, ID, FIRST, None)),
    ("key-empty", lambda frame: set_where(frame, ID, FIRST, "")),
    ("rows-out-of-order", lambda frame: frame.reverse()),
    ("era-undated", lambda frame: set_where(frame, ERA, pl.col(ERA) == "0010", "0099")),
    ("era-without-rows", lambda frame: frame.filter(pl.col(ERA) != "0004")),
    ("era-too-small", lambda frame: frame.filter((pl.col(ERA) != "0004") | (pl.col(ID) == f"n{3 * ROWS:015x}"))),
    ("too-few-rows", lambda frame: frame.head(5)),
    ("feature-missing", lambda frame: set_where(frame, "feature_03", MOST, None)),
    ("feature-empty", lambda frame: frame.with_columns(pl.lit(None, pl.Int8).alias("feature_03"))),
    ("features-missing", lambda frame: frame.with_columns(pl.lit(None, pl.Int8).alias(name) for name in FEATURES[:9])),
    ("features-constant", lambda frame: frame.with_columns(pl.lit(2, pl.Int8).alias(name) for name in FEATURES[:9])),
    ("feature-range", lambda frame: set_where(frame, "feature_03", FIRST, -1)),
    ("feature-range", lambda frame: set_where(frame, "feature_03", FIRST, 9)),
    ("target-range", lambda frame: set_where(frame, "target", FIRST, 1.25)),
    ("target-range", lambda frame: set_where(frame, "target", FIRST, -0.25)),
    ("target-range", lambda frame: set_where(frame, "target", FIRST, float("inf"))),
    ("target-empty", lambda frame: frame.with_columns(pl.lit(None, pl.Float32).alias("target"))),
    ("target-missing", lambda frame: set_where(frame, "target", pl.col(ERA) < "0003", None)),
    (
        "feature-infinite",
        lambda frame: set_where(
            frame.with_columns(pl.col("feature_03").cast(pl.Float32)), "feature_03", FIRST, float("inf")
        ),
    ),
]


@pytest.mark.parametrize(
    ("code", "spoil"), CORRUPTIONS, ids=[f"{code}-{at}" for at, (code, _) in enumerate(CORRUPTIONS)]
)
def test_a_planted_corruption_is_refused_under_its_code(code: str, spoil: Spoil) -> None:
    report = check_panel(panel(spoil(rows())), today=TODAY)
    refused = {finding.code for finding in report.findings if finding.severity is Severity.REFUSE}
    assert code in refused
    with pytest.raises(DataError) as caught:
        report.refuse()
    assert caught.value.code in refused
    assert "train panel" in caught.value.sentence


def test_a_label_before_its_time_is_refused() -> None:
    report = check_panel(panel(rows()), today=moments().known["target"][4])
    assert [finding.code for finding in report.findings] == ["label-before-its-time"]


def test_a_label_known_today_is_no_leak() -> None:
    assert not check_panel(panel(rows()), today=moments().known["target"][-1]).findings


def test_live_rows_with_labels_are_refused() -> None:
    frame = rows().filter(pl.col(ERA) == "0001")
    report = check_panel(panel(frame, Sample.LIVE, ("0001",)))
    assert "label-in-live-rows" in [finding.code for finding in report.findings]


@pytest.mark.parametrize(
    ("previous", "code", "severity"),
    [(600, "universe-shrunk", Severity.REFUSE), (200, "universe-grown", Severity.WARN), (440, None, None)],
)
def test_the_universe_is_compared_with_the_previous_one(previous: int, code: str | None, severity: object) -> None:
    report = check_panel(panel(rows()), previous_rows=previous)
    assert [(f.code, f.severity) for f in report.findings] == ([(code, severity)] if code else [])


def test_an_era_much_smaller_than_its_neighbours_is_told_of() -> None:
    thin = rows().filter((pl.col(ERA) != "0005") | (pl.int_range(pl.len()).over(ERA) < 15))
    report = check_panel(panel(thin))
    assert [finding.code for finding in report.findings] == ["era-smaller-than-neighbours"]
    assert report.trustworthy


def test_few_gaps_and_one_constant_feature_are_told_of_but_not_refused() -> None:
    frame = set_where(rows(), "feature_03", FIRST, None).with_columns(pl.lit(2, pl.Int8).alias("feature_05"))
    report = check_panel(panel(frame))
    assert {finding.code for finding in report.findings} == {"feature-gaps", "feature-constant"}
    assert report.trustworthy


def test_ids_may_persist_where_the_arena_says_so() -> None:
    frame = rows().with_columns(pl.int_range(pl.len()).over(ERA).cast(pl.String).str.zfill(5).alias(ID))
    assert "id-in-many-eras" in [finding.code for finding in check_panel(panel(frame)).findings]
    assert not check_panel(panel(frame), ids_persist=True).findings


def test_a_feature_listed_twice_is_refused() -> None:
    doubled = replace(panel(rows()), features=(*FEATURES, FEATURES[0]))
    assert [finding.code for finding in check_panel(doubled).findings] == ["feature-listed-twice"]


def test_no_feature_at_all_is_refused() -> None:
    report = check_panel(replace(panel(rows()), features=()))
    assert "no-features" in [finding.code for finding in report.findings]
