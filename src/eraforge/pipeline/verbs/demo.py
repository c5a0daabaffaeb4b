"""`eraforge demo`: a whole tournament on this machine, from download to payout.

The local tournament runs as a process of its own; everything the demo does goes through the same turns, gateways and
stores that play the real one. Only the clock is different: when nothing is left to do, it is moved to the next moment.
"""

from __future__ import annotations

import json
import shutil
import socket
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from eraforge.arenas.credentials import Credentials
from eraforge.arenas.gateway_read import NumeraiReader
from eraforge.core import plugins
from eraforge.core.calendar import open_day, window
from eraforge.core.clock import monotonic
from eraforge.core.secret import Secret
from eraforge.core.words import Arena, Entry
from eraforge.pipeline.engine import open_engine
from eraforge.pipeline.local_tournament import LocalTournament, running
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.turn import follow
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.verbs.look import round_facts, score_table
from eraforge.pipeline.workspace import CONFIGURATION_FILE, chosen_entries, open_workspace, read_configuration
from eraforge.store.atomic import write_atomic

FOLDER = "eraforge-demo"
TEMPLATE = """\
# The demo's workspace. `cd` into it and try any command: the local tournament must be running
# (`eraforge simulator serve --state tournament --seed {seed} --scale {scale}`).

[server]
url = "{url}"

[accounts.main]
secret_file = ".secrets"

[submit]
margin_seconds = 60

[entries.boosted]
model = "{models[classic][0]}"
learner = "lightgbm"
features = "small"
folds = 1
settings = {{ n_estimators = 40, learning_rate = 0.08 }}

[entries.linear]
model = "{models[classic][1]}"
learner = "ridge"
features = "small"
folds = 1

[entries.blend]
model = "{models[classic][2]}"
learner = "average"
features = "small"
folds = 1

[entries.blend.settings.members.boosted]
learner = "lightgbm"
settings = {{ n_estimators = 40, learning_rate = 0.08 }}

[entries.blend.settings.members.linear]
learner = "ridge"

# Signals and Crypto: the tournament's own columns, and features computed from prices.
[prices.shares]
source = "feed"
url = "/prices/signals/daily.parquet"
repairs = ["adjust"]

[entries.shares]
arena = "signals"
model = "{models[signals][0]}"
learner = "lightgbm"
settings = {{ n_estimators = 40, learning_rate = 0.08 }}
folds = 1
prices = "shares"
price_features = {price_features}
damp = true

[prices.tokens]
source = "feed"
url = "/prices/crypto/daily.parquet"

[entries.tokens]
arena = "crypto"
model = "{models[crypto][0]}"
learner = "ridge"
folds = 1
prices = "tokens"
price_features = {price_features}
"""
PRICE_FEATURES = [
    "return_5",
    "return_20",
    "return_60",
    "price_to_sma_50",
    "price_to_sma_200",
    "rsi_14",
    "hvol_20",
    "volume_zscore",
]


STEP_DAYS = 30  # how often scores are fetched while the rounds wait for their days


def demo(visit: Visit, rounds: int, scale: str, seed: int, fresh: bool) -> Facts:
    """Play `rounds` rounds of three tournaments with five entries until every round has resolved.

    Raises:
        EraforgeError: whatever stopped it; the workspace is kept and the same command continues.
    """
    began = monotonic()
    home = visit.folder / FOLDER
    if fresh and home.exists():
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    with running(home / "tournament", seed, scale, _last_port(home)) as tournament:
        _write_workspace(home, tournament, seed, scale)
        inside = Visit(home, {}, {"server.url": tournament.url}, visit.progress)
        with open_workspace(inside, clock=tournament) as tools:
            entries = chosen_entries(tools.configuration, "")
            played, reports = _play(tools, tournament, entries, rounds)
            _wait(tools, tournament, entries, played)
            facts = _facts(tools, entries, played, reports)
    return {**facts, "folder": str(home), "seconds": round(monotonic() - began, 1), "seed": seed, "scale": scale}


def _write_workspace(home: Path, tournament: LocalTournament, seed: int, scale: str) -> None:
    secrets = home / ".secrets"
    text = f"NUMERAI_PUBLIC_ID={tournament.public_id}\nNUMERAI_SECRET_KEY={tournament.secret_key}\n"
    if not secrets.exists() or secrets.read_text() != text:
        secrets.touch(mode=0o600)
        secrets.write_text(text)
    keys = Credentials(Secret(tournament.public_id), Secret(tournament.secret_key))
    with closing(NumeraiReader(tournament.url, keys)) as reader:
        owned = reader.account().models
    arenas: list[Arena] = [plugins.find("arena", name) for name in plugins.names("arena")]
    models = {arena.name: sorted(owned.get(arena.tournament, {})) for arena in arenas}
    features = json.dumps(PRICE_FEATURES)
    toml = TEMPLATE.format(url=tournament.url, models=models, seed=seed, scale=scale, price_features=features)
    write_atomic(home / CONFIGURATION_FILE, toml.encode())


def _last_port(home: Path) -> int:
    """The port of the last demo in this folder, so that its workspace keeps working; 0 (any) the first time."""
    file = home / CONFIGURATION_FILE
    if not file.exists():
        return 0
    url = read_configuration(Visit(home, {})).tree.server.url
    port = urlsplit(url).port or 0
    with socket.socket() as probe:
        return 0 if probe.connect_ex(("127.0.0.1", port)) == 0 else port


def _play(
    tools: Tools, tournament: LocalTournament, entries: list[Entry], count: int
) -> tuple[list[int], dict[str, str]]:
    """Play `count` rounds from the first this workspace ever saw, moving the clock to each window."""
    arena = tools.arena(entries[0])
    began = list(tools.ledger.events(kind="demo-began"))
    if began:
        first = int(began[0].facts["round"])
    else:
        current = tools.reader(entries[0]).current_round(arena)
        first = current.number if tools.clock.now() < current.closes else current.number + 1
        tools.ledger.record("demo-began", "demo", {"round": first}, tools.clock.now())
    numbers = list(range(first, first + count))
    reports: dict[str, str] = {}
    lines = [[entry for entry in entries if entry.arena == arena] for arena in dict.fromkeys(e.arena for e in entries)]
    with open_engine(tools, entries) as engine:
        for number in numbers:
            opens, _ = window(arena.calendar, open_day(arena.calendar, number))
            tournament.advance_to(opens + timedelta(minutes=1))
            over: list[str] = []

            def done(entry: Entry, number: int = number, over: list[str] = over) -> None:
                over.append(entry.name)
                tools.progress(f"round {number}", len(over), len(entries))

            tools.progress(f"round {number}", 0, len(entries))
            outcomes = engine.play_lines(lines, number, done)
            reports = {name: outcome["report"] for name, outcome in outcomes.items()}
    return numbers, reports


def _wait(tools: Tools, tournament: LocalTournament, entries: list[Entry], numbers: list[int]) -> None:
    """Let virtual days pass until the last played round of every arena resolves, fetching scores on the way."""
    ends = [tools.round(entry, numbers[-1]).resolves for entry in entries]
    end = max(moment for moment in ends if moment is not None) + timedelta(hours=9)
    start = tournament.now()
    total = max((end - start).days, 1)
    now = start
    while now < end:
        now = tournament.advance_to(min(now + timedelta(days=STEP_DAYS), end))
        for entry in entries:
            follow(entry, lambda work, *given: work(tools, *given))
        tools.progress("virtual days until the rounds resolve", (now - start).days, total)
    for entry in entries:
        follow(entry, lambda work, *given: work(tools, *given))


def _facts(tools: Tools, entries: list[Entry], numbers: list[int], reports: dict[str, str]) -> Facts:
    tables: dict[str, Facts] = {}
    for entry in entries:
        if entry.arena not in tables:
            tables[entry.arena] = _arena_facts(tools, entry, numbers)
        tables[entry.arena]["entries"].append(
            _entry_facts(tools, entry, numbers, reports, tables[entry.arena]["board"])
        )
    for table in tables.values():
        del table["board"]
    sent = [event.subject for event in tools.ledger.events(kind="effect.sent")]
    confirmed = [event.subject for event in tools.ledger.events(kind="effect.confirmed")]
    return {
        "rounds": numbers,
        "arenas": list(tables.values()),
        "submissions": {"confirmed": len(set(confirmed)), "sent_twice": len(sent) - len(set(sent))},
        "synthetic": True,
    }


def _arena_facts(tools: Tools, entry: Entry, numbers: list[int]) -> Facts:
    """The arena of an entry: what its rounds pay on, and its leaderboard."""
    board = {str(row["username"]): row for row in tools.reader(entry).leaderboard(tools.arena(entry), limit=500)}
    pays = round_facts(tools.round(entry, numbers[0]), tools.clock.now())["pays"]
    return {"arena": entry.arena, "pays": pays, "models_ranked": len(board), "entries": [], "board": board}


def _entry_facts(
    tools: Tools, entry: Entry, numbers: list[int], reports: dict[str, str], board: dict[str, Any]
) -> Facts:
    table = [row for row in score_table(tools, entry, len(numbers) + 5)["rounds"] if row["round"] in numbers]
    return {
        "entry": entry.name,
        "learner": entry.learner,
        "model": entry.model,
        "target": tools.target(entry),
        "validation": tools.cache.read_json(reports[entry.name]),
        "live": table,
        "rank": board.get(entry.model, {}).get("rank"),
        "payout": str(_sum(table, "payout")),
        "at_risk": str(_sum(table, "at_risk")),
    }


def _sum(rows: list[Facts], name: str) -> Decimal:
    return sum((Decimal(row.get(name) or "0") for row in rows), Decimal(0))
