"""Quarantine: an entry that fails again and again is left alone until a person or a changed setting frees it."""

from __future__ import annotations

from eraforge.core.digest import digest_value
from eraforge.core.errors import EraforgeError
from eraforge.core.words import Entry
from eraforge.pipeline.tools import Tools

FAILED = "entry.failed"
PLAYED = "entry.played"
QUARANTINED = "entry.quarantined"
RELEASED = "entry.released"


def failures_in_a_row(tools: Tools, entry: Entry) -> int:
    """Failed attempts since the entry last played, was released or was changed."""
    if _behind(tools, entry):
        return 0
    ours, counted = digest_value(entry), 0
    for event in tools.ledger.events(subject=f"entry/{entry.name}"):
        if event.kind == FAILED and event.facts["entry"] == ours:
            counted += 1
        elif event.kind in (PLAYED, RELEASED) or event.facts.get("entry", ours) != ours:
            counted = 0
    return counted


def is_quarantined(tools: Tools, entry: Entry) -> bool:
    """Whether the entry, as it is configured now, is left alone."""
    if _behind(tools, entry):
        return False
    ours, held = digest_value(entry), False
    for event in tools.ledger.events(subject=f"entry/{entry.name}"):
        if event.kind == QUARANTINED:
            held = event.facts["entry"] == ours
        elif event.kind in (RELEASED, PLAYED):
            held = False
    return held


def _behind(tools: Tools, entry: Entry) -> bool:
    """Whether every failure of the entry lies before its last answer or release."""
    last = tools.ledger.last_event(subject=f"entry/{entry.name}")
    return last is None or last.kind in (PLAYED, RELEASED)


def note_failure(tools: Tools, entry: Entry, number: int, attempt: int, error: EraforgeError) -> bool:
    """Write a failed attempt down, once; whether it brings the entry into quarantine."""
    subject, ours = f"entry/{entry.name}", digest_value(entry)
    for event in tools.ledger.events(kind=FAILED, subject=subject):
        if (event.facts["round"], event.facts["attempt"], event.facts["entry"]) == (number, attempt, ours):
            return False
    facts = {"round": number, "attempt": attempt, "entry": ours, "code": error.code, "sentence": error.sentence}
    tools.ledger.record(FAILED, subject, facts, tools.clock.now())
    if failures_in_a_row(tools, entry) < tools.configuration.run.failures or is_quarantined(tools, entry):
        return False
    tools.ledger.record(QUARANTINED, subject, facts, tools.clock.now())
    return True


def note_played(tools: Tools, entry: Entry, number: int) -> None:
    """The entry has played: earlier failures count no more."""
    facts = {"round": number, "entry": digest_value(entry)}
    tools.ledger.record(PLAYED, f"entry/{entry.name}", facts, tools.clock.now())


def release(tools: Tools, entry: Entry) -> bool:
    """Let a quarantined entry play again; whether it was in quarantine."""
    held = is_quarantined(tools, entry)
    if held:
        tools.ledger.record(RELEASED, f"entry/{entry.name}", {"entry": digest_value(entry)}, tools.clock.now())
    return held
