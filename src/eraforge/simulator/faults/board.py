"""The faults in force: decides for every request and every round whether one strikes, and remembers what it hid."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eraforge.simulator.exchange.calls import Call, Kind
from eraforge.simulator.exchange.replies import Reply, errors
from eraforge.simulator.faults.fault import Fault, Ground, RoundFault
from eraforge.simulator.faults.plan import Plan, Rule, plan_of
from eraforge.simulator.faults.transmission import ClockSkew
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.engine import Tournament


@dataclass(frozen=True, slots=True)
class Strike:
    """What the plan says of one request.

    Args:
        matched: places of the rules whose conditions it met, up to the one that struck.
        fault: the fault it meets, or None.
        draw: in [0, 1), for faults that choose.
    """

    matched: tuple[int, ...] = ()
    fault: Fault | None = None
    draw: float = 0.0


class FaultBoard:
    """The fault plan of a running tournament. It stands in the journal, so a folder opened again goes on with it.

    What is hidden from the caller for a while is not written down: a restart lets it be seen.

    Args:
        tournament: which it disturbs.
        past: the requests answered so far, as the log has them: the n-th matching one is counted over restarts.
    """

    def __init__(self, tournament: Tournament, past: Iterable[Mapping[str, Any]] = ()) -> None:
        self._tournament = tournament
        self._lock = threading.RLock()
        self.ground = Ground(tournament, {}, {})
        self.plan = Plan(tournament.seed)
        self.counts: list[int] = []
        self.struck: list[int] = []
        self._decided: set[tuple[int, int, int]] = set()
        self._written: set[tuple[str, int, int]] = set()
        self._since = self._started = tournament.now()
        if tournament.records.faults is not None:
            since, facts = tournament.records.faults
            self._take(plan_of({"seed": facts["seed"], "fault": facts["fault"]}, tournament.seed), since)
            self._remember(past, facts["request"])

    def set(self, plan: Plan, request: int) -> None:
        """Put a plan in force, in the place of the one before.

        Args:
            request: the number of the last request that it does not concern.

        Raises:
            UserError: `setting-not-understood` by a tournament that is played here.
        """
        with self._lock:
            for fault in [rule.fault for rule in plan.rules if isinstance(rule.fault, RoundFault)]:
                for contest in self._tournament.contests.values():
                    fault.check(contest)
            self._tournament.change("faults-set", {**plan.as_dict(), "request": request})
            self._take(plan, self._tournament.now())
            self.pass_time(self._tournament.now())

    def strike(self, call: Call, number: int) -> Strike:
        """What the plan says of request `number`: the first rule that strikes wins."""
        now, matched = self._tournament.now(), []
        with self._lock:
            for place, rule in enumerate(self.plan.rules):
                if not rule.matches(call, now):
                    continue
                matched.append(place)
                self.counts[place] += 1
                luck, draw = self.plan.draws(place, number)
                if luck < rule.probability and (not rule.on or self.counts[place] in rule.on):
                    self.struck[place] += 1
                    return Strike(tuple(matched), rule.fault, draw)
        return Strike(tuple(matched))

    def skew(self) -> timedelta:
        """How far the clock is off for those who only ask for the time: by the first skew that never takes a pause."""
        now = self._tournament.now()
        for rule in self.plan.rules:
            if isinstance(rule.fault, ClockSkew) and rule.probability == 1 and not (rule.on or rule.operations):
                return timedelta(seconds=rule.fault.seconds) if rule.in_time(now) else timedelta(0)
        return timedelta(0)

    def obstacle(self, call: Call) -> Reply | None:
        """The answer to a request for something that is hidden yet."""
        hidden = self.ground.uploads.get(call.filename) if call.kind is Kind.MUTATION else None
        if hidden is None:
            return None
        if hidden.readings <= 0 and hidden.until <= self._tournament.now():
            del self.ground.uploads[call.filename]
            return None
        hidden.readings -= 1
        return errors([f"Uploaded file not found: {call.filename}"], "upload_missing")

    def hide(self) -> None:
        """Let the tournament pass over the submissions that are hidden now; `seen` counts the readings that did."""
        now, hidden = self._tournament.now(), self.ground.submissions
        for filename in [name for name, one in hidden.items() if one.readings <= 0 and one.until <= now]:
            del hidden[filename]
        for contest in self._tournament.contests.values():
            contest.submissions.hidden = set(hidden)
            contest.submissions.passed_over = set()

    def seen(self) -> None:
        """Count the reading that is over for whatever it did not show."""
        for contest in self._tournament.contests.values():
            for filename in contest.submissions.passed_over & self.ground.submissions.keys():
                self.ground.submissions[filename].readings -= 1

    def pass_time(self, until: datetime) -> None:
        """Decide the faults of every round that is announced or has closed by then and was not decided yet.

        A round is announced when the one before it opens. Deciding depends on seed, rule and round alone, so doing it
        again after a restart comes to the same end; what the journal holds already is not written twice.
        """
        with self._lock:
            rules = [pair for pair in enumerate(self.plan.rules) if isinstance(pair[1].fault, RoundFault)]
            for contest in self._tournament.contests.values() if rules else ():
                first = max(contest.rounds.first, contest.rounds.current_number(self._since) - 1)
                for number in range(first, contest.rounds.current_number(until) + 2):
                    for place, rule in rules:
                        if (place, contest.number, number) not in self._decided:
                            self._decide(place, rule, contest, number, until)
            self._since = max(self._since, until)

    def _decide(self, place: int, rule: Rule, contest: Contest, number: int, until: datetime) -> None:
        fault, found = rule.fault, contest.rounds.get(number)
        if not isinstance(fault, RoundFault) or (fault.once_closed and found.closes > until):
            return
        self._decided.add((place, contest.number, number))
        in_time = self._started < (found.closes if fault.once_closed else found.opens) and rule.in_time(found.opens)
        if not in_time or (rule.rounds and number not in rule.rounds) or not fault.concerns(contest, number):
            return
        self.counts[place] += 1
        luck, draw = self.plan.draws(place, number, contest.number)
        if luck >= rule.probability:
            return
        self.struck[place] += 1
        written = (fault.name, contest.number, number)
        if written not in self._written:
            self._written.add(written)
            change, facts = fault.change(contest, number, draw)
            where = {"tournament": contest.number, "round": number, "fault": fault.name}
            self._tournament.change(change, {**where, **facts})

    def _take(self, plan: Plan, since: datetime) -> None:
        self.plan, self._since, self._started = plan, since, since
        self.counts, self.struck = [0] * len(plan.rules), [0] * len(plan.rules)
        self._decided, self._written = set(), set()

    def _remember(self, past: Iterable[Mapping[str, Any]], request: int) -> None:
        """Take up what the plan did before the folder was closed."""
        for line in self._tournament.journal.lines:
            if line["change"] == "faults-set":
                self._written.clear()
            elif "fault" in line["facts"] and "round" in line["facts"]:
                facts = line["facts"]
                self._written.add((facts["fault"], facts["tournament"], facts["round"]))
        for asked in past:
            if asked["request"] > request:
                for place in asked["rules"]:
                    self.counts[place] += 1
                if asked["fault"] is not None:
                    self.struck[asked["rules"][-1]] += 1
        self.pass_time(self._tournament.now())
