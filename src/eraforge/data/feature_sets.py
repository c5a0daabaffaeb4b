"""Feature sets and targets of a data version: from its `features.json`, or from the columns of a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl

from eraforge.core.errors import DataError, UserError
from eraforge.core.words import Arena

SYNTHETIC = "eraforge.synthetic"


@dataclass(frozen=True)
class FeatureSets:
    """The feature sets of a data version.

    Args:
        sets: set name to its features, in the file's order.
        targets: target columns, in the file's order; files before 2025 list none.
        synthetic: the tag of made-up data, or None.
    """

    sets: Mapping[str, tuple[str, ...]]
    targets: tuple[str, ...]
    synthetic: str | None = None

    def features(self, name: str) -> tuple[str, ...]:
        """Features of a set.

        Raises:
            UserError: `unknown-feature-set`, naming the sets there are.
        """
        if name not in self.sets:
            sizes = ", ".join(f"{known} ({len(features)})" for known, features in self.sets.items())
            raise UserError("unknown-feature-set", f"There is no feature set {name!r}.", f"Use one of: {sizes}.")
        return self.sets[name]

    def require_target(self, name: str) -> str:
        """The target's name, when the data version has it.

        Raises:
            UserError: `unknown-target`, naming the nearest ones.
        """
        if name not in self.targets:
            near = get_close_matches(name, self.targets, n=4, cutoff=0.4) or list(self.targets[:4]) or ["none"]
            raise UserError("unknown-target", f"There is no target {name!r}.", f"The nearest are: {', '.join(near)}.")
        return name


def feature_sets(source: bytes | Path) -> FeatureSets:
    """Read `features.json` from its bytes or its path.

    Raises:
        DataError: `features-file-damaged` when it is no such file, or a set names a feature twice.
    """
    data = source.read_bytes() if isinstance(source, Path) else source
    try:
        tree = json.loads(data)
    except ValueError:
        raise _damaged("it is no JSON") from None
    if not isinstance(tree, dict) or not isinstance(tree.get("feature_sets"), dict):
        raise _damaged("it holds no feature_sets")
    sets = {str(name): _names(f"feature set {name}", features) for name, features in tree["feature_sets"].items()}
    targets = _names("targets", tree["targets"]) if "targets" in tree else ()
    tag = tree.get(SYNTHETIC)
    return FeatureSets(sets, targets, str(tag) if tag else None)


def columns_as_sets(path: Path, arena: Arena) -> FeatureSets:
    """The one set `all` of a dataset that has no features file: its number columns with the arena's feature prefix.

    Columns of text (a country, an exchange) describe a row and are no features to learn from.

    Raises:
        DataError: `file-damaged`; `no-feature-columns` when no column begins like a feature.
    """
    try:
        schema, told = pl.read_parquet_schema(path), pl.read_parquet_metadata(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            "file-damaged", f"{path.name} cannot be read as parquet ({type(error).__name__}).", "Fetch it again."
        ) from None
    numbers = [name for name, kind in schema.items() if kind.is_numeric()]
    features = tuple(name for name in numbers if name.startswith(arena.feature_prefix))
    if not features:
        raise DataError(
            "no-feature-columns",
            f"{path.name} has no number column that begins with {arena.feature_prefix!r}.",
            "Check that the file belongs to this arena and data version.",
        )
    targets = tuple(name for name in numbers if name.startswith(arena.target_prefix))
    return FeatureSets({"all": features}, targets, told.get(SYNTHETIC))


def _names(what: str, values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not values or not all(isinstance(value, str) and value for value in values):
        raise _damaged(f"{what} is no list of names")
    if len(set(values)) != len(values):
        raise _damaged(f"{what} names a column twice")
    return tuple(values)


def _damaged(reason: str) -> DataError:
    return DataError("features-file-damaged", f"The features file is damaged: {reason}.", "Fetch it again.")
