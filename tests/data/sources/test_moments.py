"""Times of every spelling become the same seconds; what could mean two things is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eraforge.core.errors import DataError, UserError
from eraforge.data.sources.moments import DAY, interval_seconds, read_moments, require_zone

NOON = datetime(2024, 3, 5, 12, 30, tzinfo=UTC)
NAIVE = NOON.replace(tzinfo=None)
SECONDS = int(NOON.timestamp())


def told(values: list[object], zone: str = "", seconds: int = 60, dtype: pl.DataType | None = None) -> list[int | None]:
    return read_moments(pl.Series("t", values, dtype=dtype), zone, seconds, "file").told.to_list()


@pytest.mark.parametrize(
    "value",
    [
        SECONDS, SECONDS * 1000, SECONDS * 1_000_000, SECONDS * 1_000_000_000, float(SECONDS), str(SECONDS * 1000),
        "2024-03-05 12:30:00", "2024-03-05T12:30:00Z", "2024-03-05T12:30:00+00:00", "2024-03-05T14:30:00+0200",
        "2024-03-05T07:30:00.000-05:00", "2024/03/05 12:30:00", "05.03.2024 12:30:00", "2024-03-05 12:30",
        NOON.replace(tzinfo=None), NOON,
    ],
)  # fmt: skip
def test_every_spelling_of_a_moment(value: object) -> None:
    assert told([value]) == [SECONDS]


@pytest.mark.parametrize(
    "value", ["2024-03-05", "20240305", 20240305, "2024/03/05", "05.03.2024", "5 Mar 2024", NOON.date()]
)
def test_every_spelling_of_a_day(value: object) -> None:
    day = SECONDS // DAY * DAY
    assert read_moments(pl.Series("t", [value]), "", DAY, "file").slots.to_list() == [day]


def test_a_column_that_changes_its_unit_is_read_row_by_row() -> None:
    assert told([SECONDS, SECONDS * 1000, SECONDS * 1_000_000]) == [SECONDS] * 3


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "Europe/Berlin"])
@given(moment=st.datetimes(NAIVE.replace(year=2001), NAIVE.replace(year=2030)))
def test_naive_times_stand_in_the_zone_named(zone: str, moment: datetime) -> None:
    local = moment.replace(microsecond=0)
    aware = local.replace(tzinfo=ZoneInfo(zone))
    there = aware.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    found = told([local, NAIVE], zone)[0]
    assert found == (int(aware.timestamp()) if there else None)


def test_a_day_is_the_day_the_vendor_wrote() -> None:
    """Midnight in Tokyo is the day before in UTC; the vendor's own time is kept beside the day."""
    written = read_moments(pl.Series("t", ["2024-03-05T00:00:00+09:00"]), "", DAY, "file")
    assert written.slots.to_list() == [SECONDS // DAY * DAY]
    assert written.told.to_list() == [int(datetime(2024, 3, 5, tzinfo=timezone(timedelta(hours=9))).timestamp())]
    epoch = read_moments(pl.Series("t", written.told), "Asia/Tokyo", DAY, "file")
    assert epoch.slots.to_list() == written.slots.to_list()


def test_zones_told_by_some_rows_only_are_refused_until_somebody_says() -> None:
    mixed = ["2024-03-05 12:30:00", "2024-03-05T12:30:00Z"]
    with pytest.raises(DataError) as error:
        told(mixed)
    assert error.value.code == "mixed-time-zones"
    assert told(mixed, "America/New_York") == [SECONDS + 5 * 3600, SECONDS]


def test_days_and_months_that_could_be_either_are_refused() -> None:
    assert read_moments(pl.Series("t", ["01/31/2024", "02/01/2024"]), "", DAY, "f").slots.to_list()[1] == 1706745600
    assert read_moments(pl.Series("t", ["31/01/2024", "01/02/2024"]), "", DAY, "f").slots.to_list()[1] == 1706745600
    with pytest.raises(DataError) as error:
        told(["01/02/2024", "03/04/2024"])
    assert error.value.code == "dates-ambiguous"


def test_a_column_of_other_things_is_refused() -> None:
    with pytest.raises(DataError) as error:
        told(["yesterday", "soon"])
    assert error.value.code == "time-not-understood"
    assert told(["2024-03-05 12:30:00", "soon"]) == [SECONDS, None]


def test_intervals_and_zones_have_names() -> None:
    assert [interval_seconds(text) for text in ("1d", "1H", "5m", "1m", "1w", "15min")] == [
        DAY,
        3600,
        300,
        60,
        7 * DAY,
        900,
    ]
    for code, work in (
        ("unknown-interval", lambda: interval_seconds("daily")),
        ("unknown-interval", lambda: interval_seconds("0d")),
        ("unknown-interval", lambda: interval_seconds("1M")),
        ("unknown-time-zone", lambda: require_zone("Mars/Base")),
    ):
        with pytest.raises(UserError) as error:
            work()
        assert error.value.code == code
