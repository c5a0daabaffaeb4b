"""The checks of a history, one function each: what is wrong, and where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from eraforge.arenas.submission_file import SAFE, parse_name
from eraforge.simulator.judge.history import History, Line, Sent, read_history

STAKE_SPAN = timedelta(days=1)  # two equal stake changes of a model within a day are taken for one that was sent twice


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Args:
        check: `double`, `late`, `missed`, `mismatch`, `stake-doubled` or `books`.
        model: name of the model.
        round: number of the round, where there is one.
        sentence: what happened.
        lines: sequence numbers of the journal lines that show it.
    """

    check: str
    model: str
    round: int | None
    sentence: str
    lines: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The same as plain facts."""
        facts = {"check": self.check, "model": self.model, "round": self.round, "sentence": self.sentence}
        return {**facts, "lines": list(self.lines)}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong in a history, and its figures: counts of what was looked at, and of what was found."""

    findings: tuple[Finding, ...]
    figures: dict[str, int]

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def of(self, check: str) -> list[Finding]:
        """The findings of one check."""
        return [one for one in self.findings if one.check == check]


def judge(lines: Iterable[Line], requests: Iterable[Line] = (), *, replacements: bool = False) -> Judgement:
    """Check a whole history.

    Args:
        lines: of a journal.
        requests: of the file of requests, for the figures.
        replacements: take another answer for the same model and round for one that a person asked for; the same
            answer twice is a double all the same.
    """
    history = read_history(lines, requests)
    findings = [
        *doubles(history, replacements=replacements),
        *late_sends(history),
        *missed_windows(history),
        *mismatches(history),
        *doubled_stakes(history),
        *unbalanced_books(history),
    ]
    return Judgement(tuple(findings), figures(history, findings))


def doubles(history: History, *, replacements: bool = False) -> Iterator[Finding]:
    """Two accepted submissions of one model for one round, the first of which still stood when the second came."""
    held: dict[tuple[int, str, int], Sent] = {}
    for one in history.accepted():
        slot = (one.tournament, one.model, one.round)
        before, held[slot] = held.get(slot), one
        if before is None or history.rejected_by(before, one.at) or (replacements and before.held != one.held):
            continue
        same = before.held == one.held
        told = f"the same answer, {one.held[:12]}," if same else f"another answer, {one.held[:12]},"
        sentence = f"{told} was accepted again"
        yield Finding("double", history.name(one.model), one.round, sentence, (before.sequence, one.sequence))


def late_sends(history: History) -> Iterator[Finding]:
    """Submissions made while their round's window was closed."""
    for one in history.sent:
        if one.late:
            closes = history.rounds[one.tournament].get(one.round).closes
            sentence = f"sent {_span(one.at - closes)} after the window closed"
            yield Finding("late", history.name(one.model), one.round, sentence, (one.sequence,))


def missed_windows(history: History) -> Iterator[Finding]:
    """Rounds in which a model that had played before holds no accepted answer sent on time."""
    played: defaultdict[tuple[int, str], dict[int, list[Sent]]] = defaultdict(dict)
    for one in history.accepted():
        played[one.tournament, one.model].setdefault(one.round, []).append(one)
    for (tournament, model), rounds in played.items():
        for number in history.closed_rounds(tournament):
            if number <= min(rounds):
                continue
            closes = history.rounds[tournament].get(number).closes
            on_time = [one for one in rounds.get(number, ()) if not one.late]
            if not on_time:
                yield Finding("missed", history.name(model), number, "no answer came before the window closed")
            elif all(history.rejected_by(one, closes) for one in on_time):
                sentence, lines = "its answer was rejected while the window was open", (on_time[-1].sequence,)
                yield Finding("missed", history.name(model), number, sentence, lines)


def mismatches(history: History) -> Iterator[Finding]:
    """Submissions that do not hold what their file's name says was decided, or what was uploaded under it."""
    for one in history.accepted():
        name = history.name(one.model)
        stored, told = history.stored.get(one.filename), parse_name(one.filename)
        if stored is not None and stored != one.held:
            sentence = f"{one.filename} was stored as {stored[:12]} and is held as {one.held[:12]}"
            yield Finding("mismatch", name, one.round, sentence, (one.sequence,))
        if told is None:
            continue
        if not told.is_of(one.held):
            sentence = f"decided was {told.digest}, held is {one.held[:12]}"
            yield Finding("mismatch", name, one.round, sentence, (one.sequence,))
        if told.round != one.round:
            sentence = f"decided for round {told.round}, held for round {one.round}"
            yield Finding("mismatch", name, one.round, sentence, (one.sequence,))
        if one.model in history.names and told.model != SAFE.sub("_", name):
            yield Finding("mismatch", name, one.round, f"decided for model {told.model}", (one.sequence,))


def doubled_stakes(history: History) -> Iterator[Finding]:
    """Equal changes of one model's stake within a day."""
    for place, one in enumerate(history.stakes):
        for before in history.stakes[:place]:
            same = (before.model, before.kind, before.value) == (one.model, one.kind, one.value)
            if same and one.at - before.at < STAKE_SPAN:
                sentence = f"{one.kind} of {one.value:f} NMR again {_span(one.at - before.at)} later"
                yield Finding("stake-doubled", history.name(one.model), None, sentence, (before.sequence, one.sequence))
                break


def unbalanced_books(history: History) -> Iterator[Finding]:
    """Stakes that are not the stake before, changed by exactly the amount asked for, where nothing else moved them."""
    staked = dict(history.staked)
    for one in history.stakes:
        known, change = {one.before} - {None}, one.value if one.kind == "increase" else -one.value
        if one.model in staked and not history.settled_between(one, staked[one.model][0]):
            known.add(staked[one.model][1])
        expected = sorted({before + change for before in known if before is not None} - {one.stake})
        if expected or one.stake < 0:
            wanted = f", not {expected[0]:f}" if expected else ""
            sentence = f"after {one.kind} of {one.value:f} the stake is {one.stake:f}{wanted}"
            yield Finding("books", history.name(one.model), None, sentence, (one.sequence,))
        staked[one.model] = one.at, one.stake


def figures(history: History, findings: Iterable[Finding] = ()) -> dict[str, int]:
    """Counts: what the history holds, the faults in it by name, and the findings by check."""
    accepted = history.accepted()
    met = Counter(one["fault"] for one in history.requests if one.get("fault"))
    found = Counter(one.check for one in findings)
    checks = ("double", "late", "missed", "mismatch", "stake-doubled", "books")
    return {
        "changes": history.changes,
        "requests": len(history.requests),
        "faults": sum(met.values()),
        "submissions": len(history.sent),
        "accepted": len(accepted),
        "rejected-later": len(history.disturbances.rejections),
        "models": len({one.model for one in history.sent}),
        "rounds": len({(one.tournament, one.round) for one in history.sent}),
        "stake-changes": len(history.stakes),
        **{f"found:{check}": found[check] for check in checks},
        **{f"fault:{name}": count for name, count in sorted(met.items())},
    }


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
