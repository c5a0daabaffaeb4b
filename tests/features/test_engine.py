"""The engine: causal, the same in part and in whole, on any number of threads, within the declared lookback."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.core.bars import Bars
from eraforge.core.errors import UserError
from eraforge.features import kernels
from eraforge.features.catalogue import named, registered
from eraforge.features.engine import compute
from eraforge.features.expression import ACROSS, field, mean
from eraforge.features.families.across import pair
from eraforge.features.feature import Declared


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return np.array_equal(one, other, equal_nan=True)


def differing(one: np.ndarray, other: np.ndarray) -> list[str]:
    return [name for name, x, y in zip(registered(), one, other, strict=True) if not same(x, y)]


def test_the_future_never_changes_the_past(made: Any) -> None:
    features = list(registered().values())
    bars = made(12, 420)
    whole = compute(features, bars, dtype=np.float64).values
    for place in (90, 260, 419):
        changed = compute(features, made.changed_from(bars, place), dtype=np.float64).values
        assert differing(whole[:, :, :place], changed[:, :, :place]) == []
        cut = compute(features, bars.until(bars.times[place - 1]), dtype=np.float64).values
        assert differing(whole[:, :, :place], cut) == []


@pytest.mark.parametrize("newest", [1, 3, 40])
def test_the_newest_moments_alone_have_the_bits_of_the_whole(made: Any, newest: int) -> None:
    features = list(registered().values())
    bars = made(12, 900, 3)
    whole = compute(features, bars, dtype=np.float64).values[:, :, -newest:]
    part = compute(features, bars, since=bars.times[-newest], dtype=np.float64)
    assert differing(whole, part.values) == []
    assert list(part.times) == list(bars.times[-newest:])


def test_a_value_is_decided_by_its_lookback(made: Any) -> None:
    """From `lookback + lag` own bars alone comes what comes from all of them; what looks across symbols needs them."""
    features = [
        feature
        for feature in registered().values()
        if not any(node.operation in ACROSS for node in feature.expression.nodes())
        and "hour" not in str(feature.expression)
    ]
    bars = made(4, 2600, 5)
    whole = compute(features, bars, dtype=np.float64).values
    checked = 0
    for row in range(3):
        place = int(np.flatnonzero(np.isfinite(bars["close"][row]))[-1])
        for number, feature in enumerate(features):
            tail = made.tail(bars, row, place, feature.lookback + feature.lag)
            alone = feature.compute(tail)[0, -1]
            expected = whole[number, row, place]
            assert same(alone, expected) or abs(alone - expected) <= 1e-9 * max(abs(expected), 1e-9), feature.name
            checked += 1
    assert checked == 3 * len(features) and len(features) > 280


def test_one_bar_less_than_the_lookback_is_not_enough(made: Any) -> None:
    """Declared lookbacks are no larger than needed, where no exponential mean fades out."""
    bars = made(1, 700, 6, whole=True)
    for feature in registered().values():
        nodes = list(feature.expression.nodes())
        if any(node.operation in ACROSS | {"exponential"} for node in nodes) or feature.lookback == 1:
            continue
        short = made.tail(bars, 0, 699, feature.lookback + feature.lag - 1)
        assert np.isnan(feature.compute(short)[0, -1]), feature.name


def test_gaps_are_passed_over(made: Any) -> None:
    """A symbol with holes has at its own bars the values of the same bars without holes."""
    whole = made(1, 300, 7, whole=True)
    keep = np.sort(np.random.default_rng(1).choice(500, 300, replace=False))
    columns = {name: np.full((1, 500), np.nan) for name in whole.columns}
    for name, values in columns.items():
        values[:, keep] = whole[name]
    times = whole.times[0] + np.arange(500) * np.timedelta64(86_400, "s")
    features = [feature for feature in registered().values() if "weekday" not in str(feature.expression)]
    holed = compute(features, Bars(whole.symbols, times, columns, whole.groups), dtype=np.float64).values
    dense = compute(features, whole, dtype=np.float64).values
    assert same(holed[:, :, keep], dense)
    assert np.isnan(np.delete(holed, keep, axis=2)).all()


def test_a_missing_column_silences_only_what_reads_it(made: Any) -> None:
    bars = made(2, 60, whole=True)
    bars = replace(bars, columns={**bars.columns, "volume": np.full((2, 60), np.nan)})
    table = compute(named(["sma_20", "volume_sma_20"]), bars)
    assert np.isfinite(table.column("sma_20")[:, -1]).all() and np.isnan(table.column("volume_sma_20")).all()


@settings(max_examples=15, deadline=None)
@given(
    symbols=st.integers(1, 4),
    days=st.integers(1, 70),
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(["ragged", "constant", "tiny", "huge", "empty"]),
)
def test_any_bars_give_finite_values_or_none(made: Any, symbols: int, days: int, seed: int, kind: str) -> None:
    bars = made(symbols, days, seed)
    scale = {"tiny": 1e-12, "huge": 1e12}.get(kind, 1.0)
    columns = {name: values * scale for name, values in bars.columns.items()}
    if kind in ("constant", "empty"):
        columns = {
            name: np.full_like(values, 3.0 if kind == "constant" else np.nan) for name, values in columns.items()
        }
    features = list(registered().values())
    bars = replace(bars, columns=columns)
    table = compute(features, bars, dtype=np.float64)
    assert not np.isinf(table.values).any()
    assert np.isnan(table.values[:, np.isnan(bars["close"])]).all()
    newest = compute(features, bars, since=bars.times[-1], dtype=np.float64)
    assert same(newest.values, table.values[:, :, -1:])


def test_threads_do_not_change_a_bit(made: Any) -> None:
    script = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1]); from conftest import Maker\n"
        "from eraforge.features.catalogue import registered; from eraforge.features.engine import compute\n"
        "print(hashlib.sha256(compute(list(registered().values()), Maker()(30, 200)).values.tobytes()).hexdigest())"
    )
    folder = __file__.rsplit("/", 1)[0]
    seen = {
        subprocess.run([sys.executable, "-c", script, folder], env={"NUMBA_NUM_THREADS": threads, "PATH": ""},
                       capture_output=True, text=True, check=True).stdout
        for threads in ("1", "2", "5")
    }  # fmt: skip
    assert len(seen) == 1


def test_single_precision_is_rounded_once(made: Any) -> None:
    features = named(["return_1", "rsi_14", "momentum_20_rank"])
    bars = made(5, 80)
    double = compute(features, bars, dtype=np.float64).values
    assert same(compute(features, bars).values, double.astype(np.float32))


def test_memory_is_written_again(made: Any) -> None:
    features, bars = named(["return_1", "sma_20", "momentum_20_rank"]), made(5, 80)
    memory = np.full((3, 5, 80), 9.0, np.float32)
    table = compute(features, bars, out=memory)
    assert table.values is memory and same(memory, compute(features, bars).values)
    with pytest.raises(UserError, match="need"):
        compute(features, bars, dtype=np.float64, out=memory)


def test_a_strangers_feature_needs_no_expression(made: Any) -> None:
    class Closing:
        name, inputs, lookback, lag, unit, source = "closing", ("close",), 1, 0, "price", "a stranger"

        def compute(self, bars: Bars) -> np.ndarray:
            return bars["close"]

    bars = made(3, 40)
    table = compute([Closing(), *named(["return_1"])], bars, since=bars.times[-2], dtype=np.float64)
    assert same(table.column("closing"), bars["close"][:, -2:])
    assert same(table.at(bars.times[-1])[:, 0], bars["close"][:, -1])


def test_a_pair_with_a_named_symbol(made: Any) -> None:
    bars = made(4, 120, whole=True)
    table = compute(pair("S002").features, bars, dtype=np.float64)
    assert np.allclose(table.column("beta_S002")[2, -5:], 1.0)
    assert np.allclose(table.column("correlation_20_S002")[2, -5:], 1.0)
    assert np.all(table.column("relative_strength_S002")[2, -5:] == 0.0)


def test_mistakes_are_told(made: Any) -> None:
    bars = made(2, 30)
    with pytest.raises(UserError, match="asked for twice"):
        compute(named(["return_1", "return_1"]), bars)
    with pytest.raises(UserError, match="taker"):
        compute([Declared("taker_mean", mean(field("taker_buy_volume"), 5), "volume", "test")], bars)
    with pytest.raises(UserError, match="sector"):
        compute(named(["momentum_20_sector_rank"]), replace(bars, groups={}))
    with pytest.raises(UserError, match="S009"):
        compute(pair("S009").features, bars)
    with pytest.raises(UserError, match="furlong"):
        Declared("odd", field("close"), "furlong", "test")
    table = compute(named(["return_1"]), bars)
    with pytest.raises(UserError, match="Nothing was known"):
        table.at(bars.times[0] - np.timedelta64(1, "s"))
    with pytest.raises(UserError, match="no feature"):
        table.column("return_2")


def test_no_two_kernels_bring_another_sort_of_numba() -> None:
    """Its sorts are closures numbered per process: two kinds in two cached kernels can bear one name, and crash."""
    folder = Path(kernels.__file__).parent
    text = "\n".join(path.read_text() for path in folder.glob("*.py"))
    assert set(re.findall(r"np\.argsort\([^)]*\)|np\.sort\(|\.sort\(\)", text)) == {"np.argsort(values)"}
