"""Everything a person may be told of while eraforge runs alone: code, how bad it is, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

SEVERITIES = ("info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class Kind:
    """A situation: how bad it is, and what a person does then (empty: nothing)."""

    severity: str
    next_step: str


CODES: dict[str, Kind] = {
    "answer-confirmed": Kind("info", ""),
    "fallback-used": Kind("warning", "See why the entry was not ready: `eraforge status`."),
    "fallback-failed": Kind("critical", "Submit by hand while the window is open: `eraforge submit`."),
    "turn-failed": Kind("warning", "It is tried again while there is time; `eraforge status` shows it."),
    "entry-quarantined": Kind("error", "Correct the entry in eraforge.toml, or run `eraforge entry release`."),
    "window-missed": Kind("critical", "See why with `eraforge status`; the next round is played again."),
    "rounds-unseen": Kind("error", "eraforge was not running then: let the machine start `eraforge run` by itself."),
    "effect-held": Kind("critical", "Look at it with `eraforge doctor` and decide."),
    "server-silent": Kind("error", "Check the network; rounds are taken from the calendar meanwhile."),
    "keys-refused": Kind("critical", "Create a new API key and put it where the configuration says."),
    "key-cannot-submit": Kind("critical", "Create a key that may upload submissions, before the next window."),
    "scores-failed": Kind("warning", "It is tried again tomorrow; `eraforge scores` tries at once."),
    "payout-off": Kind("error", "See `eraforge payout reconcile`."),
    "host-gone": Kind("warning", "Its work was taken over; see why it stopped."),
    "ping-failed": Kind("error", "The outside watcher was not reached: check `run.ping_url`."),
    "channel-failed": Kind("error", "A notice could not be delivered: check that channel's settings."),
    "report-written": Kind("info", ""),
    "data-version-offered": Kind("warning", "See `eraforge data check`; an entry moves when you write its `version`."),
    "training-failed": Kind("warning", "The last model plays on; `eraforge train` shows the error."),
}
"""Code to kind. A later code is one more line."""
