"""A season unattended: three tournaments, many entries, every kind of fault, a real daemon; what is true at its end.

With the variable ERAFORGE_SEASON the season lies in that folder, and the next run goes on where the last one ended.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from eraforge.core.words import Effect, Phase
from eraforge.pipeline.desk import perform
from eraforge.pipeline.steps.ahead.fallback import USED
from eraforge.pipeline.verb import Visit
from eraforge.simulator.judge.checks import Judgement
from eraforge.simulator.judge.history import History, Sent, read_history
from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.store.ledger import Ledger
from programmes.figures import Figure, Proof
from programmes.season_play import FIRST, Notes, Sample, Season
from programmes.season_site import BALANCE, Player, configure, daemon, enrol

FULL = 250
ENTRIES = 20
OWED_MINUTES = 15
DAYS_TO_RESOLVE = 130
EARLY, LATE = (0.2, 0.25), (0.95, 1.0)
MEGABYTE = 1e6
SEED = 7


def prove(scale: int, entries: int = ENTRIES) -> Proof:
    """Play `scale` rounds of each tournament."""
    with _folder() as folder, local_tournament(folder / "tournament", seed=SEED) as running:
        notes = Notes.read(folder / "season.json")
        workspace = folder / "workspace"
        players, keys = enrol(running, entries)
        configure(workspace, running.url, players)
        with ExitStack() as stack:
            process = stack.enter_context(daemon(workspace, keys, folder / "daemon.log"))
            ledger = stack.enter_context(Ledger.open(f"sqlite:///{workspace / '.eraforge' / 'ledger.sqlite'}"))
            notes.lives += 1
            Season(running, process, ledger, players, notes, workspace).play(scale)
            ended = process.stop()
            figures = [*_figures(running, ledger, players, notes, ended)]
    with later(folder, entries) as (running, ledger, players):
        figures += _about_money(running, ledger, players)
    about = f"{entries} entries and a daemon of its own process in Classic, Signals and Crypto; every kind of fault"
    return Proof("season", about, len(notes.samples), FULL, str(SEED), tuple(figures))


@contextmanager
def later(folder: Path, entries: int) -> Iterator[tuple[LocalTournament, Ledger, list[Player]]]:
    """A copy of the season so much later that every round has resolved, once a person has asked for the scores."""
    with TemporaryDirectory() as name:
        copy, state = Path(name), Path("workspace") / ".eraforge"
        shutil.copytree(folder / "tournament", copy / "tournament")
        (copy / state).mkdir(parents=True)
        for file in (folder / state).glob("ledger.sqlite*"):
            shutil.copy(file, copy / state)
        with local_tournament(copy / "tournament", seed=SEED) as running:
            running.disturb()
            players, keys = enrol(running, entries)
            configure(copy / "workspace", running.url, players)
            running.advance(timedelta(days=DAYS_TO_RESOLVE))
            perform("scores", Visit(copy / "workspace", keys, {}), {"entry": "", "last": 1})
            with Ledger.open(f"sqlite:///{copy / state / 'ledger.sqlite'}") as ledger:
                yield running, ledger, players


@contextmanager
def _folder() -> Iterator[Path]:
    kept = os.environ.get("ERAFORGE_SEASON", "")
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
        return
    with TemporaryDirectory() as name:
        yield Path(name)


@dataclass
class Windows:
    """What became of the windows that were owed, by entry and round.

    Args:
        owed: windows of at least a quarter of an hour, in all.
        filled: of them those with an answer that was accepted on time.
        minutes: left at each of these answers.
        rejected: answers that the tournament took back later: a fault of its own.
    """

    owed: int = 0
    filled: int = 0
    minutes: tuple[float, ...] = ()
    rejected: int = 0


def windows(history: History, players: Sequence[Player], rounds: Sequence[int]) -> Windows:
    """Look at every window of every entry."""
    answers: dict[tuple[str, int], list[Sent]] = {}
    for one in history.accepted():
        answers.setdefault((one.model, one.round), []).append(one)
    found, minutes = Windows(), []
    for player in players:
        for number in rounds:
            window = history.calendar(player.tournament).get(number)
            if (window.closes - window.opens).total_seconds() < OWED_MINUTES * 60:
                continue
            on_time = [one for one in answers.get((player.model_id, number), ()) if not one.late]
            found.owed += 1
            found.filled += bool(on_time)
            found.rejected += any(history.rejected_by(one, window.closes) for one in on_time)
            minutes += [(window.closes - one.at).total_seconds() / 60 for one in on_time]
    found.minutes = tuple(sorted(minutes))
    return found


def disagreements(history: History, ledger: Ledger, players: Sequence[Player]) -> int:
    """Slots of which the ledger and the tournament do not hold the same answers, but for those a person was told of."""
    there: dict[tuple[str, int], set[str]] = {}
    for one in history.accepted():
        there.setdefault((one.model, one.round), set()).add(one.held)
    here: dict[tuple[str, int], set[str]] = {}
    models = {player.name: player.model_id for player in players}
    for record in ledger.submissions():
        here.setdefault((models[record.slot.model], record.slot.round), set()).add(record.digest)
    own = {slot: held for slot, held in there.items() if slot[0] in models.values()}
    told = {(models[one.slot.model], one.slot.round) for one in waiting(ledger)}
    return sum(here.get(slot) != own.get(slot) for slot in (here.keys() | own.keys()) - told)


def waiting(ledger: Ledger) -> list[Effect]:
    """The answers that wait for a person."""
    return [one.effect for one in ledger.open_effects() if one.phase is Phase.HELD]


def payouts(running: LocalTournament, ledger: Ledger, players: Sequence[Player]) -> tuple[int, int]:
    """Settled payouts that ledger and tournament tell otherwise, to the last digit; and how many there are."""
    wrong = count = 0
    for player in players:
        contest = running.tournament.contests[player.tournament]
        there = {one.number: one.total for one in contest.standings.settled_of(player.model_id)}
        here = {one.round: one.settled for one in ledger.payouts(player.model_id) if one.settled is not None}
        count += len(there)
        wrong += sum(here.get(number) != there.get(number) for number in here.keys() | there.keys())
    return wrong, count


def unaccounted(running: LocalTournament, players: Sequence[Player]) -> Decimal:
    """NMR by which wallets and stakes differ from what was brought in and what was paid, over accounts and in all."""
    engine = running.tournament
    left = abs(engine.books().difference)
    for username in sorted({engine.records.models[player.model_id].username for player in players}):
        own = [player for player in players if engine.records.models[player.model_id].username == username]
        paid = Decimal(0)
        for player in own:
            settled = engine.contests[player.tournament].standings.settled_of(player.model_id)
            paid += sum((one.total for one in settled), Decimal(0)) + player.stake
        held = engine.ledger.available(username)
        held += sum((engine.ledger.holding(player.model_id).total for player in own), Decimal(0))
        left += abs(held - BALANCE - paid)
    return left


def steady(samples: Sequence[Sample], name: str) -> tuple[float, float, int]:
    """The middle of a measure at a fifth of the daemon's last life and at its end, and the rounds of that life."""
    life = [float(getattr(one, name)) for one in samples if one.life == samples[-1].life]

    def middle(begin: float, end: float) -> float:
        first = min(int(len(life) * begin), len(life) - 1)
        return median(life[first : max(int(len(life) * end), first + 1)])

    return middle(*EARLY), middle(*LATE), len(life)


def _figures(
    running: LocalTournament, ledger: Ledger, players: Sequence[Player], notes: Notes, ended: int
) -> Iterator[Figure]:
    rounds = range(FIRST, FIRST + len(notes.samples))
    history = read_history(running.tournament.journal.lines, running.requests())
    judgement, found = running.judge(), windows(history, players, rounds)
    slots = len(rounds) * len(players)
    yield from _about_windows(history, judgement, found, ledger, slots)
    yield Figure("P2", "answers other than decided, by the judge", len(judgement.of("mismatch")), "== 0", slots)
    told = "slots where ledger and tournament disagree and nobody was told"
    yield Figure("P2", told, disagreements(history, ledger, players), "== 0", slots)
    yield Figure("P2", "answers waiting for a person at the end", len(waiting(ledger)))
    yield Figure("P5", "events of the ledger that follow from one another", ledger.verify_chain(), ">= 1")
    yield Figure("P5", "exit status of the daemon when asked to stop", ended, "== 0")
    yield Figure("P11", "stake changes that do not add up", len(judgement.of("books")), "== 0")
    told = "stake changes that their owner, this programme, asked for again when it went on after a stop"
    yield Figure("P11", told, len(judgement.of("stake-doubled")))
    yield from _about_the_machine(notes.samples, slots)


def _about_money(running: LocalTournament, ledger: Ledger, players: Sequence[Player]) -> Iterator[Figure]:
    wrong, count = payouts(running, ledger, players)
    yield Figure(
        "P11", "NMR not accounted for once every round has resolved", float(unaccounted(running, players)), "== 0"
    )
    yield Figure("P11", "settled payouts that ledger and tournament tell otherwise", wrong, "== 0", count)


def _about_windows(
    history: History, judgement: Judgement, found: Windows, ledger: Ledger, slots: int
) -> Iterator[Figure]:
    requests, faults = judgement.figures["requests"], judgement.figures["faults"]
    yield Figure("P1", "slots with two submissions", len(judgement.of("double")), "== 0", slots)
    yield Figure("P3", "windows answered, of those with 15 minutes", found.filled, "== whole", found.owed)
    yield Figure("P3", "rounds played of each tournament", slots // ENTRIES or 1)
    if found.minutes:
        yield Figure("P3", "minutes left at the answer, half of these at least", round(median(found.minutes), 1))
        hundredth = found.minutes[len(found.minutes) // 100]
        yield Figure("P3", "minutes left at the answer, 99 % of these at least", round(hundredth, 1), ">= 10")
    yield Figure("P3", "answered by the fallback", sum(1 for _ in ledger.events(kind=USED)))
    yield Figure("P3", "accepted answers the tournament took back, a fault of its own", found.rejected)
    yield Figure("P3", "requests that met a fault", faults, ">= 1", requests)
    yield Figure("P4", "submissions that arrived late", len(judgement.of("late")), "== 0", slots)


def _about_the_machine(samples: Sequence[Sample], slots: int) -> Iterator[Figure]:
    for name, told, share in (
        ("memory", "memory of the daemon", MEGABYTE),
        ("workers", "memory of its workers", MEGABYTE),
    ):
        early, late, _ = steady(samples, name)
        yield Figure("P3", f"{told} at a fifth of the season, MB", round(early / share))
        yield Figure("P3", f"{told} at its end, MB", round(late / share))
    early, late, rounds = steady(samples, "handles")
    yield Figure("P3", "files it holds open at a fifth of the season", early)
    yield Figure("P3", "files it holds open at its end", late)
    yield Figure("P3", "rounds of one process of the daemon", rounds)
    yield Figure("P3", "kilobytes of ledger a round", round(samples[-1].ledger / len(samples) / 1000))
    worked, simulated = sum(one.worked for one in samples), sum(one.simulated for one in samples)
    yield Figure("P3", "seconds of processor time a turn, daemon and workers", round(worked / slots, 2))
    yield Figure("P3", "seconds of processor time a turn, tournament", round(simulated / slots, 2))
    yield Figure("P3", "seconds of real time a turn", round(sum(one.seconds for one in samples) / slots, 2))
