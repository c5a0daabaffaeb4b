"""What least squares on neutralisers leaves over, once per era for all columns.

Equal to `columns - A @ lstsq(A, columns, rcond=1e-6)` with A = [neutralisers, 1], by the Gram matrix and its Cholesky
factor, which is many times cheaper than the singular values. That is only right while A is well conditioned, so both
the conditioning and the error that is left are measured: a residual is refined until its error settles, and where it
does not, least squares by singular values is called instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from eraforge.core.errors import DataError
from eraforge.evaluation.kernels.threads import one_algebra_thread, spread

Solve = Callable[[np.ndarray], np.ndarray]

BLOCK = 192
"""Columns of a tile of the Gram matrix."""
BLOCK_VALUES = 3 << 14
"""Values converted to floating point at a time: integer neutralisers are never widened as a whole."""
LEAST_ROWS = 112
"""Rows of a block at least, however wide the rows."""
PARTS = 2
"""Row halves summed apart. Fixed, so that sums do not depend on the number of threads."""
EXACT = 2**24
"""Integers below this add up exactly in single precision."""
WORST = 1e9
"""Largest trace(G) * ||inverse of G||: an upper bound of the squared condition number of A (singular values: 3e4)."""
SINGULAR = 1e12
"""The same measure from which on columns may depend on one another up to rounding."""
SETTLED = 2e-15
"""Error up to which a residual needs no refinement."""
UNSURE = 1e-10
"""Error that a residual may have once refining no longer helps."""
ROUNDS = 5
RCOND = 1e-6


def residuals(neutralisers: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Residuals of each column on the neutralisers and a constant.

    Args:
        neutralisers: (rows, neutralisers), integers or floating point, without NaN.
        columns: (rows, columns) float64, all finite.

    Returns:
        (rows, columns) float64.

    Raises:
        DataError: `neutralisers-not-finite`.
    """
    with one_algebra_thread():
        with np.errstate(over="ignore", invalid="ignore"):
            found = by_gram(neutralisers, columns)
        if found is not None:
            return found
        if not np.isfinite(neutralisers).all():
            raise DataError(
                "neutralisers-not-finite", "The neutralisers hold infinite values.", "Clip or leave out those columns."
            )
        return by_singular_values(neutralisers, columns)


def by_singular_values(neutralisers: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Residuals by the reference's own call: right for any neutralisers, and slow."""
    design = np.hstack([neutralisers, np.ones((len(neutralisers), 1))]).astype(np.float64, copy=False)
    left: np.ndarray = columns - design @ np.linalg.lstsq(design, columns, rcond=RCOND)[0]
    return left


def by_gram(neutralisers: np.ndarray, columns: np.ndarray) -> np.ndarray | None:
    """Residuals by the Gram matrix; None where that would not be exact enough."""
    constant = _constant(neutralisers)  # the constant term stands for these
    size = float((neutralisers[0, constant].astype(np.float64) ** 2).sum()) * len(columns)
    design = _Design(neutralisers[:, ~constant] if constant.any() else neutralisers)
    gram, products = design.gram(columns)
    size += float(np.trace(gram))
    if not np.isfinite(size):
        return None
    diagonal = gram.diagonal().copy()
    solve, hopeless = _factor(gram, size)
    if solve is None and not hopeless:
        gram = np.triu(gram, 1)  # the half that the factor did not overwrite
        gram = gram + gram.T + np.diag(diagonal)
        solve = _rank_revealing(design, gram, size)
    if solve is None:
        return None
    left, error = _refined(design, solve, columns, products)
    return left if error <= UNSURE else None


def covariances(matrix: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centred sums of products of each column of a matrix with centred columns, and of its own squares.

    Args:
        matrix: (rows, width), integers or floating point.
        columns: (rows, columns) float64, each of mean 0 but for rounding.

    Returns:
        products (width, columns) and squares (width,), exactly 0 for a constant column of the matrix.
    """
    rows, width = matrix.shape
    design = _Design(matrix)
    weights = np.column_stack([columns, np.ones(rows)])
    shift = matrix[:BLOCK].mean(axis=0, dtype=np.float64) if matrix.dtype.kind == "f" else np.zeros(width)
    sums, squares = np.zeros((PARTS, width, weights.shape[1])), np.zeros((PARTS, width))

    def part(place: int) -> None:
        for chosen in design.blocks(place):
            block = matrix[chosen] - shift if matrix.dtype.kind == "f" else matrix[chosen].astype(np.float64)
            sums[place] += block.T @ weights[chosen]
            squares[place] += np.einsum("ij,ij->j", block, block)

    with one_algebra_thread():
        spread(part, PARTS, design.alone)
    products, own = sums.sum(axis=0), squares.sum(axis=0)
    own -= products[:, -1] ** 2 / rows
    products[:, :-1] -= products[:, -1:] * columns.mean(axis=0)
    return products[:, :-1], np.where(_constant(matrix), 0.0, own)


def _constant(matrix: np.ndarray) -> np.ndarray:
    """Which columns hold one value only."""
    constant: np.ndarray = (matrix[0] == matrix[-1]) & (matrix[0] == matrix[len(matrix) // 2])
    for place in np.flatnonzero(constant):
        constant[place] = (matrix[:, place] == matrix[0, place]).all()
    return constant


class _Design:
    """A = [matrix, 1], seen in blocks of rows."""

    def __init__(self, matrix: np.ndarray) -> None:
        self.matrix = matrix
        self.rows, self.width = len(matrix), matrix.shape[1] + 1
        whole = matrix.dtype.kind in "biu" and matrix.size
        largest = max(abs(int(matrix.min())), abs(int(matrix.max())), 1) if whole else 1
        self.exact = bool(whole and largest * largest * self.rows < EXACT)
        self.alone = self.rows * self.width < 600_000

    def blocks(self, part: int) -> Iterator[slice]:
        """Slices of the rows of one half."""
        middle = -(-self.rows // PARTS)
        size = max(LEAST_ROWS, BLOCK_VALUES // self.width) * (4 if self.matrix.dtype == np.float64 else 1)
        for start in range(part * middle, min((part + 1) * middle, self.rows), size):
            yield slice(start, min(start + size, (part + 1) * middle, self.rows))

    def columns(self, places: np.ndarray) -> np.ndarray:
        """Some columns of A in double precision."""
        out = np.ones((self.rows, len(places)))
        real = places < self.width - 1
        out[:, real] = self.matrix[:, places[real]]
        return out

    def gram(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`A.T @ A` (in single precision, and yet exact, where A holds small integers) and `A.T @ columns`."""
        precision: type[np.generic] = np.float32 if self.exact else np.float64
        grams = [np.zeros((self.width, self.width), precision) for _ in range(PARTS)]
        products = np.zeros((PARTS, self.width, columns.shape[1]))

        def part(place: int) -> None:
            if self.matrix.dtype == np.float64:
                # Nothing to convert, so one product of the whole half: of a matrix with itself only half is computed.
                middle = -(-self.rows // PARTS)
                chosen = slice(place * middle, (place + 1) * middle)
                half = self.matrix[chosen]
                grams[place][:-1, :-1] = half.T @ half
                grams[place][:-1, -1] = half.sum(axis=0)
                products[place, :-1] = half.T @ columns[chosen]
                products[place, -1] = columns[chosen].sum(axis=0)
                return
            for rows in self.blocks(place):
                _add_gram(self.matrix[rows].astype(precision, copy=False), grams[place])
                block = self.matrix[rows].astype(np.float64, copy=False)
                products[place, :-1] += block.T @ columns[rows]
                products[place, -1] += columns[rows].sum(axis=0)

        spread(part, PARTS, self.alone)
        total = grams.pop()
        while grams:
            total += grams.pop()
        total[-1, -1] = self.rows
        gram = total.astype(np.float64, copy=False)
        for place in range(1, self.width):
            gram[place, :place] = gram[:place, place]
        return gram, products.sum(axis=0)

    def subtract(self, left: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """`left -= A @ weights` in place; returns `A.T @ left`."""
        products = np.zeros((PARTS, *weights.shape))

        def part(place: int) -> None:
            for rows in self.blocks(place):
                block = self.matrix[rows].astype(np.float64, copy=False)
                step = block @ weights[:-1]
                step += weights[-1]
                left[rows] -= step
                products[place, :-1] += block.T @ left[rows]
                products[place, -1] += left[rows].sum(axis=0)

        spread(part, PARTS, self.alone)
        total: np.ndarray = products.sum(axis=0)
        return total


def _add_gram(block: np.ndarray, gram: np.ndarray) -> None:
    """Add `[block, 1].T @ [block, 1]` to the upper triangle of `gram`, by tiles: no second matrix is needed."""
    width = block.shape[1]
    size = BLOCK if block.dtype == np.float32 else 2 * BLOCK
    tiles = [slice(start, min(start + size, width)) for start in range(0, width, size)]
    for place, left in enumerate(tiles):
        for right in tiles[place:]:
            gram[left, right] += block[:, left].T @ block[:, right]
    gram[:-1, -1] += block.sum(axis=0)


def _refined(design: _Design, solve: Solve, columns: np.ndarray, products: np.ndarray) -> tuple[np.ndarray, float]:
    """Residuals of `columns`, refined until their error settles, and that error (root mean square, over the column's).

    The error is measured: what A still explains of a residual r has the squared length `(A.T r) . inverse(G) (A.T r)`.
    """
    left, step, error = columns.copy(), solve(products), float("inf")
    scale = np.maximum(np.einsum("ij,ij->j", columns, columns), np.finfo(float).tiny)
    for _ in range(ROUNDS):
        again = design.subtract(left, step)
        step = solve(again)
        squares = np.maximum(np.einsum("ij,ij->j", again, step), 0.0)
        earlier, error = error, float(np.sqrt((squares / scale).max()))
        if not SETTLED < error < 0.1 * earlier:
            break
    return left, error


def _inverse_norm(factor: np.ndarray) -> float:
    """Estimate of the 1-norm of the inverse of the matrix with this upper Cholesky factor; infinite when singular."""
    from scipy.linalg.lapack import dpocon

    reciprocal, _ = dpocon(factor, 1.0)
    return 1.0 / reciprocal if reciprocal > 0 else float("inf")


def _solve_with(factor: np.ndarray) -> Solve:
    from scipy.linalg.lapack import dpotrs

    def solve(products: np.ndarray) -> np.ndarray:
        answer: np.ndarray = np.ascontiguousarray(dpotrs(factor, products)[0])
        return answer

    return solve


def _factor(gram: np.ndarray, size: float) -> tuple[Solve | None, bool]:
    """A solver by Cholesky, which overwrites the lower triangle; or None, and whether no choice of columns can help.

    Choosing columns helps where some depend on others to within rounding, not where they merely come near to it.
    """
    from scipy.linalg.lapack import dpotrf

    factor, failed = dpotrf(gram.T, lower=0, clean=0, overwrite_a=1)
    condition = float("inf") if failed else size * _inverse_norm(factor)
    if condition <= WORST:
        return _solve_with(factor), False
    return None, condition < SINGULAR


def _rank_revealing(design: _Design, gram: np.ndarray, size: float) -> Solve | None:
    """A solver on well-conditioned columns that explain all others; None when there is no such clear choice."""
    from scipy.linalg.lapack import dpstrf

    tolerance = 4 * len(gram) * np.finfo(float).eps * float(gram.diagonal().max())
    factored: Any = dpstrf(gram, tol=tolerance)
    factor, order, rank, _ = factored
    kept, dropped = order[:rank] - 1, order[rank:] - 1
    factor = np.asfortranarray(factor[:rank, :rank])
    if not size * _inverse_norm(factor) <= WORST:
        return None
    solve_kept = _solve_with(factor)

    def solve(products: np.ndarray) -> np.ndarray:
        weights = np.zeros_like(products)
        weights[kept] = solve_kept(products[kept])
        return weights

    for start in range(0, len(dropped), 32):
        places = dropped[start : start + 32]
        columns = design.columns(places)
        left, _ = _refined(design, solve, columns, gram[:, places])
        if not (np.abs(left).max(axis=0) <= 1e-12 * np.abs(columns).max(axis=0)).all():
            return None
    return solve
