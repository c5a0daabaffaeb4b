"""Running an experiment, and running it again: what it read, with which code, and what came out, byte for byte."""

from __future__ import annotations

import platform
import resource
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import eraforge
from eraforge.core.clock import monotonic
from eraforge.core.digest import digest_bytes, digest_value
from eraforge.core.panel import Sample
from eraforge.core.ports import Splitter
from eraforge.core.words import Entry
from eraforge.pipeline.research.experiment import Experiment, experiment_of
from eraforge.pipeline.research.records import KIND, Record
from eraforge.pipeline.stage_cache import as_json
from eraforge.pipeline.steps import fits, stages
from eraforge.pipeline.steps.evaluating.out_of_fold import Watch, judge_out_of_fold
from eraforge.pipeline.tools import Tools

LIBRARIES = ("numpy", "polars", "scipy", "lightgbm", "numba")


def run_experiment(tools: Tools, experiment: Experiment, watch: Watch | None = None) -> Record:
    """Evaluate an experiment out of fold and record it. What is already in the store is not computed again.

    Args:
        watch: told each fold's CORR per era as soon as it is predicted; what it raises ends the experiment unrecorded.

    Raises:
        EraforgeError: whatever data, model or evaluation refuse.
    """
    entry = experiment.as_entry()
    number = tools.reader(entry).current_round(tools.arena(entry)).number
    files = stages.fetch(tools, entry, number)
    stages.check(tools, entry, number, files)
    history = {role: digest for role, digest in files.items() if role != str(Sample.LIVE)}
    began = monotonic()
    found = _evaluate(tools, entry, experiment, history, fits.Fits(tools, entry, history).fitted, watch)
    asked = experiment.model_dump(exclude={"note"})
    facts = {
        "experiment": experiment.model_dump(),
        "arena": entry.arena,
        "target": tools.target(entry),
        "files": history,
        "code": code_of_package(),
        "version": eraforge.__version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "machine": f"{platform.system()} {platform.machine()}",
        **found,
        "seconds": round(monotonic() - began, 2),
        "peak_memory_bytes": peak_memory(),
    }
    identifier = digest_value(asked, history, facts["code"])
    tools.ledger.record(KIND, identifier, facts, tools.clock.now())
    return Record(identifier, experiment.name, tools.clock.now().isoformat(), facts)


def reproduce(tools: Tools, record: Record) -> dict[str, Any]:
    """Train and evaluate a recorded experiment anew, from the recorded data, and compare every byte.

    Raises:
        DataError: `object-missing` when data it read are no longer in the store.
    """
    experiment = experiment_of(record.facts["experiment"], f"experiment {record.id[:12]}")
    files = record.facts["files"]
    again = _evaluate(tools, experiment.as_entry(), experiment, files, None)
    equal = {name: again[name] == record.facts[name] for name in ("report", "predictions")}
    code = code_of_package()
    libraries = {name: version(name) for name in record.facts["libraries"]}
    changed = {
        name: [was, libraries[name]] for name, was in record.facts["libraries"].items() if was != libraries[name]
    }
    return {
        "id": record.id,
        "name": record.name,
        "equal": all(equal.values()),
        "parts": equal,
        "code_changed": code != record.facts["code"],
        "libraries_changed": changed,
    }


def _evaluate(
    tools: Tools, entry: Entry, experiment: Experiment, files: dict[str, str], fit: Any, watch: Watch | None = None
) -> dict[str, Any]:
    """Digests of the report and of the out-of-fold predictions, and the tag of made-up data."""
    found = judge_out_of_fold(tools, entry, files, splitter_of(experiment), fit, watch)
    report = tools.objects.put(as_json(found))
    return {"report": report, "predictions": found["predictions"], "synthetic": found["synthetic"]}


def splitter_of(experiment: Experiment) -> Splitter:
    """The splitter an experiment asks for."""
    from eraforge.evaluation.splitters.purged_k_fold import PurgedKFold
    from eraforge.evaluation.splitters.walk_forward import WalkForward

    asked = experiment.evaluation
    if asked.splitter == "purged_k_fold":
        return PurgedKFold(folds=asked.folds, embargo=asked.embargo)
    if asked.splitter == "official":
        return WalkForward.official()
    return WalkForward(folds=asked.folds, expanding=asked.splitter != "rolling", embargo=asked.embargo)


@cache
def code_of_package() -> str:
    """Digest of every source file of the installed package: what computed a record."""
    root = Path(eraforge.__file__).parent
    return digest_value({str(path.relative_to(root)): digest_bytes(path.read_bytes()) for path in root.rglob("*.py")})


def peak_memory() -> int:
    """Largest resident memory this process ever had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
