"""The check of a blend: what it learns its weights from must be predictions that no member was trained for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eraforge.core.errors import Broken
from eraforge.core.panel import Panel, Target
from eraforge.core.ports import Fold
from eraforge.evaluation.splitters.fold_checks import check_fold


def check_blend(
    panel: Panel, blend: Fold, members: Mapping[str, Sequence[Fold]], target: Target, two_sided: bool = False
) -> None:
    """Stop unless a blend is trained on out-of-fold predictions alone, and predicts what none of its parts has seen.

    Args:
        panel: the panel all folds were cut from.
        blend: eras whose predictions the weights are learned from, and eras the blend predicts.
        members: per member, the folds whose trainings made the predictions the blend uses.
        target: the label.
        two_sided: whether members may be trained on eras after those they predict.

    Raises:
        Broken: what `check_fold` raises of the blend and of each member; `blend-not-out-of-fold` when an era of the
            blend was predicted by no fold of a member; `blend-member-saw-the-predicted` when a member was trained on
            an era the blend predicts, or too near to it.
    """
    check_fold(panel, blend, target)
    used = (*blend.train, *blend.predict)
    for name, folds in members.items():
        for fold in folds:
            check_fold(panel, fold, target, two_sided=two_sided)
        maker = {era: fold for fold in folds for era in fold.predict}
        missing = [era for era in used if era not in maker]
        if missing:
            raise Broken(
                "blend-not-out-of-fold",
                f"The blend uses member {name!r} in era {missing[0]!r}, which no fold of it predicted.",
                "Train the blend on out-of-fold predictions alone.",
            )
        for fold in dict.fromkeys(maker[era] for era in used):
            try:
                check_fold(panel, Fold(fold.train, blend.predict), target, two_sided=two_sided)
            except Broken as error:
                raise Broken(
                    "blend-member-saw-the-predicted",
                    f"Member {name!r} was trained too near to what the blend predicts: {error.sentence}",
                    "Give the blend members that were trained before the eras it predicts.",
                ) from error
