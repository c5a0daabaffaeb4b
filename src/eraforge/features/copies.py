"""Columns that say what another says already: told by their declarations, or measured on values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eraforge.features.engine import FeatureTable
from eraforge.features.expression import Node
from eraforge.features.feature import Declared

ALIKE = 1e-9
"""Gap between a column and the best affine fit of another, in interquartile ranges, below which it is its copy."""
SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class Copy:
    """`name` is a copy of `of`: `same`, `affine` (scaled and shifted) or `reciprocal`; or it is `constant`."""

    name: str
    of: str
    kind: str


def stripped(node: Node) -> Node:
    """What a node is an affine function of; a factor that is divided out again is gone."""
    if node.operation == "affine":
        return stripped(node.inputs[0])
    if node.operation == "divide" and node.inputs[0].operation == "multiply":
        one, other = node.inputs[0].inputs
        if node.inputs[1] in (one, other):
            return stripped(one if node.inputs[1] == other else other)
    return node


def declared_copies(features: Sequence[Declared]) -> list[Copy]:
    """Copies among the features as declared, each beside the first feature that says it."""
    first: dict[tuple[Node, int], Declared] = {}
    found: list[Copy] = []
    for feature in features:
        node, lag = stripped(feature.expression), feature.lag
        if node.operation == "divide" and node.inputs[0] == node.inputs[1]:
            found.append(Copy(feature.name, "1", "constant"))
            continue
        turned = Node("divide", node.inputs[::-1], node.settings) if node.operation == "divide" else None
        known = first.get((node, lag))
        if known is not None:
            same = known.expression == feature.expression
            found.append(Copy(feature.name, known.name, "same" if same else "affine"))
        elif turned is not None and (turned, lag) in first:
            found.append(Copy(feature.name, first[turned, lag].name, "reciprocal"))
        else:
            first[node, lag] = feature
    return found


def measured_copies(table: FeatureTable) -> list[Copy]:
    """Copies among computed columns, `same`, `affine` or `constant`, each beside the first column that says it.

    Looked for where all columns have values, at most at 20,000 places spread evenly. A copy in float32 is found only
    where it is computed in float64: give the table that precision.
    """
    columns = table.values.reshape(len(table.names), -1)
    known = np.flatnonzero(np.isfinite(columns).all(axis=0))
    if not len(known):
        return []
    sample = columns[:, known[:: max(1, len(known) // SAMPLE)]].astype(np.float64)
    originals: list[int] = []
    found: list[Copy] = []
    for place, name in enumerate(table.names):
        if sample[place].min() == sample[place].max():
            found.append(Copy(name, "1", "constant"))
            continue
        for other in originals:
            kind = _likeness(sample[other], sample[place])
            if kind:
                found.append(Copy(name, table.names[other], kind))
                break
        else:
            originals.append(place)
    return found


def _likeness(x: np.ndarray, y: np.ndarray) -> str:
    """`same`, `affine` or nothing. The fit goes through two distant points, so that outliers do not bend it."""
    if np.array_equal(x, y):
        return "same"
    order = np.argsort(x)
    low, high = order[len(x) // 4], order[3 * len(x) // 4]
    if x[high] == x[low]:
        return ""
    scale = (y[high] - y[low]) / (x[high] - x[low])
    gaps = np.abs(y - (y[low] + scale * (x - x[low])))
    width = np.quantile(y, 0.75) - np.quantile(y, 0.25)
    return "affine" if width > 0 and np.mean(gaps <= ALIKE * width) > 0.99 else ""
