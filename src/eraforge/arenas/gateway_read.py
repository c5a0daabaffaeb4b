"""Reads a tournament over its API. Reads are the only calls that are ever repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from eraforge.arenas.credentials import Credentials
from eraforge.arenas.wire import operations
from eraforge.arenas.wire.answers import Answer
from eraforge.arenas.wire.outcomes import missing_field
from eraforge.arenas.wire.transport import Patience, Transport
from eraforge.core import calendar
from eraforge.core.clock import Clock
from eraforge.core.errors import Refused, Transient, UserError
from eraforge.core.ports import Account, Performance, ScoreRow, Submission
from eraforge.core.words import Arena, Round, ScoreConfig

ADDRESSES = 3  # of one file, before the server is taken at its word that none is good


class NumeraiReader:
    """`core.ports.Reader` over the tournament's API.

    Args:
        url: address of the API.
        keys: API keys; None allows the public operations only.
        clock: pauses between repetitions pass through it.
        patience: time limits of every call.

    Raises:
        Transient, Refused, DataError, UserError: from every method, as `arenas.wire.outcomes` tells them apart.
    """

    def __init__(
        self, url: str, keys: Credentials | None = None, clock: Clock | None = None, patience: Patience | None = None
    ) -> None:
        self._transport = Transport(url, keys, clock, patience)
        self._keys = keys

    def __repr__(self) -> str:
        return f"NumeraiReader({self._transport.host})"

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def datasets(self, arena: Arena, round_number: int | None = None) -> list[str]:
        """Names of the dataset files, as the server lists them."""
        variables = {"round": round_number, "tournament": arena.tournament}
        data = self._read("list of datasets", operations.DATASETS, variables)
        return data.texts("listDatasets")

    def dataset_url(self, arena: Arena, filename: str, round_number: int | None = None) -> str:
        """A short-lived address of a dataset file; `round_number` asks for the file as it was for that round."""
        variables = {"filename": filename, "round": round_number, "tournament": arena.tournament}
        return self._read(f"address of {filename}", operations.DATASET, variables).text("dataset")

    def current_round(self, arena: Arena) -> Round:
        """The round the server calls current; ask the value itself whether it is open.

        Raises:
            Transient: `no-open-round` when the server knows no current round.
        """
        try:
            found = self.rounds(arena, number=0)
        except Refused as error:
            if error.code != "round-not-open":
                raise
            found = []
        if not found:
            raise Transient(
                "no-open-round",
                f"The server knows no current round of {arena.name}.",
                "Ask again when the next round opens.",
            )
        return found[0]

    def rounds(self, arena: Arena, number: int | None = None, limit: int | None = None) -> list[Round]:
        """Rounds as the server knows them; null entries, which it gives between rounds, are left out."""
        variables = {"tournament": arena.tournament, "number": number, "limit": limit}
        data = self._transport.read("rounds", operations.ROUNDS, variables)
        if "rounds" not in data:
            raise missing_field("rounds", "data.rounds")
        present = [item for item in data["rounds"] or [] if item is not None]
        return [_round(arena, item) for item in Answer("rounds", {"rounds": present}, "data").parts("rounds")]

    def account(self) -> Account:
        """The account behind the keys: its models per tournament, and the scopes of this very key."""
        account = self._read("account", operations.ACCOUNT, {}, authorised=True).part("account")
        models: dict[int, dict[str, str]] = {}
        for model in account.parts("models"):
            models.setdefault(model.integer("tournament"), {})[model.text("name")] = model.text("id")
        own = self._keys.public_id.reveal() if self._keys else ""
        scopes: tuple[str, ...] = ()
        for token in account.parts("apiTokens", absent=True):
            if token.text("public_id") == own:
                scopes = tuple(token.texts("scopes"))
        return Account(account.text("username"), models, scopes)

    def submissions(self, model_id: str) -> list[Submission]:
        """All submissions of a model, oldest first.

        The API tells identifier and moment in one list, round and selection in another; the file name, given by the
        server, joins them.

        Raises:
            Transient: `submission-lists-disagree` while the newest entry stands in one list only.
        """
        data = self._read("submissions", operations.SUBMISSIONS, {"modelId": model_id}, authorised=True)
        listed = {item.text("filename"): item for item in data.parts("submissions")}
        detailed = {item.text("filename"): item for item in data.part("model").parts("submissions")}
        found = [_submission(listed[name], detailed[name]) for name in listed if name in detailed]
        _require_agreement(found, listed, detailed)
        return sorted(found, key=lambda submission: (submission.inserted is not None, submission.inserted))

    def submission_bytes(self, submission_id: str) -> bytes:
        """The file of a submission as the server holds it; a fresh address is asked for where one has expired."""
        for _ in range(ADDRESSES - 1):
            try:
                return self._submission_bytes(submission_id)
            except Transient as error:
                if error.code != "file-address-refused":
                    raise
        return self._submission_bytes(submission_id)

    def _submission_bytes(self, submission_id: str) -> bytes:
        variables = {"id": submission_id}
        data = self._read("submission file", operations.SUBMISSION_DOWNLOAD, variables, authorised=True)
        return self._transport.fetch("the submission's file", data.part("submissionDownloadAuth").text("url"))

    def scores(self, model_id: str, last_rounds: int | None = None) -> list[ScoreRow]:
        """Published scores of a model, by (round, day, name)."""
        variables = {"modelId": model_id, "lastNRounds": last_rounds}
        data = self._read("scores", operations.SCORES, variables)
        rows = [_score(model_id, item) for item in data.parts("submissionScores")]
        return sorted(rows, key=lambda row: (row.round, row.day, row.display_name))

    def performances(self, arena: Arena, model_id: str) -> list[Performance]:
        """Every round of a model, oldest first: NMR at risk, and its scores with the payout each is part of."""
        variables = {"modelId": model_id, "tournament": arena.tournament}
        data = self._read("payouts", operations.PERFORMANCES, variables)
        found = [_performance(model_id, item) for item in data.parts("v2RoundModelPerformances")]
        return sorted(found, key=lambda one: one.round)

    def stake(self, arena: Arena, model: str) -> Decimal:
        """NMR staked on a model, by its name; zero where nothing is."""
        variables = {"modelName": model, "tournament": arena.tournament}
        profile = self._read(f"stake of {model}", operations.STAKE, variables).part("v3UserProfile")
        return profile.decimal("nmrStaked") or Decimal(0)

    def wallet(self) -> str:
        """Address of the wallet that the account's stakes come from, or "" where it has none."""
        return self._read("wallet", operations.WALLET, {}, authorised=True).part("account").optional("walletAddress")

    def leaderboard(self, arena: Arena, limit: int = 50, offset: int = 0) -> Sequence[Mapping[str, Any]]:
        """Rows of the model leaderboard, as the server gives them.

        Raises:
            UserError: `no-leaderboard` for an arena whose tournament has none here.
        """
        board = operations.LEADERBOARDS.get(arena.tournament)
        if board is None:
            raise UserError("no-leaderboard", f"There is no leaderboard of {arena.name}.", "Look on the website.")
        data = self._transport.read("leaderboard", board.query, {"limit": limit, "offset": offset})
        rows = data.get(board.root)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise missing_field("leaderboard", f"data.{board.root}")
        return rows

    def _read(self, operation: str, query: str, variables: Mapping[str, Any], authorised: bool = False) -> Answer:
        return Answer(operation, self._transport.read(operation, query, variables, authorised), "data")


def _round(arena: Arena, item: Answer) -> Round:
    number = item.integer("number")
    opens, closes = item.moment("openTime"), item.moment("closeStakingTime") or item.moment("closeTime")
    if opens is None or closes is None:
        planned = calendar.window(arena.calendar, calendar.open_day(arena.calendar, number))
        opens, closes = opens or planned[0], closes or planned[1]
    return Round(
        arena=arena.name,
        number=number,
        opens=opens,
        closes=closes,
        scores=item.moment("scoreTime"),
        resolves=item.moment("resolveTime"),
        resolved=item.flag("resolvedGeneral"),
        score_configs=tuple(_score_config(config) for config in item.parts("roundScoreConfigs", absent=True)),
    )


def _score_config(item: Answer) -> ScoreConfig:
    return ScoreConfig(
        name=item.text("name"),
        version=item.text("version"),
        display_name=item.text("displayName"),
        is_payout=item.flag("isPayout"),
        multiplier=item.decimal("defaultMultiplier") or Decimal(0),
        clip=item.decimal("clipThreshold"),
        payout_factor=item.decimal("payoutFactor"),
        total_score_days=item.integer("totalScoreDays"),
    )


def _submission(listed: Answer, detailed: Answer) -> Submission:
    played = detailed.part("round")
    return Submission(
        id=listed.text("id"),
        filename=listed.text("filename"),
        round=played.integer("number"),
        tournament=played.integer("tournament"),
        selected=detailed.flag("selected"),
        inserted=listed.moment("insertedAt"),
    )


def _require_agreement(
    found: Sequence[Submission], listed: Mapping[str, Answer], detailed: Mapping[str, Answer]
) -> None:
    """A newest submission told by one list only would be taken for absent, and sent again."""
    moments = [submission.inserted for submission in found if submission.inserted is not None]
    newest_round = max((submission.round for submission in found), default=0)
    alone = [item.moment("insertedAt") for name, item in listed.items() if name not in detailed]
    newer = any(moment is not None and (not moments or moment > max(moments)) for moment in alone)
    rounds = [item.part("round").integer("number") for name, item in detailed.items() if name not in listed]
    if newer or any(number >= newest_round for number in rounds):
        raise Transient(
            "submission-lists-disagree",
            "The server's two lists of submissions do not agree on the newest one yet.",
            "Ask again in a moment.",
        )


def _score(model_id: str, item: Answer) -> ScoreRow:
    return ScoreRow(
        model_id=model_id,
        round=item.integer("roundNumber"),
        display_name=item.text("displayName"),
        day=item.integer("day"),
        value=item.number("value"),
        percentile=item.number("percentile"),
        resolved=item.flag("resolved"),
        day_date=_day(item),
    )


def _performance(model_id: str, item: Answer) -> Performance:
    rows = [_paid_score(model_id, item, score) for score in item.parts("submissionScores", absent=True)]
    at_risk = item.decimal("atRisk")
    return Performance(
        model_id=model_id,
        round=item.integer("roundNumber"),
        at_risk=None if at_risk is None else format(at_risk, "f"),
        resolved=item.flag("roundResolved"),
        scores=tuple(sorted(rows, key=lambda row: (row.day, row.display_name))),
    )


def _paid_score(model_id: str, played: Answer, item: Answer) -> ScoreRow:
    pending, settled = item.decimal("payoutPending"), item.decimal("payoutSettled")
    return ScoreRow(
        model_id=model_id,
        round=played.integer("roundNumber"),
        display_name=item.text("displayName"),
        day=item.integer("day"),
        value=item.number("value"),
        percentile=item.number("percentile"),
        resolved=played.flag("roundResolved"),
        day_date=_day(item),
        payout_pending=None if pending is None else format(pending, "f"),
        payout_settled=None if settled is None else format(settled, "f"),
    )


def _day(item: Answer) -> str:
    """The day of a score: the API gives a date or a moment."""
    text = item.optional("date")
    return _utc_day(text) if text else ""


@lru_cache(maxsize=1024)
def _utc_day(text: str) -> str:
    """A history of scores names few days thousands of times."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text[:10]
    return text[:10] if moment.tzinfo is None else moment.astimezone(UTC).date().isoformat()
