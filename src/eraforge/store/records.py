"""What the ledger gives back, and the plain texts it keeps: facts as JSON, moments in UTC, amounts as decimals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from eraforge.core.errors import Broken
from eraforge.core.ports import Submission
from eraforge.core.words import Effect, Phase, Slot

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, chained to what happened before: `hash` covers every field and `previous`."""

    sequence: int
    kind: str
    subject: str
    facts: Facts
    at: datetime
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class EffectRecord:
    """An effect and how far it has come.

    Args:
        deadline: the latest moment a call sent for it may still be running.
        attempts: how often it was sent.
        facts: what is known of it, later facts over earlier ones; each step by itself is an event.
    """

    effect: Effect
    phase: Phase
    deadline: datetime | None
    attempts: int
    facts: Facts
    intended_at: datetime
    changed_at: datetime

    @property
    def key(self) -> str:
        """The key of the effect."""
        return self.effect.key


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One entry playing one round: where it stands."""

    slot: Slot
    entry: str
    state: str
    facts: Facts
    at: datetime


@dataclass(frozen=True, slots=True)
class SubmissionRecord:
    """A submission the tournament holds, and what we know of it: digest of our file, key of our effect."""

    slot: Slot
    submission: Submission
    digest: str
    effect: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ScoreChanges:
    """What a batch of scores changed, in rows; `revised` are published values that became other values."""

    added: int
    revised: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Payout:
    """What a round pays or burns (negative), in NMR. None where the tournament has not said it yet."""

    model_id: str
    round: int
    at_risk: Decimal | None = None
    pending: Decimal | None = None
    settled: Decimal | None = None
    facts: Facts = field(default_factory=dict)


def facts_text(facts: Facts) -> str:
    """Canonical JSON of facts: sorted keys, no spaces, decimals, moments and enumerations as texts.

    Raises:
        Broken: `facts-not-plain` for anything else, a secret or a NaN included.
    """
    try:
        return json.dumps(_plain(facts), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Broken(
            "facts-not-plain", f"Facts cannot be kept: {error}.", "Record numbers, texts and lists."
        ) from error


def facts_of(text: str) -> dict[str, Any]:
    """The facts behind their text."""
    found: dict[str, Any] = json.loads(text)
    return found


def moment_text(at: datetime) -> str:
    """A moment as ISO text in UTC, always of the same width, so that texts sort as moments do.

    Raises:
        Broken: `naive-moment`.
    """
    if at.tzinfo is None:
        raise Broken("naive-moment", f"The moment {at} has no time zone.", "Ask the Clock port for the time.")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment_of(text: str) -> datetime:
    """The moment behind its text, aware and in UTC."""
    return datetime.fromisoformat(text)


def amount_text(amount: Decimal | None) -> str | None:
    """An amount as a plain decimal text, digits and scale kept.

    Raises:
        Broken: `amount-not-finite`.
    """
    if amount is None:
        return None
    if not amount.is_finite():
        raise Broken("amount-not-finite", f"{amount} is no amount.", "Check where the amount comes from.")
    return format(amount, "f")


def amount_of(text: str | None) -> Decimal | None:
    """The amount behind its text."""
    return None if text is None else Decimal(text)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Decimal):
        return amount_text(value)
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("the keys of facts are texts")
        return {key: _plain(value[key]) for key in value}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} is not a plain value")
