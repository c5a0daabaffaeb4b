"""The fold audit: what a splitter cuts is judged fold by fold, on the panel at hand or on many made-up calendars."""

from __future__ import annotations

from typing import Any

import numpy as np

from eraforge.core.errors import Broken, EraforgeError, UserError
from eraforge.core.panel import Panel, Target
from eraforge.core.ports import Splitter
from eraforge.evaluation.checks.model_checks import FAULTS
from eraforge.evaluation.checks.practice import practice_calendar
from eraforge.evaluation.leaks.findings import Finding, ProbeResult
from eraforge.evaluation.splitters.fold_checks import check_fold, refuse_shuffles

PROBE = "fold audit"
HORIZONS = ((20, 8), (60, 16), (20, 3), (1, 0))


def audit_folds(splitter: Splitter, panel: Panel) -> ProbeResult:
    """Judge every fold the splitter cuts from a panel."""
    folds, found = _judge(splitter, panel)
    target = panel.target
    end = "all clean" if not found else found.sentence
    sentence = f"{folds} folds of {len(panel.eras)} eras, purge {target.purge} for {target.name!r}: {end}."
    return ProbeResult(PROBE, sentence.replace("..", "."), folds, (found,) if found else ())


def audit_splitter(splitter: Any, calendars: int, seed: int) -> ProbeResult:
    """Judge a splitter on made-up calendars of all lengths and horizons, with labels that come late and with gaps."""
    rng = np.random.default_rng(seed)
    folds, refused, found = 0, 0, []
    for place in range(calendars):
        horizon, purge = HORIZONS[place % len(HORIZONS)]
        eras = int(rng.integers(40, 200))
        late, gaps = (
            {int(at): int(rng.integers(1, 90)) for at in rng.integers(0, eras, size=place % 4)} for _ in range(2)
        )
        made, finding = _judge(splitter, practice_calendar(eras, Target("target", horizon, purge=purge), late, gaps))
        folds += made
        refused += made == 0 and finding is None
        if finding is not None:
            found.append(finding)
    end = "all clean" if not found else f"{len(found)} calendars with a bad one"
    sentence = f"{folds} folds of {calendars} made-up calendars ({refused} refused as too short): {end}."
    return ProbeResult(PROBE, sentence, folds + len(found), tuple(found[:8]))


def _judge(splitter: Any, panel: Panel) -> tuple[int, Finding | None]:
    """How many folds were judged, and the first bad one."""
    folds = 0
    try:
        refuse_shuffles(splitter)
        two_sided, embargo = bool(getattr(splitter, "two_sided", False)), int(getattr(splitter, "embargo", 0))
        for fold in splitter.split(panel):
            check_fold(panel, fold, panel.target, embargo, two_sided)
            folds += 1
    except UserError as error:
        if error.code != "splitter-shuffles":
            return folds, None
        return folds, Finding(PROBE, error.sentence)
    except Broken as error:
        return folds, Finding(PROBE, f"Fold {folds + 1}: {error.sentence}")
    except (*FAULTS, EraforgeError) as error:
        return folds, Finding(PROBE, f"The splitter fails: {error}.")
    return folds, None
