"""Many features in one pass: every symbol's rows are gone through once, in pieces that stay in the cache.

A bar is a feature's own where all columns it reads are finite. Windows and lags count own bars, so a gap is passed
over, and a moment without an own bar has no value. Work is spread over symbols, whose values do not depend on each
other, and over moments for operations across symbols: threads never change a bit of the result, nor does computing the
newest moments alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from eraforge.core.bars import Bars
from eraforge.core.errors import UserError
from eraforge.core.ports import Feature
from eraforge.features.expression import CLOCK, Node, own_lookback
from eraforge.features.expression import columns as columns_of
from eraforge.features.kernels.rows import gather, own_bars, scatter
from eraforge.features.operations import ROWS, Block, cross
from eraforge.features.plan import Output, Program, Step, program, stages

CELLS = 12_288
"""Own bars laid end to end at once: a few registers of them fit the cache of a core."""


@dataclass(frozen=True)
class FeatureTable:
    """Features of symbols over moments.

    Args:
        names: `f` feature names.
        symbols: `n` symbols, as in the bars.
        times: (t,) datetime64[s], the newest moments of the bars.
        values: (f, n, t), C-ordered; NaN where a symbol has no bar or the warm-up is not over.
    """

    names: tuple[str, ...]
    symbols: tuple[str, ...]
    times: np.ndarray
    values: np.ndarray

    def column(self, name: str) -> np.ndarray:
        """(n, t) values of one feature.

        Raises:
            UserError: `unknown-feature`.
        """
        if name not in self.names:
            raise UserError("unknown-feature", f"This table has no feature {name!r}.", "Compute it first.")
        column: np.ndarray = self.values[self.names.index(name)]
        return column

    def at(self, moment: np.datetime64) -> np.ndarray:
        """(n, f) values known at `moment`: those of the last moment up to it.

        Raises:
            UserError: `moment-before-table`.
        """
        place = int(np.searchsorted(self.times, moment, side="right")) - 1
        if place < 0:
            raise UserError("moment-before-table", f"Nothing was known at {moment}.", "Compute an earlier part.")
        return np.ascontiguousarray(self.values[:, :, place].T)


def compute(
    features: Sequence[Feature],
    bars: Bars,
    *,
    since: np.datetime64 | None = None,
    dtype: type[np.floating] = np.float32,
    out: np.ndarray | None = None,
) -> FeatureTable:
    """All features of all symbols.

    Args:
        since: only the moments from it on; each value has the same bits as in the whole.
        dtype: of the result. Everything is computed in float64 and rounded once.
        out: (features, symbols, times) of `dtype` to write to. Memory that was written before spares the first touch,
            which costs more than the arithmetic where a machine gives fresh pages slowly.

    Raises:
        UserError: `unknown-bar-field`, `unknown-group`, `unknown-symbol`, `feature-asked-twice`, `out-does-not-fit`.
    """
    names = tuple(feature.name for feature in features)
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError("feature-asked-twice", f"Feature {twice!r} is asked for twice.", "Name it once.")
    begin = 0 if since is None else int(np.searchsorted(bars.times, since))
    shape = (len(features), len(bars.symbols), len(bars.times) - begin)
    if out is not None and (out.shape != shape or out.dtype != dtype or not out.flags.c_contiguous):
        raise UserError(
            "out-does-not-fit",
            f"The features need {shape} of {np.dtype(dtype).name}, and `out` is {out.shape} of {out.dtype.name}.",
            "Give C-ordered memory of that shape, or none.",
        )
    values = np.empty(shape, dtype) if out is None else out
    declared: list[tuple[Node, int]] = []
    sinks: list[int] = []
    for place, feature in enumerate(features):
        node = getattr(feature, "expression", None)
        if isinstance(node, Node):
            declared.append((node, feature.lag))
            sinks.append(place)
        else:  # a stranger's feature that is no expression computes itself
            values[place] = feature.compute(bars)[:, begin:]
    _Run(bars, begin, values, sinks).go(declared)
    return FeatureTable(names, bars.symbols, bars.times[begin:], values)


def thread_count() -> int:
    """How many threads a computation uses: numba's number (`NUMBA_NUM_THREADS`, else the cores of this process)."""
    from numba import config

    return int(config.NUMBA_NUM_THREADS)


@dataclass
class _Run:
    """One computation: the matrices made on the way, and where results go."""

    bars: Bars
    begin: int
    values: np.ndarray
    sinks: Sequence[int]
    matrices: dict[Node, np.ndarray] = field(default_factory=dict)
    masks: dict[tuple[str, ...], np.ndarray] = field(default_factory=dict)

    def go(self, features: Sequence[tuple[Node, int]]) -> None:
        planned = list(stages(features)) if features else []
        programs = [self._programs(outputs) for outputs, _ in planned]
        needed = [self.begin] * (len(planned) + 1)  # per stage, the first moment whose matrices the next ones read
        for number in range(len(planned) - 1, -1, -1):
            reached = [_reach(mask, needed[number + 1], made.lookback) for made, mask in programs[number]]
            needed[number] = min([needed[number + 1], *reached])
        for number, (outputs, following) in enumerate(planned):
            self._load(outputs)
            for made, mask in programs[number]:
                for output in (one for step in made.steps for one in step.writes if one.sink is None):
                    self.matrices[output.node] = np.empty(mask.shape)
                self._sweep(made, mask, needed[number + 1])
            for node in following:
                self._cross(node, needed[number + 1])

    def _programs(self, outputs: Sequence[Output]) -> list[tuple[Program, np.ndarray]]:
        """One program for all outputs whose own bars are the same, with the mask of these."""
        groups: list[tuple[np.ndarray, list[Output]]] = []
        by_columns: dict[tuple[str, ...], list[Output]] = {}
        for output in outputs:
            by_columns.setdefault(columns_of(output.node), []).append(output)
        for columns, members in by_columns.items():
            mask = self._mask(columns)
            for other, gathered in groups:
                if other is mask or np.array_equal(other, mask):
                    gathered.extend(members)
                    break
            else:
                groups.append((mask, list(members)))
        parts = [(part, mask) for mask, members in groups for part in self._parts(members)]
        return [(program(part), mask) for part, mask in parts]

    def _parts(self, outputs: Sequence[Output]) -> list[list[Output]]:
        """All outputs together; apart by how far they look back where only the newest moments are computed."""
        if self.begin == 0:
            return [list(outputs)]
        parts: dict[int, list[Output]] = {}
        for output in outputs:
            parts.setdefault(own_lookback(output.node).bit_length(), []).append(output)
        return list(parts.values())

    def _mask(self, columns: tuple[str, ...]) -> np.ndarray:
        if columns not in self.masks:
            mask = np.isfinite(self.bars[columns[0]])
            for name in columns[1:]:
                mask &= np.isfinite(self.bars[name])
            self.masks[columns] = mask
        return self.masks[columns]

    def _load(self, outputs: Sequence[Output]) -> None:
        """Have the columns and the clock readings that the outputs name at hand."""
        for node in (one for output in outputs for one in output.node.nodes() if one.operation == "field"):
            name = str(node.settings[0])
            if node not in self.matrices:
                self.matrices[node] = self._clock(name) if name in CLOCK else self.bars[name]

    def _clock(self, name: str) -> np.ndarray:
        seconds = self.bars.times.astype(np.int64)
        reading = {
            "hour": seconds // 3600 % 24 + seconds % 3600 / 3600.0,
            "minute": seconds // 60 % 60 + seconds % 60 / 60.0,
            "weekday": (seconds // 86_400 + 3) % 7 + 0.0,
        }[name]
        return np.tile(reading, (len(self.bars.symbols), 1))

    def _sweep(self, made: Program, mask: np.ndarray, kept: int) -> None:
        """Run a program over all symbols, for moments from `kept` on."""
        symbols, times = int(mask.shape[0]), int(mask.shape[1])
        longest = min(times, times - kept + made.lookback)
        rows = max(1, min(symbols, CELLS // max(1, longest)))

        def work(blocks: Iterator[int]) -> None:
            piece = _Piece(self, made, rows * longest, rows)
            with np.errstate(all="ignore"):
                for block in blocks:
                    piece.run(mask, block * rows, min(symbols, (block + 1) * rows), kept)

        share(work, -(-symbols // rows))

    def _cross(self, node: Node, first: int) -> None:
        inputs = [self.matrices[child] for child in node.inputs]
        out: np.ndarray = np.full(inputs[0].shape, np.nan)
        last = out.shape[1]
        size = max(1, -(-(last - first) // (4 * thread_count())))

        def work(pieces: Iterator[int]) -> None:
            for piece in pieces:
                start = first + piece * size
                cross(node.operation, inputs, node.settings, self.bars, start, min(last, start + size), out)

        share(work, -(-(last - first) // size))
        self.matrices[node] = out


class _Piece:
    """Registers of one thread, and a program run on some rows in them."""

    def __init__(self, run: _Run, made: Program, cells: int, rows: int) -> None:
        self._run = run
        self._made = made
        self._pool = np.empty((made.registers, cells))
        self._places = np.empty(cells, np.int64)
        self._starts = np.empty(rows + 1, np.int64)
        self._firsts = np.empty(rows, np.int64)

    def run(self, mask: np.ndarray, first: int, last: int, kept: int) -> None:
        """The symbols `first` to `last`, values from moment `kept` on."""
        starts, firsts = self._starts[: last - first + 1], self._firsts[: last - first]
        own_bars(mask, first, last, kept, self._made.lookback, self._places, starts, firsts)
        cells = int(starts[-1])
        registers = [register[:cells] for register in self._pool]
        block = Block(starts, firsts)
        for step in self._made.steps:
            out = registers[step.register]
            if step.operation == "load":
                gather(self._run.matrices[step.node], first, self._places, starts, out)
            else:
                ROWS[step.operation](block, [registers[place] for place in step.inputs], step.settings, out)
            for output in step.writes:
                self._write(step, output, out, first, starts, kept)

    def _write(self, step: Step, output: Output, x: np.ndarray, first: int, starts: np.ndarray, kept: int) -> None:
        run = self._run
        if output.sink is None:
            scatter(x, first, self._places, starts, kept, 0, output.lag, run.matrices[step.node])
        else:
            sink = run.values[run.sinks[output.sink]]
            scatter(x, first, self._places, starts, run.begin, run.begin, output.lag, sink)


def _reach(mask: np.ndarray, since: int, lookback: int) -> int:
    """The earliest moment that values from `since` on look at."""
    if since == 0 or not mask[:, since:].any():
        return since
    live = mask[mask[:, since:].any(axis=1), :since]
    counted = np.cumsum(live[:, ::-1], axis=1)
    enough = counted >= lookback - 1
    back = np.where(enough.any(axis=1), np.argmax(enough, axis=1) + 1, since)
    return since - int(back.max()) if lookback > 1 else since


def share(work: Callable[[Iterator[int]], None], pieces: int) -> None:
    """Let threads take pieces 0, 1, ... one after another until none is left."""
    threads = min(thread_count(), pieces)
    if threads < 2:
        work(iter(range(pieces)))
        return
    left = iter(range(pieces))  # next() of a range iterator is one step of the interpreter
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, left) for _ in range(threads)]:
            done.result()
