"""A declared feature and a family of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from eraforge.core.bars import SERIES
from eraforge.core.errors import UserError
from eraforge.features import expression
from eraforge.features.expression import Node, divide, field, mean

if TYPE_CHECKING:
    from eraforge.core.bars import Bars

UNITS = {
    "ratio": (0, 0), "percent": (0, 0), "score": (0, 0), "share": (0, 0), "rank": (0, 0), "0 or 1": (0, 0),
    "sign": (0, 0), "bars": (0, 0), "class": (0, 0), "log return": (0, 0), "dimension": (0, 0),
    "price": (1, 0), "volume": (0, 1), "price x volume": (1, 1), "1 / (price x volume)": (-1, -1),
    "1 / root(price x volume)": (-0.5, -0.5),
}  # fmt: skip
"""Unit to the powers of price and of volume in it. (0, 0) can be compared between symbols."""
TYPICAL_VOLUME = 20
"""Bars of the mean volume that makes a volume relative."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One declared column; keeps the `Feature` contract.

    Args:
        name: unique among all features.
        expression: what is computed.
        unit: one of `UNITS`.
        source: where the formula comes from.
        lag: own bars the value is held back.

    Raises:
        UserError: `unknown-unit`.
    """

    name: str
    expression: Node
    unit: str
    source: str
    lag: int = 0

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise UserError(
                "unknown-unit", f"Feature {self.name!r} has the unit {self.unit!r}.", f"Use one of: {', '.join(UNITS)}."
            )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns of the bars it reads: it has a value only at bars where all of them are finite."""
        return expression.columns(self.expression)

    @property
    def lookback(self) -> int:
        """Own bars, the current one included, that decide a value before it is held back."""
        return expression.lookback(self.expression)

    @property
    def scale_free(self) -> bool:
        """Whether the value stays when prices or volumes are counted in another unit."""
        return UNITS[self.unit] == (0, 0)

    @property
    def of_series(self) -> bool:
        """Whether it reads nothing but series, and so is the same for all symbols."""
        return all(name.startswith(SERIES) for name in self.inputs)

    def relative(self) -> Declared:
        """The scale-free version of a level: per close, per mean volume of 20 bars, or both."""
        price, volume = UNITS[self.unit]
        made = self.expression
        for power, by in ((price, field("close")), (volume, mean(field("volume"), TYPICAL_VOLUME))):
            if power:
                by = by if abs(power) == 1 else expression.of("root", by)
                made = divide(made, by) if power > 0 else made * by
        return replace(
            self, name=f"{self.name}_relative", expression=made, unit="ratio", source=f"{self.source}; made relative"
        )

    def compute(self, bars: Bars) -> np.ndarray:
        """(symbols, times) float64, NaN before the warm-up is over and where a symbol has no bar."""
        from eraforge.features.engine import compute

        values: np.ndarray = compute([self], bars, dtype=np.float64).values[0]
        return values


@dataclass(frozen=True)
class Family:
    """Features of one kind, as one plugin brings them.

    Args:
        name: what it is called.
        about: one sentence for the documentation.
        features: its members, with unique names.

    Raises:
        UserError: `feature-declared-twice`.
    """

    name: str
    about: str
    features: tuple[Declared, ...]

    def __post_init__(self) -> None:
        names = [feature.name for feature in self.features]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UserError(
                "feature-declared-twice", f"Family {self.name!r} declares {twice[0]!r} twice.", "Rename one of them."
            )
