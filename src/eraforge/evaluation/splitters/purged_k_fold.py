"""Purged k-fold: each block of eras is predicted once, by a training on the eras at both sides of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from eraforge.core.errors import UserError
from eraforge.core.panel import Panel
from eraforge.evaluation.splitters.fold_checks import refuse_shuffles
from eraforge.evaluation.splitters.splitter import Cut, PurgedSplitter, even_blocks


@dataclass(frozen=True)
class PurgedKFold(PurgedSplitter):
    """`folds` consecutive blocks; training also follows the predicted block (Lopez de Prado 2018, chapter 7).

    It uses more of a short history than a walk-forward, at the price of training on the future of what it predicts:
    good for choosing settings, never a record of what could have been earned.

    Args:
        folds: number of blocks, 2 at least.
        embargo: eras left out after a predicted block besides the purge.
        shuffle: always refused, with the reason; it is here because other tools offer it.
    """

    two_sided: ClassVar[bool] = True
    folds: int = 5
    embargo: int = 0
    shuffle: bool = False

    def __post_init__(self) -> None:
        refuse_shuffles(self)
        if self.folds < 2 or self.embargo < 0:
            raise UserError(
                "splitter-setting",
                f"A purged k-fold of {self.folds} folds and embargo {self.embargo} is not possible.",
                "Use folds from 2 and an embargo from 0.",
            )

    def cuts(self, panel: Panel) -> Iterator[Cut]:
        """Each block with all other eras."""
        count = len(panel.eras)
        for block in even_blocks(count, self.folds, self):
            yield [*range(block.start), *range(block.stop, count)], block
