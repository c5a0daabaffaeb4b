"""What is known of members before they are blended: their out-of-fold predictions, and the CORR of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np
import polars as pl

from eraforge.core.panel import ERA, ID, Panel
from eraforge.core.ports import Fold, Model
from eraforge.core.words import PREDICTION
from eraforge.models.eras import inner_folds
from eraforge.models.progress import report
from eraforge.models.ranking import era_corr, rank_to_normal

Overseer = Callable[[Sequence[Fold]], None]
_overseer: ContextVar[Overseer | None] = ContextVar("overseer", default=None)


@contextmanager
def overseen(by: Overseer) -> Iterator[None]:
    """Show `by` the inner folds of every blend that is trained inside, before it is; what it raises ends the training.

    Whoever evaluates a model knows which eras it must not have seen; a blend does not.
    """
    token = _overseer.set(by)
    try:
        yield
    finally:
        _overseer.reset(token)


@dataclass(frozen=True)
class Evidence:
    """Out-of-fold predictions of the members.

    Every row of a predicted era is predicted and ranked, as in an evaluation and live; those with a label are kept.
    Ranks among them alone would be ranks among the names that were still there when the label came.

    Args:
        names: the members.
        keys: `era`, `id` of the labelled rows.
        truth: their labels, (rows,).
        ranks: the members' normal ranks within each era, among all of its rows, (rows, members).
    """

    names: tuple[str, ...]
    keys: pl.DataFrame
    truth: np.ndarray
    ranks: np.ndarray

    @property
    def eras(self) -> tuple[str, ...]:
        """The predicted eras, in time order."""
        return tuple(self.keys[ERA].unique(maintain_order=True))

    def scores(self) -> np.ndarray:
        """CORR of each member in each era, (eras, members)."""
        return np.column_stack([self.blend(np.eye(len(self.names))[place]) for place in range(len(self.names))])

    def blend(self, weights: np.ndarray) -> np.ndarray:
        """CORR per era of the weighted mean of the members' normal ranks, (eras,)."""
        frame = self.keys.with_columns(pl.Series(PREDICTION, self.ranks @ weights))
        return era_corr(frame, self.truth)


def gather_evidence(parts: Mapping[str, Model], panel: Panel, folds: int) -> Evidence:
    """Train each member on the past of each inner fold, and predict every row of the fold.

    Raises:
        UserError: `too-few-eras-for-inner-folds`, and what the members raise.
    """
    names = tuple(parts)
    target = panel.target.name
    keys, truth, ranks = [], [], []
    cut = list(inner_folds(panel, folds))
    overseer = _overseer.get()
    if overseer is not None:
        overseer(cut)
    for number, fold in enumerate(cut, start=1):
        future = panel.where_eras(fold.predict)
        rows = future.frame.select(ERA, ID, pl.col(target).cast(pl.Float64)).collect()
        past = panel.where_eras(fold.train)
        asked = future.select(targets=())
        found = [rank_to_normal(parts[name].fit(past).predict(asked))[PREDICTION].to_numpy() for name in names]
        labelled = rows[target].is_finite().fill_null(False)
        keys.append(rows.filter(labelled).select(ERA, ID))
        truth.append(rows.filter(labelled)[target].to_numpy())
        ranks.append(np.column_stack(found)[labelled.to_numpy()])
        report("inner folds", number, len(cut))
    return Evidence(names, pl.concat(keys), np.concatenate(truth), np.concatenate(ranks))
