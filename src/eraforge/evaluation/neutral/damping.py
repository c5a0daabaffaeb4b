"""The answer nearest to a new one that changes no more from the last answers than a limit allows.

Each answer is the direction of its gaussianised ranks. The nearest direction within the limit lies in the span of the
new answer and the old ones, so the search has as many dimensions as there are answers. Ranks bend directions a little:
the limit is therefore measured on the ranks themselves, and tightened until it holds there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from eraforge.core.errors import DataError
from eraforge.evaluation.neutral.churn import churn

STEPS = 40
SLACK = 1e-6


@dataclass(frozen=True, eq=False)
class Damping:
    """What damping made of an answer.

    Args:
        values: (rows,) the damped answer, in (0, 1); the given one's ranks where nothing had to change.
        before, after: largest churn against the earlier answers, without and with damping.
        kept: correlation of the damped answer with the new one: the share of the new signal, and of what it is
            expected to score, that is kept.
        holds: whether the limit is kept; earlier answers that differ too much from each other cannot all be met.
    """

    values: np.ndarray
    before: float
    after: float
    kept: float
    holds: bool


def damp(
    ids: np.ndarray, values: np.ndarray, earlier: Sequence[tuple[np.ndarray, np.ndarray]], limit: float
) -> Damping:
    """Change an answer as little as possible so that its churn against every earlier answer is at most `limit`.

    Args:
        ids, values: (rows,) each; ids unique, values without NaN and not all equal.
        earlier: (ids, values) of earlier answers; those that share less than four fifths of their ids are not compared.
        limit: largest churn allowed (1 - Spearman correlation over the shared ids), above 0.

    Raises:
        DataError: `nothing-comparable` when no earlier answer shares enough ids; those of `churn`.
    """
    compared = [answer for answer in earlier if comparable(ids, answer[0])]
    if not compared:
        raise DataError(
            "nothing-comparable",
            "No earlier answer shares four fifths of its ids with this one.",
            "Submit it as it is: there is nothing to damp towards.",
        )
    new = _direction(values)
    before = _largest(ids, new, compared)
    if before <= limit:
        return Damping(_ranks(values), before, before, 1.0, True)
    basis = np.column_stack([new, *(_aligned(ids, *answer) for answer in compared)])
    wanted = np.full(len(compared), 1 - limit)
    best = new
    for _ in range(STEPS):
        best = _nearest(basis, wanted)
        changed = np.array([churn(ids, best, *answer) for answer in compared])
        if changed.max() <= limit:
            break
        wanted = np.minimum(wanted + np.maximum(changed - limit, 0) * 1.05 + SLACK, 1 - SLACK)
    after = _largest(ids, best, compared)
    return Damping(_ranks(best), before, after, float(np.corrcoef(new, _direction(best))[0, 1]), after <= limit)


def comparable(ids: np.ndarray, other: np.ndarray) -> bool:
    """Whether two answers share the four fifths of their ids without which no change between them is measured."""
    common = len(np.intersect1d(ids, other))
    return common >= 0.8 * max(len(ids), len(other))


def _largest(ids: np.ndarray, values: np.ndarray, earlier: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    return max(churn(ids, values, *answer) for answer in earlier)


def _direction(values: np.ndarray) -> np.ndarray:
    """Gaussianised tie-kept ranks, scaled to length 1."""
    from eraforge.evaluation.kernels.primitives import gaussianise, rank_ties_kept

    signal: np.ndarray = gaussianise(rank_ties_kept(values)[:, None])[:, 0]
    signal /= np.linalg.norm(signal)
    return signal


def _ranks(values: np.ndarray) -> np.ndarray:
    from eraforge.evaluation.kernels.primitives import rank_ties_kept

    ranks: np.ndarray = rank_ties_kept(values)
    return ranks


def _aligned(ids: np.ndarray, other_ids: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The earlier answer's direction in the order of `ids`; ids it did not hold stand in the middle."""
    place = {name: row for row, name in enumerate(other_ids.tolist())}
    rows = np.array([place.get(name, -1) for name in ids.tolist()])
    known = rows >= 0
    aligned = np.zeros(len(ids))
    aligned[known] = _direction(other[rows[known]])
    aligned /= np.linalg.norm(aligned)
    return aligned


def _nearest(basis: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The direction x of the basis's span with the largest x.new where x.old_i >= wanted_i for all i.

    At the optimum some of the wishes are met exactly and the others with room to spare: each choice of those (there are
    few answers) has one candidate in closed form. Where no direction meets every wish, the one that misses them least.
    """
    new, old = basis[:, 0], basis[:, 1:]
    middle = old.sum(axis=1)
    candidates = [middle / np.linalg.norm(middle)]
    for count in range(1, old.shape[1] + 1):
        for chosen in combinations(range(old.shape[1]), count):
            candidates += _meeting(new, old[:, chosen], wanted[list(chosen)])
    missed = [max(float(np.max(wanted - old.T @ x)), 0.0) for x in candidates]
    least = min(missed)
    meeting = [x for x, short in zip(candidates, missed, strict=True) if short <= least + 1e-9]
    return max(meeting, key=lambda x: float(x @ new))


def _meeting(new: np.ndarray, old: np.ndarray, wanted: np.ndarray) -> list[np.ndarray]:
    """The unit vector nearest to `new` whose products with the columns of `old` are exactly `wanted`; none if none."""
    fixed = old @ np.linalg.lstsq(old.T @ old, wanted, rcond=1e-10)[0]
    free = new - old @ np.linalg.lstsq(old, new, rcond=1e-10)[0]
    room, length = 1 - fixed @ fixed, np.linalg.norm(free)
    return [fixed + np.sqrt(room) / length * free] if room >= 0 and length > 1e-12 else []
