"""The field of a market's tournament: competitors who see prices and features, think alike, and differ in skill."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

import numpy as np

from eraforge.evaluation.kernels.threads import one_algebra_thread
from eraforge.simulator.world.field import Competitor, ranks
from eraforge.simulator.world.market.sections import MIDDLE, Section
from eraforge.simulator.world.rows.draws import Floats, generator, normals
from eraforge.simulator.world.rows.naming import competitor_names, model_id

NOISES = 12  # opinions about names that several competitors share and that change over a quarter
LONGEST_NAME = 20
REMEMBERED_QUARTERS = 4


class MarketField:
    """Competitors of one tournament, as weights on features, on the planted signal, and on opinions of their own.

    Args:
        seed, scale, mark: what everything follows from; `mark` ends the names, which are unique over tournaments.
        features: how many features there are.
        rows: how many rows the market has.
        count: size of the field.
    """

    def __init__(self, seed: int, scale: str, mark: str, features: int, rows: int, count: int) -> None:
        self._labels = (seed, scale, mark)
        self._rows = rows
        source = generator(*self._labels, "field")
        taste = source.normal(size=features)
        self._features = 0.8 * taste + 0.6 * source.normal(size=(count + 1, features))
        self._features *= 0.2 / np.sqrt(features)
        insight = np.clip(source.normal(1.5, 0.45, count + 1), -0.1, 3.0)
        tilt = source.uniform(0.93, 1.0, count + 1)
        self._signals = insight[:, None] * np.stack([tilt, np.sqrt(1 - tilt**2)], axis=1)
        self._noises = 0.85 * source.normal(size=(count + 1, NOISES)) + 0.5 * source.normal(size=NOISES)
        self._noises *= 0.7 / np.sqrt(NOISES)
        self.competitors = self._enrol(source, insight[:count], count)
        self._misses = np.array([one.misses for one in self.competitors])
        self._quarter = lru_cache(maxsize=REMEMBERED_QUARTERS)(self._draw_quarter)

    def predictions(self, section: Section, day: str, quarter: float) -> Floats:
        """(n, competitors) what the field sends in, in (0, 1); NaN columns for those who miss the day.

        Args:
            day: names the day.
            quarter: quarters of years since any fixed moment, with their fraction.
        """
        ranked = ranks(self._raw(section, quarter)[:-1]).T.copy()
        ranked[:, ~self.present(day)] = np.nan
        return ranked

    def present(self, day: str) -> np.ndarray:
        """(competitors,) who sends something in on the day of that name."""
        return np.asarray(generator(*self._labels, "attendance", day).random(len(self.competitors)) >= self._misses)

    def example(self, section: Section, quarter: float) -> Floats:
        """(n,) predictions of the example model: features alone, without a view of its own on names."""
        spread = (section.bins.astype(np.float64) - MIDDLE) / np.sqrt(2)
        values: Floats = ranks(np.einsum("f,fn->n", self._features[-1], spread)[None, :].astype(np.float32))[0]
        return values

    def _raw(self, section: Section, quarter: float) -> Floats:
        spread = (section.bins.astype(np.float64) - MIDDLE) / np.sqrt(2)
        signals = np.tanh(section.signals.astype(np.float64) / 1.5)
        with one_algebra_thread():
            values = self._features @ spread + self._signals @ signals + self._noises @ self._opinions(section, quarter)
        return np.asarray(values, np.float32)

    def _opinions(self, section: Section, quarter: float) -> np.ndarray:
        """(NOISES, n) standard normal opinions that turn from one quarter's into the next one's."""
        begun = int(quarter // 1)
        turn = np.pi / 2 * (quarter - begun)
        first, second = (self._quarter(begun + step) for step in (0, 1))
        return np.asarray((np.cos(turn) * first + np.sin(turn) * second)[:, section.rows])

    def _draw_quarter(self, quarter: int) -> Floats:
        return normals(generator(*self._labels, "opinions", quarter), NOISES, self._rows)

    def _enrol(self, source: np.random.Generator, insight: np.ndarray, count: int) -> tuple[Competitor, ...]:
        seed, scale, mark = self._labels
        stakes = np.exp(source.normal(3.6, 1.1, count))
        order = source.permutation(count)
        stakes[order[: count // 8]] = 0
        stakes[order[-max(2, count // 12) :]] *= 8
        misses = np.where(source.random(count) < 0.25, source.uniform(0.02, 0.15, count), 0.0)
        names = [f"{name[: LONGEST_NAME - 1 - len(mark)]}_{mark}" for name in competitor_names(count)]
        return tuple(
            Competitor(
                name=name,
                model_id=model_id(seed, scale, name),
                stake=Decimal(f"{stakes[index]:.2f}"),
                skill=round(float(insight[index]), 4),
                misses=round(float(misses[index]), 4),
            )
            for index, name in enumerate(names)
        )
