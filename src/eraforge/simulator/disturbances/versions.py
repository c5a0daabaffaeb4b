"""The versions of a world's data: which of them are listed in a round, and the files of each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

from eraforge.core.errors import Broken
from eraforge.simulator.disturbances.changes import Disturbances
from eraforge.simulator.port import Dataset, Release, Versioned, World

REMEMBERED = 8


class Versions:
    """The dataset files of a world in every version that the journal's lines have released so far.

    Args:
        world: as it was planned; its own files are those of the first version.
        disturbances: of the tournament's journal.
    """

    def __init__(self, world: World, disturbances: Disturbances) -> None:
        self._world, self._disturbances = world, disturbances
        self._released = lru_cache(maxsize=REMEMBERED)(self._release)

    @property
    def releases(self) -> tuple[Release, ...]:
        """What came after the first version, in order."""
        return self._disturbances.releases.get(self._world.arena.tournament, ())

    def names(self, number: int) -> tuple[str, ...]:
        """Names of the versions that are listed in a round, the oldest first; never none."""
        everything = (self._world.arena.version, *(one.version for one in self.releases))
        since = (number, *(one.since for one in self.releases))
        until = (*(one.until for one in self.releases), None)
        return tuple(
            name
            for name, first, last in zip(everything, since, until, strict=True)
            if first <= number and (last is None or number < last)
        )

    def ends(self, version: str) -> bool:
        """Whether the files of a version will not be listed for good."""
        everything = (self._world.arena.version, *(one.version for one in self.releases))
        return any(
            one.until is not None for name, one in zip(everything, self.releases, strict=False) if name == version
        )

    def is_listed(self, filename: str, number: int) -> bool:
        """Whether the file is one that is listed in a round."""
        listed = self.names(number)
        return any(filename in dataset.filenames() for name, dataset in self._datasets() if name in listed)

    def filenames(self) -> tuple[str, ...]:
        """Names of the files of every version, listed or not."""
        return tuple(name for _, dataset in self._datasets() for name in dataset.filenames())

    def write(self, filename: str, round_day: date, destination: Path) -> None:
        """Write the file as it was on that day.

        Raises:
            UserError: `unknown-dataset-file`, `no-round-that-day`.
        """
        self._holder(filename).write(filename, round_day, destination)

    def edition(self, filename: str, round_day: date) -> str:
        """Names the content of the file on that day: equal editions, equal bytes."""
        return self._holder(filename).edition(filename, round_day)

    def _holder(self, filename: str) -> Dataset:
        found = (dataset for _, dataset in self._datasets() if filename in dataset.filenames())
        return next(found, self._world)  # which refuses a name that nobody has

    def _datasets(self) -> Iterator[tuple[str, Dataset]]:
        yield self._world.arena.version, self._world
        for place, one in enumerate(self.releases, start=1):
            yield one.version, self._released(self.releases[:place])

    def _release(self, releases: tuple[Release, ...]) -> Dataset:
        if not isinstance(self._world, Versioned):
            raise Broken(
                "world-without-versions",
                f"The data of {self._world.arena.name} come in one version, and a line releases another.",
                "Open the folder with the version that wrote it.",
            )
        return self._world.released(releases)
