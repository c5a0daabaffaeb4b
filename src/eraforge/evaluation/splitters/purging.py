"""Purging: which eras may be trained on beside a predicted block, by count and by the date a label becomes known."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate

from eraforge.core.panel import Panel, Target


def clean_past(panel: Panel, past: Iterable[int], first: int, target: Target, embargo: int = 0) -> list[int]:
    """Those of the `past` places that may be trained on when the era at place `first` is the first predicted one."""
    return clean_around(panel, past, [first], target, target.purge + embargo, 0)


def clean_around(
    panel: Panel, candidates: Iterable[int], block: Sequence[int], target: Target, before: int, after: int
) -> list[int]:
    """Those of the candidate places that may be trained on when the eras at the places of `block` are predicted.

    A training era before a predicted one lies more than `before` eras from it, and its label is known strictly before
    the predicted era's date. A training era after predicted ones lies more than `after` eras from the nearest, and all
    labels of the predicted eras before it are known strictly before its own date.

    Args:
        panel: the eras, their dates and the dates on which labels become known.
        candidates: places of the eras that might be trained on.
        block: places of the predicted eras, ascending; they may lie in several runs.
        before, after: eras left out on each side.

    Raises:
        Broken: `target-without-moment`.
    """
    dates = panel.moments.dates
    known = panel.moments.known.get(target.name)
    if known is None:
        panel.moments.known_before(target.name, dates[block[0]])
        return []
    latest: list[date] = list(accumulate((known[place] for place in block), max))

    def may_train(place: int) -> bool:
        at = bisect_left(block, place)
        if at < len(block):
            nearest = block[at]
            if nearest - place <= before or nearest == place or known[place] >= dates[nearest]:
                return False
        return at == 0 or (place - block[at - 1] > after and latest[at - 1] < dates[place])

    return [place for place in candidates if may_train(place)]
