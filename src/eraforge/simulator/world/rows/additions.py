"""Features that further versions of the data append: more variants of known families, and plain ones that know nothing.

What a variant says of the outcome it says through its family alone, so the signal in it is weak; a plain one has none.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from eraforge.simulator.world.rows.draws import generator, quick_normals
from eraforge.simulator.world.rows.features import Bins, FeatureSpace, into_bins
from eraforge.simulator.world.rows.naming import feature_names

PLAIN = 0.5  # share of the features of a release


class Additions:
    """The features of some releases, those of the first one first.

    Args:
        space: the features that every version has.
        releases: how many releases append `Scale.added` features each.
    """

    def __init__(self, space: FeatureSpace, releases: int) -> None:
        self._space, self._releases = space, releases
        self._each = space.scale.added
        known = space.scale.features
        self.names = feature_names(known + releases * self._each)[known:]
        self._family_of = np.empty(len(self.names), dtype=np.int64)
        self._coherence = np.empty(len(self.names))
        for place in range(releases):
            part = slice(place * self._each, (place + 1) * self._each)
            self._family_of[part], self._coherence[part] = self._structure(place)
        self.groups = space.groups_of(self._family_of)

    def draw(self, day: date, rows: int) -> Bins:
        """Their values on a market day. Shape (features, rows), one contiguous row per feature."""
        latent = self._space.family_values(day, rows)
        bins = np.empty((len(self.names), rows), dtype=np.int8)
        for place in range(self._releases):
            part = slice(place * self._each, (place + 1) * self._each)
            values = quick_normals(self._source("added features", place, day.isoformat()), self._each, rows)
            weight = self._coherence[part]
            values *= np.sqrt(1 - weight**2).astype(np.float32)[:, None]
            values += latent[self._family_of[part]] * weight.astype(np.float32)[:, None]
            into_bins(values, bins[part])
        return bins

    def _structure(self, place: int) -> tuple[np.ndarray, np.ndarray]:
        """Family of each feature of a release, and how much of it shows: squared, the correlation of two variants."""
        source = self._source("added structure", place)
        family = source.integers(self._space.families, size=self._each)
        coherence = np.sqrt(0.03 + 0.9 * source.random(self._each) ** 3)
        coherence[source.permutation(self._each)[: int(PLAIN * self._each)]] = 0.0
        return family, coherence * source.choice([1.0, 1.0, 1.0, -1.0], self._each)

    def _source(self, *labels: int | str) -> np.random.Generator:
        return generator(self._space.seed, self._space.scale.name, *labels)
