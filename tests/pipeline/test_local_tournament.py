"""The tournament of the demo: a process of its own, led on a leash, whose state outlives it."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from eraforge.core.errors import Transient, UserError
from eraforge.pipeline.local_tournament import LocalTournament, running


def test_it_answers_moves_its_clock_and_is_gone_afterwards(tmp_path: Path) -> None:
    with running(tmp_path / "state", 7, "tiny") as tournament:
        began = tournament.now()
        assert tournament.advance_to(began + timedelta(hours=1)) == began + timedelta(hours=1)
        assert tournament.advance_to(began) == began + timedelta(hours=1), "its clock never goes back"
        url = tournament.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    with running(tmp_path / "state", 7, "tiny") as again:
        assert again.now() == began + timedelta(hours=1)
        assert again.public_id == tournament.public_id
        with pytest.raises(UserError) as caught, running(tmp_path / "state", 7, "tiny"):
            pass
        assert caught.value.code == "state-in-use"


def test_what_keeps_it_from_starting_is_said_as_it_said_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError) as caught, running(tmp_path / "state", 7, "tiny", taken.getsockname()[1]):
            pass
    assert caught.value.code == "port-in-use"


def test_one_that_died_is_a_transient_error() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with httpx.Client() as client, pytest.raises(Transient) as caught:
        LocalTournament(url, "", "", client).now()
    assert caught.value.code == "local-tournament-gone"
