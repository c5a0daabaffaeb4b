"""Times as vendors write them become seconds of UTC: epochs in any unit, ISO text, days, with or without a zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from eraforge.core.errors import DataError, UserError

DAY = 86_400
OFFSET = r"(?:[Zz]|[+-]\d{2}:?\d{2})$"
# Epochs are told apart by their size: seconds of the years 1973 to 5138 lie below 1e11, milliseconds below 1e14, …
UNITS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (float("inf"), 1_000_000_000))
FORMATS = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%Y.%m.%d",
    "%Y.%m.%d %H:%M:%S", "%Y.%m.%d %H:%M", "%d.%m.%Y", "%d.%m.%Y %H:%M:%S", "%d %b %Y", "%b %d, %Y", "%Y%m%d %H:%M:%S",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moments:
    """Two int64 columns of seconds since 1970, null where a time was not understood.

    Args:
        slots: the bar's place: of daily bars the start of the day the vendor wrote, else the moment itself in UTC.
        told: the vendor's own time, in UTC.
    """

    slots: pl.Series
    told: pl.Series


def interval_seconds(interval: str) -> int:
    """Seconds of an interval like `1d`, `5m`, `1h`, `1w`.

    Raises:
        UserError: `unknown-interval`.
    """
    match = re.fullmatch(r"(\d+)(s|m|min|h|H|d|D|w|W)", interval.strip())  # 1M would be a month, which has no length
    units = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": DAY, "w": 7 * DAY}
    seconds = int(match[1]) * units[match[2].lower()] if match else 0
    if seconds <= 0:
        raise UserError("unknown-interval", f"{interval!r} is no interval of bars.", "Write it like 1d, 1h, 5m or 1m.")
    return seconds


def require_zone(zone: str) -> str:
    """The zone, when there is one of that name.

    Raises:
        UserError: `unknown-time-zone`.
    """
    if zone:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise UserError(
                "unknown-time-zone", f"There is no time zone {zone!r}.", "Write it like America/New_York or UTC."
            ) from None
    return zone


def read_moments(column: pl.Series, zone: str, seconds: int, name: str) -> Moments:
    """Understand a column of times.

    Args:
        column: dates, datetimes, numbers or text.
        zone: the zone of times that do not tell theirs; empty means UTC.
        seconds: length of a bar. Bars of a day or more are placed by the day as it is written, because midnight in
            Tokyo is the day before in UTC.
        name: of the file, for messages.

    Raises:
        DataError: `time-not-understood` when no value is, `mixed-time-zones` when some values tell a zone and others
            do not and `zone` is empty, `dates-ambiguous` for days and months that could be either.
    """
    text = _text(column)
    if text is not None:
        made = _of_text(text, zone, name)
    elif column.dtype.is_numeric():
        made = _of_numbers(column, zone)
    else:
        made = _of_stamps(column.cast(pl.Datetime("us")) if column.dtype == pl.Date else column, zone)
    if len(column) and made.told.null_count() == len(column):
        example = str(column[0])[:40]
        raise DataError(
            "time-not-understood",
            f"{name}: no time in column {column.name!r} is understood, {example!r} among them.",
            "Write times as ISO text (2024-01-31 or 2024-01-31T14:30:00Z) or as seconds since 1970.",
        )
    if seconds >= DAY:
        return Moments((made.slots // DAY * DAY).alias("time"), made.told.alias("told"))
    return Moments(made.told.alias("time"), made.told.alias("told"))


def _text(column: pl.Series) -> pl.Series | None:
    """The column as text, unless its text is numbers or it is none."""
    if column.dtype != pl.String:
        return None
    return column.str.strip_chars().str.replace("T", " ", literal=True)


def _of_numbers(column: pl.Series, zone: str) -> Moments:
    """Epochs in any unit, row by row (a vendor may change its unit), and days like 20240131."""
    values = column.cast(pl.Float64, strict=False)
    whole = values.drop_nulls().drop_nans()
    if len(whole) and whole.min() >= 19_000_101 and whole.max() <= 21_001_231:  # type: ignore[operator]
        days = values.cast(pl.Int64).cast(pl.String).str.to_datetime("%Y%m%d", strict=False, time_unit="us")
        return _of_stamps(days, zone)
    exact = column.cast(pl.Int64, strict=False)
    told = pl.Series(exact.name, [None] * len(exact), dtype=pl.Int64)
    size = values.abs().fill_nan(None)
    lower = -1.0
    for upper, unit in UNITS:
        inside = (size > lower) & (size <= upper)
        told = told.zip_with(~inside.fill_null(False), exact // unit)
        lower = upper
    return Moments(_local(told, zone), told)


def _of_stamps(column: pl.Series, zone: str) -> Moments:
    """Naive stamps stand in `zone`, aware ones in their own."""
    seconds = column.cast(pl.Datetime("us", getattr(column.dtype, "time_zone", None)))
    if getattr(column.dtype, "time_zone", None) is None:
        written = seconds.dt.epoch("s")
        if not zone:
            return Moments(written, written)
        aware = seconds.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        return Moments(written, aware.dt.epoch("s"))
    told = seconds.dt.epoch("s")
    own = zone or str(seconds.dtype.time_zone)  # type: ignore[attr-defined]
    return Moments(_local(told, own), told)


def _local(told: pl.Series, zone: str) -> pl.Series:
    """Seconds of the wall clock of `zone` at moments of UTC."""
    if not zone:
        return told
    stamps = (told * 1_000_000).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return stamps.dt.replace_time_zone(None).dt.epoch("s")


def _of_text(text: pl.Series, zone: str, name: str) -> Moments:
    known = text.drop_nulls()
    if len(known) and known.str.contains(r"^\d{8,20}(?:\.\d+)?$").all():
        return _of_numbers(text.str.replace(r"\..*$", "").cast(pl.Int64, strict=False), zone)
    aware = text.str.contains(OFFSET).fill_null(False) & (text.str.len_chars() > 10)
    naive = ~aware & text.is_not_null() & (text != "")
    if aware.any() and naive.any() and not zone:
        raise DataError(
            "mixed-time-zones",
            f"{name}: {int(aware.sum())} times tell their zone and {int(naive.sum())} do not.",
            'Say in which zone the others stand: zone = "America/New_York" (or "UTC") in the prices table.',
        )
    written = _parsed(text.str.replace(OFFSET, "") if aware.any() else text, name)
    stamps = _of_stamps(written, zone)
    if not aware.any():
        return stamps
    shift = _offsets(text).zip_with(aware, pl.Series([None] * len(text), dtype=pl.Int64))
    told = (written.dt.epoch("s") - shift).fill_null(stamps.told)
    place = _local(told, zone) if zone else written.dt.epoch("s")
    return Moments(place, told)


def _offsets(text: pl.Series) -> pl.Series:
    """Seconds east of UTC that a text ends with."""
    parts = pl.DataFrame({"text": text}).select(
        pl.col("text")
        .str.extract(r"([+-])\d{2}:?\d{2}$", 1)
        .replace_strict({"+": 1, "-": -1}, default=0)
        .alias("sign"),
        pl.col("text").str.extract(r"[+-](\d{2}):?\d{2}$", 1).cast(pl.Int64, strict=False).fill_null(0).alias("hours"),
        pl.col("text")
        .str.extract(r"[+-]\d{2}:?(\d{2})$", 1)
        .cast(pl.Int64, strict=False)
        .fill_null(0)
        .alias("minutes"),
    )
    return parts.select(pl.col("sign").cast(pl.Int64) * (pl.col("hours") * 3600 + pl.col("minutes") * 60)).to_series()


def _parsed(text: pl.Series, name: str) -> pl.Series:
    """Each text by the first format that understands it."""
    stamps = pl.Series(text.name, [None] * len(text), dtype=pl.Datetime("us"))
    formats = [*FORMATS, *_by_slashes(text, name)]
    for form in formats:
        if stamps.null_count() == text.null_count():
            break
        missing = text.zip_with(stamps.is_null(), pl.Series(text.name, [None] * len(text), dtype=pl.String))
        stamps = stamps.fill_null(missing.str.to_datetime(form, strict=False, time_unit="us"))
    return stamps


def _by_slashes(text: pl.Series, name: str) -> tuple[str, ...]:
    """Formats of `31/01/2024` or `01/31/2024`, whichever the column's own values prove."""
    first = text.str.extract(r"^(\d{1,2})/\d{1,2}/\d{4}", 1).cast(pl.Int64)
    second = text.str.extract(r"^\d{1,2}/(\d{1,2})/\d{4}", 1).cast(pl.Int64)
    if not first.drop_nulls().len():
        return ()
    day_first, month_first = bool((first > 12).any()), bool((second > 12).any())
    if day_first == month_first:
        raise DataError(
            "dates-ambiguous",
            f"{name}: dates like {text.drop_nulls()[0]!r} could put the day or the month first.",
            "Write dates as 2024-01-31.",
        )
    day = "%d/%m/%Y" if day_first else "%m/%d/%Y"
    return day, f"{day} %H:%M:%S", f"{day} %H:%M"
