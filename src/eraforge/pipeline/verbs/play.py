"""Verbs that play: `data pull|check`, `train`, `evaluate`, `predict`, `submit`: the turn, as far as the name says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from eraforge.core.errors import EraforgeError, Refused
from eraforge.core.words import Entry
from eraforge.pipeline.desk import Facts, Visit
from eraforge.pipeline.steps import stages
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.workspace import chosen_entries, open_workspace, play_turns

Work = Callable[[Tools, Entry, int], Facts]


def data_pull(visit: Visit, entry: str, round: int) -> Facts:
    """Download what the entries need for the round."""

    def work(tools: Tools, one: Entry, number: int) -> Facts:
        files = stages.fetch(tools, one, number)
        sizes = {role: tools.objects.path(digest).stat().st_size for role, digest in files.items()}
        return {"files": [{"role": role, "digest": files[role], "bytes": sizes[role]} for role in files]}

    return _each(visit, entry, round, work)


def data_check(visit: Visit, entry: str, round: int) -> Facts:
    """Check the files of the round."""

    def work(tools: Tools, one: Entry, number: int) -> Facts:
        files = stages.fetch(tools, one, number)
        reports = stages.check(tools, one, number, files)
        return {"reports": {sample: tools.cache.read_json(digest) for sample, digest in reports.items()}}

    return _each(visit, entry, round, work)


def train(visit: Visit, entry: str, round: int) -> Facts:
    """Train what is not trained yet."""

    def work(tools: Tools, one: Entry, number: int) -> Facts:
        files, columns = _checked(tools, one, number)
        fitted = stages.train(tools, one, files, columns)
        return {"fitted": fitted, "trained_now": "fit" in tools.cache.computed}

    return _each(visit, entry, round, work)


def evaluate(visit: Visit, entry: str, round: int) -> Facts:
    """Evaluate out of sample."""

    def work(tools: Tools, one: Entry, number: int) -> Facts:
        files, columns = _checked(tools, one, number)
        digest = stages.evaluate(tools, one, files, columns)
        return {"report": tools.cache.read_json(digest) if digest else None}

    return _each(visit, entry, round, work)


def predict(visit: Visit, entry: str, round: int, output: str) -> Facts:
    """Predict the live universe; with `output`, also write the file to submit."""

    def work(tools: Tools, one: Entry, number: int) -> Facts:
        files, columns = _checked(tools, one, number)
        fitted = stages.train(tools, one, files, columns)
        made = stages.predict(tools, one, number, files, columns, fitted)
        if output:
            from eraforge.store.atomic import write_atomic

            write_atomic(Path(output), tools.objects.get(made["digest"]))
        rows = stages.read_predictions(tools, made["digest"]).height
        return {"predictions": made["digest"], "rows": rows, "synthetic": made["synthetic"], "output": output or None}

    return _each(visit, entry, round, work)


def submit(visit: Visit, entry: str, round: int, file: str, replace: bool) -> Facts:
    """Play the turn to its confirmed submission, or submit a given file through the same checks and effects."""
    with open_workspace(visit) as tools:
        chosen = chosen_entries(tools.configuration, entry)
        numbers = [round or current_number(tools, one) for one in chosen]
        if file or replace:
            from eraforge.pipeline.steps.by_hand import submit_by_hand

            rows: list[dict[str, Any]] = [
                submit_by_hand(tools, one, number, file, replace) for one, number in zip(chosen, numbers, strict=True)
            ]
        else:
            rows = play_turns(tools, chosen, numbers)
        return _with_exit_code({"entries": rows})


def current_number(tools: Tools, entry: Entry) -> int:
    """Number of the round that is open now.

    Raises:
        Refused: `round-not-open`, saying when the next one opens.
    """
    current = tools.reader(entry).current_round(tools.arena(entry))
    now = tools.clock.now()
    if not current.is_open(now):
        when = f"It opens at {current.opens:%Y-%m-%d %H:%M} UTC" if now < current.opens else "It is over"
        raise Refused(
            "round-not-open",
            f"Round {current.number} of {entry.arena} is not open at {now:%Y-%m-%d %H:%M} UTC. {when}.",
            "Wait for the next window; `eraforge round` shows it.",
        )
    return current.number


def _checked(tools: Tools, entry: Entry, number: int) -> tuple[dict[str, str], dict[str, Any]]:
    files = stages.fetch(tools, entry, number)
    return files, stages.feature(tools, entry, files, stages.check(tools, entry, number, files))


def _each(visit: Visit, entry: str, round: int, work: Work) -> Facts:
    """Do the work for each entry; one that fails is reported and does not stop the others."""
    rows: list[dict[str, Any]] = []
    with open_workspace(visit) as tools:
        for one in chosen_entries(tools.configuration, entry):
            try:
                number = round or tools.reader(one).current_round(tools.arena(one)).number
                rows.append({"entry": one.name, "round": number, **work(tools, one, number)})
            except EraforgeError as error:
                rows.append({"entry": one.name, "error": error.as_dict()})
    return _with_exit_code({"entries": rows})


def _with_exit_code(facts: Facts) -> Facts:
    failed = [row["error"]["exit_code"] for row in facts["entries"] if "error" in row]
    return {**facts, "exit_code": failed[0] if failed else 0}
