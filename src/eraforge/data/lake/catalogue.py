"""The catalogue of one set of prices: which segments hold its rows, what was read, which groups were told."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from eraforge.core.errors import DataError
from eraforge.store.atomic import make_folder, write_atomic

FORMAT = 1


@dataclass(frozen=True)
class Segment:
    """One immutable parquet file of rows.

    Args:
        digest: of its bytes.
        rows, symbols: how many.
        first, last: lowest and highest place in time, seconds since 1970.
        learned_first, learned_last: when its oldest and newest rows became known, milliseconds since 1970.
        corrections: rows that replace an earlier version.
    """

    digest: str
    rows: int
    symbols: int
    first: int
    last: int
    learned_first: int
    learned_last: int
    corrections: int = 0


@dataclass(frozen=True)
class GroupsTold:
    """Labels of symbols as told at one moment (milliseconds): digest of the JSON object name -> symbol -> label."""

    learned: int
    digest: str


@dataclass(frozen=True)
class BesideTold:
    """What stands beside the bars under a name, as told at one moment (milliseconds): digest of a JSON object."""

    name: str
    learned: int
    digest: str


@dataclass(frozen=True)
class Catalogue:
    """What a lake knows of its own content. Segments stand in the order in which they were learned.

    Args:
        seconds: length of a bar; one lake holds one interval.
        seen: file -> what told its content apart when it was read.
        synthetic: tag of made-up data.
        beside: every version of what stands beside the bars, in the order in which they were learned.
    """

    name: str
    seconds: int
    segments: tuple[Segment, ...] = ()
    seen: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[GroupsTold, ...] = ()
    synthetic: str | None = None
    beside: tuple[BesideTold, ...] = ()

    @property
    def learned_last(self) -> int:
        """When the newest of it all became known, milliseconds since 1970; 0 where nothing did."""
        told = [one.learned_last for one in self.segments]
        told += [one.learned for one in self.groups] + [one.learned for one in self.beside]
        return max(told, default=0)

    @property
    def rows(self) -> int:
        """Rows of all versions."""
        return sum(segment.rows for segment in self.segments)

    def grown(self, **changes: Any) -> Catalogue:
        """The catalogue with some parts replaced."""
        return replace(self, **changes)


def read_catalogue(path: Path) -> Catalogue | None:
    """The catalogue at `path`, or None where there is none yet.

    Raises:
        DataError: `lake-damaged`.
    """
    try:
        tree = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, OSError):
        raise _damaged(path) from None
    try:
        if tree.pop("format") != FORMAT:
            raise _damaged(path)
        segments = tuple(Segment(**one) for one in tree.pop("segments"))
        groups = tuple(GroupsTold(**one) for one in tree.pop("groups"))
        beside = tuple(BesideTold(**one) for one in tree.pop("beside", ()))
        return Catalogue(segments=segments, groups=groups, beside=beside, **tree)
    except (KeyError, TypeError, AttributeError):
        raise _damaged(path) from None


def write_catalogue(path: Path, catalogue: Catalogue) -> None:
    """Replace the catalogue in one step: a crash leaves the earlier one, whose segments are all still there."""
    write_atomic(path, json.dumps({"format": FORMAT, **asdict(catalogue)}, indent=1, sort_keys=True).encode())


@contextmanager
def locked(path: Path, *, alone: bool) -> Iterator[None]:
    """Hold the lake's lock: alone to change it, together with others to read it."""
    make_folder(path.parent)
    with path.with_suffix(".lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def _damaged(path: Path) -> DataError:
    return DataError(
        "lake-damaged",
        f"The catalogue {path.name} of stored prices cannot be read.",
        "Restore it from a backup, or remove it and pull the prices again.",
    )
