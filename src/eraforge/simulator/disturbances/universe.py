"""A world whose live universe can change for a round: rows taken away, or added under ids of their own.

An added row is a planned row once more, with its features and its outcome, under another id.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl

from eraforge.core import calendar
from eraforge.core.digest import digest_value
from eraforge.core.words import Arena
from eraforge.simulator.disturbances.changes import Disturbances
from eraforge.simulator.disturbances.versions import Versions
from eraforge.simulator.port import Player, World
from eraforge.simulator.world.parquet import SYNTHETIC_KEY, sink

LIVE = "live"
CHANGED = "changed id"


class ChangingUniverse:
    """A World like another one, but for the rounds whose universe changed.

    Args:
        world: as it was planned.
        disturbances: of the tournament's journal.
    """

    def __init__(self, world: World, disturbances: Disturbances) -> None:
        self._world, self._disturbances = world, disturbances
        self.published = Versions(world, disturbances)
        self._rows_as_of = lru_cache(maxsize=8)(self._draw_rows)

    @property
    def arena(self) -> Arena:
        """Of the planned world."""
        return self._world.arena

    @property
    def synthetic(self) -> str:
        """Of the planned world."""
        return self._world.synthetic

    @property
    def competitors(self) -> Sequence[Player]:
        """Of the planned world."""
        return self._world.competitors

    def filenames(self) -> tuple[str, ...]:
        """Names of the dataset files, of every version."""
        return self.published.filenames()

    def write(self, filename: str, round_day: date, destination: Path) -> None:
        """Write the file as it was on that day; live files hold the universe of the round."""
        self.published.write(filename, round_day, destination)
        rows = self._rows(round_day) if self._is_live(filename) else None
        if rows is None:
            return
        planned = self._world.live_ids(round_day).astype(str)
        column, data = self.arena.id_file_column, io.BytesIO(destination.read_bytes())
        chosen = pl.DataFrame({column: planned[rows[1]], CHANGED: rows[0]})
        if filename.endswith(".csv"):
            self._changed(pl.read_csv(data), chosen).write_csv(destination)
            return
        table = self._changed(pl.read_parquet(data), chosen)
        if "pandas" in pl.read_parquet_metadata(io.BytesIO(data.getvalue())):
            sink(iter([table]), table.schema, destination, max(table.height, 1), self.synthetic)
        else:
            table.write_parquet(destination, metadata={SYNTHETIC_KEY: self.synthetic})

    def edition(self, filename: str, round_day: date) -> str:
        """Names the content of the file on that day: equal editions, equal bytes."""
        planned = self.published.edition(filename, round_day)
        rows = self._rows(round_day) if self._is_live(filename) else None
        return planned if rows is None else f"{planned}-{len(rows[0])}-rows"

    def live_ids(self, round_day: date) -> np.ndarray:
        """(n,) ids of the live universe, ascending."""
        rows = self._rows(round_day)
        return self._world.live_ids(round_day) if rows is None else rows[0]

    def truth(self, round_day: date, target: str, days: int) -> np.ndarray:
        """(n,) target after that many score days, in the order of the live ids."""
        return self._of(round_day, self._world.truth(round_day, target, days))

    def field(self, round_day: date) -> np.ndarray:
        """(n, competitors) predictions; a column of NaN where a competitor missed the round."""
        return self._of(round_day, self._world.field(round_day))

    def present(self, round_day: date) -> np.ndarray:
        """(competitors,) whether each took part."""
        return self._world.present(round_day)

    def benchmarks(self, round_day: date) -> tuple[tuple[str, ...], np.ndarray]:
        """Names and (n, m) predictions of the benchmark models."""
        names, values = self._world.benchmarks(round_day)
        return names, self._of(round_day, values)

    def neutralizers(self, round_day: date) -> np.ndarray | None:
        """(n, k) neutralisers of the rows, as planned for them: as in the files, and not made orthonormal again."""
        values = self._world.neutralizers(round_day)
        return None if values is None else self._of(round_day, values)

    def weights(self, round_day: date) -> np.ndarray | None:
        """(n,) sample weights of the live rows; None in a world without."""
        values = self._world.weights(round_day)
        return None if values is None else self._of(round_day, values)

    def _of(self, round_day: date, values: np.ndarray) -> np.ndarray:
        rows = self._rows(round_day)
        return values if rows is None else values[rows[1]]

    def _is_live(self, filename: str) -> bool:
        return filename.rpartition("/")[2].startswith(LIVE)

    def _changed(self, table: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
        column = self.arena.id_file_column
        joined = chosen.join(table, on=column, how="left", maintain_order="left")
        return joined.with_columns(pl.col(CHANGED).alias(column)).select(table.columns)

    def _rows(self, round_day: date) -> tuple[np.ndarray, np.ndarray] | None:
        """The ids of the round's rows, ascending, and which planned row each of them is; None where nothing changed."""
        if not self._disturbances.universes:
            return None
        number = calendar.round_number(self.arena.calendar, round_day)
        share = self._disturbances.universes.get((self.arena.tournament, number))
        return None if share is None else self._rows_as_of(round_day, share)

    def _draw_rows(self, round_day: date, share: float) -> tuple[np.ndarray, np.ndarray]:
        planned = self._world.live_ids(round_day).astype(str)
        seed = int(digest_value(self.synthetic, "universe", round_day)[:16], 16)
        order = np.random.default_rng(seed).permutation(len(planned))
        wanted = max(round(len(planned) * share), 2)
        kept = order[: min(wanted, len(planned))]
        again = order[np.arange(wanted - len(kept)) % len(planned)]
        made = [f"n{digest_value(self.synthetic, round_day, place)[:15]}" for place in range(len(again))]
        ids, rows = np.concatenate([planned[kept], np.array(made, dtype=planned.dtype)]), np.concatenate([kept, again])
        ascending = np.argsort(ids, kind="stable")
        return ids[ascending], rows[ascending]
