"""The World: everything the local tournament needs to know about its made-up data."""

from __future__ import annotations

from collections import OrderedDict
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import data_date
from eraforge.core.digest import digest_value
from eraforge.core.errors import UserError
from eraforge.core.words import Arena
from eraforge.simulator.port import Dataset, Release
from eraforge.simulator.world.field import BENCHMARKS, Competitor, Field
from eraforge.simulator.world.files import Files, Progress
from eraforge.simulator.world.rows.draws import Floats
from eraforge.simulator.world.rows.features import FeatureSpace
from eraforge.simulator.world.rows.signal import Signal
from eraforge.simulator.world.rows.targets import Outcomes, parse_target
from eraforge.simulator.world.scale import Scale, scale_named
from eraforge.simulator.world.tables import Day, Tables
from eraforge.simulator.world.versions import first_version, released_version
from eraforge.simulator.world.weeks import Weeks

REMEMBERED_DAYS = 128
REMEMBERED_OUTCOMES = 2


class World:
    """Made-up Classic data and a field of competitors, as a function of seed and scale.

    Args:
        seed: any whole number.
        scale: `tiny`, `small` or `full`.

    Raises:
        UserError: `unknown-scale`.
    """

    def __init__(self, seed: int, scale: str) -> None:
        self.arena: Arena = CLASSIC
        self.scale: Scale = scale_named(scale)
        self.seed = seed
        self.synthetic = f"eraforge simulator seed={seed} scale={scale}"
        weeks = Weeks(self.arena.calendar, self.scale)
        space = FeatureSpace(seed, self.scale, weeks)
        signal = Signal(space)
        self._field = Field(signal)
        self._tables = Tables(space, signal, self._field, first_version(space, self.arena.version))
        self._files = Files(self._tables, self.synthetic)
        self._signals: OrderedDict[date, Floats] = OrderedDict()
        self._outcomes = lru_cache(maxsize=REMEMBERED_OUTCOMES)(self._draw_outcomes)

    @property
    def competitors(self) -> tuple[Competitor, ...]:
        """The field, in the order of the columns of `field`."""
        return self._field.competitors

    @property
    def targets(self) -> tuple[str, ...]:
        """Target columns, `target` first."""
        return self._tables.targets

    @property
    def named_targets(self) -> tuple[str, ...]:
        """Target columns that `target` can equal."""
        return self._tables.targets[1:]

    @property
    def feature_sets(self) -> tuple[str, ...]:
        """Names of the feature sets of the first version."""
        return tuple(self._tables.version.sets)

    def filenames(self) -> tuple[str, ...]:
        """Names of the dataset files, version included."""
        return self._files.filenames()

    def write(self, filename: str, round_day: date, destination: Path, progress: Progress | None = None) -> None:
        """Write a dataset file as it stands when the round of that day opens. Equal arguments, equal bytes.

        Args:
            filename: one of `filenames()`.
            round_day: the open day of a round.
            destination: the file to write; its folder exists.
            progress: called with eras done and eras in all.

        Raises:
            UserError: `unknown-dataset-file`, `no-round-that-day`.
        """
        self._files.write(filename, round_day, destination, progress)

    def edition(self, filename: str, round_day: date) -> str:
        """Names the content a file has when the round of that day opens: equal editions, equal bytes.

        Raises:
            UserError: `no-round-that-day`.
        """
        return self._files.edition(filename, round_day)

    def released(self, releases: tuple[Release, ...]) -> Dataset:
        """The files of the last of these versions, each of which builds on the one before it. Its rows are those of
        the first version: their ids, eras, old features and targets, `target` aside."""
        tables, last = self._tables, released_version(self._tables.space, releases)
        mark = digest_value([(one.version, one.target, one.renamed, one.named) for one in releases])[:8]
        return Files(Tables(tables.space, tables.signal, self._field, last), self.synthetic, f"-{mark}")

    def live_ids(self, round_day: date) -> NDArray[np.str_]:
        """Ids of a round's live rows, ascending. Shape (n,).

        Raises:
            UserError: `no-round-that-day`.
        """
        return self._day(round_day).ids

    def truth(self, round_day: date, target: str, days: int) -> Floats:
        """The target of a round's live rows as it stands after `days` score days. Shape (n,), order of `live_ids`.

        On the last day of the target's horizon it is the final target. Missing rows of an auxiliary target are NaN.

        Raises:
            UserError: `no-round-that-day`, `unknown-target`, `days-beyond-target`.
        """
        name, horizon = parse_target(target, self._tables.target_names)
        if not 1 <= days <= horizon:
            raise UserError(
                "days-beyond-target", f"{target} has no score day {days}.", f"Ask for a day from 1 to {horizon}."
            )
        return self._outcomes(data_date(self._files.open_day(round_day))).target(name, days)

    def field(self, round_day: date) -> Floats:
        """Predictions of all competitors in (0, 1). Shape (n, len(competitors)); NaN columns for those who missed.

        Raises:
            UserError: `no-round-that-day`.
        """
        return self._field.predictions(self._day(round_day).basis, data_date(round_day))

    def present(self, round_day: date) -> NDArray[np.bool_]:
        """Which competitors took part. Shape (len(competitors),).

        Raises:
            UserError: `no-round-that-day`.
        """
        return self._field.present(data_date(self._files.open_day(round_day)))

    def benchmarks(self, round_day: date) -> tuple[tuple[str, ...], Floats]:
        """Names of the benchmark models and their live predictions. Shape (n, m).

        Raises:
            UserError: `no-round-that-day`.
        """
        return BENCHMARKS, self._field.benchmarks(self._day(round_day).basis)

    def neutralizers(self, round_day: date) -> None:
        """None: no score of this tournament is neutralised."""

    def weights(self, round_day: date) -> None:
        """None: the rows of this tournament weigh the same."""

    def meta_model(self, round_day: date) -> Floats:
        """Stake-weighted meta model of the field alone. Shape (n,).

        Raises:
            UserError: `no-round-that-day`.
        """
        return self._field.meta_model(self.field(round_day))

    def _day(self, round_day: date) -> Day:
        return self._tables.day(data_date(self._files.open_day(round_day)))

    def _draw_outcomes(self, market_day: date) -> Outcomes:
        """The outcomes of a live day, remembered while one round is scored on day after day."""
        return self._tables.outcomes(market_day, self._signal(market_day))

    def _signal(self, market_day: date) -> Floats:
        """The signal of recent live days, remembered because every open round is scored daily."""
        signal = self._signals.get(market_day)
        if signal is None:
            signal = self._signals[market_day] = self._tables.day(market_day).signal
            while len(self._signals) > REMEMBERED_DAYS:
                self._signals.popitem(last=False)
        return signal


def build_world(seed: int, scale: str) -> World:
    """The world of that seed and scale; building it draws no era yet.

    Raises:
        UserError: `unknown-scale`.
    """
    return World(seed, scale)
