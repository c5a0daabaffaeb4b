"""Rank average: the weighted mean of the members' ranks, evenly spread instead of normal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eraforge.core.ports import Fitted
from eraforge.models.ensemble import Average, FittedAverage


@dataclass(frozen=True)
class RankAverage(Average):
    """The weighted mean of its members' ranks within the era, in (0, 1): extremes count for less than in `average`.

    Settings are those of `average`.
    """

    @property
    def kind(self) -> str:
        """The name under which fitted ensembles are saved."""
        return "rank_average"

    def combine(self, fitted: Mapping[str, Fitted]) -> FittedAverage:
        """The ensemble of members that are already fitted.

        Raises:
            DataError: `ensemble-members-differ` when the names are not those of the members.
        """
        return super().combine(fitted).with_even_ranks()
