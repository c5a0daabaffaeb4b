"""The feature store: computed once, appended with the same bits, corrected under another name, read at a moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from eraforge.core.bars import Bars
from eraforge.core.clock import StandingClock
from eraforge.core.errors import DataError, UserError
from eraforge.features.catalogue import named
from eraforge.features.engine import compute
from eraforge.pipeline.stage_cache import StageCache
from eraforge.pipeline.steps.bars import feature_store
from eraforge.pipeline.steps.bars.feature_store import FeatureStore, bars_digest
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects

FEATURES = named(["return_1", "rsi_14", "hvol_20", "momentum_20_rank", "volume_ratio"])


def bars(symbols: int = 5, days: int = 120, seed: int = 0) -> Bars:
    rng = np.random.default_rng(seed)
    close = 20 * np.exp(np.cumsum(rng.normal(0, 0.02, (symbols, days)), axis=1))
    close[0, :40] = np.nan
    close[1, 70] = np.nan
    volume = np.where(np.isnan(close), np.nan, 1000.0 + rng.random((symbols, days)))
    columns = {"open": close, "high": close * 1.01, "low": close * 0.99, "close": close, "volume": volume}
    times = np.datetime64("2024-01-01", "s") + np.arange(days) * np.timedelta64(86_400, "s")
    return Bars(tuple(f"S{row}" for row in range(symbols)), times, columns)


class Shelf:
    """A folder in which stores are opened, each as by another process."""

    def __init__(self, folder: Path) -> None:
        self.objects = Objects(folder / "objects")
        self.ledger = Ledger.open(folder / "ledger.sqlite")

    def open(self) -> FeatureStore:
        return FeatureStore(
            self.objects, StageCache(self.objects, self.ledger, StandingClock(datetime(2024, 6, 1, tzinfo=UTC)))
        )


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.ledger.close()


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return np.array_equal(one, other, equal_nan=True)


def test_the_second_run_computes_nothing(shelf: Shelf) -> None:
    first, second = shelf.open(), shelf.open()
    one, other = first.table(FEATURES, bars()).read(), second.table(FEATURES, bars()).read()
    assert first.computed == [120] and second.computed == []
    assert same(one.values, compute(FEATURES, bars()).values) and same(one.values, other.values)
    assert one.names == tuple(feature.name for feature in FEATURES) and list(one.times) == list(bars().times)


def test_new_moments_alone_are_computed_and_have_the_bits_of_the_whole(shelf: Shelf) -> None:
    whole = bars()
    store = shelf.open()
    for day in (100, 101, 105, 120):
        stored = store.table(FEATURES, whole.until(whole.times[day - 1]))
    assert store.computed == [100, 1, 4, 15]
    assert same(stored.read().values, compute(FEATURES, whole).values)


def test_a_new_listing_is_appended_too(shelf: Shelf) -> None:
    whole = bars(6)
    for values in whole.columns.values():
        values[3, :110] = np.nan
    store = shelf.open()
    store.table(FEATURES, whole.of([name for name in whole.symbols if name != "S3"]).until(whole.times[109]))
    stored = store.table(FEATURES, whole)
    assert store.computed == [110, 10]
    assert same(stored.read().values, compute(FEATURES, whole).values)


def test_a_corrected_past_is_another_table_and_the_first_stays(shelf: Shelf) -> None:
    store = shelf.open()
    before = store.table(FEATURES, bars()).read()
    corrected = bars()
    corrected.columns["close"][2, 50] *= 1.5
    after = store.table(FEATURES, corrected).read()
    assert store.computed == [120, 120] and not same(before.values, after.values)
    assert same(store.table(FEATURES, bars()).read().values, before.values) and store.computed == [120, 120]


def test_other_features_groups_or_precision_are_other_tables(shelf: Shelf) -> None:
    store = shelf.open()
    store.table(FEATURES, bars())
    store.table(FEATURES[:2], bars())
    store.table([replace(FEATURES[0], lag=1), *FEATURES[1:]], bars())
    store.table(FEATURES, replace(bars(), groups={"sector": tuple("aabbb")}))
    store.table(FEATURES, bars(), dtype=np.float64)
    assert store.computed == [120] * 5


def test_a_part_of_it_is_read_at_a_moment(shelf: Shelf) -> None:
    whole = bars()
    store = shelf.open()
    store.table(FEATURES, whole.until(whole.times[99]))
    stored = store.table(FEATURES, whole)
    part = stored.read(["hvol_20"], since=whole.times[95], until=whole.times[104])
    assert list(part.times) == list(whole.times[95:105])
    assert same(part.values[0], compute(FEATURES, whole).column("hvol_20")[:, 95:105])
    assert stored.read(until=whole.times[0] - np.timedelta64(1, "s")).values.shape == (5, 5, 0)
    with pytest.raises(UserError, match="no feature"):
        stored.read(["sma_20"])


def test_many_parts_become_one(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_store, "MOST_PARTS", 4)
    whole = bars()
    store = shelf.open()
    for day in range(100, 110):
        stored = store.table(FEATURES, whole.until(whole.times[day - 1]))
    assert store.computed == [100] + [1] * 9 and len(stored.facts["parts"]) <= 4
    assert same(stored.read().values, compute(FEATURES, whole.until(whole.times[108])).values)


def test_a_rotten_part_is_never_believed(shelf: Shelf) -> None:
    stored = shelf.open().table(FEATURES, bars())
    path = Objects(shelf.objects.root).path(stored.facts["parts"][0]["object"])
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        Shelf(shelf.objects.root.parent).open().table(FEATURES, bars()).read()
    assert caught.value.code == "rotten-object"


def test_the_digest_is_of_content_alone() -> None:
    silent = bars(6)
    for values in silent.columns.values():
        values[5] = np.nan
    assert bars_digest(silent) == bars_digest(silent.of(silent.symbols[:5]))
    assert bars_digest(bars()) != bars_digest(bars(seed=1)) != bars_digest(bars().until(bars().times[-2]))
