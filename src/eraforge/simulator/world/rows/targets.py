"""Outcomes: one latent path per row over 60 days, and every target as the binned rank of it on some day."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eraforge.core.errors import UserError
from eraforge.simulator.world.rows.draws import Floats, normals
from eraforge.simulator.world.scale import TARGET_NAMES

DAYS = 60
HORIZONS = (20, 60)
SHARES = (0.05, 0.25, 0.75, 0.95)  # 5, 20, 50, 20 and 5 % of an era
GROWTH = 1.2  # variance grows a little faster than days, so that 20 and 60 days correlate as the real ones do
MAIN = "target"
MAIN_SOURCE = "target_ender_60"
MISSING_SHARE = 0.004  # of rows of the targets below, as auxiliary targets have in the real files
WITH_MISSING = ("xerxes", "waldo", "bravo")
STEPS = np.arange(5, dtype=np.float32) / 4


def target_columns(names: Sequence[str]) -> tuple[str, ...]:
    """`target` and each name with 20 and 60 days, in file order."""
    return (MAIN, *(f"target_{name}_{horizon}" for name in names for horizon in HORIZONS))


def parse_target(column: str, names: Sequence[str]) -> tuple[str, int]:
    """Name and horizon of a target column.

    Raises:
        UserError: `unknown-target`.
    """
    parts = (MAIN_SOURCE if column == MAIN else column).split("_")
    if len(parts) == 3 and parts[0] == "target" and parts[1] in names and parts[2] in ("20", "60"):
        return parts[1], int(parts[2])
    raise UserError("unknown-target", f"There is no target {column!r}.", "Use a target that features.json lists.")


def binned(values: Floats) -> Floats:
    """Ranks in five bins 0, .25, .5, .75, 1 with shares 5/20/50/20/5. Shape kept, one dimension."""
    cuts = [min(len(values) - 1, round(share * len(values))) for share in SHARES]
    ordered = np.partition(values, cuts)[cuts]
    return np.asarray(STEPS[np.searchsorted(ordered, values, side="right")], dtype=np.float32)


class Outcomes:
    """The latent outcomes of one day's rows.

    Args:
        source: the day's own generator.
        signal: the signal in force per row, shape (rows,).
        strength: correlation of the signal with the 60-day outcome.
        count: how many of TARGET_NAMES the world has.
    """

    def __init__(self, source: np.random.Generator, signal: Floats, strength: float, count: int) -> None:
        rows = len(signal)
        days = np.arange(DAYS + 1) / DAYS
        self._spread = np.sqrt(days**GROWTH)
        steps = np.sqrt(np.diff(days**GROWTH) * (1 - strength**2)).astype(np.float32)
        self._path = np.cumsum(normals(source, DAYS, rows) * steps[:, None], axis=0, dtype=np.float32)
        self._path += strength * days[1:, None].astype(np.float32) * signal
        self._own = normals(source, count, 2, rows)
        self._missing = source.random((len(WITH_MISSING), rows)) < MISSING_SHARE

    def latent(self, name: str, days: int) -> Floats:
        """The outcome behind a name after that many days, about standard normal. Shape (rows,)."""
        index = [known for known, _ in TARGET_NAMES].index(name)
        share = TARGET_NAMES[index][1]
        path: Floats = self._path[days - 1] / np.float32(self._spread[days])
        if share == 1.0:
            return path
        # What a name adds of its own turns from its 20-day draw towards its 60-day one, at constant variance.
        turn = np.pi / 3 * max(0, days - HORIZONS[0]) / (HORIZONS[1] - HORIZONS[0])
        first, second = self._own[index]
        own = np.float32(np.cos(turn)) * first + np.float32(np.sin(turn)) * second
        return np.asarray(np.float32(share) * path + np.float32(np.sqrt(1 - share**2)) * own)

    def target(self, name: str, days: int) -> Floats:
        """The binned target of a name after that many days; missing rows of an auxiliary target are NaN."""
        target = binned(self.latent(name, days))
        if name in WITH_MISSING:
            target[self._missing[WITH_MISSING.index(name)]] = np.nan
        return target
