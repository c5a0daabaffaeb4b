"""The simulator inside another program, for tests: a thread, a free port, gone at the end of the block."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from eraforge.core.clock import Clock, SystemClock
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
            tournament.close()
    finally:
        server.server_close()
