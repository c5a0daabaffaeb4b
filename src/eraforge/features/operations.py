"""The operations of the language: what runs for each, on rows of own bars or across symbols.

A stranger's package adds one by writing to `ROWS`: a function of a block of rows, its inputs, settings and output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eraforge.core.bars import Bars
from eraforge.core.errors import UserError
from eraforge.features.expression import Setting, exponential_length
from eraforge.features.kernels import arithmetic, crossing, measures, windows
from eraforge.features.kernels.exponential import exponential, supertrend


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of own bars laid end to end: where each begins, and how many own bars its symbol had before it."""

    starts: np.ndarray
    firsts: np.ndarray


RowOperation = Callable[[Block, Sequence[np.ndarray], tuple[Any, ...], np.ndarray], object]


def _plain(function: Callable[..., object]) -> RowOperation:
    """A function of the inputs and the output alone."""
    return lambda block, x, settings, out: function(*x, out)


def _measure(name: str) -> RowOperation:
    code = measures.CODES[name]
    return lambda block, x, settings, out: measures.measure(x[0], block.starts, settings[0], code, out)


def _window(kernel: Callable[..., None]) -> RowOperation:
    return lambda block, x, settings, out: kernel(x[0], block.starts, block.firsts, *settings, out)


def _pair(kind: int) -> RowOperation:
    return lambda block, x, settings, out: windows.covariation(
        x[0], x[1], block.starts, block.firsts, settings[0], kind, out
    )


ROWS: dict[str, RowOperation] = {
    "add": _plain(np.add),
    "subtract": _plain(np.subtract),
    "multiply": _plain(np.multiply),
    "magnitude": _plain(np.absolute),
    "sign": _plain(np.sign),
    "exp": _plain(np.exp),
    "sine": _plain(np.sin),
    "cosine": _plain(np.cos),
    "larger": lambda block, x, settings, out: np.maximum(x[0], x[1], out=out),
    "smaller": lambda block, x, settings, out: np.minimum(x[0], x[1], out=out),
    "greater": _plain(arithmetic.greater),
    "log": _plain(arithmetic.logarithm),
    "root": _plain(arithmetic.root),
    "clip": lambda block, x, settings, out: np.clip(x[0], *settings, out=out),
    "level": lambda block, x, settings, out: out.fill(*settings),
    "affine": lambda block, x, settings, out: arithmetic.affine(x[0], *settings, out),
    "divide": lambda block, x, settings, out: arithmetic.divide(*x, settings[0] if settings else np.nan, out),
    "shift": lambda block, x, settings, out: windows.shift(x[0], block.starts, *settings, out),
    "mean": _window(windows.mean),
    "highest": _window(windows.highest),
    "lowest": _window(windows.lowest),
    "deviation": _window(windows.deviation),
    "correlation": _pair(0),
    "covariance": _pair(1),
    "slope_on": _pair(2),
    "exponential": lambda block, x, settings, out: exponential(
        x[0], block.starts, block.firsts, exponential_length(settings[0]), settings[0], settings[1], out
    ),
    "supertrend": lambda block, x, settings, out: supertrend(*x, block.starts, *settings, out),
    **{name: _measure(name) for name in measures.NAMES},
}  # fmt: skip


def cross(
    operation: str, inputs: Sequence[np.ndarray], settings: tuple[Setting, ...], bars: Bars, first: int, last: int,
    out: np.ndarray,
) -> None:  # fmt: skip
    """Fill the moments `first` to `last` of `out` (symbols, times) with an operation across symbols.

    Raises:
        UserError: `unknown-symbol`, `unknown-group`.
    """
    if operation == "of_symbol":
        out[:, first:last] = inputs[0][_row_of(bars, str(settings[0])), first:last]
    elif operation == "unexplained":
        crossing.unexplained(inputs[0], np.stack(inputs[1:]), first, last, out)
    else:
        groups, count = group_numbers(bars, str(settings[0]))
        crossing.across(inputs[0], groups, count, crossing.CODES[operation], first, last, out)


def group_numbers(bars: Bars, group: str) -> tuple[np.ndarray, int]:
    """Per symbol the number of its group, -1 where it is unknown, and how many there are; one group for "".

    Raises:
        UserError: `unknown-group`.
    """
    if not group:
        return np.zeros(len(bars.symbols), np.int64), 1
    if group not in bars.groups:
        known = ", ".join(bars.groups) or "none"
        raise UserError(
            "unknown-group", f"These bars do not say the {group} of a symbol.", f"Give them one; they have: {known}."
        )
    labels = sorted(set(bars.groups[group]) - {""})
    place = {label: number for number, label in enumerate(labels)} | {"": -1}
    return np.array([place[label] for label in bars.groups[group]], np.int64), len(labels)


def _row_of(bars: Bars, symbol: str) -> int:
    if symbol not in bars.symbols:
        raise UserError("unknown-symbol", f"These bars hold no {symbol!r}.", "Name a symbol among them.")
    return bars.symbols.index(symbol)
