"""What the server tells becomes the house's own values, and what it leaves out is never guessed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.gateway_read import NumeraiReader
from eraforge.arenas.wire.transport import Patience
from eraforge.core.clock import StandingClock
from eraforge.core.errors import DataError, EraforgeError, Transient
from eraforge.core.ports import Account, Performance, Reader, ScoreRow, Submission

BRISK = Patience(connect=1, read=1, exchange=2, attempts=2)
CONFIG = {
    "name": "correlation",
    "version": "3",
    "displayName": "corr60",
    "isPayout": True,
    "defaultMultiplier": 3,
    "clipThreshold": 1.0,
    "payoutFactor": None,
    "totalScoreDays": 60,
}
ROUND = {
    "number": 1345,
    "openTime": "2026-09-01T12:00:00Z",
    "closeTime": "2026-09-01T14:00:00Z",
    "closeStakingTime": "2026-09-01T13:00:00Z",
    "scoreTime": "2026-09-05T12:00:00Z",
    "resolveTime": "2026-11-27T12:00:00Z",
    "resolvedGeneral": False,
    "payoutFactor": "1",
    "roundScoreConfigs": [CONFIG, CONFIG | {"displayName": "fnc_v3", "isPayout": None, "defaultMultiplier": 0.1}],
}


@pytest.fixture
def reader(server: Any, keys: Any) -> Iterator[NumeraiReader]:
    made = NumeraiReader(server.url, keys, StandingClock(datetime(2026, 9, 1, tzinfo=UTC)), BRISK)
    yield made
    made.close()


def test_a_reader_has_every_part_of_its_port(reader: NumeraiReader) -> None:
    for name in (name for name in vars(Reader) if not name.startswith("_")):
        assert callable(getattr(reader, name))
    assert "CANARY" not in repr(reader)


def test_a_round_is_read_with_its_times_and_scores(server: Any, reply: Any, reader: NumeraiReader) -> None:
    server.plan = [reply({"data": {"rounds": [ROUND]}})]
    found = reader.current_round(CLASSIC)
    assert server.seen[0].json()["variables"] == {"tournament": 8, "number": 0, "limit": None}
    assert (found.arena, found.number, found.resolved) == ("classic", 1345, False)
    assert (found.opens, found.closes) == (datetime(2026, 9, 1, 12, tzinfo=UTC), datetime(2026, 9, 1, 13, tzinfo=UTC))
    assert found.scores == datetime(2026, 9, 5, 12, tzinfo=UTC)
    assert found.resolves == datetime(2026, 11, 27, 12, tzinfo=UTC)
    first, second = found.score_configs
    assert (first.display_name, first.is_payout, first.multiplier, first.clip) == ("corr60", True, Decimal(3), 1)
    assert (first.payout_factor, first.total_score_days) == (None, 60)
    assert (second.is_payout, second.multiplier) == (False, Decimal("0.1"))


def test_times_the_server_leaves_out_come_from_the_calendar(server: Any, reply: Any, reader: NumeraiReader) -> None:
    bare = ROUND | {"openTime": None, "closeTime": None, "closeStakingTime": None, "roundScoreConfigs": None}
    server.plan = [reply({"data": {"rounds": [bare | {"number": 1343}]}})]
    found = reader.rounds(CLASSIC, 1343)[0]
    assert (found.opens, found.closes) == (datetime(2026, 8, 28, 12, tzinfo=UTC), datetime(2026, 8, 28, 13, tzinfo=UTC))
    assert found.score_configs == ()


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"rounds": [None]}},
        {"data": {"rounds": None}},
        {"data": {"rounds": []}},
        {"errors": [{"message": "Current round not open for submissions"}]},
    ],
)
def test_no_current_round_is_one_error_however_it_is_told(
    server: Any, reply: Any, reader: NumeraiReader, body: Any
) -> None:
    server.plan = [reply(body)]
    with pytest.raises(Transient) as caught:
        reader.current_round(CLASSIC)
    assert caught.value.code == "no-open-round"


@pytest.mark.parametrize(
    ("message", "code"),
    [("Your session is invalid or has expired.", "keys-refused"), ("no such field", "server-said-no")],
)
def test_another_refusal_is_never_taken_for_a_closed_round(
    server: Any, reply: Any, reader: NumeraiReader, message: str, code: str
) -> None:
    server.plan = [reply({"errors": [{"message": message}]})]
    with pytest.raises(EraforgeError) as caught:
        reader.current_round(CLASSIC)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "damage",
    [
        {"openTime": "2026-09-01T12:00:00"},
        {"openTime": "soon"},
        {"number": "1345"},
        {"roundScoreConfigs": [CONFIG | {"defaultMultiplier": "many"}]},
        {"roundScoreConfigs": [{"name": "x"}]},
        {"roundScoreConfigs": [None]},
    ],
)
def test_a_round_of_another_form_is_refused(server: Any, reply: Any, reader: NumeraiReader, damage: Any) -> None:
    server.plan = [reply({"data": {"rounds": [ROUND | damage]}})]
    with pytest.raises(DataError) as caught:
        reader.rounds(CLASSIC)
    assert caught.value.code == "answer-incomplete"


def test_datasets_and_their_addresses(server: Any, reply: Any, reader: NumeraiReader) -> None:
    server.plan = [
        reply({"data": {"listDatasets": ["v5.3/live.parquet"]}}),
        reply({"data": {"dataset": "https://files/x"}}),
    ]
    assert reader.datasets(CLASSIC, 1345) == ["v5.3/live.parquet"]
    assert reader.dataset_url(CLASSIC, "v5.3/live.parquet", 1345) == "https://files/x"
    assert server.seen[1].json()["variables"] == {"filename": "v5.3/live.parquet", "round": 1345, "tournament": 8}
    assert all("authorization" not in seen.headers for seen in server.seen)


def test_the_account_tells_models_per_tournament_and_this_key_s_scopes(
    server: Any, reply: Any, reader: NumeraiReader, keys: Any
) -> None:
    models = [
        {"id": "m1", "name": "spring", "tournament": 8},
        {"id": "m2", "name": "autumn", "tournament": 8},
        {"id": "m3", "name": "spring", "tournament": 11},
    ]
    tokens = [
        {"public_id": "ANOTHER", "scopes": ["stake"]},
        {"public_id": keys.public_id.reveal(), "scopes": ["upload_submission"]},
    ]
    server.plan = [reply({"data": {"account": {"username": "ada", "models": models, "apiTokens": tokens}}})]
    expected = Account("ada", {8: {"spring": "m1", "autumn": "m2"}, 11: {"spring": "m3"}}, ("upload_submission",))
    assert reader.account() == expected
    assert server.seen[0].headers["authorization"] == keys.header()


def listed(number: int) -> dict[str, Any]:
    return {"id": f"s{number}", "filename": f"f{number}.csv", "insertedAt": f"2026-09-0{number}T12:30:00Z"}


def detailed(number: int) -> dict[str, Any]:
    played = {"number": 1344 + number, "tournament": 8}
    return {"filename": f"f{number}.csv", "selected": number == 2, "round": played}


def lists(ours: list[int], theirs: list[int]) -> dict[str, Any]:
    return {
        "data": {
            "submissions": [listed(number) for number in ours],
            "model": {"submissions": [detailed(number) for number in theirs]},
        }
    }


def test_submissions_join_the_server_s_two_lists(server: Any, reply: Any, reader: NumeraiReader) -> None:
    server.plan = [reply(lists([2, 1], [1, 2]))]
    found = reader.submissions("m1")
    moment = datetime(2026, 9, 2, 12, 30, tzinfo=UTC)
    assert found[1] == Submission("s2", "f2.csv", 1346, 8, True, moment)
    assert [submission.id for submission in found] == ["s1", "s2"]


@pytest.mark.parametrize(("ours", "theirs"), [([1, 2], [1]), ([1], [1, 2]), ([1], []), ([], [1])])
def test_a_newest_submission_in_one_list_only_is_never_taken_for_absent(
    server: Any, reply: Any, reader: NumeraiReader, ours: list[int], theirs: list[int]
) -> None:
    server.plan = [reply(lists(ours, theirs))]
    with pytest.raises(Transient) as caught:
        reader.submissions("m1")
    assert caught.value.code == "submission-lists-disagree"


@pytest.mark.parametrize(("ours", "theirs"), [([1, 2, 3], [2, 3]), ([3], [1, 2, 3]), ([], [])])
def test_an_old_submission_in_one_list_only_does_not_matter(
    server: Any, reply: Any, reader: NumeraiReader, ours: list[int], theirs: list[int]
) -> None:
    server.plan = [reply(lists(ours, theirs))]
    assert [submission.id for submission in reader.submissions("m1")][-1:] == (["s3"] if ours else [])


def test_the_bytes_of_a_submission_are_fetched_without_the_keys(server: Any, reply: Any, reader: NumeraiReader) -> None:
    server.plan = [
        reply({"data": {"submissionDownloadAuth": {"filename": "f.csv", "url": server.url + "/f"}}}),
        reply(b"id,prediction\nn1,0.5\n"),
    ]
    assert reader.submission_bytes("s1") == b"id,prediction\nn1,0.5\n"
    assert "authorization" not in server.seen[1].headers


def test_a_fresh_address_is_asked_for_where_one_has_expired(server: Any, reply: Any, reader: NumeraiReader) -> None:
    address = reply({"data": {"submissionDownloadAuth": {"filename": "f.csv", "url": server.url + "/f"}}})
    server.plan = [address, reply(b"", status=403), address, reply(b"late")]
    assert reader.submission_bytes("s1") == b"late"
    server.plan = [address, reply(b"", status=403)] * 3
    with pytest.raises(Transient, match="403"):
        reader.submission_bytes("s1")
    assert len(server.seen) == 10


SCORE = {"displayName": "corr60", "day": 3, "value": 0.01, "percentile": None, "date": "2026-09-08T00:00:00Z"}


def test_scores_come_in_order(server: Any, reply: Any, reader: NumeraiReader) -> None:
    row = SCORE | {"roundNumber": 1345, "resolved": False}
    late = row | {"day": 4, "value": None, "date": "2026-09-09"}
    server.plan = [reply({"data": {"submissionScores": [late, row]}})]
    first, second = reader.scores("m1", last_rounds=5)
    assert first == ScoreRow("m1", 1345, "corr60", 3, 0.01, None, False, "2026-09-08")
    assert (second.day, second.value, second.day_date) == (4, None, "2026-09-09")
    assert server.seen[0].json()["variables"] == {"modelId": "m1", "lastNRounds": 5}


def test_payouts_and_stakes_keep_every_digit(server: Any, reply: Any, reader: NumeraiReader) -> None:
    score = SCORE | {"payoutPending": "0.100000000000000001", "payoutSettled": "0E-18"}
    played = {"roundNumber": 1345, "atRisk": "1.000000000000000001", "roundResolved": True, "submissionScores": [score]}
    unscored = {"roundNumber": 1346, "atRisk": None, "roundResolved": None, "submissionScores": None}
    server.plan = [reply({"data": {"v2RoundModelPerformances": [unscored, played]}})]
    first, second = reader.performances(CLASSIC, "m1")
    assert (first.round, first.at_risk, first.resolved) == (1345, "1.000000000000000001", True)
    (row,) = first.scores
    assert (row.payout_pending, row.payout_settled, row.resolved) == (
        "0.100000000000000001",
        "0.000000000000000000",
        True,
    )
    assert second == Performance("m1", 1346, None, False, ())


def test_the_leaderboard_is_given_as_it_is(server: Any, reply: Any, reader: NumeraiReader) -> None:
    server.plan = [reply({"data": {"v2Leaderboard": [{"username": "ada", "rank": 1}]}}), reply({"data": {"x": 1}})]
    assert reader.leaderboard(CLASSIC, limit=1) == [{"username": "ada", "rank": 1}]
    with pytest.raises(DataError):
        reader.leaderboard(CLASSIC)


Call = Callable[[NumeraiReader], Any]
CALLS: list[Call] = [
    lambda reader: reader.datasets(CLASSIC),
    lambda reader: reader.dataset_url(CLASSIC, "x"),
    lambda reader: reader.rounds(CLASSIC),
    lambda reader: reader.account(),
    lambda reader: reader.submissions("m"),
    lambda reader: reader.submission_bytes("s"),
    lambda reader: reader.scores("m"),
    lambda reader: reader.performances(CLASSIC, "m"),
    lambda reader: reader.leaderboard(CLASSIC),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "data", [{}, {"account": None, "submissions": None, "dataset": None, "submissionScores": None}]
)
def test_an_answer_without_its_field_is_an_error_not_a_crash(
    server: Any, reply: Any, reader: NumeraiReader, call: Call, data: Any
) -> None:
    server.plan = [reply({"data": data})]
    with pytest.raises(DataError) as caught:
        call(reader)
    assert caught.value.code == "answer-incomplete"
