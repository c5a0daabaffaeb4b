"""The price feed over HTTP: unsigned files of daily bars, as of the virtual day, made once per edition."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from eraforge.simulator.port import PriceFeed
from eraforge.simulator.server.files import MadeFiles

PRICES = "/prices/"


class PriceFiles:
    """The files of the worlds that are played on prices; other worlds offer none.

    Args:
        worlds: some of which have a feed.
        folder: where the files are kept.
    """

    def __init__(self, worlds: Iterable[object], folder: Path) -> None:
        self._folder, self._files = folder, MadeFiles()
        feeds = [one for one in worlds if isinstance(one, PriceFeed)]
        self._feeds = {_served(name): (feed, name) for feed in feeds for name in feed.price_filenames()}

    def names(self) -> list[str]:
        """What follows `/prices/` in the address of each file."""
        return list(self._feeds)

    def path(self, name: str, now: datetime) -> Path | None:
        """The file at that moment, made now if it is not there; None for a name that does not exist.

        The last bars are those of the day before: those of the day itself are known only once it is over.
        """
        if name not in self._feeds:
            return None
        feed, filename = self._feeds[name]
        day = now.date() - timedelta(days=1)
        target = self._folder / feed.price_edition(filename, day) / name
        return self._files.made(target, lambda path: feed.write_prices(filename, day, path))


def _served(name: str) -> str:
    return name.removeprefix(PRICES.removeprefix("/"))
