"""Probes that change what may not matter and compare what must stay: repetition, future scramble, truncation, warm-up.

They are exact: a difference beyond rounding is a leak (or a value that is not repeatable, which is told first). What
they do not see is a leak that none of the changed futures moves, and whatever the subject reads outside its history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eraforge.core.errors import EraforgeError
from eraforge.evaluation.checks.model_checks import FAULTS
from eraforge.evaluation.leaks.answers import Answer, Difference, differences, present
from eraforge.evaluation.leaks.findings import Finding, ProbeResult
from eraforge.evaluation.leaks.subjects import History, Subject, ask

SCRAMBLES = ("permute", "resign", "rescale", "noise", "absence")
WORDS = {
    "permute": "put in another order",
    "resign": "turned upside down",
    "rescale": "rescaled",
    "noise": "replaced by noise",
    "absence": "partly taken away",
}
MOST_FINDINGS = 8


@dataclass(frozen=True)
class Trial:
    """A subject, the history it is tried on, and its answer there.

    Args:
        subject: what is examined.
        history: the whole of it.
        cuts: places at which the future begins, ascending.
        answer: the subject's own answer on the whole history.
        seed: of everything drawn at random.
    """

    subject: Subject
    history: History
    cuts: tuple[int, ...]
    answer: Answer
    seed: int

    def compare(self, probe: str, expected: Answer, changed: History, cut: int, what: str) -> list[Finding]:
        """Findings where the answer on another history differs from what was expected at a cut."""
        moments = self.history.moments
        try:
            found = ask(self.subject, changed, tuple(at for at in self.cuts if at <= cut)).until(cut)
        except (*FAULTS, EraforgeError) as error:
            sentence = f"{self.subject.name} fails when {what}: {error}."
            return [Finding(probe, sentence, cut=moments[cut])]
        return [self._finding(probe, one, cut, what) for one in differences(expected, found)]

    def _finding(self, probe: str, one: Difference, cut: int, what: str) -> Finding:
        moment = self.history.moments[one.place] if 0 <= one.place < len(self.history.moments) else "an unknown moment"
        column = f"{one.column!r} of {one.row}" if one.row else repr(one.column)
        subject = f"{column} at {moment}" if one.column else f"The rows: {one.row} at {moment}"
        many = f" {one.values} values differ." if one.values > 1 else ""
        sentence = f"{subject} changes from {one.expected} to {one.found} when {what}.{many}"
        return Finding(probe, sentence, self.history.moments[cut], one.column, moment, one.row, one.gap)


def begin(subject: Subject, history: History, count: int, seed: int) -> Trial:
    """The subject's own answer, and where to cut: `count` places spread over what it has values for.

    Raises:
        EraforgeError, and what the subject itself raises on an untouched history.
    """
    length = len(history.moments)
    cuts = _spread(length // 5, length - 2, count)
    answer = ask(subject, history, cuts)
    if subject.kind != "decision" and len(answer.row):
        there = np.logical_or.reduce([present(values) for values in answer.columns.values()])
        first = int(answer.place[there].min()) + answer.ahead if there.any() else 0
        cuts = _spread(first, length - 2, count)
    return Trial(subject, history, cuts, answer, seed)


def _spread(first: int, last: int, count: int) -> tuple[int, ...]:
    """`count` places from first to last, evenly spread."""
    places = np.unique(np.linspace(min(first, max(last, 0)), max(last, 0), count).round().astype(int))
    return tuple(int(place) for place in places)


def repetition(trial: Trial) -> ProbeResult:
    """The same history must give the same answer: without that no other probe can say anything."""
    cut = len(trial.history.moments) - 1
    again = ask(trial.subject, trial.history, trial.cuts)
    found = [trial._finding("repetition", one, cut, "nothing changes") for one in differences(trial.answer, again)]
    sentence = "The same history gives the same answer" if not found else "The same history gives different answers"
    return ProbeResult("repetition", f"{sentence}.", max(1, trial.answer.count()), tuple(found[:MOST_FINDINGS]))


def future_scramble(trial: Trial, at_each: int) -> ProbeResult:
    """At each cut, put other futures in place of the real one: nothing up to the cut may change.

    Args:
        trial: what is examined.
        at_each: scrambles tried at each cut, of the five in turn.
    """

    def changed(cut: int, turn: int) -> tuple[History, str]:
        how = SCRAMBLES[turn % len(SCRAMBLES)]
        other = trial.history.scrambled(cut, how, np.random.default_rng([trial.seed, cut, turn]))
        return other, f"only what comes after {trial.history.moments[cut]} is {WORDS[how]}"

    return _exact(trial, "future scramble", trial.cuts, at_each, changed)


def truncation(trial: Trial) -> ProbeResult:
    """At each cut, take the future away: nothing up to the cut may change."""

    def changed(cut: int, _: int) -> tuple[History, str]:
        return trial.history.until(cut), f"the history ends at {trial.history.moments[cut]}"

    return _exact(trial, "truncation", trial.cuts, 1, changed)


def _exact(
    trial: Trial, probe: str, cuts: Sequence[int], at_each: int, changed: Callable[[int, int], tuple[History, str]]
) -> ProbeResult:
    looked, tries = 0, 0
    found: dict[tuple[str, str], Finding] = {}
    for number, cut in enumerate(cuts):
        expected = trial.answer.until(cut)
        if not len(expected.row):
            continue
        for turn in range(at_each):
            other, what = changed(cut, number * at_each + turn)
            tries += 1
            looked += expected.count()
            for finding in trial.compare(probe, expected, other, cut, what):
                found.setdefault((finding.column, finding.cut), finding)
    plainest = sorted(found.values(), key=lambda one: -(one.gap if one.gap is not None else 2.0))[:MOST_FINDINGS]
    if not looked:
        return ProbeResult(probe, f"{trial.subject.name} has no value before any of the {len(cuts)} cuts.", 0)
    end = "nothing before it changed" if not plainest else f"{len(found)} changes before it"
    return ProbeResult(probe, f"{tries} other futures at {len(cuts)} cuts: {end}.", looked, tuple(plainest))


def warm_up(trial: Trial, history: Any) -> ProbeResult:
    """From exactly the declared lookback of bars the newest value must be the one of the full history, to 1e-9.

    Args:
        trial: a subject that declares its lookback, on bars.
        history: the same history, as bars that can be shortened at both ends.
    """
    need = trial.subject.lookback or 0
    length = len(trial.history.moments)
    if not 0 < need < length:
        sentence = f"{trial.subject.name} declares a lookback of {need} bars; {length} are there to try it on."
        return ProbeResult("warm-up", sentence, 0)
    places = np.unique(np.linspace(need, length - 1, max(3, len(trial.cuts))).round().astype(int))
    looked, found = 0, []
    for place in places.tolist():
        keep = trial.answer.place == place
        columns = {name: values[keep] for name, values in trial.answer.columns.items()}
        expected = Answer(trial.answer.place[keep] * 0, trial.answer.row[keep], columns)
        try:
            short = ask(trial.subject, history.newest(place, need))
        except (*FAULTS, EraforgeError) as error:
            found.append(Finding("warm-up", f"{trial.subject.name} fails on {need} bars: {error}."))
            continue
        last = short.place == need - 1
        columns = {name: values[last] for name, values in short.columns.items()}
        newest = Answer(short.place[last] * 0, short.row[last], columns)
        looked += expected.count()
        for one in differences(expected, newest):
            moment = trial.history.moments[place]
            sentence = (
                f"{one.column!r} of {one.row} at {moment} is {one.expected} on the full history and {one.found} on the "
                f"{need} bars it declares to need: its lookback is too short."
            )
            found.append(Finding("warm-up", sentence, "", one.column, moment, one.row, one.gap))
    end = "equal to the full history" if not found else f"{len(found)} differ from the full history"
    sentence = f"Newest values from {need} bars at {len(places)} moments: {end}."
    return ProbeResult("warm-up", sentence, looked, tuple(found[:MOST_FINDINGS]))
