"""The ports: what the inner rooms ask of the outer world, as duck-typed protocols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import polars as pl

from eraforge.core.bars import Bars
from eraforge.core.clock import Clock
from eraforge.core.panel import Panel
from eraforge.core.words import Arena, Round

__all__ = [
    "Account",
    "Authorisation",
    "Claim",
    "Clock",
    "Composite",
    "Feature",
    "Fitted",
    "Fold",
    "Model",
    "Notice",
    "Notifier",
    "Performance",
    "Progress",
    "Reader",
    "Score",
    "ScoreRow",
    "Source",
    "Splitter",
    "Store",
    "Submission",
    "Ticket",
    "Wallet",
    "Writer",
]


class Progress(Protocol):
    """Receives how far some work has come; the numbers come from the work itself."""

    def __call__(self, what: str, done: float, total: float) -> None:
        """`what` names the work; `done` of `total` units (bytes, trees, folds) are finished."""
        ...


@runtime_checkable
class Fitted(Protocol):
    """A trained model."""

    def predict(self, panel: Panel) -> pl.DataFrame:
        """One row per row of the panel, in its order: columns `era`, `id`, `prediction` (float64)."""
        ...

    def save(self) -> bytes:
        """Everything `Model.load` needs to give an equal model back."""
        ...


@runtime_checkable
class Model(Protocol):
    """Anything that can be fitted to a panel. Constructor arguments are its settings and nothing else."""

    def fit(self, panel: Panel) -> Fitted:
        """Train on the rows of the panel whose main target is known. Never changes the panel."""
        ...

    def load(self, data: bytes) -> Fitted:
        """The fitted model that `Fitted.save` wrote."""
        ...


@runtime_checkable
class Composite(Model, Protocol):
    """A model made of models. `fit(panel)` equals `combine` of the fitted parts: parts are trained once and shared."""

    def parts(self) -> Mapping[str, Model]:
        """The models it is made of, by name, in a fixed order."""
        ...

    def combine(self, fitted: Mapping[str, Fitted]) -> Fitted:
        """The composite of parts that are already fitted."""
        ...


@runtime_checkable
class Feature(Protocol):
    """One declared column computed from bars: the value at a moment uses bars closed by that moment only.

    `lookback` is how many bars, the current one included, decide a value; `lag` how many it is then held back.
    """

    @property
    def name(self) -> str: ...

    @property
    def inputs(self) -> tuple[str, ...]: ...

    @property
    def lookback(self) -> int: ...

    @property
    def lag(self) -> int: ...

    @property
    def unit(self) -> str: ...

    @property
    def source(self) -> str: ...

    def compute(self, bars: Bars) -> np.ndarray:
        """(symbols, times) float64, NaN before the warm-up is over and where inputs are missing."""
        ...


@dataclass(frozen=True, slots=True)
class Fold:
    """One split: the eras to train on and the eras to predict."""

    train: tuple[str, ...]
    predict: tuple[str, ...]


class Splitter(Protocol):
    """Cuts the eras of a panel into folds without letting a label look into the predicted part."""

    def split(self, panel: Panel) -> Iterator[Fold]:
        """Folds in time order."""
        ...


class Score(Protocol):
    """A score per era: arrays in, arrays out."""

    def __call__(self, predictions: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """`predictions` (rows, columns), `truth` (rows,) of one era -> (columns,)."""
        ...


class Source(Protocol):
    """Where outside files come from."""

    def fetch(self, name: str, round_number: int | None, progress: Progress) -> str:
        """Bring the named file into the store and return its digest."""
        ...


class Store(Protocol):
    """Immutable objects by digest."""

    def put(self, data: bytes) -> str: ...

    def put_file(self, path: Path) -> str: ...

    def get(self, digest: str) -> bytes: ...

    def path(self, digest: str) -> Path: ...

    def has(self, digest: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should hear of, once.

    Args:
        code: stable kebab-case name of what happened.
        severity: `info`, `warning`, `error` or `critical`.
        subject: to what it happened (a slot, an entry, an account); code and subject together are told once.
        sentence: what happened.
        next_step: what the reader should do now, or "" where nothing is to be done.
        at: when it happened, in UTC.
    """

    code: str
    severity: str
    subject: str
    sentence: str
    next_step: str
    at: datetime


class Notifier(Protocol):
    """Brings notices to a person by one channel. Its constructor's arguments are its settings."""

    def notify(self, notice: Notice) -> None:
        """Deliver the notice.

        Raises:
            Transient: it could not be delivered now; UserError: it never will be with these settings.
        """
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """What the tournament says of the account behind the keys: its models by name, per tournament number."""

    username: str
    models: Mapping[int, Mapping[str, str]]
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission as the tournament holds it."""

    id: str
    filename: str
    round: int
    tournament: int
    selected: bool
    inserted: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One published score of one submission."""

    model_id: str
    round: int
    display_name: str
    day: int
    value: float | None
    percentile: float | None
    resolved: bool
    day_date: str = ""
    payout_pending: str | None = None
    payout_settled: str | None = None


@dataclass(frozen=True, slots=True)
class Performance:
    """One model in one round, as the tournament tells it: what lies at stake, and the scores with what each pays.

    `at_risk` is NMR as text, None where the tournament has not said it; `scores` is empty before the first score day.
    """

    model_id: str
    round: int
    at_risk: str | None
    resolved: bool
    scores: tuple[ScoreRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to upload one file: the name the server gave it, and where to put it."""

    filename: str
    url: str


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The tournament's leave to lock NMR on one submission of an open round; it is good once, and not for long.

    Args:
        most: the largest amount, in NMR.
        staker: address of the wallet that may use it.
        fields: all of it, as the contract wants it; whoever has them and the wallet may stake.
    """

    submission_id: str
    round: int
    staker: str
    most: Decimal
    nonce: str
    deadline: datetime
    fields: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a resolved stake of one round gives back, and the proof of it that the contract wants.

    Args:
        payout, burn: NMR won and lost; one of them is zero.
        fields: all of it, as the contract wants it.
    """

    model_id: str
    round: int
    payout: Decimal
    burn: Decimal
    fields: Mapping[str, Any] = field(repr=False)


class Wallet(Protocol):
    """Sends what the tournament's API cannot: a stake or a claim to the contract. Used by `pipeline.effects` alone."""

    def stake(self, leave: Authorisation, amount: Decimal) -> str:
        """Lock that many NMR, once; the name of the transaction.

        Raises:
            Ambiguous: it may have happened; Refused, UserError: it did not and will not; Transient: it did not.
        """
        ...

    def claim(self, claim: Claim) -> str:
        """Bring a resolved position home, once; the name of the transaction. Raises as `stake`."""
        ...


class Reader(Protocol):
    """Reads an arena. Only reads are ever retried."""

    def datasets(self, arena: Arena, round_number: int | None = None) -> list[str]: ...

    def dataset_url(self, arena: Arena, filename: str, round_number: int | None = None) -> str: ...

    def current_round(self, arena: Arena) -> Round: ...

    def rounds(self, arena: Arena, number: int | None = None, limit: int | None = None) -> list[Round]: ...

    def account(self) -> Account: ...

    def submissions(self, model_id: str) -> list[Submission]: ...

    def submission_bytes(self, submission_id: str) -> bytes: ...

    def scores(self, model_id: str, last_rounds: int | None = None) -> list[ScoreRow]: ...

    def performances(self, arena: Arena, model_id: str) -> list[Performance]: ...

    def stake(self, arena: Arena, model: str) -> Decimal: ...

    def wallet(self) -> str: ...

    def leaderboard(self, arena: Arena, limit: int = 50, offset: int = 0) -> Sequence[Mapping[str, Any]]: ...


class Writer(Protocol):
    """Changes an arena. Imported by `pipeline.effects` alone; never called twice for one key without a read-back."""

    def authorise(self, arena: Arena, model_id: str, filename: str) -> Ticket: ...

    def put(self, ticket: Ticket, data: bytes) -> None: ...

    def create(self, arena: Arena, model_id: str, ticket: Ticket) -> str: ...

    def change_stake(self, arena: Arena, model_id: str, change: Decimal) -> None: ...

    def authorise_stake(self, submission_id: str, staker: str, most: Decimal) -> Authorisation: ...

    def claims(self, arena: Arena, staker: str) -> list[Claim]: ...

    def claim(self, model_id: str, round: int, staker: str) -> Claim | None: ...

    def set_webhook(self, model_id: str, address: str) -> None: ...
