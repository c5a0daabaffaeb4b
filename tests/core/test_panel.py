"""The panel lets nobody see the future, reads nothing early and only what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.core.errors import Broken, DataError, UserError
from eraforge.core.panel import ERA, ID, Moments, Panel, Sample, Target, frame_matrix, join_panels

START = date(2020, 1, 3)
FEATURES = ("feature_a", "feature_b")
TAG = "eraforge simulator seed=7 scale=tiny"
quick = settings(max_examples=60, deadline=None)


def panel_of(dates: list[date], known: dict[str, list[date]], rows: int = 2, seed: int = 1) -> Panel:
    """A panel of made-up rows: era n is `000n`, labels become known when `known` says."""
    rng = np.random.default_rng(seed)
    eras = tuple(f"{number:04d}" for number in range(1, len(dates) + 1))
    count = len(eras) * rows
    frame = pl.DataFrame(
        {
            ERA: [era for era in eras for _ in range(rows)],
            ID: [f"n{place:03d}" for place in range(count)],
            **{name: rng.integers(0, 5, count).astype(np.int8) for name in FEATURES},
            **{name: rng.random(count) for name in known},
        },
        schema_overrides={ERA: pl.String, ID: pl.String},
    )
    targets = tuple(Target(name, 20) for name in known)
    moments = Moments(eras, tuple(dates), {name: tuple(days) for name, days in known.items()})
    return Panel(frame.lazy(), FEATURES, targets, moments, Sample.TRAIN, TAG, "digest of the content")


def weekly(eras: int = 6, weeks: int = 2) -> Panel:
    dates = [START + timedelta(weeks=place) for place in range(eras)]
    return panel_of(dates, {"target": [day + timedelta(weeks=weeks) for day in dates]})


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    """Panels of any size and rhythm; each label has its own delay, as holidays give it, even out of order."""
    gaps = draw(st.lists(st.integers(1, 10), min_size=1, max_size=9))
    dates = [START + timedelta(days=sum(gaps[: place + 1])) for place in range(len(gaps))]
    known = {}
    for name in ("target", "target_60")[: draw(st.integers(0, 2))]:
        base = draw(st.integers(0, 40))
        holidays = draw(st.lists(st.integers(0, 12), min_size=len(gaps), max_size=len(gaps)))
        known[name] = [day + timedelta(days=base + late) for day, late in zip(dates, holidays, strict=True)]
    return panel_of(dates, known, rows=draw(st.integers(1, 3)), seed=draw(st.integers(0, 9)))


def rows_of(panel: Panel) -> list[dict[str, Any]]:
    return panel.collect().to_dicts()


@quick
@given(panels(), st.data())
def test_asof_leaves_what_was_known_and_nothing_else(panel: Panel, data: st.DataObject) -> None:
    era = data.draw(st.sampled_from(panel.eras))
    when = dict(zip(panel.eras, panel.moments.dates, strict=True))
    known = {name: dict(zip(panel.eras, days, strict=True)) for name, days in panel.moments.known.items()}
    expected = []
    for row in rows_of(panel):
        if when[row[ERA]] <= when[era]:
            hidden = {name: None for name, days in known.items() if days[row[ERA]] >= when[era]}
            expected.append({**row, **hidden})
    past = panel.asof(era)
    assert rows_of(past) == expected
    assert past.eras == tuple(other for other in panel.eras if when[other] <= when[era])
    assert past.collect().schema == panel.collect().schema


@quick
@given(panels(), st.data())
def test_the_future_has_no_say_in_the_past(panel: Panel, data: st.DataObject) -> None:
    """All later rows and all labels not yet known are replaced, dropped or repeated: nothing of it shows."""
    era = data.draw(st.sampled_from(panel.eras))
    moment = panel.moments.date_of(era)
    frame = panel.collect()
    later = [other for other, day in zip(panel.eras, panel.moments.dates, strict=True) if day > moment]
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    for name in FEATURES:
        noise = pl.Series(rng.integers(0, 5, frame.height).astype(np.int8))
        frame = frame.with_columns(pl.when(pl.col(ERA).is_in(later)).then(noise).otherwise(name).alias(name))
    for name, days in panel.moments.known.items():
        unknown = [other for other, day in zip(panel.eras, days, strict=True) if day >= moment]
        noise = pl.Series(rng.choice([np.nan, np.inf, -3.0, 0.5], frame.height))
        frame = frame.with_columns(pl.when(pl.col(ERA).is_in(unknown)).then(noise).otherwise(name).alias(name))
    future = frame.filter(pl.col(ERA).is_in(later))
    fewer = future.head(data.draw(st.integers(0, future.height)))
    frame = pl.concat([frame.filter(~pl.col(ERA).is_in(later)), fewer, fewer])
    scrambled = replace(panel, frame=frame.lazy())
    assert scrambled.asof(era).collect().equals(panel.asof(era).collect())
    assert scrambled.asof(era).matrix().tobytes() == panel.asof(era).matrix().tobytes()
    assert scrambled.asof(era).moments == panel.asof(era).moments


@quick
@given(panels(), st.data())
def test_asof_composes(panel: Panel, data: st.DataObject) -> None:
    later = data.draw(st.sampled_from(panel.eras))
    earlier = data.draw(st.sampled_from(panel.eras[: panel.moments.position[later] + 1]))
    direct = panel.asof(earlier).collect()
    assert panel.asof(earlier).asof(earlier).collect().equals(direct)
    assert panel.asof(later).asof(earlier).collect().equals(direct)
    narrow = panel.select(["feature_b"], [target.name for target in panel.targets[:1]])
    columns = [ERA, ID, "feature_b", *[target.name for target in panel.targets[:1]]]
    assert narrow.asof(earlier).collect().equals(direct.select(columns))
    some = [era for era in panel.eras if era <= earlier][-2:]
    there = panel.where_eras(some).asof(earlier).collect()
    assert there.equals(panel.asof(earlier).where_eras(some).collect())


def test_a_holiday_delays_a_label_past_the_count_of_eras() -> None:
    panel = weekly(eras=5, weeks=2)
    assert panel.asof("0004").labelled().collect()[ERA].unique().to_list() == ["0001"]  # known strictly before
    late = list(panel.moments.known["target"])
    late[0] += timedelta(weeks=1)
    delayed = replace(panel, moments=replace(panel.moments, known={"target": tuple(late)}))
    assert delayed.asof("0004").labelled().collect().is_empty()


def test_a_column_that_the_panel_does_not_declare_does_not_pass_the_gate() -> None:
    panel = weekly()
    wide = replace(panel, frame=panel.frame.with_columns(leak=pl.col("target")))
    assert wide.asof("0003").collect().columns == [ERA, ID, *FEATURES, "target"]


def test_a_target_without_a_moment_is_never_let_through() -> None:
    panel = weekly()
    with pytest.raises(Broken) as caught:
        replace(panel, moments=replace(panel.moments, known={})).asof("0003")
    assert caught.value.code == "target-without-moment"


def test_eras_of_the_frame_that_have_no_date_do_not_pass_the_gate() -> None:
    panel = weekly()
    undated = replace(panel, moments=panel.moments.restrict([era < "0004" for era in panel.eras]))
    assert undated.asof("0003").collect()[ERA].max() == "0003"


OPERATIONS: dict[str, Callable[[Panel], Panel]] = {
    "select": lambda panel: panel.select(["feature_a"], ["target"]),
    "where_eras": lambda panel: panel.where_eras(["0002", "0003"]),
    "asof": lambda panel: panel.asof("0005"),
    "labelled": lambda panel: panel.labelled(),
    "join_panels": lambda panel: join_panels(panel.where_eras(["0001"]), panel.where_eras(["0002"])),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_operations_keep_the_tag_and_the_sample_and_drop_the_digest(operation: Callable[[Panel], Panel]) -> None:
    panel = weekly()
    before = panel.collect()
    made = operation(panel)
    assert (made.synthetic, made.sample, made.digest) == (TAG, Sample.TRAIN, None)
    assert panel.collect().equals(before)
    assert panel.digest == "digest of the content"


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_operations_read_nothing(operation: Callable[[Panel], Panel], tmp_path: Path) -> None:
    panel = weekly()
    file = tmp_path / "rows.parquet"
    panel.collect().write_parquet(file)
    on_disk = replace(panel, frame=pl.scan_parquet(file))
    expected = operation(panel).collect()
    assert operation(on_disk).collect().equals(expected)
    file.unlink()
    made = operation(on_disk)
    assert made.eras
    with pytest.raises(FileNotFoundError):
        made.collect()


def with_a_broken_column(folder: Path, column: str) -> Panel:
    """A panel on a file whose bytes of one column cannot be decoded."""
    panel = weekly()
    file = folder / "rows.parquet"
    panel.collect().write_parquet(file, compression="zstd")
    group = pq.ParquetFile(file).metadata.row_group(0)
    place = next(
        group.column(number) for number in range(group.num_columns) if group.column(number).path_in_schema == column
    )
    content = bytearray(file.read_bytes())
    begin = place.dictionary_page_offset or place.data_page_offset
    content[begin : begin + place.total_compressed_size] = b"\xff" * place.total_compressed_size
    file.write_bytes(content)
    return replace(panel, frame=pl.scan_parquet(file))


def test_a_column_that_is_not_selected_is_never_read(tmp_path: Path) -> None:
    broken, whole = with_a_broken_column(tmp_path, "feature_b"), weekly()
    with pytest.raises(pl.exceptions.ComputeError):
        broken.collect()
    chosen = broken.select(["feature_a"])
    assert chosen.collect().equals(whole.select(["feature_a"]).collect())
    assert (
        chosen.asof("0004").labelled().collect().equals(whole.select(["feature_a"]).asof("0004").labelled().collect())
    )
    assert np.array_equal(chosen.matrix(), whole.select(["feature_a"]).matrix())
    assert pl.concat(chosen.batches(2)).equals(whole.select(["feature_a"]).collect())


def test_the_matrix_reads_features_only(tmp_path: Path) -> None:
    assert np.array_equal(with_a_broken_column(tmp_path, "target").matrix(), weekly().matrix())


def test_select_keeps_the_asked_order_and_names_what_is_missing() -> None:
    panel = weekly()
    chosen = panel.select(["feature_b", "feature_a"], [])
    assert chosen.collect().columns == [ERA, ID, "feature_b", "feature_a"]
    assert (chosen.features, chosen.targets) == (("feature_b", "feature_a"), ())
    with pytest.raises(UserError, match=r"no column x0, x1, x2, x3, x4 and 2 more\.") as caught:
        panel.select([f"x{place}" for place in range(6)], ["target_x"])
    assert caught.value.code == "unknown-column"
    with pytest.raises(UserError) as caught:
        chosen.target  # noqa: B018
    assert caught.value.code == "panel-without-target"


@pytest.mark.parametrize(
    "ask", [lambda panel: panel.asof("0099"), lambda panel: panel.where_eras(["0001", "0099"])], ids=["asof", "where"]
)
def test_an_unknown_era_is_refused_with_the_span(ask: Callable[[Panel], Panel]) -> None:
    with pytest.raises(UserError, match="'0099'") as caught:
        ask(weekly())
    assert (caught.value.code, caught.value.next_step) == ("unknown-era", "It holds 0001 to 0006.")


def test_where_eras_keeps_time_order_whatever_order_was_asked() -> None:
    some = weekly().where_eras(["0005", "0002", "0005"])
    assert some.eras == ("0002", "0005")
    assert some.collect()[ERA].unique(maintain_order=True).to_list() == ["0002", "0005"]
    assert weekly().where_eras([]).collect().is_empty()


def test_labelled_drops_null_and_nan_of_the_target_that_is_meant() -> None:
    panel = weekly(eras=2)
    values = pl.Series("target", [0.5, None, float("nan"), 0.25])
    panel = replace(panel, frame=panel.collect().with_columns(values).lazy())
    assert panel.labelled().collect()["target"].to_list() == [0.5, 0.25]
    two = panel_of(list(panel.moments.dates), {"target": [START] * 2, "target_60": [START] * 2})
    holes = pl.Series("target_60", [None, 0.5, None, None], dtype=pl.Float64)
    two = replace(two, frame=two.collect().with_columns(holes).lazy())
    assert two.labelled("target_60").collect().height == 1
    assert two.labelled().collect().height == 4


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.float32, np.float64])
def test_the_matrix_has_the_shape_kind_and_order_that_were_asked_for(dtype: type[np.generic]) -> None:
    panel = weekly()
    matrix = panel.matrix(dtype)
    assert (matrix.shape, matrix.dtype, matrix.flags.c_contiguous) == ((12, 2), np.dtype(dtype), True)
    assert np.array_equal(matrix, panel.collect().select(FEATURES).to_numpy())


@pytest.mark.parametrize("eras_at_once", [1, 4, 16])
def test_batches_are_the_whole_in_pieces_of_whole_eras(eras_at_once: int) -> None:
    panel = weekly()
    pieces = list(panel.batches(eras_at_once))
    assert pl.concat(pieces).equals(panel.collect())
    assert [piece[ERA].n_unique() for piece in pieces] == {1: [1] * 6, 4: [4, 2], 16: [6]}[eras_at_once]


def test_batches_of_small_eras_grow_while_they_stay_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = weekly()  # 6 eras of 2 rows
    monkeypatch.setattr("eraforge.core.panel.FIRST_ERAS", 1)
    for most, sizes in ((4, [1, 2, 2, 1]), (100, [1, 2, 3]), (1, [1] * 6)):
        monkeypatch.setattr("eraforge.core.panel.ROWS_OF_A_BATCH", most)
        pieces = list(panel.batches())
        assert [piece[ERA].n_unique() for piece in pieces] == sizes
        assert pl.concat(pieces).equals(panel.collect())


def test_a_whole_number_matrix_refuses_missing_values() -> None:
    frame = pl.DataFrame({"full": [1, 2], "holes": [1, None]}, schema={"full": pl.Int8, "holes": pl.Int8})
    with pytest.raises(DataError, match="'holes' has 1 missing") as caught:
        frame_matrix(frame, ["full", "holes"], np.int8)
    assert caught.value.code == "missing-feature-values"
    floats = frame_matrix(frame, ["full", "holes"], np.float32)
    assert np.array_equal(floats, [[1, 1], [2, np.nan]], equal_nan=True)
    assert frame_matrix(frame.head(0), ["full"], np.int8).shape == (0, 1)


@pytest.mark.parametrize("values", [[0.25, 1.0], [300, 1], [float("nan"), 1.0], [-129, 0]])
def test_a_whole_number_matrix_refuses_what_it_would_change(values: list[float]) -> None:
    with pytest.raises(DataError, match="'wide'") as caught:
        frame_matrix(pl.DataFrame({"wide": values}), ["wide"], np.int8)
    assert caught.value.code == "feature-values-do-not-fit"


def test_whole_values_of_a_wider_kind_fit() -> None:
    frame = pl.DataFrame({"whole": [0.0, 4.0], "wide": [-128, 127]})
    assert frame_matrix(frame, ["whole", "wide"], np.int8).tolist() == [[0, -128], [4, 127]]


def test_panels_join_in_time_order() -> None:
    panel = weekly()
    first, second = panel.where_eras(panel.eras[:2]), panel.where_eras(panel.eras[2:])
    joined = join_panels(first, second)
    assert joined.collect().equals(panel.collect())
    assert joined.moments == panel.moments
    assert joined.asof("0004").collect().equals(panel.asof("0004").collect())
    empty = panel.where_eras([])
    assert join_panels(empty, panel).collect().equals(join_panels(panel, empty).collect())


def test_one_synthetic_part_taints_the_join() -> None:
    panel = weekly()
    first, second = panel.where_eras(["0001"]), panel.where_eras(["0002"])
    assert join_panels(replace(first, synthetic=None), second).synthetic == TAG
    assert join_panels(first, replace(second, synthetic=None)).synthetic == TAG
    assert join_panels(replace(first, synthetic=None), replace(second, synthetic=None)).synthetic is None


MISFITS: dict[str, Callable[[Panel], tuple[Panel, Panel]]] = {
    "wrong order": lambda panel: (panel.where_eras(["0002"]), panel.where_eras(["0001"])),
    "shared era": lambda panel: (panel.where_eras(["0001", "0002"]), panel.where_eras(["0002", "0003"])),
    "other features": lambda panel: (panel.where_eras(["0001"]), panel.where_eras(["0002"]).select(["feature_a"])),
    "other targets": lambda panel: (panel.where_eras(["0001"]), panel.where_eras(["0002"]).select(targets=[])),
}


@pytest.mark.parametrize("pair", MISFITS.values(), ids=MISFITS)
def test_panels_that_do_not_fit_are_not_joined(pair: Callable[[Panel], tuple[Panel, Panel]]) -> None:
    with pytest.raises(DataError) as caught:
        join_panels(*pair(weekly()))
    assert caught.value.code == "panels-do-not-join"


@quick
@given(panels(), st.integers(-5, 120))
def test_the_era_before_a_moment_is_the_last_strictly_earlier_one(panel: Panel, days: int) -> None:
    moment = START + timedelta(days=days)
    earlier = [era for era, day in zip(panel.eras, panel.moments.dates, strict=True) if day < moment]
    assert panel.era_before(moment) == (earlier[-1] if earlier else None)


DAYS = (START, START + timedelta(days=7))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Moments(("1", "2"), DAYS[::-1]),
        lambda: Moments(("1", "2"), (START, START)),
        lambda: Moments(("1", "1"), DAYS),
        lambda: Moments(("1",), DAYS),
        lambda: Moments(("1", "2"), DAYS, {"target": (START,)}),
    ],
    ids=["backwards", "same day", "repeated era", "missing era", "missing known date"],
)
def test_moments_out_of_order_are_refused(make: Callable[[], Moments]) -> None:
    with pytest.raises(DataError) as caught:
        make()
    assert caught.value.code == "eras-out-of-order"


def test_moments_answer_by_era() -> None:
    moments = Moments(("1", "2"), DAYS, {"target": (DAYS[1], DAYS[1] + timedelta(days=1))})
    assert moments.position == {"1": 0, "2": 1}
    assert moments.date_of("2") == DAYS[1]
    assert moments.known_before("target", DAYS[1]) == ()
    assert moments.known_before("target", DAYS[1] + timedelta(days=1)) == ("1",)
    assert moments.restrict([False, True]) == Moments(("2",), DAYS[1:], {"target": (DAYS[1] + timedelta(days=1),)})
    with pytest.raises(UserError, match="no era"):
        Moments((), ()).date_of("1")
