"""The World of a tournament that is played on prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np

from eraforge.core.calendar import data_date, is_open_day
from eraforge.core.errors import UserError
from eraforge.core.words import Arena
from eraforge.simulator.world.field import Competitor
from eraforge.simulator.world.market.corrections import Correction
from eraforge.simulator.world.market.feed import PriceFiles
from eraforge.simulator.world.market.field import MarketField
from eraforge.simulator.world.market.files import MarketFiles, Progress, quarter_of
from eraforge.simulator.world.market.layout import Layout
from eraforge.simulator.world.market.outcomes import Outcomes
from eraforge.simulator.world.market.prices.history import MadeMarket
from eraforge.simulator.world.market.prices.replay import replayed
from eraforge.simulator.world.market.prices.source import Prices
from eraforge.simulator.world.market.prices.spec import Spec
from eraforge.simulator.world.market.sections import Section, Sections
from eraforge.simulator.world.scale import scale_named

REMEMBERED_SPANS = 8  # rounds whose answers are compared


class MarketWorld:
    """Files, truths and competitors of one tournament, from prices up to each day.

    Args:
        seed, scale: of the field, and of the prices where they are made up.
        layout: what the tournament's files and targets are.
        prices: the bars everything follows from.
        synthetic: the tag that every file carries.
    """

    def __init__(self, seed: int, scale: str, layout: Layout, prices: Prices, synthetic: str) -> None:
        self.arena: Arena = layout.arena
        self.seed, self.scale_name, self.synthetic = seed, scale, synthetic
        self.prices = prices
        self._layout = layout
        self._sections = Sections(prices, layout)
        self._outcomes = Outcomes(prices, layout.recipes)
        count = len(layout.feature_names)
        self._field = MarketField(seed, scale, layout.mark, count, len(prices.country), layout.competitors)
        self._files = MarketFiles(layout, self._sections, self._outcomes, self._field, synthetic)
        self._spans = lru_cache(maxsize=REMEMBERED_SPANS)(lambda place: self._sections.at(place).neutralizers())
        self._feed = PriceFiles(layout.arena.name, prices, synthetic)

    @property
    def competitors(self) -> tuple[Competitor, ...]:
        """The field, in the order of the columns of `field`. A competitor's skill is its weight on the true signal."""
        return self._field.competitors

    @property
    def targets(self) -> tuple[str, ...]:
        """Target columns in file order."""
        return tuple(recipe.name for recipe in self._layout.recipes)

    def filenames(self) -> tuple[str, ...]:
        """Names of the dataset files, version included."""
        return tuple(file.name for file in self._layout.files)

    def write(self, filename: str, round_day: date, destination: Path, progress: Progress | None = None) -> None:
        """Write a dataset file as it stands when the round of that day opens. Equal arguments, equal bytes.

        Args:
            progress: called with eras done and eras in all.

        Raises:
            UserError: `unknown-dataset-file`, `no-round-that-day`.
        """
        if filename not in self.filenames():
            raise UserError("unknown-dataset-file", f"There is no file {filename!r}.", "List the dataset files first.")
        self._files.write(filename, self._open(round_day), destination, progress)

    def edition(self, filename: str, round_day: date) -> str:
        """Names the content a file has when the round of that day opens: equal editions, equal bytes.

        Raises:
            UserError: `no-round-that-day`.
        """
        return self._files.edition(filename, self._open(round_day))

    def live_ids(self, round_day: date) -> np.ndarray:
        """Ids of a round's universe, ascending. Shape (n,).

        Raises:
            UserError: `no-round-that-day`.
        """
        return self._section(round_day).ids

    def truth(self, round_day: date, target: str, days: int) -> np.ndarray:
        """The target of a round's universe after `days` score days: that many days of returns, two after the close.

        Returns:
            (n,) in the order of `live_ids`.

        Raises:
            UserError: `no-round-that-day`, `unknown-target`, `days-beyond-target`.
        """
        return self._outcomes.target(self._section(round_day), target, days)

    def field(self, round_day: date) -> np.ndarray:
        """Predictions of all competitors in (0, 1). Shape (n, competitors); NaN columns for those who missed.

        Raises:
            UserError: `no-round-that-day`.
        """
        market_day = data_date(self._open(round_day))
        return self._field.predictions(self._section(round_day), market_day.isoformat(), quarter_of(market_day))

    def present(self, round_day: date) -> np.ndarray:
        """(competitors,) which of them took part.

        Raises:
            UserError: `no-round-that-day`.
        """
        return self._field.present(data_date(self._open(round_day)).isoformat())

    def benchmarks(self, round_day: date) -> tuple[tuple[str, ...], np.ndarray]:
        """These tournaments publish no benchmark models. Shape (n, 0).

        Raises:
            UserError: `no-round-that-day`.
        """
        return (), np.empty((len(self.live_ids(round_day)), 0))

    def neutralizers(self, round_day: date) -> np.ndarray | None:
        """(n, k) what scores are neutral to, orthonormal under `weights`: `N.T diag(v) N = I`; None where none is used.

        Raises:
            UserError: `no-round-that-day`.
        """
        return self._spans(self._section(round_day).place) if self._layout.weighted else None

    def weights(self, round_day: date) -> np.ndarray | None:
        """(n,) sample weights at mean 1; None where none are used.

        Raises:
            UserError: `no-round-that-day`.
        """
        return self._section(round_day).weights if self._layout.weighted else None

    def price_filenames(self) -> tuple[str, ...]:
        """Names of the files of the price feed."""
        return self._feed.names

    def write_prices(self, filename: str, day: date, destination: Path) -> None:
        """Write a file of the price feed as of the end of that market day. Equal arguments, equal bytes.

        Raises:
            UserError: `unknown-price-file`.
        """
        self._feed.write(filename, day, destination)

    def corrections(self, first: date, last: date) -> list[Correction]:
        """Bars of the market days from `first` to `last` that the price feed tells wrong at first."""
        return self.prices.corrections(self.prices.place(first), self.prices.place(last) + 1)

    def price_edition(self, filename: str, day: date) -> str:
        """Names the content a price file has at the end of that market day."""
        return self._feed.edition(filename, day)

    def _section(self, round_day: date) -> Section:
        return self._sections.at(self.prices.place(data_date(self._open(round_day))))

    def _open(self, round_day: date) -> date:
        if not is_open_day(self.arena.calendar, round_day):
            raise UserError("no-round-that-day", f"No round opens on {round_day}.", "Name a day on which rounds open.")
        return round_day


def market_world(
    seed: int, scale: str, layout: Callable[[str], Layout], markets: Mapping[str, Spec], folder: Path | None
) -> MarketWorld:
    """The world of a tournament at a scale, on made-up prices or on those of a folder.

    Args:
        layout: what the tournament's files are, by the name of a scale.
        markets: the made-up market of every scale.
        folder: daily bars to replay (parquet or CSV) instead of made-up ones; the field stays made up.

    Raises:
        UserError: `unknown-scale`; DataError: those of `replayed`.
    """
    name = scale_named(scale).name
    laid = layout(name)
    tag = f"eraforge simulator {laid.arena.name} seed={seed} scale={scale}"
    if folder is None:
        return MarketWorld(seed, name, laid, MadeMarket(seed, markets[name]), tag)
    prices = replayed(folder, every_day=markets[name].every_day)
    return MarketWorld(seed, name, laid, prices, f"{tag} prices={prices.digest[:12]}")
