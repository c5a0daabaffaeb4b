"""What the leak probes of an entry's own evaluation cost beside the evaluation they precede: made-up rows, one run."""

from __future__ import annotations

import time
from collections.abc import Callable

from eraforge.core.ports import Model
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.evaluation.leaks.entry_probe import examine_entry
from eraforge.evaluation.report import evaluate
from eraforge.evaluation.splitters.walk_forward import WalkForward
from eraforge.models.boosting import LightGBM
from eraforge.models.linear import Ridge

ERAS, ROWS, FEATURES = 150, 1000, 42
SPLITTER = WalkForward(folds=2)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    panel = practice_panel(eras=ERAS, rows=ROWS, features=FEATURES, signal=0.1)
    models: dict[str, Model] = {"ridge": Ridge(), "lightgbm": LightGBM()}
    print(f"{ERAS} eras x {ROWS} rows x {FEATURES} features, {SPLITTER.folds} folds; probes at depth quick")
    for name, model in models.items():
        examine_entry(name, model, panel, SPLITTER, "quick").refuse()  # imports and compiles
        probes = seconds(lambda model=model: examine_entry("entry", model, panel, SPLITTER, "quick").refuse())
        whole = seconds(lambda model=model: evaluate(model, panel, SPLITTER))
        print(f"{name:10} probes {probes:6.2f} s, evaluation {whole:7.2f} s: {probes / whole:.1%} of it")


if __name__ == "__main__":
    main()
