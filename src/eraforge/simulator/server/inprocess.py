"""The simulator inside another program, for tests: a thread, a free port, gone at the end of the block."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from eraforge.core.clock import Clock, SystemClock
from eraforge.simulator.exchange.request_log import read_requests
from eraforge.simulator.faults.plan import plan_of
from eraforge.simulator.judge.checks import Judgement, judge
from eraforge.simulator.port import World
from eraforge.simulator.server.handler import Server, bind
from eraforge.simulator.server.serve import LOOPBACK, open_site, ready_models
from eraforge.simulator.tournament.engine import START, Tournament
from eraforge.simulator.tournament.records import READY_ACCOUNT


@dataclass(frozen=True, slots=True)
class LocalTournament:
    """A running simulator: its address, the keys of its ready account and its models there, and its engine.

    `models` are those of the first tournament; `models_of` has them by tournament.
    """

    url: str
    public_id: str
    secret_key: str = field(repr=False)
    models: dict[str, str]
    tournament: Tournament
    server: Server

    def models_of(self, number: int) -> dict[str, str]:
        """Name to identifier of the ready account's models in that tournament."""
        return ready_models(self.tournament, number)

    def now(self) -> datetime:
        """Its virtual time."""
        return self.tournament.now()

    def advance(self, to: datetime | timedelta | None = None) -> list[dict[str, Any]]:
        """Move its clock and tell what happened on the way.

        Args:
            to: a moment, or how far; the next event when left out.

        Raises:
            UserError: `clock-goes-back`.
        """
        with self.tournament.lock:
            now = self.now()
            moment = now + to if isinstance(to, timedelta) else to or self.tournament.next_event()
            self.server.site.board.pass_time(moment)
        return self.tournament.advance(moment)

    def run(self, speed: float | None) -> None:
        """Let its clock run at that many virtual seconds a real second; None stands still."""
        self.server.site.run(speed)

    def disturb(self, *faults: str | Mapping[str, Any], seed: int | None = None) -> None:
        """Put these faults in force in the place of those before; none at all ends them.

        Args:
            faults: names, or rules in the form of a fault plan: `{"name": "hanging", "on": [2], "seconds": 0.1}`.
            seed: of their draws; the simulator's own when left out.

        Raises:
            UserError: `unknown-fault`, `unknown-setting`, `setting-not-understood`.
        """
        rules = [{"name": one} if isinstance(one, str) else dict(one) for one in faults]
        self.server.site.disturb(plan_of({"fault": rules}, self.tournament.seed if seed is None else seed))

    def requests(self) -> list[dict[str, Any]]:
        """The requests it was asked, oldest first, as its log has them."""
        return list(read_requests(self.server.site.log.path))

    def judge(self, *, replacements: bool = False) -> Judgement:
        """What its history proves so far: see `eraforge.simulator.judge.checks.judge`."""
        return judge(list(self.tournament.journal.lines), self.requests(), replacements=replacements)


@contextmanager
def local_tournament(
    state: Path,
    *,
    seed: int = 7,
    scale: str = "tiny",
    world: World | Mapping[int, World] | None = None,
    real: Clock | None = None,
    speed: float | None = None,
    start: datetime = START,
) -> Iterator[LocalTournament]:
    """Run a simulator in a thread on a free port of the loopback.

    Args:
        state: the state folder.
        seed, scale: name the made-up world.
        world: another world than the made-up ones, or one for each tournament by its number.
        real: the real clock.
        speed: virtual seconds a real second; None stands still until advanced.
        start: the virtual moment a fresh folder starts at.
    """
    if world is None:
        from eraforge.simulator.world import build_worlds

        world = build_worlds(seed, scale)
    server = bind(LOOPBACK, 0)
    try:
        open_site(server, world, seed, state, real or SystemClock(), speed=speed, start=start)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="simulator")
        thread.start()
        tournament = server.site.tournament
        account = tournament.records.accounts[READY_ACCOUNT]
        try:
            yield LocalTournament(
                f"http://{server.server_name}:{server.server_port}",
                account.tokens[0].public,
                account.tokens[0].secret.reveal(),
                ready_models(tournament, tournament.records.first),
                tournament,
                server,
            )
        finally:
            server.shutdown()
            thread.join()
            server.site.close()
    finally:
        server.server_close()
