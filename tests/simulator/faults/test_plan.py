"""Reading a fault plan: every fault has its settings, every mistake its sentence."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eraforge.core.errors import UserError
from eraforge.simulator.exchange.calls import Call, Kind
from eraforge.simulator.faults.plan import FAULTS, Plan, plan_of, read_plan, rule_of

NAMED = {
    "request-lost", "applied-unanswered", "error-before", "error-after", "hanging", "slow-bytes", "truncated-body",
    "wrong-length", "range-ignored", "stale-cache", "token-expired", "rate-limited", "field-removed", "clock-skew",
    "window-moved", "window-shortened", "universe-changed", "rejected-late", "score-revised", "resolved-late",
    "upload-hidden", "submission-hidden",
}  # fmt: skip
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def test_every_fault_has_a_name_a_text_and_settings_that_read_back() -> None:
    assert set(FAULTS) >= NAMED
    for name, kind in FAULTS.items():
        assert kind.name == name
        assert kind.text().endswith("."), name
        rule = rule_of({"name": name, "probability": 0.25, **kind.settings()})
        assert rule_of(rule.as_dict()) == rule


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"name": "nonsense"}, "unknown-fault"),
        ({}, "unknown-fault"),
        ({"name": "hanging", "second": 1}, "unknown-setting"),
        ({"name": "hanging", "seconds": "long"}, "setting-not-understood"),
        ({"name": "hanging", "probability": 1.5}, "setting-not-understood"),
        ({"name": "hanging", "probability": True}, "setting-not-understood"),
        ({"name": "hanging", "on": ["first"]}, "setting-not-understood"),
        ({"name": "hanging", "after": "tomorrow"}, "setting-not-understood"),
        ({"name": "window-moved", "operations": ["upload"]}, "unknown-setting"),
    ],
)
def test_mistakes_are_named(facts: Mapping[str, Any], code: str) -> None:
    with pytest.raises(UserError) as caught:
        plan_of({"fault": [facts]}, 7)
    assert caught.value.code == code


def test_a_plan_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        '[[fault]]\nname = "slow-bytes"\nprobability = 0.1\nseconds = 2\nafter = 2026-09-02T12:00:00Z\n'
        '[[fault]]\nname = "window-moved"\nrounds = [1347]\nminutes = -30.5\n'
    )
    plan = read_plan(path, 3)
    assert plan.seed == 3
    assert plan.rules[0].after == datetime(2026, 9, 2, 12, tzinfo=UTC)
    assert plan.rules[1].as_dict() == {
        "name": "window-moved", "probability": 1.0, "rounds": [1347], "minutes": -30.5
    }  # fmt: skip
    assert plan_of(plan.as_dict(), 9) == plan
    path.write_text("[[fault]\n")
    for place, code in ((path, "plan-not-toml"), (tmp_path / "none.toml", "plan-not-found")):
        with pytest.raises(UserError) as caught:
            read_plan(place, 3)
        assert caught.value.code == code


def test_a_rule_matches_by_kind_operation_file_and_time() -> None:
    create = Call(Kind.MUTATION, ("createSubmission",), filename="a.csv")
    live = Call(Kind.FILE, ("file",), "/files/20260831/v5.3/live.parquet", filename="v5.3/live.parquet")
    rule = rule_of({"name": "request-lost", "operations": ["create*", "*live.parquet"], "until": "2026-09-01T13:00Z"})
    assert rule.matches(create, NOW)
    assert rule.matches(live, NOW)
    assert not rule.matches(create, NOW.replace(hour=13))
    assert not rule.matches(Call(Kind.QUERY, ("rounds",)), NOW)
    assert not rule_of({"name": "range-ignored"}).matches(live, NOW)
    assert not rule_of({"name": "token-expired"}).matches(Call(Kind.QUERY, ("rounds",)), NOW)


def test_draws_depend_on_seed_place_and_number_alone() -> None:
    rule = rule_of({"name": "request-lost"})
    draws = [Plan(1, (rule, rule)).draws(place, number)[0] for place in (0, 1) for number in range(500)]
    assert draws == [Plan(1, (rule, rule)).draws(place, number)[0] for place in (0, 1) for number in range(500)]
    assert len(set(draws)) == 1000
    assert 0.45 < sum(draws) / 1000 < 0.55
    assert draws[0] != Plan(2, (rule, rule)).draws(0, 0)[0]


def test_the_page_on_the_simulator_names_every_fault_and_setting() -> None:
    page = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text()
    for name, kind in FAULTS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert kind.text() in row
        for setting in kind.settings():
            assert f"`{setting} = " in row


def test_the_plan_on_that_page_reads(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text()
    (tmp_path / "plan.toml").write_text(page.split("```toml\n")[1].split("```")[0])
    assert [rule.fault.name for rule in read_plan(tmp_path / "plan.toml", 7).rules] == [
        "applied-unanswered", "truncated-body", "hanging", "window-shortened"
    ]  # fmt: skip
