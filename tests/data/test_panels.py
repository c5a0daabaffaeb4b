"""Files become panels whose keys, order, dates and tags are right whatever the file looked like."""

import json
import os
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import label_known_on
from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import ERA, ID, Sample
from eraforge.data import panels
from eraforge.data.checks import check_panel
from eraforge.data.feature_sets import feature_sets
from eraforge.data.panels import read_live, read_panel, target_of

SHARED = Path(os.environ.get("ERAFORGE_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
ROWS = SHARED / "data" / "numerai_rows"
FEATURES = ("feature_a", "feature_b")


def frame(first: int, eras: int, rows: int = 10) -> pl.DataFrame:
    height = eras * rows
    rng = np.random.default_rng(first)
    return pl.DataFrame(
        {
            "id": [f"n{first:04d}{number:011x}" for number in range(height)],
            "era": np.repeat([f"{first + era:04d}" for era in range(eras)], rows),
            "data_type": ["train"] * height,
            "feature_a": rng.integers(0, 5, height).astype(np.int8),
            "feature_b": rng.integers(0, 5, height).astype(np.int8),
            "feature_unused": rng.integers(0, 5, height).astype(np.int8),
            "target": rng.choice([0.0, 0.5, 1.0], height).astype(np.float32),
            "target_cyrus_20": rng.choice([0.0, 0.5, 1.0], height).astype(np.float32),
        }
    )


def test_two_files_become_one_panel_of_the_selected_columns(tmp_path: Path) -> None:
    frame(1, 3).write_parquet(tmp_path / "train.parquet")
    frame(4, 2).write_parquet(tmp_path / "validation.parquet")
    paths = [tmp_path / "train.parquet", tmp_path / "validation.parquet"]
    panel = read_panel(paths, CLASSIC, FEATURES, ("target", "target_cyrus_20"), Sample.TRAIN, digest="d")
    rows = panel.collect()
    assert rows.columns == [ERA, ID, *FEATURES, "target", "target_cyrus_20"]
    assert rows.height == 50
    assert panel.eras == ("0001", "0002", "0003", "0004", "0005")
    assert panel.moments.dates[:2] == (date(2003, 1, 3), date(2003, 1, 10))
    assert [(target.horizon, target.lag, target.purge) for target in panel.targets] == [(60, 2, 16), (20, 2, 8)]
    for name, horizon in (("target", 60), ("target_cyrus_20", 20)):
        known = [label_known_on(CLASSIC.calendar, day, horizon) for day in panel.moments.dates]
        assert list(panel.moments.known[name]) == known
    assert (panel.synthetic, panel.digest, panel.sample) == (None, "d", Sample.TRAIN)
    assert panel.matrix().dtype == np.int8
    check_panel(panel, today=date(2026, 9, 1)).refuse()


def test_a_file_named_by_its_content_is_read_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame(1, 3).sample(fraction=1, shuffle=True, seed=1).write_parquet(tmp_path / "train.parquet")
    read = []
    monkeypatch.setattr(panels, "_runs", lambda rows, runs=panels._runs: read.append(1) or runs(rows))

    def panel(features: tuple[str, ...], digest: str | None) -> pl.DataFrame:
        return read_panel([tmp_path / "train.parquet"], CLASSIC, features, (), Sample.TRAIN, digest=digest).collect()

    first = panel(FEATURES, "content")
    assert panel(FEATURES[:1], "content").equals(first.select(ERA, ID, FEATURES[0]))
    assert len(read) == 1
    assert panel(FEATURES, None).equals(first)
    assert len(read) == 2


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_rows_come_sorted_whatever_their_order_in_the_file(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    path = tmp_path_factory.mktemp("shuffled") / "train.parquet"
    rows = frame(1, 4)
    rows.sample(fraction=1, shuffle=True, seed=seed).write_parquet(path)
    panel = read_panel([path], CLASSIC, FEATURES, ("target",), Sample.TRAIN)
    expected = rows.sort("era", "id").select("era", "id", *FEATURES, "target")
    assert panel.collect().equals(expected)


def test_sorted_files_are_not_sorted_again(tmp_path: Path) -> None:
    frame(1, 4).write_parquet(tmp_path / "train.parquet")
    panel = read_panel([tmp_path / "train.parquet"], CLASSIC, FEATURES, (), Sample.TRAIN)
    assert "SORT" not in panel.frame.explain()
    assert "feature_unused" not in panel.frame.explain()


def test_a_live_file_is_one_era_dated_by_the_market(tmp_path: Path) -> None:
    path = tmp_path / "live.parquet"
    for era in ("1234", "X", None):
        live = frame(1, 1).drop("target", "target_cyrus_20").with_columns(pl.lit(era, pl.String).alias("era"))
        live.write_parquet(path)
        panel = read_live(path, CLASSIC, FEATURES, date(2026, 9, 4))
        assert panel.moments.dates == (date(2026, 9, 4),)
        assert panel.eras == (era or "X",)
        assert (panel.sample, panel.targets) == (Sample.LIVE, ())
        assert panel.collect().height == 10
    frame(1, 2).write_parquet(path)
    with pytest.raises(DataError) as caught:
        read_live(path, CLASSIC, FEATURES, date(2026, 9, 4))
    assert caught.value.code == "live-file-with-many-eras"


def test_a_tag_of_made_up_data_in_one_file_tags_the_panel(tmp_path: Path) -> None:
    tag = "eraforge simulator seed=7 scale=tiny"
    frame(1, 2).write_parquet(tmp_path / "train.parquet", metadata={"eraforge.synthetic": tag})
    frame(3, 2).write_parquet(tmp_path / "validation.parquet")
    paths = [tmp_path / "validation.parquet", tmp_path / "train.parquet"]
    assert read_panel(paths, CLASSIC, FEATURES, (), Sample.TRAIN).synthetic == tag


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda rows: rows.drop("id"), "key-column-missing"),
        (lambda rows: rows.drop("feature_b"), "unknown-column"),
        (lambda rows: rows.clear(), "empty-panel"),
        (lambda rows: rows.with_columns(pl.lit("spring").alias("era")), "era-without-date"),
    ],
)
def test_a_file_that_is_not_what_was_asked_for_is_named(tmp_path: Path, change: object, code: str) -> None:
    change(frame(1, 2)).write_parquet(tmp_path / "train.parquet")  # type: ignore[operator]
    with pytest.raises((DataError, UserError)) as caught:
        read_panel([tmp_path / "train.parquet"], CLASSIC, FEATURES, (), Sample.TRAIN)
    assert caught.value.code == code


def test_a_broken_file_and_no_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "train.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(DataError) as caught:
        read_panel([tmp_path / "train.parquet"], CLASSIC, FEATURES, (), Sample.TRAIN)
    assert caught.value.code == "file-damaged"
    with pytest.raises(UserError, match="No file"):
        read_panel([], CLASSIC, FEATURES, (), Sample.TRAIN)


def test_eras_may_be_dates_or_numbers_in_the_file(tmp_path: Path) -> None:
    rows = frame(1, 3).with_columns(pl.col("era").cast(pl.Float32))
    rows.write_parquet(tmp_path / "numbers.parquet")
    assert read_panel([tmp_path / "numbers.parquet"], CLASSIC, FEATURES, (), Sample.TRAIN).eras[0] == "0001"
    days = [date(2026, 1, day) for day in (2, 9, 16)]
    rows.with_columns(pl.Series("era", [day for day in days for _ in range(10)])).write_parquet(
        tmp_path / "dates.parquet"
    )
    panel = read_panel([tmp_path / "dates.parquet"], CLASSIC, FEATURES, (), Sample.TRAIN)
    assert panel.moments.dates == tuple(days)


def test_a_target_without_a_horizon_in_its_name_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        target_of(CLASSIC, "target_spring")
    assert caught.value.code == "target-without-horizon"
    assert target_of(CLASSIC, "target_ender_40").purge == 16


def real_features(name: str) -> bytes:
    path = ROWS / name
    if not path.exists():
        pytest.skip("the real features files are not on this machine")
    pyarrow = pytest.importorskip("pyarrow")
    with pyarrow.input_stream(str(path), compression="zstd") as stream:
        return bytes(stream.read())


@pytest.mark.parametrize(
    ("name", "small", "everything"),
    [("features_v5.0_2025.json.zst", 42, 2376), ("features_v4_2023.json.zst", None, None)],
)
def test_the_real_features_files_are_read(name: str, small: int | None, everything: int | None) -> None:
    data = real_features(name)
    tree = json.loads(data)
    sets = feature_sets(data)
    assert {key: list(value) for key, value in sets.sets.items()} == tree["feature_sets"]
    assert list(sets.targets) == tree.get("targets", [])
    if small:
        assert len(sets.features("small")) == small
        assert len(sets.features("all")) == everything


def test_real_rows_of_the_tournament_become_a_panel() -> None:
    path = ROWS / "rows_2018_50features_7targets.parquet"
    if not path.exists():
        pytest.skip("the real rows are not on this machine")
    names = [f"feature{number}" for number in range(1, 51)]
    days = {f"{era:04d}": label_day(era) for era in range(1, 400)}
    panel = read_panel([path], CLASSIC, names, (), Sample.TRAIN, era_dates=days)
    rows = panel.collect()
    assert rows.height == pl.read_parquet(path).height
    assert len(panel.eras) == pl.read_parquet(path)["era"].n_unique()
    assert rows.equals(rows.sort(ERA, ID))


def label_day(era: int) -> date:
    return date.fromordinal(date(2003, 1, 3).toordinal() + 7 * (era - 1))
