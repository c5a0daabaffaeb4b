"""What differs between the worlds of two tournaments, as values: files, columns, targets, universe and field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from eraforge.core.words import Arena
from eraforge.simulator.world.market.lookback import Lookback


class Without(StrEnum):
    """What a target is neutral to."""

    NOTHING = "nothing"
    FACTORS = "factors"
    FEATURES = "features"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One target column: returns over `horizon` score days after the lag, neutral to something, in five bins.

    Args:
        by_volume: neutralised and binned under the sample weights.
    """

    name: str
    horizon: int
    without: Without = Without.NOTHING
    by_volume: bool = False


class Content(StrEnum):
    """What a dataset file holds."""

    ROWS = "rows"
    UNIVERSE = "universe"
    EXAMPLE = "example"
    NEUTRALIZER = "neutralizer"
    WEIGHTS = "weights"


class Span(StrEnum):
    """Which eras it holds."""

    TRAIN = "train"
    VALIDATION = "validation"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A dataset file: its full name, what it holds and of which eras, and which columns pandas takes as the index."""

    name: str
    content: Content
    span: Span
    index: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """A tournament's world, apart from its prices.

    Args:
        files: the dataset files.
        feature_names: numeric features in file order, and `features` (names, rows) float64 that makes them.
        group_features: features that are text, by the kind of group they tell.
        local: which numeric features are ranked within countries.
        factors: features whose bins the factor-neutral targets and the neutralisers span, beside the groups.
        recipes: target columns in file order.
        keys: name of a further identifier column and how it follows from a symbol.
        universe: largest number of names in a round; `by_size` takes the largest ones, else those that trade enough.
        always: symbols that are in every universe.
        weekly: eras are Fridays; otherwise every market day of a round is one.
        first_era, last_train_era: days of the first era and of the last one in the training file; None where it grows.
        competitors: size of the field, and `mark`, which ends their names.
        weighted: whether there are neutralisers and sample weights.
    """

    arena: Arena
    files: tuple[DataFile, ...]
    feature_names: tuple[str, ...]
    features: Callable[[Lookback], np.ndarray]
    group_features: tuple[tuple[str, str], ...]
    local: tuple[str, ...]
    factors: tuple[str, ...]
    recipes: tuple[Recipe, ...]
    keys: tuple[str, Callable[[str], str | int]]
    universe: int
    by_size: bool
    always: tuple[str, ...]
    weekly: bool
    first_era: date
    last_train_era: date | None
    competitors: int
    mark: str
    weighted: bool
