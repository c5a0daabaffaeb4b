"""Speed and memory of the scores, side by side with numerai-tools, in one run on made-up eras.

    python benchmarks/scores.py [--rows 5000] [--rounds 5] [--eras 40] [--json FILE]

Every line times the reference and ours alternately and compares the fastest of each, so that a busy machine slows
both; the largest gap between their answers is printed beside. Memory is the peak of allocations during one call
(tracemalloc) over the bytes of the inputs. The floor is what no version of the same method can do without: ordering
each column (NumPy's own sort of the values), and the multiplications of the Gram matrix at this machine's rate.
"""

from __future__ import annotations

import argparse
import json
import platform
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numerai_tools import scoring
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_info

from eraforge.core.clock import SystemClock, monotonic
from eraforge.evaluation.eras import score_eras
from eraforge.evaluation.kernels.threads import one_algebra_thread, thread_count
from eraforge.evaluation.neutral.scores import fnc, max_feature_correlation, neutral_corr, neutral_mmc
from eraforge.evaluation.scores import corr, mmc

REST = 0.1
"""Seconds before a timing: threads of the linear algebra library go on spinning for a while after a call."""
TARGETS = {"CORR": 10, "MMC": 10, "FNC": 5, "neutral CORR": 5, "neutral MMC": 5, "max feature correlation": 50}


@dataclass
class Line:
    """One comparison. Times in milliseconds, memory as a multiple of the inputs."""

    score: str
    columns: int
    neutralisers: int
    reference: float
    ours: float
    ratio: float
    wanted: float
    gap: float
    memory: float
    floor: float


@dataclass
class Era:
    """One made-up era, as arrays and as the frames the reference takes."""

    predictions: np.ndarray
    meta: np.ndarray
    target: np.ndarray
    table: np.ndarray

    def __post_init__(self) -> None:
        index = [f"n{place:015x}" for place in range(len(self.target))]
        self.frame = pd.DataFrame(self.predictions, index=index)
        self.market = pd.Series(self.meta, index=index, name="meta")
        self.truth = pd.Series(self.target, index=index, name="target")
        self.features = pd.DataFrame(self.table, index=index)
        self.inputs = self.predictions.nbytes + self.meta.nbytes + self.target.nbytes + self.table.nbytes


def era(rows: int, columns: int, width: int, kind: str = "int8") -> Era:
    rng = np.random.default_rng(rows + columns + width)
    table = rng.integers(0, 5, (rows, width)).astype(np.int8) if kind == "int8" else rng.normal(size=(rows, width))
    target = rng.choice([0, 0.25, 0.5, 0.75, 1], rows, p=[0.05, 0.2, 0.5, 0.2, 0.05])
    return Era(rng.random((rows, columns)), rng.random(rows), target, table)


def seconds(call: Callable[[], Any], rest: float = 0.0) -> float:
    SystemClock().sleep(rest)
    start = monotonic()
    call()
    return monotonic() - start


def line(
    score: str, given: Era, ours: Callable[[], Any], reference: Callable[[], Any], floor: float, rounds: int
) -> Line:
    gap = np.abs(np.asarray(ours(), float) - np.asarray(reference(), float)).max()
    times = np.array([(seconds(reference, REST), seconds(ours, REST), seconds(ours)) for _ in range(rounds)])
    slow, fast = times[:, 0].min(), times[:, 1:].min()
    tracemalloc.start()
    ours()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Line(
        score, given.predictions.shape[1], given.table.shape[1], slow * 1e3, fast * 1e3, slow / fast, TARGETS[score],
        float(gap), peak / given.inputs, floor * 1e3,
    )  # fmt: skip


def sorting(given: Era, times: int = 1) -> float:
    """Seconds to sort the columns, shared among the threads."""
    turned = np.ascontiguousarray(given.predictions.T)
    return (
        times * min(seconds(lambda: np.sort(turned, axis=1)) for _ in range(5)) / min(thread_count(), turned.shape[0])
    )


def multiplying(given: Era) -> float:
    """Seconds for the Gram matrix (single precision where it is exact) and three products, shared among threads."""
    kind = np.float32 if given.table.dtype == np.int8 else np.float64
    table, wide = given.table.astype(kind), given.table.astype(np.float64)
    with one_algebra_thread():
        gram = min(seconds(lambda: table.T @ table) for _ in range(3))
        product = min(seconds(lambda: wide.T @ given.predictions) for _ in range(3))
    return (gram + 4 * product) / thread_count()


def reading(given: Era) -> float:
    """Seconds to widen the neutralisers and multiply them once by one column, shared among threads."""
    wide = given.table.astype(np.float64)
    with one_algebra_thread():
        product = min(seconds(lambda: given.predictions[:, 0] @ wide) for _ in range(3))
    widen = min(seconds(lambda: given.table.astype(np.float64)) for _ in range(3))
    return (product + (widen if given.table.dtype == np.int8 else 0.0)) / thread_count()


def plain_lines(rows: int, rounds: int) -> list[Line]:
    lines = []
    for columns in (1, 10, 50):
        given = era(rows, columns, 0)
        frame, truth, market = given.frame, given.truth, given.market
        arrays = given.predictions, given.meta, given.target
        lines += [
            line("CORR", given, lambda a=arrays: corr(a[0], a[2]),
                 lambda f=frame, t=truth: scoring.numerai_corr(f, t), sorting(given), rounds),
            line("MMC", given, lambda a=arrays: mmc(*a),
                 lambda f=frame, m=market, t=truth: scoring.correlation_contribution(f, m, t),
                 sorting(given) * (columns + 1) / columns, rounds),
        ]  # fmt: skip
    return lines


def neutral_lines(rows: int, width: int, rounds: int, kind: str) -> list[Line]:
    given = era(rows, 10, width, kind)
    p, m, t, table = given.predictions, given.meta, given.target, given.table
    frame, truth, market, features = given.frame, given.truth, given.market, given.features
    sort, multiply = sorting(given), multiplying(given)
    first, alone = given.frame[0], np.ascontiguousarray(p[:, 0])
    lines = [
        line("FNC", given, lambda: fnc(p, table, t),
             lambda: scoring.feature_neutral_corr(frame, features, truth), 2 * sort + multiply, rounds),
        line("neutral CORR", given, lambda: neutral_corr(p, table, t),
             lambda: scoring.neutral_correlation(frame, features, truth), sort + multiply, rounds),
        line("neutral MMC", given, lambda: neutral_mmc(p, m, table, t),
             lambda: scoring.neutral_contribution(frame, market, features, truth), sort + multiply, rounds),
        line("max feature correlation", given, lambda: max_feature_correlation(alone, table)[1],
             lambda: scoring.max_feature_correlation(first, features)[1], reading(given), max(rounds // 2, 1)),
    ]  # fmt: skip
    lines[-1].columns = 1
    return lines


def many_eras(rows: int, eras: int) -> dict[str, float]:
    """One call over eras of different sizes, tables cold, against a loop over the reference: seconds and ratio."""
    rng = np.random.default_rng(0)
    sizes = rows + rng.permutation(eras) - eras // 2
    labels = np.repeat([f"{place:04d}" for place in range(eras)], sizes)
    p, t = rng.random((len(labels), 10)), rng.integers(0, 5, len(labels)) / 4
    frame = pd.DataFrame(p, index=[f"n{place:015x}" for place in range(len(labels))])
    truth = pd.Series(t, index=frame.index, name="target")
    ours = seconds(lambda: score_eras(corr, labels, p, t))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    parts = [slice(starts[place], starts[place + 1]) for place in range(eras)]
    slow = seconds(lambda: [scoring.numerai_corr(frame.iloc[part], truth.iloc[part]) for part in parts])
    return {"eras": eras, "reference_seconds": slow, "ours_seconds": ours, "ratio": slow / ours}


def show(title: str, lines: list[Line], console: Console) -> None:
    table = Table(title=title)
    for name in ("score", "columns", "neutralisers", "numerai-tools ms", "ours ms", "ratio", "wanted", "largest gap",
                 "memory / inputs", "floor ms", "ours / floor"):  # fmt: skip
        table.add_column(name, justify="left" if name == "score" else "right")
    for each in lines:
        met = "green" if each.ratio >= each.wanted else "red"
        table.add_row(
            each.score, str(each.columns), str(each.neutralisers), f"{each.reference:.1f}", f"{each.ours:.2f}",
            f"[{met}]{each.ratio:.1f}x[/{met}]", f"{each.wanted:.0f}x", f"{each.gap:.0e}", f"{each.memory:.2f}",
            f"{each.floor:.2f}" if each.floor else "", f"{each.ours / each.floor:.1f}" if each.floor else "",
        )  # fmt: skip
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--eras", type=int, default=40)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    console = Console(width=160)
    machine = {
        "cores": thread_count(),
        "algebra_threads_of_the_reference": max(pool["num_threads"] for pool in threadpool_info()),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy", "numba", "pandas", "numerai-tools")},
    }
    console.print(machine)
    small = era(200, 2, 3)
    fnc(small.predictions, small.table, small.target)  # compile or load the kernels before anything is timed
    corr(small.predictions, small.target)
    groups = {
        f"{given.rows} rows": plain_lines(given.rows, given.rounds),
    }
    for kind in ("int8", "float64"):
        found = [neutral_lines(given.rows, width, given.rounds, kind) for width in (100, 300, 700)]
        groups[f"{given.rows} rows, {kind} neutralisers"] = [each for lines in found for each in lines]
    for title, lines in groups.items():
        show(title, lines, console)
    eras = many_eras(given.rows, given.eras)
    console.print(f"CORR of 10 columns over {eras['eras']} eras of as many sizes, first call: {eras['ratio']:.1f}x")
    if given.json:
        result = {"machine": machine, "many_eras": eras}
        given.json.write_text(
            json.dumps(result | {name: [asdict(each) for each in lines] for name, lines in groups.items()}, indent=1)
        )


if __name__ == "__main__":
    main()
