"""Speed and memory of the 138 lagged features, side by side with pandas and TA-Lib, in one run on made-up bars.

    python benchmarks/features.py [--symbols 1757] [--days 1500] [--rounds 5] [--json FILE]

The bars are ragged: late listings, delistings, gaps, outliers. pandas and TA-Lib compute the very expressions ours
computes, on some of the symbols, and their times are scaled to all: pandas by group-by on a long frame, TA-Lib in a
loop over symbols, on parts of that frame or on bare arrays; each column by its own formula, or each shared part once.
Every time is given twice, by the clock and in seconds of processor time, because others may be busy on the machine; the
ratios are those of a machine that is not: their processor time over ours shared among the threads. The floor is the
time the threads take to fill memory of the result's size, fresh or used, and to read the columns. Peak memory is that
of the allocations during one call over the result's.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import tracemalloc
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
import talib

from eraforge.core.bars import Bars
from eraforge.core.clock import monotonic
from eraforge.features.engine import compute, thread_count
from eraforge.features.expression import Node
from eraforge.features.families.lagged import PVM, STATISTICAL, TECHNICAL
from eraforge.features.feature import Declared

FEATURES = (*PVM.features, *STATISTICAL.features, *TECHNICAL.features)


def ragged(symbols: int, days: int, seed: int = 0) -> Bars:
    """Random walks with late listings, delistings, gaps and outliers."""
    rng = np.random.default_rng(seed)
    shape = (symbols, days)
    close = 50.0 * np.exp(np.cumsum(rng.normal(0, 0.03, shape), axis=1))
    high, low = close * np.exp(np.abs(rng.normal(0, 0.01, shape))), close * np.exp(-np.abs(rng.normal(0, 0.01, shape)))
    columns = {"open": low + (high - low) * rng.random(shape), "high": high, "low": low, "close": close}
    columns["volume"] = np.exp(rng.normal(10, 1, shape))
    missing = rng.random(shape) < 0.002
    for row in range(symbols):
        missing[row, : rng.integers(0, days // 2) if row % 3 == 0 else 0] = True
        missing[row, days - (rng.integers(1, days // 4) if row % 10 == 0 else 0) :] = True
    spikes = rng.random(shape) < 0.0005
    for values in columns.values():
        values[spikes] *= 1e6
        values[missing] = np.nan
    times = np.datetime64("2020-01-01", "s") + np.arange(days) * np.timedelta64(86_400, "s")
    return Bars(tuple(f"S{row:05d}" for row in range(symbols)), times, columns, synthetic=f"ragged-{seed}")


@dataclass(frozen=True)
class Seconds:
    """The least a call took in some rounds, by the clock and of all processors."""

    clock: float
    processor: float

    def scaled(self, by: float) -> Seconds:
        return Seconds(self.clock * by, self.processor * by)


def seconds(call: Callable[[], Any], rounds: int = 1) -> Seconds:
    clocks, processors = [], []
    for _ in range(rounds):
        start, busy = monotonic(), process_time()
        call()
        clocks.append(monotonic() - start)
        processors.append(process_time() - busy)
    return Seconds(min(clocks), min(processors))


class PandasFormulas:
    """The expressions on a long frame, by group-by."""

    def __init__(self, bars: Bars) -> None:
        count, days = len(bars.symbols), len(bars.times)
        frame = pd.DataFrame({name: values.ravel() for name, values in bars.columns.items()})
        frame["symbol"] = np.repeat(bars.symbols, days)
        self.frame = frame.dropna().reset_index(drop=True)
        self.known: dict[Node, pd.Series] = {}
        self.places = np.flatnonzero(frame.notna().all(axis=1))
        self.shape = (count, days)

    def all(self, features: Sequence[Declared], shared: bool) -> pd.DataFrame:
        columns = {}
        for feature in features:
            if not shared:
                self.known.clear()
            columns[feature.name] = self.lagged(self.of(feature.expression), feature.lag)
        return pd.DataFrame(columns)

    def lagged(self, series: pd.Series, lag: int) -> pd.Series:
        return series.groupby(self.frame["symbol"]).shift(lag)

    def of(self, node: Node) -> pd.Series:
        if node not in self.known:
            self.known[node] = self.make(node)
        return self.known[node]

    def make(self, node: Node) -> pd.Series:
        x = [self.of(child) for child in node.inputs]
        if node.operation == "field":
            return self.frame[node.settings[0]]
        plain = PLAIN.get(node.operation)
        if plain:
            return plain(x, node.settings)
        if node.operation == "shift":
            return self.lagged(x[0], node.settings[0])
        grouped = x[0].groupby(self.frame["symbol"])
        if node.operation == "exponential":
            made = grouped.ewm(alpha=node.settings[0], min_periods=node.settings[1]).mean()
        elif node.operation == "correlation":
            pair = pd.DataFrame({"x": x[0], "y": x[1], "symbol": self.frame["symbol"]})
            parts = [part["x"].rolling(node.settings[0]).corr(part["y"]) for _, part in pair.groupby("symbol")]
            return pd.concat(parts)
        else:
            rolling = grouped.rolling(node.settings[0])
            made = {
                "mean": rolling.mean, "deviation": rolling.std, "highest": rolling.max, "lowest": rolling.min,
            }[node.operation]()  # fmt: skip
        return made.reset_index(level=0, drop=True).sort_index()


PLAIN: dict[str, Callable[[list[Any], tuple[Any, ...]], Any]] = {
    "add": lambda x, _: x[0] + x[1],
    "subtract": lambda x, _: x[0] - x[1],
    "multiply": lambda x, _: x[0] * x[1],
    "divide": lambda x, s: (x[0] / x[1]).where(x[1] != 0, s[0] if s else np.nan) if hasattr(x[0], "where")
    else np.divide(x[0], x[1], out=np.full(len(x[0]), s[0] if s else np.nan), where=x[1] != 0),
    "affine": lambda x, s: x[0] * s[0] + s[1],
    "clip": lambda x, s: x[0].clip(*s),
    "magnitude": lambda x, _: abs(x[0]),
    "larger": lambda x, _: np.maximum(x[0], x[1]),
    "smaller": lambda x, _: np.minimum(x[0], x[1]),
}  # fmt: skip


def talib_symbol(columns: dict[str, np.ndarray], features: Sequence[Declared], shared: bool) -> list[np.ndarray]:
    """All features of one symbol's own bars with TA-Lib."""
    known: dict[Node, np.ndarray] = {}

    def of(node: Node) -> np.ndarray:
        if node not in known:
            known[node] = make(node)
        return known[node]

    def make(node: Node) -> np.ndarray:
        x, s = [of(child) for child in node.inputs], node.settings
        if node.operation in PLAIN:
            return PLAIN[node.operation](x, s)
        return {
            "field": lambda: columns[s[0]],
            "shift": lambda: shifted(x[0], s[0]),
            "mean": lambda: talib.SMA(x[0], s[0]),
            "deviation": lambda: talib.STDDEV(x[0], s[0]) * math.sqrt(s[0] / (s[0] - 1)),
            "correlation": lambda: talib.CORREL(x[0], x[1], s[0]),
            "highest": lambda: talib.MAX(x[0], s[0]),
            "lowest": lambda: talib.MIN(x[0], s[0]),
            "exponential": lambda: talib.EMA(x[0], round(2 / s[0] - 1)),
        }[node.operation]()

    made = []
    for feature in features:
        if not shared:
            known.clear()
        made.append(shifted(of(feature.expression), feature.lag))
    return made


def shifted(values: np.ndarray, bars: int) -> np.ndarray:
    out = np.full(len(values), np.nan)
    out[bars:] = values[: len(values) - bars]
    return out


def talib_all(bars: Bars, features: Sequence[Declared]) -> np.ndarray:
    out = np.full((len(features), len(bars.symbols), len(bars.times)), np.nan, np.float32)
    for row in range(len(bars.symbols)):
        present = np.flatnonzero(np.isfinite(bars["close"][row]))
        own = {name: np.ascontiguousarray(values[row, present]) for name, values in bars.columns.items()}
        with np.errstate(all="ignore"):
            for place, made in enumerate(talib_symbol(own, features, shared=True)):
                out[place, row, present] = made
    return out


def talib_frames(bars: Bars, features: Sequence[Declared]) -> pd.DataFrame:
    """As a person does it: a long frame, TA-Lib on each symbol's part of it, the parts put together again."""
    long = PandasFormulas(bars).frame
    parts = []
    for symbol, part in long.groupby("symbol"):
        own = {name: part[name].to_numpy() for name in bars.columns}
        with np.errstate(all="ignore"):
            made = talib_symbol(own, features, shared=False)
        names = [feature.name for feature in features]
        parts.append(pd.DataFrame(dict(zip(names, made, strict=True)), index=part.index).assign(symbol=symbol))
    return pd.concat(parts)


def floor(bars: Bars, memory: np.ndarray | None, size: int) -> Seconds:
    """To fill memory of the result (fresh where none is given), and to read four columns, by all threads."""
    threads = thread_count()

    def one() -> None:
        out = np.empty(size, np.float32) if memory is None else memory.reshape(-1)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: part.fill(1.0), np.array_split(out, threads)))
            list(pool.map(lambda name: bars[name].sum(), ("high", "low", "close", "volume")))

    return seconds(one, 3)


def measure(bars: Bars, rounds: int) -> dict[str, Any]:
    first = seconds(lambda: compute(FEATURES, bars, since=bars.times[-1], dtype=np.float64))
    first_whole = seconds(lambda: compute(FEATURES, bars.last(40)))
    newest = seconds(lambda: compute(FEATURES, bars, since=bars.times[-1]), rounds)
    full = seconds(lambda: compute(FEATURES, bars), rounds)
    used = measure_used(bars, rounds)
    tracemalloc.start()
    compute(FEATURES, bars)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "first call": Seconds(first.clock + first_whole.clock, first.processor + first_whole.processor),
        "full, fresh memory": full, "newest day": newest, "peak over bytes": peak / used["bytes"],
        "floor, fresh memory": floor(bars, None, used["bytes"] // 4), **used,
    }  # fmt: skip


def measure_used(bars: Bars, rounds: int) -> dict[str, Any]:
    """Into memory that was written before; and whether the newest day alone has the bits of the whole."""
    memory = np.zeros((len(FEATURES), len(bars.symbols), len(bars.times)), np.float32)
    reused = seconds(lambda: compute(FEATURES, bars, out=memory), rounds)
    update = compute(FEATURES, bars, since=bars.times[-1])
    exact = np.array_equal(update.values[:, :, -1], memory[:, :, -1], equal_nan=True)
    return {
        "full, used memory": reused, "floor, used memory": floor(bars, memory, memory.size),
        "newest day exact": exact, "bytes": memory.nbytes,
    }  # fmt: skip


def compare(bars: Bars, full: Seconds) -> dict[str, Any]:
    few, some = bars.of(bars.symbols[:12]), bars.of(bars.symbols[: min(len(bars.symbols), 100)])
    wider, wide = len(bars.symbols) / len(few.symbols), len(bars.symbols) / len(some.symbols)
    with np.errstate(all="ignore"):
        others = {
            "pandas, by column": seconds(lambda: PandasFormulas(few).all(FEATURES, shared=False), 2).scaled(wider),
            "pandas, shared": seconds(lambda: PandasFormulas(few).all(FEATURES, shared=True), 2).scaled(wider),
            "TA-Lib, frames": seconds(lambda: talib_frames(some, FEATURES), 2).scaled(wide),
            "TA-Lib, bare and shared": seconds(lambda: talib_all(some, FEATURES), 2).scaled(wide),
        }
    ours = full.processor / thread_count()
    return {**others, **{f"ratio to {name}": taken.processor / ours for name, taken in others.items()}}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--symbols", type=int, default=1757)
    parser.add_argument("--days", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    bars = ragged(given.symbols, given.days)
    facts = measure(bars, given.rounds)
    facts |= compare(bars, facts["full, fresh memory"])
    facts |= {"threads": thread_count(), "Python": platform.python_version()}
    facts |= {f"version of {name}": version(name) for name in ("numpy", "numba", "pandas", "ta-lib")}
    for name, value in facts.items():
        told = f"{value.clock:.3g} s, processors {value.processor:.3g} s" if isinstance(value, Seconds) else value
        print(f"{name:34} {told:.4g}" if isinstance(told, float) else f"{name:34} {told}")
    if given.json:
        given.json.write_text(json.dumps(facts, indent=1, default=asdict))


if __name__ == "__main__":
    main()
