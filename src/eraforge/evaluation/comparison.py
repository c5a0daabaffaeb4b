"""Is one model better than another on the same eras, and how many more would tell?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from eraforge.core.errors import DataError
from eraforge.core.panel import Sample
from eraforge.evaluation.uncertainty import Interval, Overlap, critical, mean_interval

FAR = 100


@dataclass(frozen=True, slots=True)
class Comparison:
    """The mean difference of two models' scores, first less second, era by era.

    Args:
        difference: the mean with its interval.
        score: name of the score.
        unit: what is counted ("eras", "rounds").
        more: further observations after which the interval would leave zero, were the difference to stay as it is;
            0 when it already has, None when no sensible number would do.
    """

    difference: Interval
    score: str
    unit: str
    more: int | None

    @property
    def distinguishable(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.difference.excludes_zero

    @property
    def sentence(self) -> str:
        """The finding for people, with its sample."""
        found = self.difference
        side = "better" if found.mean >= 0 else "worse"
        start = (
            f"{side} by {abs(found.mean):.4f} {self.score}, {found.level:.0%} interval "
            f"{found.low:.4f}..{found.high:.4f}, {found.count} {self.unit} of the {found.sample} sample"
        )
        if self.distinguishable:
            return f"{start}: distinguishable"
        if self.more is None:
            return f"{start}: not distinguishable, and no foreseeable number of {self.unit} would tell"
        return f"{start}: not yet distinguishable; about {self.more} more {self.unit} would tell"


def compare(
    first: Mapping[str, float],
    second: Mapping[str, float],
    overlap: Overlap,
    sample: Sample,
    *,
    score: str = "CORR",
    unit: str = "eras",
    level: float = 0.9,
) -> Comparison:
    """Compare two models on the eras that both have a finite score for.

    Args:
        first, second: score per era. Era labels must sort in time order.
        overlap: horizon of the label and spacing of the eras.

    Raises:
        DataError: `eras-not-shared` when no era has both scores; `series-too-short` from the interval.
        UserError: `level-out-of-range`.
    """
    shared = sorted(set(first) & set(second))
    differences = np.array([first[era] - second[era] for era in shared], dtype=np.float64)
    differences = differences[np.isfinite(differences)]
    if not differences.size:
        raise DataError(
            "eras-not-shared", "The two models have no scored era in common.", "Score both on the same eras."
        )
    found = mean_interval(differences, overlap, sample, level)
    return Comparison(found, score, unit, more_needed(found))


def more_needed(found: Interval) -> int | None:
    """Further observations until the interval of an unchanged mean leaves zero, to two digits; None beyond 100-fold."""
    if found.excludes_zero:
        return 0
    count, most = found.count, FAR * found.count
    while count <= most:
        grown = count / found.count
        if critical(found.level, found.freedom * grown) * found.error / math.sqrt(grown) < abs(found.mean):
            return _two_digits(count - found.count)
        count += max(1, count // 50)
    return None


def _two_digits(count: int) -> int:
    step: int = 10 ** max(0, len(str(count)) - 2)
    return -(-count // step) * step
