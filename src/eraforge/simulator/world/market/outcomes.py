"""Targets of a cross-section: later returns, neutral to what the recipe says, in the published five bins."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from eraforge.core.errors import UserError
from eraforge.features.labels import binned, forward_returns, residual
from eraforge.features.labels.returns import LAG, STALE, moved
from eraforge.simulator.world.market.layout import Recipe, Without
from eraforge.simulator.world.market.prices.source import Prices
from eraforge.simulator.world.market.sections import Section

REMEMBERED = 140
REMEMBERED_RETURNS = 8


class Outcomes:
    """Targets of any cross-section after any number of score days.

    A name without a price after the start, which nobody could have bought or sold, counts as not having moved.
    """

    def __init__(self, prices: Prices, recipes: tuple[Recipe, ...]) -> None:
        self._prices = prices
        self.recipes = {recipe.name: recipe for recipe in recipes}
        self._bases: OrderedDict[tuple[int, bool, bool], np.ndarray] = OrderedDict()
        self._returns: OrderedDict[tuple[int, int], np.ndarray] = OrderedDict()

    def recipe(self, target: str) -> Recipe:
        """The recipe of a target column.

        Raises:
            UserError: `unknown-target`.
        """
        if target not in self.recipes:
            raise UserError(
                "unknown-target", f"There is no target {target!r}.", f"Use one of {', '.join(self.recipes)}."
            )
        return self.recipes[target]

    def target(self, section: Section, target: str, days: int) -> np.ndarray:
        """(n,) the target after that many days of returns.

        Raises:
            UserError: `unknown-target`, `days-beyond-target`.
        """
        recipe = self.recipe(target)
        if not 1 <= days <= recipe.horizon:
            raise UserError(
                "days-beyond-target", f"{target} has no score day {days}.", f"Ask for a day from 1 to {recipe.horizon}."
            )
        values = self.returns(section, days)
        weights = section.weights if recipe.by_volume else None
        if recipe.without is not Without.NOTHING:
            values = residual(values, self._basis(section, recipe), weights)
            values = np.round(values, 12)  # what differs by rounding alone ties
        return np.asarray(binned(values, weights))

    def returns(self, section: Section, days: int) -> np.ndarray:
        """(n,) plain returns over that many days after the lag, 0 for a name that has none."""
        key = (section.place, days)
        found = self._returns.get(key)
        if found is None:
            found = self._returns[key] = self._measure(section, days)
            while len(self._returns) > REMEMBERED_RETURNS:
                self._returns.popitem(last=False)
        return found

    def _measure(self, section: Section, days: int) -> np.ndarray:
        today = self._prices.days[section.place]
        start, end = (self._prices.place(moved(np.array([today]), count)[0].item()) for count in (LAG, LAG + days))
        first = max(0, start - STALE)
        closes = self._prices.closes(first, end + 1)[section.rows]
        return np.asarray(np.nan_to_num(forward_returns(closes, [start - first], [end - first])[:, 0]))

    def _basis(self, section: Section, recipe: Recipe) -> np.ndarray:
        key = (section.place, recipe.without is Without.FEATURES, recipe.by_volume)
        if key not in self._bases:
            self._bases[key] = section.basis(*key[1:])
            while len(self._bases) > REMEMBERED:
                self._bases.popitem(last=False)
        return self._bases[key]
