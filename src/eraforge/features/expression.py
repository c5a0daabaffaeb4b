"""The language features are declared in: a tree of operations on the columns of bars, which says how far it looks back.

A tree is a value: equal trees are one computation, wherever they stand. Windows count a symbol's own bars, the current
one included; `shift` counts bars back; operations across symbols work at one moment.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

FORGOTTEN = 1e-12
"""Weight of what a truncated exponential mean leaves out."""
CLOCK = ("hour", "minute", "weekday")
"""What is read off the moment itself."""
WINDOWED = frozenset({
    "mean", "deviation", "correlation", "covariance", "slope_on", "highest", "lowest", "supertrend", "skewness",
    "kurtosis", "median", "mean_distance", "latest_rank", "since_highest", "since_lowest", "trend", "trend_fit",
    "path_score", "drawdown", "value_entropy", "order_entropy", "sign_entropy", "katz_dimension", "petrosian_dimension",
    "higuchi_dimension", "rescaled_range", "linear_mean",
})  # fmt: skip
"""Operations whose first setting is a window in bars."""
ACROSS = frozenset({
    "across_mean", "across_median", "across_deviation", "across_rank", "across_score", "unexplained", "of_symbol",
})  # fmt: skip
"""Operations on all symbols at one moment."""

Setting = int | float | str


@dataclass(frozen=True, slots=True)
class Node:
    """One operation on other nodes. Build it with the functions below."""

    operation: str
    inputs: tuple[Node, ...] = ()
    settings: tuple[Setting, ...] = ()

    def __add__(self, other: Node | float) -> Node:
        return Node("add", (self, other)) if isinstance(other, Node) else _affine(self, 1.0, float(other))

    def __radd__(self, other: float) -> Node:
        return _affine(self, 1.0, float(other))

    def __sub__(self, other: Node | float) -> Node:
        return Node("subtract", (self, other)) if isinstance(other, Node) else _affine(self, 1.0, -float(other))

    def __rsub__(self, other: float) -> Node:
        return _affine(self, -1.0, float(other))

    def __mul__(self, other: Node | float) -> Node:
        return Node("multiply", (self, other)) if isinstance(other, Node) else _affine(self, float(other), 0.0)

    def __rmul__(self, other: float) -> Node:
        return _affine(self, float(other), 0.0)

    def __neg__(self) -> Node:
        return _affine(self, -1.0, 0.0)

    def __truediv__(self, other: Node | float) -> Node:
        return divide(self, other) if isinstance(other, Node) else _affine(self, 1.0 / other, 0.0)

    def __gt__(self, other: Node | float) -> Node:
        return Node("greater", (self, other if isinstance(other, Node) else _level(self, other)))

    def __lt__(self, other: Node | float) -> Node:
        return Node("greater", (other if isinstance(other, Node) else _level(self, other), self))

    def nodes(self) -> Iterator[Node]:
        """This node and all below it, inputs first, each once."""
        seen: set[Node] = set()

        def walk(node: Node) -> Iterator[Node]:
            if node not in seen:
                for child in node.inputs:
                    yield from walk(child)
                if node not in seen:
                    seen.add(node)
                    yield node

        return walk(self)

    def __str__(self) -> str:
        if self.operation == "field":
            return str(self.settings[0])
        if self.operation == "affine":
            return f"({self.settings[0]:g} * {self.inputs[0]} + {self.settings[1]:g})"
        parts = [
            *map(str, self.inputs),
            *(f"{value:g}" if isinstance(value, float) else str(value) for value in self.settings),
        ]
        return f"{self.operation}({', '.join(parts)})"


def _affine(node: Node, scale: float, offset: float) -> Node:
    """`scale * node + offset`, of whatever the node is itself an affine function of."""
    if node.operation != "affine":
        return Node("affine", (node,), (scale, offset))
    inner, shifted = float(node.settings[0]), float(node.settings[1])
    return Node("affine", node.inputs, (scale * inner, scale * shifted + offset))


def _level(node: Node, value: float) -> Node:
    """A constant in the shape of `node`: a threshold."""
    return Node("level", (node,), (float(value),))


def field(name: str) -> Node:
    """A column of the bars, or `hour`, `minute`, `weekday` of their moments."""
    return Node("field", (), (name,))


def divide(one: Node, other: Node, empty: float = math.nan) -> Node:
    """`one / other`; `empty` where `other` is 0."""
    return Node("divide", (one, other), (float(empty),) if empty == empty else ())


def of(operation: str, *inputs: Node) -> Node:
    """An operation without settings: log, root, magnitude, sign, exp, sine, cosine, larger, smaller."""
    return Node(operation, inputs)


def clip(node: Node, low: float, high: float = math.inf) -> Node:
    """Values kept within bounds."""
    return Node("clip", (node,), (float(low), float(high)))


def shift(node: Node, bars: int = 1) -> Node:
    """The value that many own bars earlier."""
    return Node("shift", (node,), (bars,))


def change(node: Node, bars: int = 1) -> Node:
    """Difference from the value that many own bars earlier."""
    return node - shift(node, bars)


def over(operation: str, window: int, *inputs: Node) -> Node:
    """An operation of `WINDOWED` over the last `window` own bars."""
    return Node(operation, inputs, (window,))


def mean(node: Node, window: int) -> Node:
    """Mean of a window."""
    return over("mean", window, node)


def total(node: Node, window: int) -> Node:
    """Sum of a window."""
    return over("mean", window, node) * window


def deviation(node: Node, window: int, ddof: int = 1) -> Node:
    """Standard deviation of a window. One computation for both `ddof`: they differ by a factor."""
    sample = Node("deviation", (node,), (window, 1))
    return sample if ddof else sample * math.sqrt((window - 1) / window)


def score(node: Node, window: int) -> Node:
    """`(x - mean) / deviation` of a window, with ddof 1; NaN where it is constant."""
    return (node - mean(node, window)) / deviation(node, window)


def exponential(node: Node, span: int) -> Node:
    """Exponential mean of weight `2 / (span + 1)`, from `span` bars on, truncated (see `exponential_length`)."""
    return Node("exponential", (node,), (2.0 / (span + 1), span))


def wilder(node: Node, bars: int) -> Node:
    """Wilder's mean: exponential of weight `1 / bars`."""
    return Node("exponential", (node,), (1.0 / bars, bars))


def exponential_length(alpha: float) -> int:
    """Bars after which an exponential mean of that weight has forgotten: what is left out weighs under 1e-12."""
    return 1 if alpha >= 1.0 else math.ceil(math.log(FORGOTTEN) / math.log1p(-alpha))


def across(operation: str, node: Node, group: str = "") -> Node:
    """An operation named `across_...` on all symbols at one moment, or within each group (a name of `Bars.groups`)."""
    return Node(operation, (node,), (group,))


def neutral(node: Node, *others: Node) -> Node:
    """What a least-squares fit across symbols on the others leaves of it, moment by moment."""
    return Node("unexplained", (node, *others))


def of_symbol(node: Node, symbol: str) -> Node:
    """The value of one symbol at that moment, told to all."""
    return Node("of_symbol", (node,), (symbol,))


@lru_cache(maxsize=65_536)
def lookback(node: Node) -> int:
    """Own bars, the current one included, that decide a value."""
    return max((lookback(child) for child in node.inputs), default=1) + _more(node)


@lru_cache(maxsize=65_536)
def own_lookback(node: Node) -> int:
    """The same, where results of operations across symbols are given."""
    if node.operation in ACROSS:
        return 1
    return max((own_lookback(child) for child in node.inputs), default=1) + _more(node)


def _more(node: Node) -> int:
    """Bars an operation looks back beyond its inputs' own."""
    if node.operation == "shift":
        return int(node.settings[0])
    if node.operation == "exponential":
        return exponential_length(float(node.settings[0])) - 1
    return int(node.settings[0]) - 1 if node.operation in WINDOWED else 0


@lru_cache(maxsize=65_536)
def columns(node: Node) -> tuple[str, ...]:
    """Columns of the bars that it reads, ascending; `close` where it reads the moment alone."""
    names = {str(one.settings[0]) for one in node.nodes() if one.operation == "field"} - set(CLOCK)
    return tuple(sorted(names)) or ("close",)


@lru_cache(maxsize=65_536)
def stage(node: Node) -> int:
    """How many times rows of own bars are gone through before this can be computed, from 0.

    An operation across symbols stands at the stage of its inputs, what is computed from its result at the next one.
    """
    inside = node.operation in ACROSS
    return max((stage(child) + (child.operation in ACROSS and not inside) for child in node.inputs), default=0)
