"""A feed: one file of prices at an address, fetched again only when the server holds another content."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from eraforge.core.digest import digest_chunks
from eraforge.core.errors import DataError, UserError
from eraforge.data.download import download
from eraforge.data.probe import probe
from eraforge.data.sources.reading import read_prices
from eraforge.data.sources.source import Delivery, Known, Wanted

CHUNK = 1 << 20


class Feed:
    """Prices at an address, such as those the local tournament serves beside its datasets."""

    def __init__(self, wanted: Wanted) -> None:
        if urlsplit(wanted.url).scheme not in ("http", "https"):
            raise UserError(
                "feed-without-address",
                f"Prices {wanted.name!r} name no address of a feed.",
                'Set url = "https://host/prices.parquet" in its table.',
            )
        self._wanted = wanted

    def deliveries(self, known: Known) -> Iterator[Delivery]:
        """The whole file when it changed, nothing when it did not (one byte is asked for).

        Raises:
            Transient: `file-server-down`, `download-cut`; DataError: `file-not-served`, `file-damaged`.
        """
        name = Path(urlsplit(self._wanted.url).path).name or self._wanted.name
        told = probe(name, self._wanted.url).validator
        if told and told == known.seen.get(name):
            return
        known.scratch.mkdir(parents=True, exist_ok=True)
        whole = known.scratch / f"{self._wanted.name}-{name}"

        def place(part: Path) -> str:
            part.replace(whole)
            with whole.open("rb") as stream:
                return digest_chunks(iter(lambda: stream.read(CHUNK), b""))

        arrival = download(
            name,
            self._wanted.url,
            whole.with_name(whole.name + ".part"),
            place,
            known.clock,
            lambda what, done, total: known.progress(f"download {what}", done, total),
        )
        mark = told if arrival.etag in ("", told) else arrival.etag
        try:
            yield read_prices(whole, name, self._wanted, mark)
        except DataError as error:
            yield Delivery(name, None, error=error)
        finally:
            whole.unlink(missing_ok=True)
