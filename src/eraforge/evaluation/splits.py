"""Walk-forward folds: train on the past, leave out what could look ahead, predict what comes next.

Two rules keep a fold clean, and both always hold. By count: at least `target.purge` eras (8 for 20 weekdays, 16 for
60) lie between the last training era and the first predicted one. By date: no label used in training becomes known on
or after the date of the first predicted era. The count alone once let a label overlap, when a holiday delayed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from eraforge.core.errors import Broken, UserError
from eraforge.core.panel import Panel, Target
from eraforge.core.ports import Fold

OFFICIAL_CHUNK = 156


@dataclass(frozen=True)
class WalkForward:
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
    def official(cls) -> WalkForward:
        """The tournament's own scheme: eras 1-156 are trained on, then 157-312, 313-468, ... are predicted.

        Source: Numerai's benchmark models (train 1-148 predicts 157-312, train 1-304 predicts 313-468, ...).
        """
        return cls(chunk=OFFICIAL_CHUNK)

    def split(self, panel: Panel) -> Iterator[Fold]:
        """Folds of the panel's eras for its main target.

        Raises:
            UserError: `too-few-eras` when a fold would have nothing to train on.
        """
        blocks = self._blocks(panel)
        for before, block in pairwise(blocks):
            start = 0 if self.expanding else before.start
            train = clean_past(panel, range(start, block.start), block.start, panel.target, self.embargo)
            if not train:
                raise UserError(
                    "too-few-eras",
                    f"{len(panel.eras)} eras leave nothing to train on before era {panel.eras[block.start]!r}, with "
                    f"{panel.target.purge + self.embargo} eras left out for target {panel.target.name!r}.",
                    "Use more eras, fewer folds or a longer chunk.",
                )
            fold = Fold(tuple(panel.eras[place] for place in train), tuple(panel.eras[place] for place in block))
            check_fold(panel, fold, panel.target)
            yield fold

    def _blocks(self, panel: Panel) -> list[range]:
        """Places of the eras of each block; the first is only trained on."""
        count = len(panel.eras)
        if self.chunk is not None:
            edges = [*range(0, count, self.chunk), count]
        else:
            edges = [count * step // (self.folds + 1) for step in range(self.folds + 2)]
        blocks = [range(start, stop) for start, stop in pairwise(edges)]
        if len(blocks) < 2 or not all(blocks):
            raise UserError(
                "too-few-eras",
                f"{count} eras are too few for {self}.",
                "Use more eras, fewer folds or a shorter chunk.",
            )
        return blocks


def clean_past(panel: Panel, past: Iterable[int], first: int, target: Target, embargo: int = 0) -> list[int]:
    """Those of the `past` places that may be trained on when the era at place `first` is the first predicted one."""
    moment = panel.moments.dates[first]
    known = panel.moments.known.get(target.name)
    if known is None:
        panel.moments.known_before(target.name, moment)
        return []
    last = first - target.purge - embargo
    return [place for place in past if place < last and known[place] < moment]


def check_fold(panel: Panel, fold: Fold, target: Target) -> None:
    """Stop unless a fold is clean for a target of the whole panel it was cut from.

    Raises:
        Broken: `fold-empty`, `fold-unknown-era`, `fold-out-of-order` (shuffled or repeated eras), `fold-overlaps`
            (training does not end before prediction starts), `fold-purge-too-short`, `fold-label-looks-ahead`.
    """
    if not fold.train or not fold.predict:
        raise _broken("fold-empty", "A fold has no era to train on or none to predict.")
    position = panel.moments.position
    for era in (*fold.train, *fold.predict):
        if era not in position:
            raise _broken("fold-unknown-era", f"A fold names era {era!r}, which the panel does not hold.")
    for name, eras in (("trains on", fold.train), ("predicts", fold.predict)):
        if any(position[earlier] >= position[later] for earlier, later in pairwise(eras)):
            raise _broken("fold-out-of-order", f"A fold {name} eras that are not in strict time order.")
    last, first = fold.train[-1], fold.predict[0]
    between = position[first] - position[last] - 1
    if between < 0:
        raise _broken("fold-overlaps", f"A fold trains on era {last!r} and predicts from era {first!r}.")
    if between < target.purge:
        raise _broken(
            "fold-purge-too-short",
            f"Only {between} eras lie between training era {last!r} and predicted era {first!r}; "
            f"{target.name!r} needs {target.purge}.",
        )
    known = set(panel.moments.known_before(target.name, panel.moments.date_of(first)))
    late = [era for era in fold.train if era not in known]
    if late:
        raise _broken(
            "fold-label-looks-ahead",
            f"The {target.name!r} of training era {late[0]!r} is not known before predicted era {first!r} begins.",
        )


def check_folds(panel: Panel, folds: Sequence[Fold], target: Target) -> None:
    """Stop unless every fold is clean and each era is predicted at most once, in time order.

    Raises:
        Broken: what `check_fold` raises, and `fold-predicts-twice`.
    """
    for fold in folds:
        check_fold(panel, fold, target)
    position = panel.moments.position
    for earlier, later in pairwise(folds):
        if position[earlier.predict[-1]] >= position[later.predict[0]]:
            raise _broken("fold-predicts-twice", f"Era {later.predict[0]!r} is predicted by more than one fold.")


def _broken(code: str, sentence: str) -> Broken:
    return Broken(code, sentence, "Do not trust this evaluation; mend the splitter.")
