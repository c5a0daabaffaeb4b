"""The lake keeps every version, gives back any past state, and reads back what was written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eraforge.core.errors import DataError
from eraforge.data.lake import segments
from eraforge.data.lake.lake import Lake
from eraforge.data.lake.wide import places, rising_times
from eraforge.store.objects import Objects

DAY = 86_400
START = 1_704_067_200  # 2024-01-01
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Told = dict[tuple[str, int], float]


def rows(told: Told) -> pl.DataFrame:
    keys = list(told)
    times = [START + day * DAY for _, day in keys]
    return pl.DataFrame(
        {"symbol": [symbol for symbol, _ in keys], "time": times, "told": times, "close": list(told.values())},
        schema={"symbol": pl.String, "time": pl.Int64, "told": pl.Int64, "close": pl.Float64},
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "prices", "daily", Objects(tmp_path / "objects"), DAY)


def state(lake: Lake, at: datetime | None = None) -> Told:
    bars = lake.bars(at)
    days = (bars.times.astype("datetime64[D]") - np.datetime64("2024-01-01")).astype(int)
    return {
        (symbol, int(days[column])): bars["close"][row, column]
        for row, symbol in enumerate(bars.symbols)
        for column in range(len(days))
        if not np.isnan(bars["close"][row, column])
    }


def test_a_bar_stands_at_its_last_second(lake: Lake) -> None:
    lake.append(rows({("A", 0): 1.0}), NOW)
    assert lake.bars().times.astype(str).tolist() == ["2024-01-01T23:59:59"]


def test_telling_the_same_again_writes_nothing(lake: Lake) -> None:
    told = {("B", 1): 1.0, ("A", 0): 2.0, ("A", 1): 3.0}
    assert (first := lake.append(rows(told), NOW)).added == 3
    before = lake.catalogue
    again = lake.append(rows(told), NOW + timedelta(days=1))
    assert (again.added, again.corrected, again.unchanged) == (0, 0, 3)
    assert lake.catalogue == before and first.corrected == 0


def test_a_correction_is_a_later_version(lake: Lake) -> None:
    lake.append(rows({("A", 0): 1.0, ("A", 1): 2.0}), NOW)
    done = lake.append(rows({("A", 0): 1.5, ("A", 1): 2.0, ("A", 2): 3.0}), NOW + timedelta(days=1))
    assert (done.added, done.corrected, done.unchanged) == (1, 1, 1)
    assert state(lake) == {("A", 0): 1.5, ("A", 1): 2.0, ("A", 2): 3.0}
    assert state(lake, NOW) == {("A", 0): 1.0, ("A", 1): 2.0}
    with pytest.raises(DataError) as error:
        lake.bars(NOW - timedelta(seconds=1))
    assert error.value.code == "no-prices-stored"


def test_a_bar_told_twice_at_once_keeps_both_rows(lake: Lake) -> None:
    twice = pl.concat([rows({("A", 0): 1.0}), rows({("A", 0): 2.0}), rows({("A", 1): 5.0})])
    lake.append(twice, NOW)
    assert lake.rows().height == 3
    assert lake.append(twice, NOW).unchanged == 2
    assert state(lake)[("A", 0)] == 2.0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(
        st.dictionaries(
            st.tuples(st.sampled_from("ABCD"), st.integers(0, 9)),
            st.sampled_from([1.0, 2.0, 3.0]),
            min_size=1,
            max_size=8,
        ),
        min_size=1,
        max_size=9,
    ),
    many=st.sampled_from([2, 3, 24]),
)
def test_any_past_state_can_be_rebuilt(told: list[Told], many: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Against plain dictionaries, with segments merged early and late, and through another Lake on the same files."""
    folder = tmp_path_factory.mktemp("lake")
    objects = Objects(folder / "objects")
    lake, expected = Lake(folder, "x", objects, DAY), [{}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "MANY", many)
        for step, one in enumerate(told):
            lake.append(rows(one), NOW + timedelta(days=step))
            expected.append({**expected[-1], **one})
        fresh = Lake(folder, "x", objects, DAY)
        for step in range(len(told)):
            assert state(fresh, NOW + timedelta(days=step)) == expected[step + 1]
    assert len(list(objects.digests())) == len(fresh.catalogue.segments)
    assert fresh.catalogue.rows >= len(expected[-1])


def test_merging_keeps_every_version_and_drops_the_small_files(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MANY", 4)
    for day in range(10):
        lake.append(rows({("A", day): float(day), ("A", 0): float(day)}), NOW + timedelta(days=day))
    assert len(lake.catalogue.segments) < 5
    assert [state(lake, NOW + timedelta(days=day))[("A", 0)] for day in range(10)] == [float(day) for day in range(10)]


def test_fields_come_and_go_between_segments(lake: Lake) -> None:
    lake.append(rows({("A", 0): 1.0}), NOW)
    lake.append(rows({("B", 1): 2.0}).with_columns(pl.lit(7.0).alias("turnover")), NOW)
    bars = lake.bars(fields=("turnover",))
    assert bars["turnover"][1, 1] == 7.0 and np.isnan(bars["turnover"][0]).all() and np.isnan(bars["volume"]).all()


def test_labels_are_kept_as_they_were_told(lake: Lake) -> None:
    lake.append(rows({("A", 0): 1.0, ("B", 0): 1.0}), NOW, groups={"sector": {"A": "Oil"}})
    lake.append(rows({("A", 1): 1.0}), NOW + timedelta(days=1), groups={"sector": {"A": "Tech", "B": "Bank"}})
    assert lake.bars().groups == {"sector": ("Tech", "Bank")}
    assert lake.bars(NOW).groups == {"sector": ("Oil", "")}


def test_only_some_symbols(lake: Lake) -> None:
    lake.append(rows({("A", 0): 1.0, ("B", 1): 2.0, ("C", 2): 3.0}), NOW)
    assert lake.bars(symbols=["C", "A", "Z"]).symbols == ("A", "C")
    assert lake.bars(symbols=["C"])["close"].tolist() == [[3.0]]


def test_one_lake_holds_one_interval(lake: Lake, tmp_path: Path) -> None:
    lake.append(rows({("A", 0): 1.0}), NOW)
    with pytest.raises(DataError) as error:
        Lake(tmp_path / "prices", "daily", Objects(tmp_path / "objects"), 3600)
    assert error.value.code == "lake-of-another-interval"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 9}', '{"format": 1, "name": "x"}'])
def test_a_damaged_catalogue_is_told(lake: Lake, tmp_path: Path, text: str) -> None:
    lake.append(rows({("A", 0): 1.0}), NOW)
    (tmp_path / "prices" / "daily.json").write_text(text)
    with pytest.raises(DataError) as error:
        Lake(tmp_path / "prices", "daily", Objects(tmp_path / "objects"), DAY)
    assert error.value.code == "lake-damaged"


def test_a_rotten_segment_is_told(lake: Lake, tmp_path: Path) -> None:
    lake.append(rows({("A", 0): 1.0}), NOW)
    path = next((tmp_path / "objects").glob("*/*"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError) as error:
        Lake(tmp_path / "prices", "daily", Objects(tmp_path / "objects"), DAY).bars()
    assert error.value.code == "rotten-object"


@given(
    st.lists(st.lists(st.integers(0, 60), max_size=8), min_size=1, max_size=4),
    st.sampled_from([1, 5, 7]),
    st.booleans(),
)
def test_the_grid_of_times_is_what_sorting_gives(parts: list[list[int]], step: int, ragged: bool) -> None:
    arrays = [np.array(part, np.int64) * (step if not ragged else 1) + 1000 for part in parts]
    whole = np.concatenate(arrays)
    times = rising_times(arrays, step)
    assert times.tolist() == np.unique(whole).tolist()
    assert places(times, whole).tolist() == np.searchsorted(times, whole).tolist()


def test_a_reader_sees_what_another_process_left(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments that were merged away under a reader's hands are looked up anew."""
    monkeypatch.setattr(segments, "MANY", 3)
    reader = Lake(tmp_path / "prices", "daily", Objects(tmp_path / "objects"), DAY)
    for day in range(7):
        lake.append(rows({("A", day): float(day)}), NOW)
        assert state(reader) == {("A", one): float(one) for one in range(day + 1)}
        assert reader.newest() == {"A": START + day * DAY} and reader.rows().height == day + 1
