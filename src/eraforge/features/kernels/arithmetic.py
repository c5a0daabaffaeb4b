"""What NumPy's own functions do not do as features need it: NaN instead of infinity or an arbitrary answer."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def divide(x: np.ndarray, y: np.ndarray, empty: float, out: np.ndarray) -> None:
    """`x / y`; `empty` where y is 0."""
    for cell in range(len(x)):
        by = y[cell]
        out[cell] = x[cell] / by if by != 0.0 else empty


@njit(cache=True, nogil=True)
def greater(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """1 where x > y, else 0; NaN where either is."""
    for cell in range(len(x)):
        one, other = x[cell], y[cell]
        out[cell] = np.nan if one != one or other != other else (1.0 if one > other else 0.0)


@njit(cache=True, nogil=True)
def logarithm(x: np.ndarray, out: np.ndarray) -> None:
    """Natural logarithm; NaN where x is not positive."""
    for cell in range(len(x)):
        out[cell] = np.log(x[cell]) if x[cell] > 0.0 else np.nan


@njit(cache=True, nogil=True)
def root(x: np.ndarray, out: np.ndarray) -> None:
    """Square root; 0 where x is negative."""
    for cell in range(len(x)):
        value = x[cell]
        out[cell] = np.nan if value != value else np.sqrt(max(value, 0.0))


@njit(cache=True, nogil=True)
def affine(x: np.ndarray, scale: float, offset: float, out: np.ndarray) -> None:
    """`scale * x + offset`."""
    for cell in range(len(x)):
        out[cell] = scale * x[cell] + offset
