"""A version of the data: which features, sets, target and benchmark names its files have. Its rows are those of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from eraforge.simulator.port import Release
from eraforge.simulator.world.field import BENCHMARKS
from eraforge.simulator.world.rows.additions import Additions
from eraforge.simulator.world.rows.features import Bins, FeatureSpace
from eraforge.simulator.world.rows.targets import MAIN_SOURCE

EVERYTHING = "all"


@dataclass(frozen=True)
class Version:
    """What a version's files hold.

    Args:
        name: of the version, like `v5.3`.
        features: all of them, in the order of the columns: those of every version first.
        sets: named sets of them.
        target: the named target that the column `target` equals.
        benchmarks: names of the benchmark models, in the order of `field.BENCHMARKS`.
        additions: the features that releases appended, if any did.
    """

    name: str
    features: tuple[str, ...]
    sets: dict[str, list[str]]
    target: str
    benchmarks: tuple[str, ...]
    additions: Additions | None = None

    def added(self, day: date, rows: int) -> tuple[Bins, ...]:
        """The values of the appended features on a market day, (features, rows); none where none are appended."""
        return () if self.additions is None else (self.additions.draw(day, rows),)


def first_version(space: FeatureSpace, name: str) -> Version:
    """The version that a world begins with."""
    return Version(name, space.names, space.sets, MAIN_SOURCE, BENCHMARKS)


def released_version(space: FeatureSpace, releases: Sequence[Release]) -> Version:
    """The version of the last of these releases, each of which builds on the one before it.

    The appended features stand in `all` and in the sets of their groups. A set that was renamed is not renamed again.
    """
    additions, last = Additions(space, len(releases)), releases[-1]
    sets = {name: list(members) for name, members in space.sets.items()}
    sets[EVERYTHING] += additions.names
    for name, group in zip(additions.names, additions.groups, strict=True):
        sets.setdefault(group, []).append(name)
    names = {one.renamed: one.named for one in reversed(releases)}
    return Version(
        last.version,
        (*space.names, *additions.names),
        {names.get(name, name): members for name, members in sets.items()},
        last.target,
        tuple(_of_version(name, last.version) for name in BENCHMARKS),
        additions,
    )


def _of_version(benchmark: str, version: str) -> str:
    """The benchmark's name in another version: `v53_lgbm_ender20` is `v54_lgbm_ender20` in v5.4."""
    return f"{version.replace('.', '')}_{benchmark.partition('_')[2]}"
