"""Do stated 95 % intervals hold the truth 95 % of the time on overlapping scores? Prints a table.

    python benchmarks/interval_coverage.py [series per cell, default 4000] [bootstrap series per cell, default 1000]

Series are moving averages of known mean whose shocks are Student t with 5 degrees of freedom: `even` averages are what
returns over a fixed horizon make, `falling` ones (weights from 1 down to 1/q) do not fit the assumed overlap.
"""

from __future__ import annotations

import sys

import numpy as np

from eraforge.core.panel import Sample
from eraforge.evaluation.resampling import bootstrap_interval, means
from eraforge.evaluation.uncertainty import (
    Overlap,
    mean_interval,
    naive_interval,
    newey_west_interval,
    sharpe_interval,
)

TRUTH = 0.3
CELLS = [(count, length) for length in (4, 8, 12, 20, 60) for count in (200, 300, 500)]


def series(draws: int, count: int, length: int, falling: bool, seed: int) -> np.ndarray:
    """(draws, count) moving averages of unit variance with mean TRUTH."""
    weights = np.linspace(1, 1 / length, length) if falling else np.ones(length)
    generator = np.random.default_rng(seed)
    shocks = generator.standard_t(5, (draws, count + length - 1)) / np.sqrt(5 / 3)
    scale = np.sqrt(np.square(weights).sum())
    return np.stack([np.convolve(row, weights / scale, "valid") for row in shocks]) + TRUTH


def main() -> None:
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    resampled = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    print("| eras | overlap | shape | stated | Sharpe | bootstrap | Newey-West, fixed-b | naive | width to ideal |")
    print("| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for count, length in CELLS:
        overlap = Overlap(length, 1)
        for falling in (False, True):
            rows = series(draws, count, length, falling, seed=1000 * length + count)
            found = [mean_interval(row, overlap, Sample.TEST) for row in rows]
            columns = [
                found,
                [sharpe_interval(row, overlap, Sample.TEST) for row in rows],
                [
                    bootstrap_interval(row, means, overlap, Sample.TEST, draws=999, seed=number)
                    for number, row in enumerate(rows[:resampled])
                ],
                [newey_west_interval(row, overlap, Sample.TEST) for row in rows],
                [naive_interval(row, Sample.TEST) for row in rows],
            ]
            held = [np.mean([one.low <= TRUTH <= one.high for one in column]) for column in columns]
            ideal = 2 * 1.96 * rows.mean(axis=1).std()
            wide = np.mean([one.high - one.low for one in found]) / ideal
            shares = " | ".join(f"{share:.1%}" for share in held)
            print(f"| {count} | {length} | {'falling' if falling else 'even'} | {shares} | {wide:.2f} |", flush=True)


if __name__ == "__main__":
    main()
