"""The daemon on virtual time: every window filled once, whatever was asleep, broken or away."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from daemon_desk import desk, ridge, toml

from eraforge.core.errors import DataError, Transient
from eraforge.pipeline.daemon import durations, quarantine
from eraforge.pipeline.steps import stages
from eraforge.pipeline.steps.ahead import fallback


def two(running: Any) -> str:
    return ridge(running) + ridge(running, 1, "second", "settings = { penalty = 5.0 }")


def test_rounds_are_played_as_they_open_and_each_slot_once(tmp_path: Path, tournament: Any) -> None:
    with desk(tmp_path / "w", tournament, toml(tournament, two(tournament))) as made:
        assert made.daemon.tick() is False  # nothing is open yet
        for number in (1345, 1346, 1347):
            made.open_round(number)
            made.settle(number, entries=2)
            made.daemon.tick()
            assert made.created(number) == 2
        assert made.codes().count("answer-confirmed") == 6
        assert not set(made.codes()) - {"answer-confirmed"}


def test_an_outage_is_caught_up_with_and_told(tmp_path: Path, tournament: Any) -> None:
    with desk(tmp_path / "w", tournament, toml(tournament, ridge(tournament))) as made:
        made.open_round(1345)
        made.settle(1345)
        made.open_round(1348, minutes=40)  # three windows later, twenty minutes before this one closes
        made.settle(1348)
        assert ("rounds-unseen", "main/classic/1346-1347") in made.told()
        assert made.created(1348) == 1


def test_a_window_that_closes_unfilled_is_told_once_with_its_cause(
    tmp_path: Path, tournament: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any) -> Any:
        raise DataError("planted", "The data are planted to be wrong.", "Nothing.")

    monkeypatch.setattr(stages, "check", broken)
    with desk(tmp_path / "w", tournament, toml(tournament, ridge(tournament))) as made:
        _, closes = made.open_round(1345)
        made.wait(lambda: "turn-failed" in made.codes())
        made.advance_to(closes + timedelta(minutes=1))
        made.daemon.tick()
        made.daemon.tick()
        assert made.codes().count("window-missed") == 1
        assert made.created(1345) == 0


TOKENS = """
[prices.tokens]
source = "feed"
url = "/prices/crypto/daily.parquet"
"""
WITH_PRICES = 'prices = "tokens"\nprice_features = ["return_20"]'
PLAYED_IN = [("classic", 8, ""), ("signals", 11, ""), ("crypto", 12, WITH_PRICES)]


@pytest.mark.parametrize(("arena", "number", "more"), PLAYED_IN)
def test_the_fallback_answers_when_the_real_one_is_not_ready(
    arena: str, number: int, more: str, tmp_path: Path, tournament: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry_table = ridge(tournament, more=f'arena = "{arena}"\n{more}')
    model, own = sorted(tournament.models)[0], sorted(tournament.models_of(number))[0]
    text = toml(tournament, entry_table.replace(model, own), TOKENS)
    with desk(tmp_path / "w", tournament, text) as made:
        made.open_round(1345)
        made.settle(1345)

        def broken(*given: Any) -> Any:
            raise DataError("planted", "The data are planted to be wrong.", "Nothing.")

        monkeypatch.setattr(stages, "check", broken)
        made.open_round(1346)
        entry = made.tools.configuration.entry("linear")
        made.wait(lambda: fallback.ready(made.tools, entry, 1346) is not None)
        assert made.confirmed(1346) == 0
        played = made.tools.round(entry, 1346)
        made.advance_to(durations.rescue_moment(made.tools, entry, played) + timedelta(seconds=1))
        made.settle(1346)
        assert fallback.used(made.tools, entry, 1346)
        assert made.created(1346) == 1 and "fallback-used" in made.codes()
        held = made.tools.ledger.submissions(round_number=1346)[0]
        margin = made.tools.configuration.submit.margin_seconds
        assert held.at < played.closes - timedelta(seconds=margin)


def test_a_failing_entry_is_quarantined_and_a_changed_one_is_not(
    tmp_path: Path, tournament: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = stages.predict

    def lies(tools: Any, entry: Any, *given: Any) -> Any:
        if entry.name == "second":
            raise DataError("planted", "It lies about its shape.", "Nothing.")
        return real(tools, entry, *given)

    monkeypatch.setattr(stages, "predict", lies)
    with desk(tmp_path / "w", tournament, toml(tournament, two(tournament))) as made:
        made.open_round(1345)
        made.settle(1345, entries=1)
        bad = made.tools.configuration.entry("second")
        for times in (1, 2, 3):
            made.wait(lambda times=times: quarantine.failures_in_a_row(made.tools, bad) >= times)
            made.advance_to(made.tools.clock.now() + timedelta(minutes=5))
        made.wait(lambda: quarantine.is_quarantined(made.tools, bad))
        made.daemon.tick()
        assert made.codes().count("entry-quarantined") == 1
        made.open_round(1346)
        made.settle(1346, entries=1)
        assert made.engine.standing("turn", bad, 1346) is None  # left alone
        assert quarantine.release(made.tools, bad)
        assert not quarantine.is_quarantined(made.tools, bad)


def test_a_silent_server_is_told_once_and_the_calendar_stands_in(
    tmp_path: Path, tournament: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path / "w", tournament, toml(tournament, ridge(tournament))) as made:
        reader = made.tools.readers("main")
        silent = Transient("no-connection", "The server does not answer.", "Check the network.")

        def refuse(arena: Any) -> Any:
            raise silent

        monkeypatch.setattr(reader, "current_round", refuse)
        made.open_round(1345)
        made.wait(lambda: made.confirmed(1345) == 1)  # the calendar knows the round, the rest of the API answers
        made.daemon.tick()
        assert made.codes().count("server-silent") == 1


def test_scores_come_daily_trainings_ahead_and_a_report_each_week(tmp_path: Path, tournament: Any) -> None:
    with desk(tmp_path / "w", tournament, toml(tournament, ridge(tournament))) as made:
        _, closes = made.open_round(1345)
        made.settle(1345)
        made.advance_to(closes + timedelta(hours=2))
        entry = made.tools.configuration.entry("linear")
        made.wait(lambda: (made.engine.standing("training", entry, 1346) or _None).state == "done")
        made.advance_to(closes + timedelta(days=6, hours=2))  # the Monday after
        made.daemon.tick()
        synced = list(made.tools.ledger.events(kind="scores.synced"))
        assert len(synced) == 2 and made.tools.ledger.scores()
        pages = sorted(path.name for path in (made.tools.folder / "reports").iterdir())
        assert pages == ["2026-W37.json", "2026-W37.md"]
        text = (made.tools.folder / "reports" / "2026-W37.md").read_text()
        assert "| 1345 | entry | 59 |" in text


class _None:
    state = ""


def test_the_outside_watcher_hears_once_of_a_filled_window(
    tmp_path: Path, tournament: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("eraforge.pipeline.daemon.loop.ping", asked.append)
    more = '[run]\nping_url = "http://127.0.0.1:1/alive"'
    with desk(tmp_path / "w", tournament, toml(tournament, ridge(tournament), more)) as made:
        made.open_round(1345)
        made.daemon.tick()
        assert not asked
        made.settle(1345)
        made.daemon.tick()
        assert asked == ["http://127.0.0.1:1/alive"]
