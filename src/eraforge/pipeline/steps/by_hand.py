"""Submissions a person asks for by hand: a file of their own, or a replacement of a confirmed answer."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from eraforge.arenas import rules
from eraforge.core.calendar import open_day, window
from eraforge.core.errors import EraforgeError, Refused, UserError
from eraforge.core.words import PREDICTION, Arena, Effect, EffectKind, Entry, Phase, Predictions, Round, Slot
from eraforge.pipeline.effects import Timing
from eraforge.pipeline.played.record import note
from eraforge.pipeline.steps import inputs, stages
from eraforge.pipeline.tools import Tools


def submit_by_hand(
    tools: Tools, entry: Entry, number: int, file: str, replace: bool, timing: Timing = Timing.WINDOW
) -> dict[str, Any]:
    """One row of facts: the receipt, or the error that stopped this entry."""
    # A queued answer is for the round that opens next; the tournament carries it over to its ids.
    slot = _slot(entry, number + 1 if timing is Timing.QUEUE else number)
    try:
        if file:
            files = inputs.fetch_files(tools, entry, number, only=("features", "live"))
            answer = read_answer(tools, entry, number, files, Path(file))
            answer = dataclasses.replace(answer, slot=slot)
        else:
            answer = _computed(tools, entry, number, slot)
        began = tools.clock.now()
        receipt = tools.effects(entry.account).submit(
            answer,
            tools.arena(entry),
            _round_of(tools, entry, number, timing),
            tools.model_id(entry),
            supersedes=_latest_confirmed(tools, answer) if replace else "",
            timing=timing,
        )
        if not file:
            note(tools, entry, slot, number, "submit", began, receipt.as_dict())
    except EraforgeError as error:
        return {"entry": entry.name, "round": number, "error": error.as_dict()}
    return {"entry": entry.name, "round": number, "outcome": {"receipt": receipt.as_dict()}}


def _computed(tools: Tools, entry: Entry, number: int, slot: Slot) -> Predictions:
    """The entry's answer from the live data of that round; each stage is recorded as one of a turn."""

    def run(name: str, work: Callable[..., Any], *given: Any) -> Any:
        began = tools.clock.now()
        output = work(tools, entry, *given)
        note(tools, entry, slot, number, name, began, output)
        return output

    files = run("fetch", stages.fetch, number)
    columns = run("feature", stages.feature, files, run("check", stages.check, number, files))
    fitted = run("fit", stages.train, files, columns)
    made = run("predict", stages.predict, number, files, columns, fitted)
    return Predictions(slot, stages.read_predictions(tools, made["digest"]), made["synthetic"])


def read_answer(tools: Tools, entry: Entry, number: int, files: dict[str, str], file: Path) -> Predictions:
    """Predictions of a CSV or parquet file, checked by the arena's rules against the live universe.

    Raises:
        UserError: `predictions-file-unreadable`.
        DataError: what the rules find.
    """
    arena = tools.arena(entry)
    frame = _table(file, arena)
    live = stages.live_ids(tools, entry, files)
    rules.check_submission(frame, arena, live)
    id_column, value_column = frame.columns
    answer = frame.select(
        pl.col(id_column).cast(pl.String).alias("id"), pl.col(value_column).cast(float).alias(PREDICTION)
    )
    answer = answer.filter(pl.col("id").is_in(live.implode())).sort("id")
    return Predictions(_slot(entry, number), answer, stages.live_tag(tools, entry, files, number))


def _table(file: Path, arena: Arena) -> pl.DataFrame:
    """The file's columns: ids as text, the rest as they are."""
    texts = dict.fromkeys(arena.accepted_id_columns, pl.String)
    try:
        data = io.BytesIO(file.read_bytes())
        if file.suffix == ".parquet":
            return pl.read_parquet(data)
        return pl.read_csv(data, schema_overrides=texts, infer_schema_length=None)
    except OSError as error:
        reason = error.strerror or str(error)
    except pl.exceptions.PolarsError as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")  # what follows are hints for programmers
    raise UserError(
        "predictions-file-unreadable",
        f"{file} cannot be read as predictions: {reason}.",
        "Give a CSV or parquet file with an id and a prediction column.",
    )


def _latest_confirmed(tools: Tools, answer: Predictions) -> str:
    """Key of the newest effect of the slot, followed along the chain of replacements."""
    effect = Effect(EffectKind.SUBMIT, answer.slot, answer.digest)
    latest = ""
    while (record := tools.ledger.effect(effect.key)) is not None:
        if record.phase not in (Phase.CONFIRMED, Phase.REFUSED, Phase.HELD):
            break
        latest = record.key
        effect = Effect(EffectKind.SUBMIT, answer.slot, answer.digest, latest)
    return latest


def _round_of(tools: Tools, entry: Entry, number: int, timing: Timing) -> Round:
    """The round the answer is for; one that the tournament does not know yet is the calendar's.

    Raises:
        Refused: `round-still-open` where an answer that is on time was to be sent as one that is not.
    """
    found = tools.round(entry, number)
    if timing is not Timing.WINDOW and found.is_open(tools.clock.now()):
        raise Refused("round-still-open", f"Round {number} is still open.", "Submit without --late or --queue.")
    if timing is not Timing.QUEUE:
        return found
    calendar = tools.arena(entry).calendar
    return Round(entry.arena, number + 1, *window(calendar, open_day(calendar, number + 1)))


def _slot(entry: Entry, number: int) -> Slot:
    return Slot(entry.account, entry.model, entry.arena, number)
