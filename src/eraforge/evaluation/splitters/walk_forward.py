"""Walk-forward folds: train on the past, leave out what could look ahead, predict what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from eraforge.core.errors import UserError
from eraforge.core.panel import Panel
from eraforge.evaluation.splitters.splitter import Cut, PurgedSplitter, even_blocks, too_few

OFFICIAL_CHUNK = 156


@dataclass(frozen=True)
class WalkForward(PurgedSplitter):
    """Folds in time order; each predicts one block of eras after training on the eras before it.

    Either `folds` equal blocks are predicted, after a first block that is only trained on; or blocks of `chunk` eras,
    the last of which may be shorter.

    Args:
        folds: number of predicted blocks, where `chunk` is not given.
        chunk: eras per block.
        expanding: train on all eras before a block; otherwise only on as many as a block holds.
        embargo: eras left out besides the purge.
    """

    folds: int = 3
    chunk: int | None = None
    expanding: bool = True
    embargo: int = 0

    def __post_init__(self) -> None:
        if self.folds < 1 or (self.chunk is not None and self.chunk < 1) or self.embargo < 0:
            raise UserError(
                "splitter-setting",
                f"A walk-forward of {self.folds} folds, chunk {self.chunk} and embargo {self.embargo} is not possible.",
                "Use folds and chunk from 1, and an embargo from 0.",
            )

    @classmethod
    def official(cls, expanding: bool = True) -> WalkForward:
        """The tournament's own scheme: eras 1-156 are trained on, then 157-312, 313-468, ... are predicted.

        Source: Numerai's benchmark models (train 1-148 predicts 157-312, train 1-304 predicts 313-468, ...).
        """
        return cls(chunk=OFFICIAL_CHUNK, expanding=expanding)

    def cuts(self, panel: Panel) -> Iterator[Cut]:
        """Blocks in time order, each after the eras before it."""
        count = len(panel.eras)
        if self.chunk is None:
            blocks = even_blocks(count, self.folds + 1, self)
        else:
            blocks = [range(start, min(start + self.chunk, count)) for start in range(0, count, self.chunk)]
        if len(blocks) < 2:
            raise too_few(count, self)
        for before, block in pairwise(blocks):
            yield range(0 if self.expanding else before.start, block.start), block
