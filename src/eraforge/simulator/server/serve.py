"""The simulator as a process: start, say where, run until told to stop."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from eraforge.core.clock import Clock, SystemClock
from eraforge.simulator.exchange.request_log import NAME, RequestLog, read_requests
from eraforge.simulator.faults.board import FaultBoard
from eraforge.simulator.faults.plan import Plan
from eraforge.simulator.port import World
from eraforge.simulator.server.files import DatasetFiles
from eraforge.simulator.server.handler import Server, bind
from eraforge.simulator.server.links import LIFETIME, Links
from eraforge.simulator.server.prices import PriceFiles
from eraforge.simulator.server.routes import Site
from eraforge.simulator.server.webhooks import Automation
from eraforge.simulator.tournament.engine import START, Tournament
from eraforge.simulator.tournament.records import READY_ACCOUNT
from eraforge.simulator.tournament.rules.assumptions import Assumptions

LOOPBACK = "127.0.0.1"
TEXT = """A local tournament is open at {url}
  world       {synthetic}
  time        {now}{speed}
  account     {username} ({models})
  public id   {public_id}
  secret key  {secret_key}
  state       {state}
Stop it with Ctrl-C; the same state folder continues.
"""


def serve(
    port: int,
    seed: int,
    scale: str,
    state: Path,
    as_json: bool,
    speed: float | None = None,
    *,
    assumptions: Assumptions | None = None,
    host: str = LOOPBACK,
    start: datetime = START,
    real: Clock | None = None,
    write: Callable[[str], None] | None = None,
    faults: Callable[[int], Plan] | None = None,
) -> None:
    """Run a simulator until SIGTERM or SIGINT. Call it from the main thread.

    Args:
        port: 0 picks a free one.
        seed, scale: name the made-up world.
        state: the state folder; one that exists continues.
        as_json: print one JSON line (`url`, `public_id`, `secret_key`, ...) once it answers, instead of a short text.
        speed: virtual seconds a real second; None stands still until advanced.
        assumptions: figures for what no source settles.
        write: where the announcement goes; by default the standard output.
        faults: makes the fault plan of a seed; without it the folder's own plan goes on.

    Raises:
        UserError: `port-in-use`, `state-in-use`, `state-of-another-world`, and what `build_world` raises.
    """
    from eraforge.simulator.world import build_worlds

    server = bind(host, port)
    try:
        worlds, clock = build_worlds(seed, scale), real or SystemClock()
        open_site(server, worlds, seed, state, clock, speed=speed, start=start, assumptions=assumptions)
        if faults is not None:
            server.site.disturb(faults(seed))
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="simulator")
        thread.start()
        (write or _write_out)(announcement(server, state, as_json=as_json))
        _warm()
        stop.wait()
        server.shutdown()
        thread.join()
        server.site.close()
    finally:
        server.server_close()


def _warm() -> None:
    """Load what the first question needs, after the announcement rather than before it."""
    from eraforge.simulator.server.schema import schema

    schema()


def open_site(
    server: Server,
    worlds: World | Mapping[int, World],
    seed: int,
    state: Path,
    real: Clock,
    *,
    speed: float | None = None,
    start: datetime = START,
    assumptions: Assumptions | None = None,
) -> None:
    """Give a bound server the tournament in that state folder."""
    tournament = Tournament(worlds, seed, state, real, speed=speed, start=start, assumptions=assumptions)
    board = FaultBoard(tournament, read_requests(state / NAME))
    datasets = DatasetFiles([contest.world for contest in tournament.contests.values()], state / "datasets")
    tournament.automation = automation = Automation(tournament, datasets, board.pass_time)
    prices, links = PriceFiles(tournament.worlds.values(), state / "prices"), Links(seed, real, LIFETIME)
    server.site = Site(tournament, links, datasets, prices, board, RequestLog(state), automation)
    if speed is not None:
        automation.watch()


def ready_models(tournament: Tournament, number: int) -> dict[str, str]:
    """Name to identifier of the ready account's models in that tournament."""
    own = (tournament.records.models[one] for one in tournament.records.accounts[READY_ACCOUNT].models)
    return {one.name: one.id for one in own if one.tournament == number}


def announcement(server: Server, state: Path, *, as_json: bool) -> str:
    """Where the simulator is and how to log in, as one JSON line or a short text."""
    tournament = server.site.tournament
    account = tournament.records.accounts[READY_ACCOUNT]
    models = ready_models(tournament, tournament.records.first)
    facts = {
        "assumptions": tournament.assumptions.described(),
        "models": models,
        "now": tournament.now().isoformat(),
        "public_id": account.tokens[0].public,
        "secret_key": account.tokens[0].secret.reveal(),
        "speed": tournament.clock.speed,
        "state": str(state),
        "synthetic": tournament.world.synthetic,
        "tournaments": {number: ready_models(tournament, number) for number in tournament.contests},
        "url": f"http://{server.server_name}:{server.server_port}",
        "username": account.username,
    }
    if as_json:
        return json.dumps(facts, sort_keys=True) + "\n"
    pace = ", standing still" if tournament.clock.speed is None else f", {tournament.clock.speed:g} times real time"
    served = (ready_models(tournament, number) for number in tournament.contests)
    return TEXT.format(**{**facts, "models": ", ".join(name for own in served for name in own), "speed": pace})


def _write_out(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
