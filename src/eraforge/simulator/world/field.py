"""The field: competitors who see only features, think alike as they learn from the same data, and differ in skill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from eraforge.simulator.world.rows.draws import Floats, generator
from eraforge.simulator.world.rows.naming import competitor_names, model_id
from eraforge.simulator.world.rows.signal import Signal, Weights, weighted

BENCHMARKS = ("v53_lgbm_ender20", "v53_lgbm_ender60")
EXAMPLE = "example"
OVERLOOKED = 0.2  # share of the true terms that the crowd misses
CROWD_ERROR = 0.55  # what the crowd believes in error, relative to the typical true weight


@dataclass(frozen=True, slots=True)
class Competitor:
    """One member of the field.

    Args:
        name: model name.
        model_id: UUID-shaped identifier.
        stake: NMR staked; 0 for those who only watch.
        skill: correlation of the predictions with the long-run signal.
        misses: chance to miss a round.
    """

    name: str
    model_id: str
    stake: Decimal
    skill: float
    misses: float


class Field:
    """Competitors, benchmark models and the example model of a world, as weights on the signal's basis."""

    def __init__(self, signal: Signal) -> None:
        self.signal = signal
        self._seed, self._scale = signal.space.seed, signal.space.scale
        source = generator(self._seed, self._scale.name, "field")
        self._crowd = self._crowd_belief(source)
        count = self._scale.competitors
        conform = source.uniform(0.4, 0.85, count)
        insight = np.clip(source.normal(0.08, 0.2, count), -0.25, 0.5)
        self._weights = np.stack([self._believer(source, *pair) for pair in zip(conform, insight, strict=True)])
        self.competitors = self._enrol(source)
        self._stakes = np.array([float(one.stake) for one in self.competitors])
        self._misses = np.array([one.misses for one in self.competitors])
        models = ((0.45, 0.55), (0.45, 0.65), (0.3, 0.35))
        self._model_weights = np.stack([self._believer(source, *pair) for pair in models])

    def predictions(self, basis: Floats, day: date) -> Floats:
        """What the field sends in for that day's rows, in (0, 1); NaN columns for those who miss it.

        Args:
            basis: shape (terms, rows).

        Returns:
            Shape (rows, competitors).
        """
        ranked = ranks(weighted(self._weights, basis)).T.copy()
        ranked[:, ~self.present(day)] = np.nan
        return ranked

    def present(self, day: date) -> NDArray[np.bool_]:
        """Who sends something in on that day. Shape (competitors,)."""
        source = generator(self._seed, self._scale.name, "attendance", day.isoformat())
        return np.asarray(source.random(len(self.competitors)) >= self._misses)

    def meta_model(self, predictions: Floats) -> Floats:
        """Stake-weighted mean of the ranked predictions of those who took part. Shape (rows,)."""
        present = ~np.isnan(predictions[0])
        stakes = self._stakes[present]
        mean = np.einsum("rc,c->r", predictions[:, present], stakes / stakes.sum())
        return np.asarray(mean, dtype=np.float32)

    def benchmarks(self, basis: Floats) -> Floats:
        """Imperfect estimates of the long-run signal, in (0, 1). Shape (rows, len(BENCHMARKS))."""
        values: Floats = ranks(weighted(self._model_weights[: len(BENCHMARKS)], basis)).T.copy()
        return values

    def example(self, basis: Floats) -> Floats:
        """Predictions of the example model, in (0, 1). Shape (rows,)."""
        values: Floats = ranks(weighted(self._model_weights[len(BENCHMARKS) :], basis))[0]
        return values

    def _crowd_belief(self, source: np.random.Generator) -> Weights:
        """What everybody who trains on these data finds, errors included, at length 1. Shape (terms,)."""
        truth = self.signal.found
        typical = np.sqrt(np.mean(np.square(truth[truth != 0])))
        seen = np.where(source.random(len(truth)) < OVERLOOKED, 0.0, truth)
        return _unit(seen + CROWD_ERROR * typical * source.normal(size=len(truth)))

    def _believer(self, source: np.random.Generator, conform: float, insight: float) -> Weights:
        """Weights of one model: part crowd, part insight of its own, the rest error. Shape (terms,)."""
        truth = _unit(self.signal.long_run)
        error = _unit(source.normal(size=len(truth)))
        own = insight * truth + np.sqrt(1 - insight**2) * error
        return np.asarray(conform * self._crowd + np.sqrt(1 - conform**2) * own)

    def _enrol(self, source: np.random.Generator) -> tuple[Competitor, ...]:
        """Names, stakes and habits: most stake some, a few nothing, a few heavily."""
        count = self._scale.competitors
        truth = weighted(self.signal.long_run[None, :], self.signal.reference)[0]
        skill = [float(np.corrcoef(truth, row)[0, 1]) for row in weighted(self._weights, self.signal.reference)]
        stakes = np.exp(source.normal(4.0, 1.0, count))
        order = source.permutation(count)
        unstaked, heavy = order[: count // 8], order[-max(3, count // 10) :]
        stakes[unstaked] = 0
        stakes[heavy] = source.uniform(300, 1_500, len(heavy))
        misses = np.where(source.random(count) < 0.25, source.uniform(0.02, 0.15, count), 0.0)
        return tuple(
            Competitor(
                name=name,
                model_id=model_id(self._seed, self._scale.name, name),
                stake=Decimal(f"{stakes[index]:.2f}"),
                skill=round(skill[index], 4),
                misses=round(float(misses[index]), 4),
            )
            for index, name in enumerate(competitor_names(count))
        )


def ranks(values: Floats) -> Floats:
    """Ranks of each row of (sets, rows), in the open interval (0, 1)."""
    sets, rows = values.shape
    order = np.argsort(values, axis=1, kind="stable")
    level = ((np.arange(rows) + 0.5) / rows).astype(np.float32)
    ranked = np.empty_like(values)
    np.put_along_axis(ranked, order, np.broadcast_to(level, (sets, rows)), axis=1)
    return ranked


def _unit(weights: NDArray[np.float64]) -> Weights:
    """The same direction at length 1."""
    return np.asarray(weights / np.linalg.norm(weights))
