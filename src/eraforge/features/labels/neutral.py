"""What is left of one era's values once groups and factors are taken out, by weighted least squares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

DEPENDENT = 1e-9
"""A column of which less than this share is left, once earlier ones are taken out, is one that they already span."""


def dummies(labels: Sequence[str] | np.ndarray) -> np.ndarray:
    """One column of 0 and 1 per label, in the order of the sorted labels. Shape (n, labels)."""
    _, place = np.unique(np.asarray(labels), return_inverse=True)
    return np.asarray(np.eye(int(place.max()) + 1 if len(place) else 0)[place])


def weighted_basis(exposures: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """An orthonormal basis N of what the exposures span: `N.T diag(v) N = I`, v being the weights (1 when None).

    Columns that others span are left out, so that dummies of several groupings may stand beside a constant.

    Args:
        exposures: (n, k), without NaN.
        weights: (n,), positive.

    Returns:
        (n, rank).
    """
    from scipy.linalg import qr

    root = np.ones(len(exposures)) if weights is None else np.sqrt(np.asarray(weights, np.float64))
    scaled = np.asarray(exposures, np.float64) * root[:, None]
    left, corner, _ = qr(scaled, mode="economic", pivoting=True, check_finite=False, overwrite_a=True)
    sizes = np.abs(np.diagonal(corner))
    kept = sizes > DEPENDENT * sizes[0] if len(sizes) and sizes[0] > 0 else np.zeros(len(sizes), bool)
    return np.asarray(left[:, kept] / root[:, None])


def residual(values: np.ndarray, basis: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """`values - N (N.T (v values))`: the part that the basis does not span.

    Where values are missing the projection is made anew on the rows that have one.

    Args:
        values: (n,); NaN where there is none.
        basis: (n, k) of `weighted_basis` under the same weights.

    Returns:
        (n,), NaN where `values` is.
    """
    known = ~np.isnan(values)
    if not known.all():
        left = np.full(len(values), np.nan)
        if known.any():
            some = None if weights is None else weights[known]
            left[known] = residual(values[known], weighted_basis(basis[known], some), some)
        return left
    weighed = values if weights is None else values * weights
    return np.asarray(values - np.einsum("ij,j->i", basis, np.einsum("ij,i->j", basis, weighed)))
