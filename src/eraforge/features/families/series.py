"""A series of values for the whole market: where it stands in its own past, and what each symbol does when it moves."""

from __future__ import annotations

from eraforge.core.bars import SERIES
from eraforge.features.expression import change, field, over
from eraforge.features.families.columns import RETURN
from eraforge.features.feature import Declared, Family


def series(name: str) -> Family:
    """The columns of a series that stands beside the bars under this name; the feature names begin with it.

    Its state is the same for all symbols, told as the share of the last 252 bars at which it stood lower; what is each
    symbol's own are correlation and slope of the symbol's return on the change of the series.
    """
    value = field(SERIES + name)
    step = change(value)
    beside = f"on the change of {name}"
    return Family(
        f"series_{name}",
        f"Beside the series {name}.",
        (
            Declared(f"{name}_state_252", over("latest_rank", 252, value), "share", f"{name} among its last 252 bars"),
            Declared(f"{name}_change_state_20", over("latest_rank", 252, change(value, 20)), "share",
                     f"change of {name} over 20 bars among the last 252 such changes"),
            Declared(f"{name}_correlation_60", over("correlation", 60, RETURN, step), "score", f"60 bars, {beside}"),
            Declared(f"{name}_beta_60", over("slope_on", 60, RETURN, step), "ratio", f"60 bars, {beside}"),
            Declared(f"{name}_beta_252", over("slope_on", 252, RETURN, step), "ratio", f"252 bars, {beside}"),
        ),
    )  # fmt: skip
