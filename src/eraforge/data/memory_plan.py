"""What reading a panel would take, and whether it fits: said before it is tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from eraforge.core.errors import DataError, UserError

KEY_BYTES = 48
WORKING_COPIES = 2.0
PIECE = 512 << 20
"""Bytes of the piece of the rows that a training looks at, at most."""
MEBIBYTE = 1 << 20
WIDTHS = {pl.Int8: 1, pl.UInt8: 1, pl.Boolean: 1, pl.Int16: 2, pl.UInt16: 2, pl.Float32: 4, pl.Int32: 4, pl.UInt32: 4}


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """How a panel is best read.

    Args:
        rows, columns: what the selection holds.
        needed: bytes of the rows in memory, with the working copy a fit makes of them.
        available: bytes the caller may use.
        eras_at_once: eras one piece may hold; all of them when it is read whole.
        eras: eras in the files.
    """

    rows: int
    columns: int
    needed: int
    available: int
    eras_at_once: int
    eras: int

    @property
    def whole(self) -> bool:
        """Whether everything fits at once."""
        return self.needed <= self.available

    @property
    def sentence(self) -> str:
        """The plan in words."""
        size = f"{self.rows} rows of {self.columns} columns need {_words(self.needed)} of {_words(self.available)}"
        if self.whole:
            return f"{size}: read whole."
        return f"{size}: read in pieces of {self.eras_at_once} of {self.eras} eras."


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What training a learner on a panel takes, and what to choose where that does not fit.

    Args:
        learner: its registered name.
        needed: bytes it takes at its peak.
        available: bytes the caller may use.
        features: how many there are.
        every: learn from every n-th era, so that it fits; 1 where it fits as it is.
    """

    learner: str
    needed: int
    available: int
    features: int
    every: int

    @property
    def sentence(self) -> str:
        """The plan in words."""
        size = f"Training {self.learner} takes about {_words(self.needed)} of {_words(self.available)}"
        if self.every == 1:
            return f"{size}: it fits."
        fewer = self.features * self.available // self.needed
        return (
            f'{size}: too much. Learn from every {self.every}th era (learner = "era_sample", settings.learner = '
            f'"{self.learner}", settings.every = {self.every}), or from at most {fewer} of {self.features} features.'
        )


def plan_training(plan: MemoryPlan, learner: str, features: int, bytes_per_value: float) -> TrainingPlan:
    """Whether a learner can be trained on the rows of a plan.

    Args:
        plan: of reading the rows.
        learner: its registered name, for the sentence.
        features: feature columns it learns from.
        bytes_per_value: what it holds of every feature value at its peak (`memory_per_value` of the model).
    """
    values = plan.rows * features
    needed = int(plan.rows * KEY_BYTES + values * bytes_per_value + min(PIECE, 8 * values))
    return TrainingPlan(learner, needed, plan.available, features, max(1, -(-needed // max(plan.available, 1))))


def plan_memory(paths: Sequence[Path], columns: Sequence[str], eras: int, available: int) -> MemoryPlan:
    """Plan reading these columns of parquet files from their footers alone.

    Args:
        columns: feature and target columns wanted.
        eras: eras in the files (`len(panel.eras)`).
        available: bytes that may be used, see `available_memory`.

    Raises:
        UserError: `memory-too-small` when not even one era fits; `unknown-column`; DataError: `file-damaged`.
    """
    rows = width = needed = 0
    for path in paths:
        schema = _schema(path)
        missing = [name for name in columns if name not in schema]
        if missing:
            raise UserError("unknown-column", f"{path.name} has no column {missing[0]}.", "Check the feature set.")
        width = KEY_BYTES + sum(_width(schema[name]) for name in columns)
        count = int(pl.scan_parquet(path).select(pl.len()).collect().item())
        rows += count
        needed += int(count * width * WORKING_COPIES)
    per_era = max(needed // max(eras, 1), 1)
    at_once = eras if needed <= available else available // per_era
    if eras and at_once < 1:
        raise UserError(
            "memory-too-small",
            f"One era needs {_words(per_era)} and {_words(available)} may be used.",
            "Choose a smaller feature set, or allow more memory.",
        )
    return MemoryPlan(rows, len(columns), needed, available, at_once, eras)


def available_memory(
    meminfo: Path = Path("/proc/meminfo"), limit: Path = Path("/sys/fs/cgroup/memory.max"), share: float = 0.6
) -> int:
    """Bytes a panel may use: a share of what the machine, or the container around it, has free.

    Raises:
        UserError: `memory-unknown` where the system does not tell; then name a figure yourself.
    """
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        raise UserError(
            "memory-unknown", "This system does not tell how much memory is free.", "Set the memory to use yourself."
        ) from None
    return int(min(free, _container_free(limit)) * share)


def _container_free(limit: Path) -> float:
    try:
        allowed = int(limit.read_text())
        used = int(limit.with_name("memory.current").read_text())
    except (OSError, ValueError):
        # No container, or one without a limit ("max").
        return float("inf")
    return float(max(allowed - used, 0))


def _schema(path: Path) -> Mapping[str, pl.DataType]:
    try:
        return pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            "file-damaged", f"{path.name} cannot be read as parquet ({type(error).__name__}).", "Fetch it again."
        ) from None


def _width(kind: pl.DataType) -> int:
    return WIDTHS.get(type(kind), 8)


def _words(size: int) -> str:
    return f"{size / MEBIBYTE:,.0f} MiB" if size < 4096 * MEBIBYTE else f"{size / MEBIBYTE / 1024:,.1f} GiB"
