"""The judge finds every planted wrong in a history of lines, and nothing in an honest one."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eraforge.simulator.judge.checks import judge
from eraforge.simulator.tournament.identities import derived_uuid

OPENS = datetime(2026, 9, 1, 12, tzinfo=UTC)  # of round 1345
MODEL = derived_uuid("model", 7, "practice_a")
DIGEST, OTHER = "ab" * 32, "cd" * 32


class Lines:
    """Writes a journal."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.at = OPENS - timedelta(minutes=30)
        self.write("started", seed=7, synthetic="a test")

    def write(self, change: str, **facts: Any) -> int:
        line = {"sequence": len(self.lines) + 1, "virtual": self.at.isoformat(), "change": change, "facts": facts}
        self.lines.append(line)
        return line["sequence"]

    def move(self, to: datetime) -> None:
        self.write("clock-moved", to=to.isoformat(), reason="advance")
        self.at = to

    def send(self, number: int, digest: str = DIGEST, name: str = "", **facts: Any) -> int:
        name = name or f"practice_a-{number}-{digest[:12]}-abcdefghijkl.csv"
        self.write("object-stored", filename=name, digest=facts.pop("stored", digest), size=1)
        record = {
            "id": f"id{len(self.lines)}", "model_id": MODEL, "filename": name, "digest": digest, "round": number,
            "late": False, "error": None, **facts,
        }  # fmt: skip
        return self.write("submission-created", **record)

    def found(self, **options: Any) -> list[tuple[str, int | None]]:
        return [(one.check, one.round) for one in judge(self.lines, **options).findings]


@pytest.fixture
def lines() -> Lines:
    made = Lines()
    made.move(OPENS)
    return made


def play_on(lines: Lines, rounds: int = 3) -> None:
    """Honest answers on the next days."""
    for step in range(1, rounds):
        lines.move(OPENS + timedelta(days=step))
        lines.send(1345 + step)
    lines.move(lines.at + timedelta(hours=2))


def test_an_honest_history_is_clean(lines: Lines) -> None:
    lines.send(1345)
    lines.write("stake-changed", id="s1", model=MODEL, kind="increase", value="1.5", stake="65.5")
    play_on(lines)
    judgement = judge(lines.lines)
    assert judgement.clean
    assert judgement.figures["accepted"] == 3
    assert judgement.figures["rounds"] == 3


def test_the_same_answer_twice_is_a_double_even_where_replacing_is_allowed(lines: Lines) -> None:
    first, second = lines.send(1345), lines.send(1345, name="b.csv")
    (found,) = judge(lines.lines, replacements=True).findings
    assert (found.check, found.model, found.round, found.lines) == ("double", "practice_a", 1345, (first, second))


def test_another_answer_is_a_double_unless_replacing_is_allowed(lines: Lines) -> None:
    lines.send(1345)
    lines.send(1345, OTHER)
    assert lines.found() == [("double", 1345)]
    assert lines.found(replacements=True) == []


def test_what_the_server_rejected_may_be_sent_again(lines: Lines) -> None:
    lines.send(1345, error="invalid_submission_values: no")
    lines.send(1345, id="taken back")
    rejected = (lines.at + timedelta(minutes=5)).isoformat()
    lines.write(
        "submission-rejected", **{"id": "taken back", "error": "no", "from": rejected, "fault": "rejected-late"}
    )
    lines.move(OPENS + timedelta(minutes=10))
    lines.send(1345, OTHER)
    assert lines.found() == []


def test_a_late_send(lines: Lines) -> None:
    lines.move(OPENS + timedelta(minutes=90))
    lines.send(1345, late=True)
    (found,) = judge(lines.lines).of("late")
    assert found.sentence == "sent 30 min after the window closed"


def test_a_missed_window_and_one_whose_answer_was_taken_back(lines: Lines) -> None:
    lines.send(1345)
    lines.move(OPENS + timedelta(days=2))
    lines.send(1347, id="taken back")
    soon = (lines.at + timedelta(minutes=1)).isoformat()
    lines.write("submission-rejected", **{"id": "taken back", "error": "no", "from": soon})
    lines.move(OPENS + timedelta(days=2, hours=3))
    assert lines.found() == [("missed", 1346), ("missed", 1347)]


def test_a_window_still_open_is_not_missed(lines: Lines) -> None:
    lines.send(1345)
    lines.move(OPENS + timedelta(days=1, minutes=30))
    assert lines.found() == []
    lines.move(OPENS + timedelta(days=1, minutes=61))
    assert lines.found() == [("missed", 1346)]


def test_a_moved_window_is_judged_by_its_own_times(lines: Lines) -> None:
    lines.send(1345)
    opens = OPENS + timedelta(days=1, hours=3)
    window = {"opens": opens.isoformat(), "closes": (opens + timedelta(hours=1)).isoformat()}
    lines.write("window-changed", tournament=8, round=1346, fault="window-moved", **window)
    lines.move(OPENS + timedelta(days=1, hours=2))
    assert lines.found() == []
    lines.move(OPENS + timedelta(days=1, hours=5))
    assert lines.found() == [("missed", 1346)]


@pytest.mark.parametrize(
    "facts",
    [
        {"name": f"practice_a-1345-{'0' * 12}.csv"},
        {"name": f"practice_a-1344-{DIGEST[:12]}.csv"},
        {"name": f"practice_b-1345-{DIGEST[:12]}.csv"},
        {"stored": OTHER},
    ],
)
def test_held_is_not_what_was_decided(lines: Lines, facts: Mapping[str, Any]) -> None:
    lines.send(1345, **facts)
    assert lines.found() == [("mismatch", 1345)]


def test_a_stake_change_that_came_twice(lines: Lines) -> None:
    for stake in ("74", "84"):
        lines.write("stake-changed", id=stake, model=MODEL, kind="increase", value="10", stake=stake)
    assert lines.found() == [("stake-doubled", None)]
    lines.move(OPENS + timedelta(days=1, hours=1))
    lines.write("stake-changed", id="94", model=MODEL, kind="increase", value="10", stake="94")
    assert lines.found() == [("stake-doubled", None)]


def test_books_that_are_off_by_one_wei(lines: Lines) -> None:
    lines.write("stake-changed", id="1", model=MODEL, kind="decrease", value="4", stake="60.000000000000000001")
    assert lines.found() == [("books", None)]


def test_figures_count_the_faults_met() -> None:
    requests = [{"fault": "hanging"}, {"fault": None}, {"fault": "hanging"}]
    figures = judge(Lines().lines, requests).figures
    assert (figures["requests"], figures["faults"], figures["fault:hanging"]) == (3, 2, 2)
