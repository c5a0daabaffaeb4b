"""The check of a fold, by whoever made it: cheap enough to run before every training, and written apart from the
splitters it judges.

Two rules keep a fold clean, and both always hold. By count: at least `target.purge` eras (8 for 20 weekdays, 16 for
60) lie between training and prediction. By date: no label used in training becomes known on or after the date of a
predicted era that follows it. The count alone once let a label overlap, when a holiday delayed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from eraforge.core.errors import Broken, UserError
from eraforge.core.panel import Panel, Target
from eraforge.core.ports import Fold

RANDOM_KINDS = ("ShuffleSplit", "Repeated")
"""In the names of scikit-learn's splitters that always shuffle."""


def check_fold(panel: Panel, fold: Fold, target: Target, embargo: int = 0, two_sided: bool = False) -> None:
    """Stop unless a fold is clean for a target of the whole panel it was cut from.

    Args:
        panel: the panel with all its eras.
        fold: what is judged.
        target: the label that is learned; its horizon decides what must be left out.
        embargo: eras left out besides the purge: before the predicted part, or after it where `two_sided`.
        two_sided: whether training may also follow the predicted part (k-fold, combinatorial).

    Raises:
        Broken: `fold-empty`, `fold-unknown-era`, `fold-out-of-order` (shuffled or repeated eras), `fold-overlaps`
            (an era on both sides, or training does not end before prediction starts), `fold-purge-too-short`,
            `fold-embargo-too-short`, `fold-label-looks-ahead`, `fold-label-reaches-training` (a predicted label is
            not known before a later training era begins).
    """
    train, predict = _places(panel, fold)
    shared = np.intersect1d(train, predict)
    if shared.size or not (two_sided or train[-1] < predict[0]):
        era = panel.eras[int(shared[0])] if shared.size else fold.train[-1]
        raise _broken("fold-overlaps", f"A fold trains on era {era!r} and predicts from era {fold.predict[0]!r}.")
    following = np.searchsorted(predict, train)
    earlier, later = following < len(predict), following > 0
    _check_count(panel, target, train[earlier], predict[following[earlier]], 0 if two_sided else embargo)
    _check_count(panel, target, predict[following[later] - 1], train[later], embargo if two_sided else 0)
    _check_dates(panel, target, train, predict)


def check_folds(panel: Panel, folds: Sequence[Fold], target: Target, embargo: int = 0, two_sided: bool = False) -> None:
    """Stop unless every fold is clean and each era is predicted at most once, in time order.

    Raises:
        Broken: what `check_fold` raises, and `fold-predicts-twice`.
    """
    for fold in folds:
        check_fold(panel, fold, target, embargo, two_sided)
    position = panel.moments.position
    for earlier, later in pairwise(folds):
        if position[earlier.predict[-1]] >= position[later.predict[0]]:
            raise _broken("fold-predicts-twice", f"Era {later.predict[0]!r} is predicted by more than one fold.")


def refuse_shuffles(splitter: Any) -> None:
    """Refuse a splitter that deals eras out at random.

    Raises:
        UserError: `splitter-shuffles`.
    """
    name = type(splitter).__name__
    if getattr(splitter, "shuffle", False) or any(word in name for word in RANDOM_KINDS):
        raise UserError(
            "splitter-shuffles",
            f"{name} shuffles: neighbouring eras share most of their label, so a shuffled fold is "
            "trained on what it predicts.",
            "Use WalkForward, PurgedKFold or CombinatorialPurged.",
        )


def _places(panel: Panel, fold: Fold) -> tuple[np.ndarray, np.ndarray]:
    """Places of the trained and of the predicted eras, once they are known to be there and in order."""
    if not fold.train or not fold.predict:
        raise _broken("fold-empty", "A fold has no era to train on or none to predict.")
    position = panel.moments.position
    found = []
    for name, eras in (("trains on", fold.train), ("predicts", fold.predict)):
        strange = [era for era in eras if era not in position]
        if strange:
            raise _broken("fold-unknown-era", f"A fold names era {strange[0]!r}, which the panel does not hold.")
        places = np.array([position[era] for era in eras])
        if (np.diff(places) <= 0).any():
            raise _broken("fold-out-of-order", f"A fold {name} eras that are not in strict time order.")
        found.append(places)
    return found[0], found[1]


def _check_count(panel: Panel, target: Target, first: np.ndarray, second: np.ndarray, embargo: int) -> None:
    """Eras that lie between each pair of neighbours on two sides."""
    between = second - first - 1
    if not between.size:
        return
    worst = int(between.argmin())
    if between[worst] >= target.purge + embargo:
        return
    one, other = panel.eras[int(first[worst])], panel.eras[int(second[worst])]
    told = f"Only {between[worst]} eras lie between eras {one!r} and {other!r} on the two sides of a fold"
    if between[worst] < target.purge:
        raise _broken("fold-purge-too-short", f"{told}; {target.name!r} needs {target.purge}.")
    raise _broken(
        "fold-embargo-too-short", f"{told}; {target.name!r} needs {target.purge} and an embargo of {embargo} more."
    )


def _check_dates(panel: Panel, target: Target, train: np.ndarray, predict: np.ndarray) -> None:
    """No label of one side is still open when an era of the other side that follows it begins."""
    moments = panel.moments
    if target.name not in moments.known:
        moments.known_before(target.name, moments.dates[0])
    dates = np.array(moments.dates, dtype="datetime64[D]")
    known = np.array(moments.known[target.name], dtype="datetime64[D]")
    for what, first, second in (("predicted", train, predict), ("training", predict, train)):
        next_one = np.searchsorted(second, first)
        inside = next_one < len(second)
        late = first[inside][known[first[inside]] >= dates[second[next_one[inside]]]]
        if late.size:
            place = int(late[0])
            after = panel.eras[int(second[np.searchsorted(second, place)])]
            told = f"The {target.name!r} of era {panel.eras[place]!r} is not known before {what} era {after!r} begins."
            if what == "predicted":
                raise _broken("fold-label-looks-ahead", told)
            raise _broken("fold-label-reaches-training", told)


def _broken(code: str, sentence: str) -> Broken:
    return Broken(code, sentence, "Do not trust this evaluation; mend the splitter.")
