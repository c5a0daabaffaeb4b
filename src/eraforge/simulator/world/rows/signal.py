"""The weak signal: linear terms and interactions of some features, with weights that drift and flip over regimes."""

from __future__ import annotations

from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eraforge.simulator.world.rows.draws import Floats, generator
from eraforge.simulator.world.rows.features import Bins, FeatureSpace

WEEKS = 3_000  # weeks the weights are laid out for, far beyond any round
LINEAR_SHARE = 0.75  # of the long-run signal's variance; the rest are interactions
DEVIATION = 0.5  # drift of a weight, relative to the typical weight
FLIP = 0.1  # share of weights whose sign is turned in a regime
AMPLITUDE = 0.25  # drift of the whole signal's strength
FOUND_OF_INTERACTIONS = 0.4
REFERENCE_DAY = date(1999, 1, 1)  # a day before era 1: rows only used to measure spread
REFERENCE_ROWS = 4_000

Weights = NDArray[np.float64]


class Signal:
    """What moves outcomes, as weights on a basis of terms made from features.

    The basis has three parts: linear terms, interactions, and distractors that never carry weight but that
    competitors may believe in.
    """

    def __init__(self, space: FeatureSpace) -> None:
        self.space = space
        scale = space.scale
        source = generator(space.seed, scale.name, "signal")
        linear = min(200, max(14, scale.features // 5))
        inside = round(linear * 0.7) if scale.features < 1_000 else scale.small // 2
        chosen = source.permutation(scale.small)[:inside]
        beyond = scale.small + source.permutation(scale.features - scale.quantum // 6 - scale.small)
        self.linear = np.concatenate([chosen, beyond[: linear - inside]])
        self.pairs = np.stack([source.permutation(self.linear)[: linear // 2] for _ in range(2)], axis=1)
        self.pairs = self.pairs[space.family_of[self.pairs[:, 0]] != space.family_of[self.pairs[:, 1]]]
        self.distractors = beyond[linear - inside :][: linear // 2]
        self.long_run = self._long_run(source)

    @property
    def terms(self) -> int:
        """Size of the basis."""
        return len(self.linear) + len(self.pairs) + len(self.distractors)

    def basis(self, features: Bins) -> Floats:
        """Terms of each row, roughly mean 0 and variance 1. From (features, rows) to (terms, rows)."""
        steps = (np.arange(5, dtype=np.float32) - 2) / np.float32(np.sqrt(2.0))
        linear = steps[features[self.linear]]
        product = steps[features[self.pairs[:, 0]]] * steps[features[self.pairs[:, 1]]]
        return np.concatenate([linear, product, steps[features[self.distractors]]])

    @cached_property
    def reference(self) -> Floats:
        """The basis on rows that belong to no era, to measure spreads on. Shape (terms, REFERENCE_ROWS)."""
        return self.basis(self.space.draw(REFERENCE_DAY, REFERENCE_ROWS))

    def value(self, basis: Floats, day: date) -> Floats:
        """The signal in force on that day; its long-run part has variance 1. Shape (rows,)."""
        weights = self._weights[min(max(self.space.weeks.number(day), 0), WEEKS - 1)]
        value: Floats = weighted(weights[None, :], basis)[0]
        return value

    @cached_property
    def found(self) -> Weights:
        """What a large learner finds in the train eras: their average weights, interactions in part. Shape (terms,)."""
        scale = self.space.scale
        found = self._weights[scale.first_train_era : scale.last_train_era + 1].mean(axis=0)
        found[len(self.linear) :] *= FOUND_OF_INTERACTIONS
        return np.asarray(found)

    def _long_run(self, source: np.random.Generator) -> Weights:
        """Average weights over regimes: the part that can be learned. Shape (terms,)."""
        weights = np.zeros(self.terms)
        linear, pairs = len(self.linear), len(self.pairs)
        for part, share in ((slice(0, linear), LINEAR_SHARE), (slice(linear, linear + pairs), 1 - LINEAR_SHARE)):
            count = part.stop - part.start
            drawn = source.uniform(0.5, 1.5, count) * source.choice([-1.0, 1.0], count)
            only = np.zeros(self.terms)
            only[part] = drawn
            spread = float(np.std(weighted(only[None, :], self.reference)[0]))
            weights[part] = drawn / spread * np.sqrt(share)
        return weights / float(np.std(weighted(weights[None, :], self.reference)[0]))

    @cached_property
    def _weights(self) -> Weights:
        """Weights in force per week. Shape (WEEKS, terms)."""
        source = generator(self.space.seed, self.space.scale.name, "regimes")
        carried = self.long_run != 0
        typical = float(np.sqrt(np.mean(np.square(self.long_run[carried]))))
        drift = np.stack([_drifting(source) for _ in range(int(carried.sum()))], axis=1)
        signs = np.where(_switching(source, int(carried.sum())) < FLIP, -1.0, 1.0)
        weights = np.zeros((WEEKS, self.terms))
        weights[:, carried] = signs * (self.long_run[carried] + DEVIATION * typical * drift)
        return weights * (1 + AMPLITUDE * _drifting(source))[:, None]


def weighted(weights: Weights, basis: Floats) -> Floats:
    """Weights (sets, terms) on a basis (terms, rows), giving (sets, rows).

    One thread by choice: the same sums on every machine, and no threads spinning over products this small.
    """
    return np.asarray(np.einsum("st,tr->sr", weights.astype(np.float32), basis))


def _drifting(source: np.random.Generator) -> Weights:
    """A slowly moving standard normal level over the weeks: straight lines between knots some months apart."""
    knots = np.cumsum(source.integers(8, 30, size=WEEKS // 8)) - 40
    return np.interp(np.arange(WEEKS), knots, source.normal(size=len(knots)) * 1.2)


def _switching(source: np.random.Generator, terms: int) -> Weights:
    """Uniform levels that hold for a regime of 12 to 50 weeks and then change at once. Shape (WEEKS, terms)."""
    ends = np.cumsum(source.integers(12, 50, size=WEEKS // 12))
    regime = np.searchsorted(ends, np.arange(WEEKS), side="right")
    return source.uniform(size=(len(ends) + 1, terms))[regime]
