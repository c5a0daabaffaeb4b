"""Arena, Round, Slot, Predictions, Effect, Entry: the frozen values that pass between the rooms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

import polars as pl

from eraforge.core.digest import digest_bytes, digest_value
from eraforge.core.errors import DataError
from eraforge.core.panel import ID

PREDICTION = "prediction"


@dataclass(frozen=True, slots=True)
class ChurnPenalty:
    """What a positive payout is multiplied by: 1 up to `threshold`, then 2 / (1 + exp(scale * (churn - threshold)))."""

    threshold: Decimal
    scale: Decimal


@dataclass(frozen=True, slots=True)
class PayoutPolicy:
    """How a round pays: `stake * clip(factor * sum(weight * score), -cap, +cap)`.

    None stands for a figure this row does not hold; `unknown` names those that no source settles. They are never
    guessed: an amount that needs one is refused until the caller supplies it.

    Args:
        name: what forecasts and reports call it.
        first_round: the first round it holds for; the next policy of the arena ends it. None where the arena's
            numbering is not known: then `first_date` decides.
        weights: display name of a score to its multiplier; None where each model (or an unsettled fact) decides.
        cap: the largest share of the stake a round pays or burns.
        factor: the payout factor, or None where the round itself tells it.
        staking: `continuous` (one stake, all rounds) or `per_round`.
        score_days: daily scores until the round resolves (20 or 60); 0 when unknown.
        unknown: names of facts about this policy that no source settles; never guessed.
        first_date: ISO date on which its first round opens, or "".
        stake_threshold: NMR at risk in a round above which its factor falls below 1, where such a rule holds.
        live_rounds: rounds of this policy that overlap; a per-round stake is the total divided by it.
        churn_penalty: applied to positive payouts only.
        per_model: names of the scores whose multiplier each model chose.
        source: where the figures come from, in words.
    """

    name: str
    first_round: int | None
    weights: Mapping[str, Decimal | None]
    cap: Decimal | None
    factor: Decimal | None
    staking: str | None
    score_days: int
    unknown: tuple[str, ...] = ()
    first_date: str = ""
    stake_threshold: Decimal | None = None
    live_rounds: int | None = None
    churn_penalty: ChurnPenalty | None = None
    per_model: tuple[str, ...] = ()
    source: str = ""

    @property
    def staked_per_round(self) -> bool:
        """Whether every round takes a stake of its own, locked until it resolves."""
        return self.staking == "per_round"


@dataclass(frozen=True, slots=True)
class Files:
    """Names of an arena's dataset files, with `{version}` where the data version stands; None: it has no such file.

    `neutralizers` and `weights` are the matrices that scores of neutralised weights are computed with, per sample.
    """

    train: str
    validation: str | None
    live: str
    features: str | None
    meta_model: str | None
    benchmarks: str | None
    example: str | None
    neutralizers: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """When rounds open, close, score and resolve, where the API does not say it itself.

    Args:
        anchor_date, anchor_round: an open day (ISO date) and its round number.
        open_weekdays: weekdays on which a round opens, Monday = 0.
        open_hour: hour of the day (UTC).
        window_hours: hours a window stays open, per weekday.
        first_score_after: score days between opening and the first score, exclusive.
        score_weekdays: weekdays on which scores are published.
        first_era_date: ISO date of era 1 where eras are numbered weeks.
    """

    anchor_date: str
    anchor_round: int
    open_weekdays: tuple[int, ...]
    open_hour: int
    window_hours: Mapping[int, int]
    first_score_after: int
    score_weekdays: tuple[int, ...]
    first_era_date: str | None = None


@dataclass(frozen=True)
class Arena:
    """A tournament or a market, as data. No code branches on its name.

    Args:
        name: the name used in configuration ("classic").
        tournament: the number the API knows it by.
        version: the data version entries use unless they say otherwise.
        id_column, prediction_column: header of a submission file.
        accepted_id_columns, accepted_value_columns: headers the server takes.
        minimum_rows: rows needed after filtering to the live universe; None means every live id.
        files: dataset file names.
        calendar: fallback calendar; the API's own times win.
        policies: payout policies in order of their first round; the API's `roundScoreConfigs` win.
        era_column, id_file_column: names of the keys in the arena's files.
        ids_persist: whether an id means the same thing in two eras.
        target: main target column, whose horizon is `main_horizon` weekdays; other targets end in `_20` or `_60`.
        purge_eras: horizon in weekdays to the eras the field leaves out between training and prediction.
        feature_set: the feature set an entry learns from unless it says otherwise.
        churn_rounds: how many earlier answers a new one is compared with; 0 where ids do not persist.
        churn_limit, turnover_limit: changes above which a round's stake is set to 0, where such a rule holds.
        feature_prefix, target_prefix: how those columns' names begin, in files that no features file describes.
    """

    name: str
    tournament: int
    version: str
    id_column: str
    prediction_column: str
    accepted_id_columns: tuple[str, ...]
    accepted_value_columns: tuple[str, ...]
    minimum_rows: int | None
    files: Files
    calendar: Calendar
    policies: tuple[PayoutPolicy, ...]
    era_column: str = "era"
    id_file_column: str = "id"
    ids_persist: bool = False
    target: str = "target"
    main_horizon: int = 60
    label_lag: int = 2
    purge_eras: Mapping[int, int] = field(default_factory=lambda: {20: 8, 60: 16})
    feature_set: str = "all"
    churn_rounds: int = 0
    churn_limit: float | None = None
    turnover_limit: float | None = None
    feature_prefix: str = "feature_"
    target_prefix: str = "target"


@dataclass(frozen=True, slots=True)
class ScoreConfig:
    """One row of a round's `roundScoreConfigs`: a score, and whether and how it pays."""

    name: str
    version: str
    display_name: str
    is_payout: bool
    multiplier: Decimal
    clip: Decimal | None
    payout_factor: Decimal | None
    total_score_days: int


@dataclass(frozen=True, slots=True)
class Round:
    """One round of an arena. Moments are aware and in UTC; `closes` is the submission deadline."""

    arena: str
    number: int
    opens: datetime
    closes: datetime
    scores: datetime | None = None
    resolves: datetime | None = None
    resolved: bool = False
    score_configs: tuple[ScoreConfig, ...] = ()

    def is_open(self, at: datetime) -> bool:
        """Whether a submission sent at that moment is on time."""
        return self.opens <= at < self.closes


@dataclass(frozen=True, slots=True)
class Slot:
    """One place to fill: (account, model, round)."""

    account: str
    model: str
    arena: str
    round: int

    @property
    def key(self) -> str:
        """The text that names this slot everywhere: workflow, ledger, log."""
        return f"{self.arena}/{self.account}/{self.model}/{self.round}"


@dataclass(frozen=True)
class Predictions:
    """id -> value for one slot.

    Args:
        slot: the place these fill.
        frame: columns `id` (str) and `prediction` (float64), sorted by id.
        synthetic: tag of made-up data that had a part in them, or None; the real tournament never gets tagged ones.
    """

    slot: Slot
    frame: pl.DataFrame
    synthetic: str | None = None

    def __post_init__(self) -> None:
        if self.frame.columns != [ID, PREDICTION]:
            raise DataError(
                "predictions-columns",
                f"Predictions have columns {self.frame.columns}, not ['id', 'prediction'].",
                "Return exactly these two columns from the model.",
            )

    def csv(self, id_column: str, value_column: str) -> bytes:
        """The file to submit. Equal predictions give equal bytes."""
        return self.frame.rename({ID: id_column, PREDICTION: value_column}).write_csv().encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical file (header `id,prediction`)."""
        return digest_bytes(self.csv(ID, PREDICTION))


class EffectKind(StrEnum):
    """What an effect changes in the outer world."""

    SUBMIT = "submit"
    STAKE = "stake"
    CLAIM = "claim"
    WEBHOOK = "webhook"
    ORDER = "order"

    @property
    def moves_money(self) -> bool:
        """Whether a second one would cost something: the machine then never sends it again by itself."""
        return self in (EffectKind.STAKE, EffectKind.CLAIM, EffectKind.ORDER)


class Phase(StrEnum):
    """How far an effect has come. Only the last three end it."""

    INTENDED = "intended"
    SENT = "sent"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Effect:
    """One change in the outer world, with a key that outlives a crash.

    Args:
        kind: what it changes.
        slot: for whom and which round.
        payload: SHA-256 of the bytes sent.
        supersedes: key of the effect a person asked to replace, or "".
    """

    kind: EffectKind
    slot: Slot
    payload: str
    supersedes: str = ""

    @property
    def key(self) -> str:
        """SHA-256 of (account, model, arena, round, kind), and of the superseded key when one is replaced."""
        slot = self.slot
        return digest_value(slot.account, slot.model, slot.arena, slot.round, str(self.kind), self.supersedes)


@dataclass(frozen=True)
class Entry:
    """What a person configured: where it plays, with which data and model, and how it trains.

    Args:
        name: the entry's own name.
        account: configured account.
        arena: registered arena.
        model: the tournament's model (slot) that receives the predictions.
        learner: registered model plugin.
        settings: settings of the learner.
        features: name of a feature set; "" takes the arena's.
        target: target column; "" takes the arena's main one.
        extra_targets: further target columns that the panel carries, for learners of several targets (`multi_target`).
        prices: configured prices to compute features from, besides the tournament's own; "" for none.
        price_features: which of them; none named takes the distinct, scale-free ones.
        version: data version; "" takes the arena's.
        train_on: `train` (the training file: one training per data version) or `known` (all labels known by then).
        use: registered model it predicts with instead of training (`steady@champion`, `steady#3`), or "".
        folds: walk-forward folds of the evaluation; 0 skips it.
        damp: keep the change from the last answers within the arena's limit, at the least cost in the new signal.
        leaks: how thoroughly the evaluation looks for leaks: `quick`, `thorough`, or `off`, which the report tells.
        retrain: rounds after which the model is trained anew, `version` (with each new data version) or `never`; a
            number of rounds includes new versions.
    """

    name: str
    account: str
    arena: str
    model: str
    learner: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    features: str = ""
    target: str = ""
    extra_targets: tuple[str, ...] = ()
    prices: str = ""
    price_features: tuple[str, ...] = ()
    version: str = ""
    train_on: str = "train"
    use: str = ""
    folds: int = 2
    damp: bool = False
    leaks: str = "quick"
    retrain: int | str = 1
