"""What every splitter here shares: a cut names candidates and a predicted block; purging and the check are done once,
in one place, so that no splitter can forget them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import ClassVar

from eraforge.core.errors import UserError
from eraforge.core.panel import Panel
from eraforge.core.ports import Fold
from eraforge.evaluation.splitters.fold_checks import check_fold
from eraforge.evaluation.splitters.purging import clean_around

Cut = tuple[Iterable[int], Sequence[int]]


class PurgedSplitter(ABC):
    """A splitter over the eras of a panel, purged for the panel's main target (two-sided: for its furthest one).

    `two_sided` splitters also train on what follows a predicted block. Their embargo lies after the block, as in Lopez
    de Prado 2018 (chapter 7); that of the others lies before it.
    """

    two_sided: ClassVar[bool] = False
    embargo: int

    @abstractmethod
    def cuts(self, panel: Panel) -> Iterator[Cut]:
        """Per fold, the places that might be trained on and the ascending places to predict.

        Raises:
            UserError: `too-few-eras`.
        """

    def split(self, panel: Panel) -> Iterator[Fold]:
        """Folds of the panel's eras for its main target.

        A two-sided fold leaves out what its furthest-looking target needs; for others `Panel.asof` masks the labels
        of further targets that are not known yet.

        Raises:
            UserError: `too-few-eras` when a fold would have nothing to train on.
        """
        target, sides = panel.target, (0, self.embargo) if self.two_sided else (self.embargo, 0)
        if self.two_sided:
            target = max(panel.targets, key=lambda one: one.horizon)
        before, after = (target.purge + side for side in sides)
        for candidates, block in self.cuts(panel):
            train = clean_around(panel, candidates, block, target, before, after)
            if not train:
                raise UserError(
                    "too-few-eras",
                    f"{len(panel.eras)} eras leave nothing to train on beside era {panel.eras[block[0]]!r}, with "
                    f"{target.purge + self.embargo} eras left out for target {target.name!r}.",
                    "Use more eras, fewer folds or a longer chunk.",
                )
            fold = Fold(tuple(panel.eras[place] for place in train), tuple(panel.eras[place] for place in block))
            check_fold(panel, fold, target, self.embargo, self.two_sided)
            yield fold


def even_blocks(count: int, blocks: int, whose: object) -> list[range]:
    """`count` places in `blocks` runs of nearly equal length.

    Raises:
        UserError: `too-few-eras` when a run would be empty.
    """
    edges = [count * step // blocks for step in range(blocks + 1)]
    runs = [range(start, stop) for start, stop in pairwise(edges)]
    if not all(runs):
        raise too_few(count, whose)
    return runs


def too_few(count: int, whose: object) -> UserError:
    """The refusal of a panel that is too short for a splitter."""
    return UserError(
        "too-few-eras", f"{count} eras are too few for {whose}.", "Use more eras, fewer folds or a shorter chunk."
    )
