"""Combinatorial purged cross-validation: every choice of some blocks is predicted by the rest, which gives many paths
through the whole history instead of one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations
from typing import ClassVar

from eraforge.core.errors import UserError
from eraforge.core.panel import Panel
from eraforge.evaluation.splitters.splitter import Cut, PurgedSplitter, even_blocks


@dataclass(frozen=True)
class CombinatorialPurged(PurgedSplitter):
    """All choices of `predicted` among `blocks` consecutive blocks of eras (Lopez de Prado 2018, chapter 12).

    Each block is predicted by several folds, so one evaluation of it makes several out-of-fold predictions of an era;
    `paths` says which fold gives each path its predictions of each block.

    Args:
        blocks: consecutive blocks of nearly equal length.
        predicted: blocks that each fold predicts.
        embargo: eras left out after each predicted run besides the purge.
    """

    two_sided: ClassVar[bool] = True
    blocks: int = 6
    predicted: int = 2
    embargo: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.predicted < self.blocks <= 16 or self.embargo < 0:
            raise UserError(
                "splitter-setting",
                f"{self.predicted} of {self.blocks} blocks with embargo {self.embargo} cannot be predicted.",
                "Use up to 16 blocks, fewer predicted ones, and an embargo from 0.",
            )

    @property
    def folds(self) -> int:
        """How many folds there are."""
        return math.comb(self.blocks, self.predicted)

    def cuts(self, panel: Panel) -> Iterator[Cut]:
        """Each choice of blocks in lexicographic order, with the eras of the blocks left."""
        runs = even_blocks(len(panel.eras), self.blocks, self)
        for chosen in combinations(range(self.blocks), self.predicted):
            left = (run for place, run in enumerate(runs) if place not in chosen)
            yield chain.from_iterable(left), list(chain.from_iterable(runs[place] for place in chosen))

    def paths(self) -> tuple[tuple[int, ...], ...]:
        """Per path, the fold (from 0, in the order of `split`) that predicts each block for it."""
        by_block: list[list[int]] = [[] for _ in range(self.blocks)]
        for fold, chosen in enumerate(combinations(range(self.blocks), self.predicted)):
            for place in chosen:
                by_block[place].append(fold)
        return tuple(zip(*by_block, strict=True))
