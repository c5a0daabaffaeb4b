"""Verbs `experiment run|list|show|report|compare|select|export|reproduce` and `search`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from eraforge.core.errors import UserError
from eraforge.core.panel import Sample
from eraforge.core.words import Arena
from eraforge.pipeline.research import records
from eraforge.pipeline.research.experiment import read_experiment
from eraforge.pipeline.research.records import Record
from eraforge.pipeline.steps.evaluating.judging import compare_reports, era_overlap, known
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import open_workspace

if TYPE_CHECKING:
    from eraforge.pipeline.research.search import Crew

LEVEL = 0.9
DIFFERS = 3


def experiment_run(visit: Visit, file: str) -> Facts:
    """Run the experiment of a file and record it.

    Raises:
        UserError: what is wrong with the file; EraforgeError: whatever data and evaluation refuse.
    """
    from eraforge.pipeline.research.run import run_experiment

    if not file:
        raise UserError("name-the-file", "Which experiment?", "Give its file: `eraforge experiment run FILE.toml`.")
    experiment = read_experiment(Path(file) if Path(file).is_absolute() else visit.folder / file)
    with open_workspace(visit) as tools:
        return _shown(tools, run_experiment(tools, experiment))


def experiment_list(visit: Visit) -> Facts:
    """Every experiment of the workspace, oldest first."""
    with open_workspace(visit) as tools:
        return {"experiments": [_row(tools, one) for one in records.records(tools)]}


def experiment_show(visit: Visit, name: str) -> Facts:
    """One experiment: its figures with an honest interval, what it read, and its luck among all that were tried.

    Raises:
        UserError: `unknown-experiment`.
    """
    with open_workspace(visit) as tools:
        return _shown(tools, records.find(tools, name))


def experiment_report(visit: Visit, name: str, output: str) -> Facts:
    """All a person asks after seeing a mean: regimes, benchmarks, exposures, importances; as a page where one is named.

    Raises:
        UserError: `unknown-experiment`. DataError: `object-missing`.
    """
    from eraforge.pipeline.research.study import study

    with open_workspace(visit) as tools:
        record = records.find(tools, name)
        facts = {**_shown(tools, record), **study(tools, record)}
        return {**facts, "page": str(Path(output).absolute()) if output else None}


def experiment_compare(visit: Visit, first: str, second: str) -> Facts:
    """Two experiments on the eras both predicted.

    Raises:
        UserError: `unknown-experiment`, `experiments-of-other-targets`.
    """
    with open_workspace(visit) as tools:
        one, other = records.find(tools, first), records.find(tools, second)
        questions = [(each.facts["arena"], each.facts["target"]) for each in (one, other)]
        if questions[0] != questions[1]:
            raise UserError(
                "experiments-of-other-targets",
                f"{one.name} predicts {questions[0][0]}'s {questions[0][1]}, {other.name} {questions[1][0]}'s "
                f"{questions[1][1]}.",
                "Compare experiments of one arena and target.",
            )
        reports = [tools.cache.read_json(each.facts["report"]) for each in (one, other)]
        found = compare_reports(_arena(tools, one), questions[0][1], reports)
        return {"first": f"{one.name} {one.id[:8]}", "second": f"{other.name} {other.id[:8]}", "comparisons": found}


def experiment_select(visit: Visit, name: list[str], objective: str) -> Facts:
    """Pick a blend from recorded experiments, and judge it on eras that the picking did not look at.

    Raises:
        UserError: `unknown-experiment`, `experiments-of-other-targets`, `pool-too-small`.
        DataError: `too-few-eras-to-select`.
    """
    from eraforge.pipeline.research.blends import select_blend

    with open_workspace(visit) as tools:
        return select_blend(tools, name, objective)


def experiment_export(visit: Visit, name: list[str], to: str) -> Facts:
    """Show experiments to an MLflow tracking server; what it holds already is left alone.

    Raises:
        UserError: `unknown-experiment`, `tracking-address`. Transient: `tracking-unreachable`. Refused:
            `tracking-refused`.
    """
    from eraforge.pipeline.research.tracking import TrackingServer

    with open_workspace(visit) as tools, TrackingServer(to, visit.environment) as server:
        wanted = [records.find(tools, one) for one in name] if name else records.records(tools)
        rows = []
        for done, record in enumerate(wanted):
            tools.progress("export", done, len(wanted))
            row = _shown(tools, record)
            place = server.experiment(f"eraforge {row['arena']} {row['target']}")
            known = server.known(place, record.id)
            run = known or server.add(place, row)
            rows.append({"name": record.name, "id": record.id, "run": run, "added": known is None})
        tools.progress("export", len(wanted), len(wanted))
        return {"to": server.where, "experiments": rows}


def experiment_reproduce(visit: Visit, name: str) -> Facts:
    """Compute a recorded experiment anew, from its recorded data, and compare the bytes.

    Raises:
        UserError: `unknown-experiment`.
    """
    from eraforge.pipeline.research.run import reproduce

    with open_workspace(visit) as tools:
        found = reproduce(tools, records.find(tools, name))
        return {**found, "exit_code": 0 if found["equal"] else DIFFERS}


def _shown(tools: Tools, record: Record) -> Facts:
    report = tools.cache.read_json(record.facts["report"])
    return {
        **_row(tools, record),
        "experiment": record.facts["experiment"],
        "reads": {name: record.facts[name] for name in ("files", "code", "version", "python", "libraries", "machine")},
        "report": report,
        "intervals": _intervals(tools, record, report),
        "luck": _luck(tools, record, report),
    }


def _row(tools: Tools, record: Record) -> Facts:
    report = tools.cache.read_json(record.facts["report"])
    figures = {f"{row['score']} {row['name']}": row["value"] for row in report["figures"]}
    return {
        "id": record.id,
        "name": record.name,
        "at": record.at,
        "note": record.facts["experiment"]["note"],
        "arena": record.facts["arena"],
        "target": record.facts["target"],
        "learner": record.facts["experiment"]["entry"]["learner"],
        "sample": str(Sample.VALIDATION),
        "corr": figures.get("CORR mean"),
        "sharpe": figures.get("CORR sharpe"),
        "mmc": figures.get("MMC mean"),
        "eras": sum(fold["predict"]["count"] for fold in report["folds"]),
        "seconds": record.facts["seconds"],
        "peak_memory_bytes": record.facts["peak_memory_bytes"],
        "synthetic": record.facts["synthetic"],
    }


def _intervals(tools: Tools, record: Record, report: dict[str, Any]) -> list[Facts]:
    """Per score its mean with an interval that knows how far the eras' labels overlap."""
    import numpy as np

    from eraforge.evaluation.uncertainty import SHORTEST, mean_interval

    overlap = era_overlap(_arena(tools, record), record.facts["target"], [report])
    rows = []
    for score in report["scores"]:
        values = np.array(list(known(score["eras"]).values()))
        if len(values) < SHORTEST:
            continue
        found = mean_interval(values, overlap, Sample.VALIDATION, LEVEL)
        told = {"mean": found.mean, "low": found.low, "high": found.high, "level": found.level, "eras": found.count}
        rows.append({"score": score["score"], "sample": score["sample"], **told})
    return rows


def _luck(tools: Tools, record: Record, report: dict[str, Any]) -> Facts | None:
    """The deflated Sharpe ratio among all experiments on the same question; None while there is but one."""
    import numpy as np

    from eraforge.evaluation.overfitting import deflated_sharpe

    tried = [_row(tools, one)["sharpe"] for one in records.alike(tools, record)]
    ratios = np.array([value for value in tried if value is not None])
    series = np.array(list(known(report["scores"][0]["eras"]).values()))
    if len(tried) < 2 or len(ratios) < 2 or len(series) < 2:
        return None
    overlap = era_overlap(_arena(tools, record), record.facts["target"], [report])
    found = deflated_sharpe(series, ratios, overlap, Sample.VALIDATION)
    return {
        "tries": found.tries,
        "sharpe": found.sharpe,
        "by_luck": found.by_luck,
        "probability": found.probability,
        "sample": str(found.sample),
    }


def _arena(tools: Tools, record: Record) -> Arena:
    from eraforge.pipeline.research.experiment import experiment_of

    return tools.arena(experiment_of(record.facts["experiment"], record.id).as_entry())


def _crew(visit: Visit, workers: int, on: str) -> Crew | None:
    """Who carries out the tries; None: this process."""
    if on == "ray":
        from eraforge.pipeline.research.crews.on_ray import cluster

        return cluster(visit, workers)
    if workers == 1:
        return None
    from eraforge.pipeline.research.crews.crew import processes

    return processes(visit, workers)


def search(visit: Visit, file: str, tries: int, workers: int, on: str) -> Facts:
    """Make the missing tries of a search, and tell the best with the luck of as many tries.

    Raises:
        UserError: what is wrong with the file; `objective-without-figure`, `extra-missing`, `no-such-cluster`.
    """
    from eraforge.pipeline.research.search import LOST, read_search, run_search

    if not file:
        raise UserError("name-the-file", "Which search?", "Give its file: `eraforge search FILE.toml`.")
    experiment, wanted = read_search(Path(file) if Path(file).is_absolute() else visit.folder / file)
    wanted = wanted.model_copy(update={"tries": tries}) if tries else wanted
    with open_workspace(visit) as tools:
        study = run_search(tools, experiment, wanted, _crew(visit, workers, on)).study
        by_id = {one.id: one for one in records.records(tools)}
        rows = []
        for trial in study.trials:
            complete = trial.state.name == "COMPLETE"  # one that was given up has values too, of its first folds
            rows.append(
                {
                    "number": trial.number,
                    "state": "lost" if trial.user_attrs.get(LOST) else trial.state.name.lower(),
                    "changes": trial.params,
                    "values": dict(zip(wanted.objectives, trial.values, strict=True)) if complete else {},
                    "experiment": trial.user_attrs.get("experiment"),
                    "error": trial.user_attrs.get("error"),
                }
            )
        best = [trial.user_attrs["experiment"] for trial in study.best_trials if "experiment" in trial.user_attrs]
        shown = _shown(tools, by_id[best[0]]) if best and best[0] in by_id else None
        return {
            "name": experiment.name,
            "objectives": list(wanted.objectives),
            "sample": str(Sample.VALIDATION),
            "tries": rows,
            "best": best,
            "winner": shown,
        }
