"""A folder of CSV or parquet files: one file a symbol, one long file, or pages of either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eraforge.core.errors import DataError, UserError
from eraforge.data.sources.reading import read_prices
from eraforge.data.sources.source import Delivery, Known, Wanted

ENDINGS = (".csv", ".csv.gz", ".parquet")


class Folder:
    """Prices in files. A file that has not changed since it was last read is not opened."""

    def __init__(self, wanted: Wanted) -> None:
        if wanted.folder is None:
            raise UserError("folder-not-named", f"Prices {wanted.name!r} name no folder.", 'Set folder = "…".')
        self._wanted, self._folder = wanted, wanted.folder

    def deliveries(self, known: Known) -> Iterator[Delivery]:
        """One delivery for each new or changed file; a file that cannot be read is a delivery with its error.

        Raises:
            UserError: `no-such-folder`, `no-files-match`.
        """
        paths = self._paths()
        fresh = [(path, mark) for path in paths if (mark := _mark(path)) != known.seen.get(self._name(path))]
        for place, (path, mark) in enumerate(fresh, start=1):
            name = self._name(path)
            try:
                yield read_prices(path, name, self._wanted, mark)
            except DataError as error:
                yield Delivery(name, None, error=error)
            known.progress(f"read {self._wanted.name}", place, len(fresh))

    def _paths(self) -> list[Path]:
        folder, pattern = self._folder, self._wanted.files
        if not folder.is_dir():
            raise UserError(
                "no-such-folder", f"There is no folder {folder}.", f"Set folder in [prices.{self._wanted.name}]."
            )
        found = sorted(path for path in folder.glob(pattern or "**/*") if path.is_file())
        kept = [path for path in found if pattern or path.name.lower().endswith(ENDINGS)]
        if not kept:
            raise UserError(
                "no-files-match",
                f"No file in {folder} matches {pattern or 'CSV or parquet'}.",
                f"Correct folder or files in [prices.{self._wanted.name}].",
            )
        return kept

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()


def _mark(path: Path) -> str:
    seen = path.stat()
    return f"{seen.st_size}-{seen.st_mtime_ns}"
