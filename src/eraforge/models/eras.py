"""How a learner looks at time: the purged last eras that stop it early, inner folds, and what each era weighs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import polars as pl

from eraforge.core.errors import UserError
from eraforge.core.panel import ERA, Panel
from eraforge.core.ports import Fold
from eraforge.models.ranking import era_corr, predictions_frame
from eraforge.models.rows import labels, require, training_rows

EVERY = 10
"""Trees between two looks at the last eras."""


def labelled_eras(panel: Panel) -> tuple[str, ...]:
    """Eras of which at least one row has a known main target, in time order."""
    found = set(training_rows(panel).frame.select(pl.col(ERA).unique()).collect()[ERA])
    return tuple(era for era in panel.eras if era in found)


def past_of(panel: Panel, eras: Sequence[str], first: str) -> tuple[str, ...]:
    """Those of `eras` that may be trained on when `first` is the first predicted era: purged by count and by date."""
    place = panel.moments.position
    known = set(panel.moments.known_before(panel.target.name, panel.moments.date_of(first)))
    return tuple(era for era in eras if place[era] < place[first] - panel.target.purge and era in known)


def purged_tail(panel: Panel, share: float) -> tuple[Panel, Panel]:
    """The labelled rows cut in two: what may be learned from, and the last `share` of the eras to judge it on.

    Between them lie the eras whose labels would reach into the second part.

    Raises:
        UserError: `too-few-eras-to-stop-early` when nothing is left to learn from.
    """
    eras = labelled_eras(panel)
    tail = eras[len(eras) - max(1, round(len(eras) * share)) :]
    past = past_of(panel, eras, tail[0]) if tail else ()
    if not past:
        raise UserError(
            "too-few-eras-to-stop-early",
            f"{len(eras)} labelled eras leave none to learn from before the last {len(tail)}, with "
            f"{panel.target.purge} left out for target {panel.target.name!r}.",
            "Give the model more eras, or turn its early stopping off (patience = 0).",
        )
    return panel.where_eras(past), panel.where_eras(tail)


def inner_folds(panel: Panel, count: int) -> Iterator[Fold]:
    """Walk-forward folds within a training panel: `count` blocks of eras predicted from their purged pasts.

    Blocks too early to have a past are left out.

    Raises:
        UserError: `too-few-eras-for-inner-folds` when no block has one.
    """
    eras = labelled_eras(panel)
    edges = [len(eras) * step // (count + 1) for step in range(count + 2)]
    found = 0
    for start, stop in pairwise(edges[1:]):
        past = past_of(panel, eras[:start], eras[start]) if start < stop else ()
        if past:
            found += 1
            yield Fold(past, eras[start:stop])
    if not found:
        raise UserError(
            "too-few-eras-for-inner-folds",
            f"{len(eras)} labelled eras are too few for {count} folds with {panel.target.purge} left out before each.",
            "Give the model more eras, or fewer folds.",
        )


def check_weighting(half_life: float) -> None:
    """Check the setting `era_half_life`.

    Raises:
        UserError: `model-setting`.
    """
    require(half_life >= 0, "era_half_life", half_life, "0 or a number of eras")


def row_weights(panel: Panel, half_life: float, even: bool) -> np.ndarray | None:
    """A weight per row with mean 1, shape (rows,), float64; None where all rows weigh the same.

    Args:
        panel: the rows to train on, in order.
        half_life: eras after which an era counts half as much as the newest; 0 for no forgetting.
        even: give every era the same total weight, however many rows it has.
    """
    if not half_life and not even:
        return None
    eras = panel.frame.select(ERA).collect()[ERA]
    names, places, counts = np.unique(eras.to_numpy(), return_inverse=True, return_counts=True)
    age = np.array([len(panel.eras) - 1 - panel.moments.position[name] for name in names.tolist()], dtype=np.float64)
    of_era = 0.5 ** (age / half_life) if half_life else np.ones(len(names))
    weights: np.ndarray = (of_era / counts if even else of_era)[places]
    weights /= weights.mean()
    return weights


def check_stopping(patience: int, tail: float) -> None:
    """Check the settings of early stopping.

    Raises:
        UserError: `model-setting`.
    """
    require(patience >= 0, "patience", patience, "0 or a number of rounds")
    require(0 < tail < 1, "tail", tail, "a share of the eras in (0, 1)")


class Watch:
    """Follows the mean per-era CORR of the last eras while trees are added.

    Args:
        tail: the eras to judge on, with labels.
        patience: trees without an improvement after which it is enough.
    """

    def __init__(self, tail: Panel, patience: int) -> None:
        self.rows: pl.DataFrame = tail.collect()
        self.truth = labels(tail)
        self.patience = patience
        self.best = -np.inf
        self.best_trees = 1
        self._sum = np.zeros(len(self.truth))

    def add(self, values: np.ndarray, trees: int) -> bool:
        """Add what the newest trees say of each row, `trees` standing now; whether it is time to stop."""
        self._sum = self._sum + values
        score = float(era_corr(predictions_frame(self.rows, self._sum), self.truth).mean())
        if score > self.best:
            self.best, self.best_trees = score, trees
        return trees - self.best_trees >= self.patience
