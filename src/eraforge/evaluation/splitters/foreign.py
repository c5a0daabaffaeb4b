"""Splitters of other libraries over eras: what they cut is purged and checked like our own cuts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from eraforge.core.panel import Panel
from eraforge.evaluation.splitters.fold_checks import refuse_shuffles
from eraforge.evaluation.splitters.splitter import Cut, PurgedSplitter


class ByEra(PurgedSplitter):
    """A splitter with scikit-learn's `split(rows)`, given one row per era.

    Args:
        splitter: `TimeSeriesSplit`, `KFold`, or another that does not shuffle.
        embargo: eras left out besides the purge.
        two_sided: whether training may follow prediction.

    Raises:
        UserError: `splitter-shuffles`.
    """

    def __init__(self, splitter: Any, embargo: int = 0, two_sided: bool = False) -> None:
        refuse_shuffles(splitter)
        self.splitter = splitter
        self.embargo = embargo
        self.two_sided = two_sided  # type: ignore[misc]

    def cuts(self, panel: Panel) -> Iterator[Cut]:
        """What the splitter says of as many rows as there are eras."""
        for train, predict in self.splitter.split(np.zeros((len(panel.eras), 1))):
            yield [int(place) for place in train], [int(place) for place in predict]
