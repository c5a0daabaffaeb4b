"""Labels from bars: forward returns, what is left of them without market, groups and factors, ranks and bins.

Knows: how far each label looks ahead, and the day on which it becomes known.
Refuses: a label whose last bar is not there yet, and any bar after it.
"""

from eraforge.features.labels.bins import binned, ranked
from eraforge.features.labels.neutral import dummies, residual, weighted_basis
from eraforge.features.labels.recipes import Label
from eraforge.features.labels.returns import Days, forward_returns, look_ahead

__all__ = [
    "Days",
    "Label",
    "binned",
    "dummies",
    "forward_returns",
    "look_ahead",
    "ranked",
    "residual",
    "weighted_basis",
]
