"""One entry playing one round, from raw data to a settled payout. Read it from top to bottom.

Stages compute: they are pure, keyed by digest, and may run twice. Effects act: they go through the effect protocol.
Replay, practice and the real tournament run these same lines; only the ports differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eraforge.core.words import Entry
from eraforge.pipeline.steps import follow_up, stages
from eraforge.pipeline.steps.ahead import fallback, training
from eraforge.pipeline.steps.preflight import preflight

Run = Callable[..., Any]


@dataclass(frozen=True)
class Outcome:
    """What a turn came to: digests of what it made, and the receipt of what the tournament holds."""

    entry: str
    round: int
    report: str
    fitted: str
    predictions: str
    receipt: dict[str, str]


def turn(entry: Entry, number: int, run: Run) -> Outcome:
    """Play `entry` in round `number`. `run(step, *inputs)` runs one step durably and returns its (JSON-able) output."""
    files = run(stages.fetch, entry, number)  # Source -> store: sizes, digests and freshness checked
    checked = run(stages.check, entry, number, files)  # bytes -> Panel: schema, universe, missing share; refuses loudly
    columns = run(stages.feature, entry, files, checked)  # Panel -> columns: declared inputs
    fitted = run(training.fit, entry, number, files, columns)  # Panel.asof(cut) -> Fitted: again only when due
    report = run(stages.evaluate, entry, files, columns)  # purged walk-forward, out of sample
    predictions = run(stages.predict, entry, number, files, columns, fitted)  # checked against the arena's rules
    answer = run(preflight, entry, number, files, predictions)  # churn against the last answers; damped where asked
    receipt = run(stages.submit, entry, number, answer)  # Effect: intent -> send -> read back -> confirmed
    run(fallback.keep_model, entry, number, fitted)  # the last good model answers when a later one is not ready in time
    return Outcome(entry.name, number, report, fitted, answer, receipt)


def follow(entry: Entry, run: Run) -> Any:
    """Daily, until every round of the entry is resolved: what the tournament published, and what it paid."""
    scores = run(follow_up.score, entry)  # Reader -> ledger
    return run(follow_up.settle, entry, scores)  # settled payout per resolved round -> ledger
