"""What the tournament asks of the made-up world it is played in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from eraforge.core.words import Arena


class Player(Protocol):
    """A competitor of the made-up field."""

    @property
    def name(self) -> str: ...

    @property
    def model_id(self) -> str: ...

    @property
    def stake(self) -> Decimal: ...


@runtime_checkable
class PriceFeed(Protocol):
    """Daily prices that an entrant downloads, of a world that is played on prices."""

    def price_filenames(self) -> tuple[str, ...]:
        """Names of the files."""
        ...

    def write_prices(self, filename: str, day: date, destination: Path) -> None:
        """Write the file with the bars up to and including that market day."""
        ...

    def price_edition(self, filename: str, day: date) -> str:
        """Names the content of the file at the end of that market day: equal editions, equal bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Release:
    """A further version of the data, by what it changes in the version before it.

    Args:
        version: its name, which stands at the beginning of its files' names.
        target: the named target that its column `target` equals.
        renamed: the feature set that has another name, `named`; "" for none.
        since: the first round in which its files are listed.
        until: the first round in which those of the version before it are listed no more; None while they stay.
    """

    version: str
    target: str
    renamed: str
    named: str
    since: int
    until: int | None


class Dataset(Protocol):
    """The files of one version of the data."""

    def filenames(self) -> tuple[str, ...]:
        """Names of the files."""
        ...

    def write(self, filename: str, round_day: date, destination: Path) -> None:
        """Write the file as it was on that day."""
        ...

    def edition(self, filename: str, round_day: date) -> str:
        """Names the content of the file on that day: equal editions, equal bytes."""
        ...


@runtime_checkable
class Versioned(Protocol):
    """A world whose data can come in further versions."""

    @property
    def feature_sets(self) -> tuple[str, ...]:
        """Names of the feature sets of its first version."""
        ...

    @property
    def named_targets(self) -> tuple[str, ...]:
        """Target columns that `target` can equal."""
        ...

    def released(self, releases: tuple[Release, ...]) -> Dataset:
        """The files of the last of these versions, each of which builds on the one before it."""
        ...


class World(Dataset, Protocol):
    """Data, truths and competitors, all of them functions of a seed. `round_day` is the open day of a round."""

    @property
    def arena(self) -> Arena: ...

    @property
    def synthetic(self) -> str: ...

    @property
    def competitors(self) -> Sequence[Player]: ...

    def live_ids(self, round_day: date) -> np.ndarray:
        """(n,) ids of the live universe, ascending."""
        ...

    def truth(self, round_day: date, target: str, days: int) -> np.ndarray:
        """(n,) target after that many score days, in the order of the live ids."""
        ...

    def field(self, round_day: date) -> np.ndarray:
        """(n, competitors) predictions; a column of NaN where a competitor missed the round."""
        ...

    def present(self, round_day: date) -> np.ndarray:
        """(competitors,) whether each took part: where `field` has no NaN."""
        ...

    def benchmarks(self, round_day: date) -> tuple[tuple[str, ...], np.ndarray]:
        """Names and (n, m) predictions of the benchmark models."""
        ...

    def neutralizers(self, round_day: date) -> np.ndarray | None:
        """(n, k) what scores of neutral weights take away, orthonormal under `weights`; None in a world without."""
        ...

    def weights(self, round_day: date) -> np.ndarray | None:
        """(n,) sample weights of the live rows; None in a world without."""
        ...
