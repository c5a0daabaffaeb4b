"""Verbs that play: `data pull|check`, `train`, `evaluate`, `predict`, `submit`: the turn, as far as the name says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from eraforge.core.errors import EraforgeError, Refused, UserError
from eraforge.core.panel import Sample
from eraforge.core.words import Effect, EffectKind, Entry, Round, Slot
from eraforge.data.memory_plan import available_memory, plan_memory, plan_training
from eraforge.models.members import memory_per_value
from eraforge.pipeline.effects import Timing
from eraforge.pipeline.steps import inputs, stages, versions
from eraforge.pipeline.steps.fits import build_model
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.verbs.look import next_opening
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
        panel = inputs.panel(tools, one, files, Sample.TRAIN)
        own = inputs.columns_of(tools, one, files)
        columns = [*own["features"], *own["targets"]]
        plan = plan_memory([tools.objects.path(files["train"])], columns, len(panel.eras), available_memory())
        training = plan_training(plan, one.learner, len(panel.features), memory_per_value(build_model(one)))
        found = {sample: tools.cache.read_json(digest) for sample, digest in reports.items()}
        told = [
            {"severity": str(one.severity), "code": one.code, "sentence": one.sentence, "next_step": one.next_step}
            for one in versions.findings(tools, one, files)
        ]
        return {"reports": found, "versions": told, "memory": f"{plan.sentence} {training.sentence}"}

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

    return _each(visit, entry, round, work, one_file="--output" if output else "")


def submit(visit: Visit, entry: str, round: int, file: str, replace: bool, late: bool, queue: bool) -> Facts:
    """Play the turn to its confirmed submission, or submit a given file through the same checks and effects.

    Raises:
        UserError: `late-or-queued`.
    """
    if late and queue:
        raise UserError("late-or-queued", "An answer is either late or queued.", "Give --late or --queue, not both.")
    timing = Timing.LATE if late else Timing.QUEUE if queue else Timing.WINDOW
    with open_workspace(visit) as tools:
        chosen = chosen_entries(tools.configuration, entry)
        if file:
            _require_one(chosen, "--file")
        ready: list[tuple[Entry, int]] = []
        rows: list[dict[str, Any]] = []
        for one in chosen:
            try:
                ready.append((one, _playable_round(tools, one, round, timing)))
            except EraforgeError as error:
                rows.append({"entry": one.name, "error": error.as_dict()})
        if file or replace or timing is not Timing.WINDOW:
            from eraforge.pipeline.steps.by_hand import submit_by_hand

            rows += [submit_by_hand(tools, one, number, file, replace, timing) for one, number in ready]
        elif ready:
            rows += play_turns(tools, [one for one, _ in ready], [number for _, number in ready])
        order = [one.name for one in chosen]
        return _with_exit_code({"entries": sorted(rows, key=lambda row: order.index(row["entry"]))})


def _playable_round(tools: Tools, entry: Entry, number: int, timing: Timing = Timing.WINDOW) -> int:
    """Number of the round the entry will play; what would stop it in the end is said before an hour is spent.

    Raises:
        UserError: keys, model, learner or settings are wrong; `unknown-round`.
        Refused: `round-not-open`, unless something of the entry is already on its way in that round.
    """
    found = _round(tools, entry, number)
    tools.model_id(entry)
    build_model(entry)
    if timing is not Timing.WINDOW:
        return found.number
    slot = Slot(entry.account, entry.model, entry.arena, found.number)
    if not found.is_open(tools.clock.now()) and tools.ledger.effect(Effect(EffectKind.SUBMIT, slot, "").key) is None:
        raise _not_open(tools, entry, found)
    return found.number


def _round(tools: Tools, entry: Entry, number: int) -> Round:
    """The round of that number, or the current one for 0; never one that has not opened.

    Raises:
        UserError: `unknown-round`. Refused: `round-not-open`.
    """
    arena = tools.arena(entry)
    found = tools.round(entry, number) if number else tools.reader(entry).current_round(arena)
    if tools.clock.now() < found.opens:
        raise _not_open(tools, entry, found)
    return found


def _not_open(tools: Tools, entry: Entry, found: Round) -> Refused:
    now = tools.clock.now()
    if now < found.opens:
        state, opens = "has not opened yet", found.opens
    else:
        calendar = tools.arena(entry).calendar
        state, opens = f"closed at {found.closes:%Y-%m-%d %H:%M} UTC", next_opening(calendar, now)
    return Refused(
        "round-not-open",
        f"Round {found.number} of {entry.arena} {state}.",
        f"Wait for the next window: it opens at {opens:%Y-%m-%d %H:%M} UTC (`eraforge round` counts the time).",
    )


def _require_one(chosen: list[Entry], flag: str) -> None:
    """One file is one entry's: given to all, the last would overwrite the others."""
    if len(chosen) > 1:
        raise UserError(
            "name-the-entry",
            f"{flag} names one file, but {len(chosen)} entries are meant.",
            f"Add --entry with one of: {', '.join(one.name for one in chosen)}.",
        )


def _checked(tools: Tools, entry: Entry, number: int) -> tuple[dict[str, str], dict[str, Any]]:
    files = stages.fetch(tools, entry, number)
    return files, stages.feature(tools, entry, files, stages.check(tools, entry, number, files))


def _each(visit: Visit, entry: str, round: int, work: Work, one_file: str = "") -> Facts:
    """Do the work for each entry; one that fails is reported and does not stop the others."""
    rows: list[dict[str, Any]] = []
    with open_workspace(visit) as tools:
        chosen = chosen_entries(tools.configuration, entry)
        if one_file:
            _require_one(chosen, one_file)
        for one in chosen:
            try:
                number = _round(tools, one, round).number
                rows.append({"entry": one.name, "round": number, **work(tools, one, number)})
            except EraforgeError as error:
                rows.append({"entry": one.name, "error": error.as_dict()})
    return _with_exit_code({"entries": rows})


def _with_exit_code(facts: Facts) -> Facts:
    failed = [row["error"]["exit_code"] for row in facts["entries"] if "error" in row]
    return {**facts, "exit_code": failed[0] if failed else 0}
