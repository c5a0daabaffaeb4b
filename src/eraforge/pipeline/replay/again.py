"""A past turn played again: the same lines, with what was known then; each stage is compared with what it gave then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from eraforge.core.digest import digest_bytes
from eraforge.core.errors import EraforgeError
from eraforge.core.words import PREDICTION, Entry, Predictions, Slot
from eraforge.pipeline.played import record, told
from eraforge.pipeline.played.record import Attempt, Stage, digest_of, entry_of
from eraforge.pipeline.replay.ports import LedgerThen, tools_then
from eraforge.pipeline.steps import inputs, stages
from eraforge.pipeline.steps.ahead import training
from eraforge.pipeline.steps.preflight import preflight
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.turn import turn

Row = dict[str, Any]
AFTER_THE_ANSWER = "keep_model"
PASSED_BY_HAND = ("evaluate", "preflight")  # what a person asks to have submitted is neither judged nor damped


class _Over(Exception):
    """The turn had come no further then, or goes no further now."""


class Again:
    """One attempt played again.

    Args:
        tools: the open workspace; it is only read.
        attempt: what was recorded.
        trusting: take the stored model and its evaluation as they are, instead of training again.
        own: a folder for what the replay makes.
    """

    def __init__(self, tools: Tools, attempt: Attempt, trusting: bool, own: Path) -> None:
        self._tools = tools
        self._attempt = attempt
        self._trusting = trusting
        self._own = own
        self._ledger = LedgerThen(tools.ledger, attempt.before)
        self._recorded = [name for name in attempt.stages if name != AFTER_THE_ANSWER]
        self.stages: list[Row] = []
        self.answer = ""
        self.submitted = ""
        self.gap: float | None = None

    def play(self) -> None:
        """Go through the turn's own lines, as far as it came then."""
        with suppress(_Over):
            turn(self._attempt.entry, self._attempt.number, self.run)
        self._tell(len(self._recorded))

    def run(self, work: Callable[..., Any], *given: Any) -> Any:
        """One stage: done again, and compared with what it gave then.

        Raises:
            _Over: nothing is recorded of it, or it cannot be done again.
        """
        name = work.__name__
        then = self._attempt.stages.get(name)
        if then is None and name in PASSED_BY_HAND and "predict" in self._attempt.stages:
            return given[-1] if work is preflight else ""
        if then is None or name == AFTER_THE_ANSWER:
            raise _Over
        self._tell(len(self.stages))
        try:
            output = self._do(work, given, then)
        except EraforgeError as error:
            self.stages.append({"stage": name, "equal": False, "error": error.as_dict()})
            raise _Over from error
        if name == "submit":
            self.submitted = str(then.output["digest"])
            equal = self.answer == self.submitted
        else:
            equal = digest_of(output) == then.digest
        self.stages.append({"stage": name, "equal": equal})
        return output

    def _tell(self, done: int) -> None:
        what = f"{self._attempt.entry.name}: replay round {self._attempt.slot.round}"
        self._tools.progress(what, done, len(self._recorded))

    def _do(self, work: Callable[..., Any], given: tuple[Any, ...], then: Stage) -> Any:
        if work is stages.fetch:
            return self._stored_files(then.output)
        if work is stages.submit:
            return self._would_submit(*given)
        if self._trusting and work in (training.fit, stages.evaluate):
            if then.output:
                self._tools.objects.path(then.output)  # it is still there, and whole
            return then.output
        if work is training.fit:
            return self._trained(then, *given)
        return work(self._at(then.began, _told_to(then)), *given)

    def _stored_files(self, files: Mapping[str, str]) -> dict[str, str]:
        """The files the turn read, every byte of them as it was."""
        for digest in files.values():
            self._tools.objects.path(digest)
        return dict(files)

    def _trained(self, then: Stage, entry: Entry, number: int, files: dict[str, str], columns: dict[str, Any]) -> str:
        """The model that played, trained again from what its training read, which may lie rounds back."""
        found, before = None, self._attempt.before
        for event in self._tools.ledger.events(kind=training.TRAINED, subject=entry.name):
            if event.sequence <= self._attempt.until and event.facts["fitted"] == then.output:
                found, before = event.facts, event.sequence - 1
        if found is None or "files" not in found:
            return stages.train(self._at(then.began), entry, files, columns)
        began, read = datetime.fromisoformat(str(found["began"])), dict(found["files"])
        self._stored_files(read)
        former = entry_of({**asdict(entry), "version": found["version"]})
        ledger = LedgerThen(self._tools.ledger, before)
        tools = tools_then(self._tools, former, began, before, None, self._own, ledger)
        return stages.train(tools, former, read, inputs.columns_of(tools, former, read))

    def _would_submit(self, entry: Entry, number: int, made: Mapping[str, Any]) -> dict[str, str]:
        """The file that would go to the tournament; nothing goes."""
        tools = self._at(self._attempt.stages["submit"].began)
        frame = stages.read_predictions(tools, made["digest"])
        self.answer = _file_digest(tools, entry, self._attempt.slot, frame, made["synthetic"])
        before = self._attempt.stages["preflight" if "preflight" in self._attempt.stages else "predict"].output
        self.gap = largest_gap(frame, stages.read_predictions(tools, before["digest"]))
        return {"digest": self.answer}

    def _at(self, began: datetime, asked: str = "") -> Tools:
        known = told.read(self._tools.objects, asked) if asked else None
        entry, before = self._attempt.entry, self._attempt.before
        return tools_then(self._tools, entry, began, before, known, self._own, self._ledger)


def play_again(tools: Tools, attempt: Attempt, trusting: bool) -> Row:
    """Play an attempt again: per stage whether it gave the same, and whether the answer is the one that was submitted.

    Args:
        trusting: take the stored model and its evaluation as they are, instead of training again.
    """
    with TemporaryDirectory(prefix="replay-", dir=tools.folder) as own:
        again = Again(tools, attempt, trusting, Path(own))
        again.play()
    return _row(attempt.entry.name, attempt.slot, "entry", again.stages) | {
        "answer": {"submitted": again.submitted, "replayed": again.answer, "largest_gap": again.gap},
        "changed": changed_since(attempt.made_with),
    }


def fallback_again(tools: Tools, slot: Slot, used: Mapping[str, Any], ready: Mapping[str, Any]) -> Row:
    """Have the last good model of then answer again.

    Args:
        used, ready: what was recorded when the fallback was sent, and when it was made.
    """
    former, rows = entry_of(ready["former"]), []
    answer: Row = {"submitted": used["digest"], "replayed": "", "largest_gap": None}
    with TemporaryDirectory(prefix="replay-", dir=tools.folder) as own:
        began = datetime.fromisoformat(str(ready["began"]))
        then = tools_then(tools, former, began, 0, None, Path(own))
        try:
            files = dict(ready["files"])
            columns = inputs.columns_of(then, former, files)
            made = stages.predict(then, former, slot.round, files, columns, str(ready["fitted"]))
            frame = stages.read_predictions(then, made["digest"])
            answer["replayed"] = _file_digest(then, former, slot, frame, made["synthetic"])
            answer["largest_gap"] = largest_gap(frame, stages.read_predictions(then, ready["digest"]))
            rows.append({"stage": "predict", "equal": made["digest"] == ready["digest"]})
            rows.append({"stage": "submit", "equal": answer["replayed"] == answer["submitted"]})
        except EraforgeError as error:
            rows.append({"stage": "predict", "equal": False, "error": error.as_dict()})
    told_row = _row(str(used["entry"]), slot, "fallback", rows)
    return told_row | {"answer": answer, "changed": changed_since(ready["made_with"])}


def largest_gap(one: pl.DataFrame, other: pl.DataFrame) -> float | None:
    """The largest absolute difference of two answers, or None where they are for other ids."""
    if one.height == 0 or not one["id"].equals(other["id"]):
        return None
    return float((one[PREDICTION] - other[PREDICTION]).abs().max())  # type: ignore[arg-type]


def changed_since(made_with: Mapping[str, str]) -> dict[str, list[str]]:
    """Versions that are others now: name to what was and what is ("" where it is not installed)."""
    now = record.made_with()
    names = sorted({*made_with, *now})
    return {
        name: [made_with.get(name, ""), now.get(name, "")] for name in names if made_with.get(name) != now.get(name)
    }


def _row(entry: str, slot: Slot, by: str, rows: list[Row]) -> Row:
    first = next((row["stage"] for row in rows if not row["equal"]), None)
    ended = bool(rows) and rows[-1]["stage"] == "submit"
    return {
        "entry": entry,
        "round": slot.round,
        "answered_by": by,
        "equal": first is None,
        "answer_equal": rows[-1]["equal"] if ended else None,
        "first_difference": first,
        "stages": rows,
    }


def _file_digest(tools: Tools, entry: Entry, slot: Slot, frame: pl.DataFrame, synthetic: str | None) -> str:
    """Digest of the file that these predictions would be submitted as."""
    arena = tools.arena(entry)
    return digest_bytes(Predictions(slot, frame, synthetic).csv(arena.id_column, arena.prediction_column))


def _told_to(then: Stage) -> str:
    """The object of what the tournament told a stage, where it asked."""
    output = then.output if isinstance(then.output, dict) else {}
    return str(output.get("preflight", {}).get("told", ""))
