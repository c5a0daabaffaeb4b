"""Features: int8 columns 0..4 in five equal bins, from market, group and family factors.

A family is up to five variants of one idea and correlates up to .9 within itself; families of a group share two group
factors and correlate weakly. Each day's rows follow from (seed, scale, day) alone.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eraforge.simulator.world.rows.draws import Floats, generator, quick_normals
from eraforge.simulator.world.rows.naming import feature_names
from eraforge.simulator.world.scale import Scale
from eraforge.simulator.world.weeks import Weeks

Bins = NDArray[np.int8]
CUTS = (-0.8416212, -0.2533471, 0.2533471, 0.8416212)  # normal quintiles
MISSING = 2
FAMILY = 5
GROUP_FACTORS = 2
# The eight groups and their sizes among the real features of v5.2; ours have the same shares.
GROUPS = {
    "constitution": 335,
    "charisma": 290,
    "agility": 145,
    "wisdom": 140,
    "strength": 135,
    "serenity": 95,
    "dexterity": 51,
    "intelligence": 35,
}


class FeatureSpace:
    """Names, sets and the factor structure of a world's features.

    Args:
        seed, scale: what everything follows from.
        weeks: tells when a feature of the newest set is not there yet.
    """

    def __init__(self, seed: int, scale: Scale, weeks: Weeks) -> None:
        self.seed = seed
        self.scale = scale
        self.weeks = weeks
        self.names = feature_names(scale.features)
        self.families = max(len(GROUPS) * 2, scale.features // FAMILY)
        self.family_of = np.arange(scale.features) % self.families
        source = generator(seed, scale.name, "feature structure")
        shares = np.cumsum(list(GROUPS.values())) / sum(GROUPS.values())
        spread = (source.permutation(self.families) + 0.5) / self.families
        self._group_of_family = np.searchsorted(shares, spread).astype(np.int64)
        angle = source.uniform(0, 2 * np.pi, self.families)
        reach = source.uniform(0.15, 0.65, self.families)
        self._loadings = np.stack([reach * np.cos(angle), reach * np.sin(angle), source.normal(0, 0.08, self.families)])
        self._rest = np.sqrt(1 - np.square(self._loadings).sum(axis=0))
        # Squared coherence is the correlation of two variants: mostly weak, in some families up to .9.
        # Spread evenly over the families, so that a small world has its close variants too.
        level = (source.permutation(self.families) + 0.5) / self.families
        coherence = np.sqrt(0.03 + 0.9 * level**3)
        self._coherence = coherence[self.family_of] * source.choice([1.0, 1.0, 1.0, -1.0], scale.features)
        self._first_era = self._first_eras(source)

    def _first_eras(self, source: np.random.Generator) -> NDArray[np.int64]:
        """Era in which each feature begins; before it every row holds the middle bin, as in the real files."""
        first = np.full(self.scale.features, -(10**6), dtype=np.int64)
        late = np.arange(self.scale.features) >= self.scale.features - self.scale.quantum // 6
        first[late] = self.scale.first_train_era + source.integers(1, self.scale.train_eras // 2, int(late.sum()))
        return first

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Group of each feature."""
        return self.groups_of(self.family_of)

    @cached_property
    def sets(self) -> dict[str, list[str]]:
        """Named sets, each in the order of the file's columns."""
        scale, names = self.scale, self.names
        sets = {
            "small": list(names[: scale.small]),
            "medium": list(names[: scale.medium]),
            "quantum": list(names[scale.features - scale.quantum :]),
            "all": list(names),
        }
        for group in GROUPS:
            members = [name for name, of in zip(names, self.groups, strict=True) if of == group]
            if members:  # a small world may have no room for the smallest group
                sets[group] = members
        return sets

    def draw(self, day: date, rows: int) -> Bins:
        """Features of a market day. Shape (features, rows), one contiguous row per feature."""
        source = self._source(day)
        latent = self._family_values(source, rows)
        bins = np.empty((self.scale.features, rows), dtype=np.int8)
        number = self.weeks.number(day)
        for start in range(0, self.scale.features, 64):
            stop = min(start + 64, self.scale.features)
            noise = quick_normals(source, stop - start, rows)
            weight = self._coherence[start:stop]
            noise *= np.sqrt(1 - weight**2).astype(np.float32)[:, None]
            noise += latent[self.family_of[start:stop]] * weight.astype(np.float32)[:, None]
            into_bins(noise, bins[start:stop])
        bins[self._first_era > number] = MISSING
        return bins

    def family_values(self, day: date, rows: int) -> Floats:
        """What the variants of each family share on a market day. Shape (families, rows)."""
        return self._family_values(self._source(day), rows)

    def groups_of(self, families: NDArray[np.int64]) -> tuple[str, ...]:
        """Group of each of these families."""
        names = tuple(GROUPS)
        return tuple(names[self._group_of_family[family]] for family in families)

    def _source(self, day: date) -> np.random.Generator:
        return generator(self.seed, self.scale.name, "features", day.isoformat())

    def _family_values(self, source: np.random.Generator, rows: int) -> Floats:
        """What the variants of a family share: unit variance. Shape (families, rows)."""
        factors = quick_normals(source, len(GROUPS) * GROUP_FACTORS + 1, rows)
        values = quick_normals(source, self.families, rows)
        values *= self._rest.astype(np.float32)[:, None]
        loadings = self._loadings.astype(np.float32)
        for family in range(self.families):
            at = GROUP_FACTORS * int(self._group_of_family[family])
            values[family] += loadings[0, family] * factors[at] + loadings[1, family] * factors[at + 1]
            values[family] += loadings[2, family] * factors[-1]
        return values


def into_bins(values: Floats, out: Bins) -> None:
    """Write the quintile 0..4 of standard normal values into `out`."""
    flags = out.view(np.bool_)
    np.greater(values, CUTS[0], out=flags)
    for cut in CUTS[1:]:
        out += (values > cut).view(np.int8)
