"""Drift between two data versions: features, sets and targets that came or went, and what `target` stands for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from eraforge.core.words import Arena
from eraforge.data.feature_sets import FeatureSets
from eraforge.data.finding import Finding, Severity

LOOKED_AT = 5_000  # rows: two targets that agree in all of them are one


def compare_versions(
    before: FeatureSets, after: FeatureSets, names: tuple[str, str], features: str, targets: Sequence[str]
) -> Iterator[Finding]:
    """What differs between the version an entry reads and another one.

    Args:
        before, after: features and targets of the entry's version, and of the other one.
        names: of the two versions.
        features: the set the entry learns from.
        targets: the targets it learns.
    """
    (own, other), (old, now) = names, (_everything(before), _everything(after))
    counts = {"features more": len(now - old), "features fewer": len(old - now)}
    sets = {"gone": before.sets.keys() - after.sets.keys(), "new": after.sets.keys() - before.sets.keys()}
    told = [f"{count} {what}" for what, count in counts.items() if count]
    told += [f"feature sets {what}: {', '.join(sorted(which))}" for what, which in sets.items() if which]
    yield Finding(
        Severity.WARN,
        "newer-version-offered",
        f"{other} is offered besides {own}: {'; '.join(told) or 'the same features, sets and targets'}.",
        f'Nothing changes by itself; `version = "{other}"` moves the entry, and its model is trained again.',
    )
    if features not in after.sets:
        same = [name for name, members in after.sets.items() if members == before.sets.get(features)]
        yield Finding(
            Severity.WARN,
            "set-not-in-newer-version",
            f"{other} has no feature set {features!r}, from which the entry learns.",
            f'There it is called {same[0]!r}: write `features = "{same[0]}"` with the version.'
            if same
            else f"Choose one of its sets with the version: {', '.join(after.sets)}.",
        )
    for target in [one for one in targets if one not in after.targets]:
        yield Finding(
            Severity.WARN,
            "target-not-in-newer-version",
            f"{other} has no target {target!r}, which the entry learns.",
            f"Choose one of its targets with the version: {', '.join(after.targets[:4])} …",
        )


def meaning_of(path: Path, arena: Arena) -> str | None:
    """The named target that the arena's main target equals in a training file; None where none does.

    Nothing else says it: the features file lists `target` beside the named ones.
    """
    schema = pl.read_parquet_schema(path)
    named = [name for name in schema if name.startswith(f"{arena.target_prefix}_") and name != arena.target]
    if arena.target not in schema or not named:
        return None
    frame = pl.scan_parquet(path).select(arena.target, *named).head(LOOKED_AT).collect()
    main = frame.get_column(arena.target)
    equal = [name for name in named if main.equals(frame.get_column(name), null_equal=True)]
    return equal[0] if len(equal) == 1 else None


def _everything(known: FeatureSets) -> set[str]:
    return {name for members in known.sets.values() for name in members}
