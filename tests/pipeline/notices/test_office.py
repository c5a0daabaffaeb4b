"""One thing that happened, one notice: deduplicated, by severity, held back in quiet hours, tried again, never lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eraforge.core.configuration import NotifyTable, load
from eraforge.core.errors import Broken, Transient, UserError
from eraforge.core.ports import Notice
from eraforge.pipeline.notices.codes import CODES, SEVERITIES
from eraforge.pipeline.notices.office import Channel, Office, open_office
from eraforge.store.ledger import Ledger

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


@dataclass
class Ear:
    """A channel that remembers, and fails as often as it is told to."""

    heard: list[Notice] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def notify(self, notice: Notice) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.heard.append(notice)

    @property
    def codes(self) -> list[str]:
        return [notice.code for notice in self.heard]


@pytest.fixture
def ledger(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        yield opened


def office(ledger: Ledger, ear: Ear, severity: str = "info", quiet: str = "") -> Office:
    return Office(ledger, [Channel("ear", NotifyTable(kind="x", severity=severity, quiet=quiet), ear)])  # type: ignore[arg-type]


@pytest.mark.parametrize("code", CODES)
def test_every_code_injected_again_and_again_is_heard_exactly_once(ledger: Ledger, code: str) -> None:
    ear = Ear()
    for _ in range(3):  # the daemon is started anew each time
        made = office(ledger, ear)
        for minute in range(3):
            made.tell(code, "classic/main/alpha/1345", "It happened.", NOON + timedelta(minutes=minute))
            made.deliver(NOON + timedelta(minutes=minute))
    assert ear.codes == [code]
    assert ear.heard[0].severity == CODES[code].severity and ear.heard[0].next_step == CODES[code].next_step


def test_every_code_has_a_severity_and_what_is_bad_has_a_next_step() -> None:
    assert {kind.severity for kind in CODES.values()} <= set(SEVERITIES)
    assert [code for code, kind in CODES.items() if kind.severity != "info" and not kind.next_step] == []


def test_another_subject_is_another_notice(ledger: Ledger) -> None:
    ear = Ear()
    made = office(ledger, ear)
    for number in (1345, 1346):
        assert made.tell("window-missed", f"classic/main/alpha/{number}", "It closed.", NOON)
    made.deliver(NOON)
    assert [notice.subject[-4:] for notice in ear.heard] == ["1345", "1346"]


def test_a_channel_hears_what_is_bad_enough(ledger: Ledger) -> None:
    ear = Ear()
    made = office(ledger, ear, severity="error")
    for code in ("answer-confirmed", "turn-failed", "entry-quarantined", "window-missed"):
        made.tell(code, "x", "It happened.", NOON)
    made.deliver(NOON)
    assert ear.codes == ["entry-quarantined", "window-missed"]


def test_quiet_hours_hold_back_all_but_the_critical(ledger: Ledger) -> None:
    ear, night = Ear(), NOON.replace(hour=23)
    made = office(ledger, ear, quiet="22:00-07:00")
    made.tell("turn-failed", "x", "It failed.", night)
    made.tell("window-missed", "x", "It closed.", night)
    made.deliver(night)
    assert ear.codes == ["window-missed"]
    made.deliver(night + timedelta(hours=7, minutes=59))
    assert ear.codes == ["window-missed"]
    made.deliver(night + timedelta(hours=8))
    made.deliver(night + timedelta(hours=9))
    assert ear.codes == ["window-missed", "turn-failed"]


def test_what_a_channel_did_not_take_is_tried_again_and_its_failure_is_told_once_elsewhere(ledger: Ledger) -> None:
    ear, other = Ear(failures=[Transient("planted", "Not now.", "Later.")] * 3), Ear()
    table = NotifyTable(kind="x", severity="info")
    made = Office(ledger, [Channel("ear", table, ear), Channel("other", table, other)])
    made.tell("turn-failed", "x", "It failed.", NOON)
    for minute in range(6):
        made.deliver(NOON + timedelta(minutes=minute))
    assert ear.codes.count("turn-failed") == 1
    assert other.codes == ["turn-failed", "channel-failed"]


def test_a_crash_between_telling_and_delivering_loses_nothing(ledger: Ledger) -> None:
    office(ledger, Ear()).tell("effect-held", "x", "It waits.", NOON)
    ear = Ear()
    office(ledger, ear).deliver(NOON + timedelta(minutes=1))
    assert ear.codes == ["effect-held"]


def test_a_code_that_stands_in_no_table_is_refused(ledger: Ledger) -> None:
    with pytest.raises(Broken):
        office(ledger, Ear()).tell("something-new", "x", "It happened.", NOON)


def test_channels_come_from_the_configuration_and_secrets_from_variables(ledger: Ledger, tmp_path: Path) -> None:
    text = f"""
[notify.file]
kind = "log"
severity = "info"
settings = {{ path = "{tmp_path / "log"}" }}

[notify.chat]
kind = "chat"
settings = {{ address_variable = "CHAT_ADDRESS" }}
"""
    tree = load(text).tree
    with pytest.raises(UserError) as caught:
        open_office(tree, {}, ledger)
    assert caught.value.code == "no-channel-secret"
    made = open_office(tree, {"CHAT_ADDRESS": "http://127.0.0.1:1/secret"}, ledger)
    made.tell("report-written", "2026-W36", "It is there.", NOON)
    made.deliver(NOON)
    assert "report-written" in (tmp_path / "log").read_text()
    with pytest.raises(UserError) as wrong:
        open_office(load('[notify.x]\nkind = "log"\nsettings = { colour = "red" }').tree, {}, ledger)
    assert wrong.value.code == "wrong-channel-settings"
