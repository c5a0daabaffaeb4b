"""The readiness board says what is done and what a person should do; it reads at fifty columns."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from daemon_desk import desk, ridge, toml
from rich.console import Console

from eraforge.interfaces.cli.views.look import status
from eraforge.pipeline.daemon import quarantine
from eraforge.pipeline.daemon.readiness import readiness


def board(made: Any, number: int) -> dict[str, Any]:
    entry = made.tools.configuration.entry("linear")
    return readiness(made.tools, entry, made.tools.round(entry, number), made.tools.clock.now())


def test_the_board_follows_the_entry_through_its_rounds(tmp_path: Any, tournament: Any) -> None:
    with desk(tmp_path / "w", tournament, toml(tournament, ridge(tournament))) as made:
        made.open_round(1345)
        before = board(made, 1345)
        assert (before["submission"], before["fallback"], before["next"]) == ("none", "none yet", "eraforge submit")
        assert not any(before["stages"].values())
        made.settle(1345)
        after = board(made, 1345)
        assert (after["submission"], after["fallback"], after["next"]) == ("confirmed", "not needed", "nothing")
        assert all(after["stages"].values()) and after["margin_seconds"] == 59 * 60
        assert after["needs_seconds"] > 0
        made.open_round(1346)
        made.wait(lambda: board(made, 1346)["submission"] == "confirmed" or board(made, 1346)["fallback"] == "ready")


def test_quarantine_asks_for_a_person(tmp_path: Any, tournament: Any) -> None:
    from eraforge.core.errors import DataError

    with desk(tmp_path / "w", tournament, toml(tournament, ridge(tournament))) as made:
        made.open_round(1345)
        entry = made.tools.configuration.entry("linear")
        for attempt in (1, 2, 3):
            quarantine.note_failure(made.tools, entry, 1345, attempt, DataError("planted", "Wrong.", "Nothing."))
        assert board(made, 1345)["next"] == "correct the entry, then `eraforge entry release`"


def test_the_board_reads_at_fifty_columns(tmp_path: Any, tournament: Any) -> None:
    with desk(tmp_path / "w", tournament, toml(tournament, ridge(tournament))) as made:
        opens, closes = made.open_round(1345)
        told = board(made, 1345)
        facts = {
            "entries": [
                {
                    "entry": "linear",
                    "round": 1345,
                    "state": "open",
                    "seconds": int((closes - opens - timedelta(minutes=1)).total_seconds()),
                    **told,
                }
            ],
            "daemon": "desk:17:99",
            "now": opens.isoformat(),
            "server": "http://127.0.0.1:1",
        }
        out = io.StringIO()
        status(facts, Console(file=out, width=50, highlight=False))
        text = out.getvalue()
        assert max(map(len, text.splitlines())) <= 50
        for words in ("open 59 min", "fallback", "none yet", "eraforge submit", "a daemon runs on desk, process 17"):
            assert words in text
