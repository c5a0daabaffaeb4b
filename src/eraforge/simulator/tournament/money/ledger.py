"""All NMR of the simulator in order of virtual time: what the journal orders, and what closings and resolutions do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from eraforge.portfolio.amounts import ZERO
from eraforge.portfolio.books import OUTSIDE, Books
from eraforge.portfolio.continuous import AtRisk
from eraforge.portfolio.payouts import Settlement, settle
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.money.holding import Holding
from eraforge.simulator.tournament.records import Order, Records
from eraforge.simulator.tournament.rounds import FIRST_ROUND

UNCLAIMED = timedelta(days=7)
NOTHING = AtRisk(ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Movement:
    """NMR into (or, negative, out of) a wallet."""

    moment: datetime
    kind: str
    amount: Decimal
    model_id: str
    identifier: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Where all NMR is. `wallets + stakes + burned - minted` is what was ever brought in from outside.

    Args:
        wallets, stakes: what accounts hold, free and staked.
        burned, minted: what resolutions took away and paid.
        deposited: what came from outside: opening balances, opening stakes, and what the field adds after burns.
    """

    wallets: Decimal
    stakes: Decimal
    burned: Decimal
    minted: Decimal
    deposited: Decimal

    @property
    def difference(self) -> Decimal:
        """What is not accounted for; always zero."""
        return self.wallets + self.stakes + self.burned - self.minted - self.deposited


class Ledger:
    """Wallets and holdings of every account, brought up to date when somebody asks.

    The field is kept apart: a competitor's stake stays what it is, its payouts go to its wallet, and what it burns its
    owner brings in again.

    Args:
        contests: the tournaments by number; filled after this is made.
        now: the virtual clock.
    """

    def __init__(self, records: Records, contests: Mapping[int, Contest], now: Callable[[], datetime]) -> None:
        self._records, self._contests, self._now = records, contests, now
        self.wallets = Books()
        self.holdings: dict[str, Holding] = {}
        self.movements: defaultdict[str, list[Movement]] = defaultdict(list)
        self._risks: dict[tuple[str, int], AtRisk] = {}
        self._resolved: dict[tuple[str, int], datetime] = {}
        self._at: datetime | None = None
        self._done = 0
        self._orders: dict[str, Callable[[Order], None]] = {
            "account-created": self._account_created,
            "model-created": self._model_created,
            "stake-changed": self._stake_changed,
            "release-cancelled": self._release_cancelled,
            "payout-selected": self._payout_selected,
            "position-staked": self._position_staked,
            "position-claimed": self._position_claimed,
            "position-restaked": self._position_restaked,
        }

    def risk(self, number: int, model_id: str) -> Decimal:
        """What the model has at risk in a closed round in which it took part on time."""
        if (model_id, number) not in self._risks:
            contest = self._contests[self._records.models[model_id].tournament]
            self._advance(contest.rounds.get(number).closes)
        return self._risks.get((model_id, number), NOTHING).earning

    def stake(self, model_id: str) -> Decimal:
        """NMR staked on a model now."""
        model = self._records.models[model_id]
        return model.stake if self._records.accounts[model.username].competitor else self.holding(model_id).stake

    def holding(self, model_id: str) -> Holding:
        """The holding of an account's model (not a competitor's) now."""
        self._advance(self._now())
        return self.holdings[model_id]

    def available(self, username: str) -> Decimal:
        """NMR free in an account's wallet now."""
        self._advance(self._now())
        return self.wallets.balance(_wallet(username))

    def movements_of(self, username: str) -> list[Movement]:
        """Every movement of a wallet so far, oldest first."""
        self._advance(self._now())
        return self.movements[username]

    def totals(self) -> Totals:
        """Where all NMR is now.

        Raises:
            Broken: `books-do-not-balance` when any books contradict their own journal.
        """
        self._advance(self._now())
        for books in (self.wallets, *(one for held in self.holdings.values() for one in held.both)):
            books.check()
        paid, burned = self._field()
        field_stakes = sum((one.stake for one in self._records.models.values() if one.id not in self.holdings), ZERO)
        held = self.holdings.values()
        return Totals(
            wallets=sum((self.wallets.balance(_wallet(one)) for one in self._records.accounts), ZERO) + paid,
            stakes=sum((one.total for one in held), ZERO) + field_stakes,
            burned=sum((one.burned for one in held), ZERO) + burned,
            minted=sum((one.minted for one in held), ZERO) + paid,
            deposited=self._records.brought_in + burned,
        )

    def _field(self) -> tuple[Decimal, Decimal]:
        """What competitors were paid and what they burned."""
        paid, burned = ZERO, ZERO
        for contest in self._contests.values():
            for player in contest.world.competitors:
                for payout in contest.standings.settled_of(player.model_id):
                    paid, burned = paid + max(payout.total, ZERO), burned + max(-payout.total, ZERO)
        return paid, burned

    # In order of time

    def _advance(self, to: datetime) -> None:
        if self._at is None:
            self._at = self._records.start or to
        orders = self._records.orders
        for moment, contest, event in self._events(self._at, to):
            while self._done < len(orders) and orders[self._done].at < moment:
                self._carry_out(orders[self._done])
            self._at = moment
            if event["event"] == "round-closed":
                self._close(contest, event["round"])
            elif event["event"] == "round-resolved":
                self._resolve(contest, event["round"])
        while self._done < len(orders) and orders[self._done].at <= to:
            self._carry_out(orders[self._done])
        self._at = max(self._at, to)

    def _events(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, Contest, dict[str, Any]]]:
        if after >= until:
            return
        found = [
            (event["at"], contest, event)
            for contest in self._contests.values()
            for event in contest.rounds.events(after, until)
        ]
        yield from sorted(found, key=lambda one: one[0])

    def _carry_out(self, order: Order) -> None:
        self._done += 1
        self._orders[order.change](order)

    def _close(self, contest: Contest, number: int) -> None:
        policy = contest.rounds.policy(number)
        for held in self._of(contest):
            standing = contest.submissions.selected(held.model_id, number, self._time())
            counts = standing is not None and not standing.submission.late and contest.counts(number, held.model_id)
            self._risks[held.model_id, number] = held.close(number, policy, counts)
            self._sweep(held, "release", f"close/{held.model_id}/{number}")

    def _resolve(self, contest: Contest, number: int) -> None:
        at = self._time()
        policy_now = contest.rounds.policy(max(FIRST_ROUND, contest.rounds.current_number(at)))
        for held in self._of(contest):
            if (held.model_id, number) not in self._risks:
                continue
            held.resolve(number, self._settlement(contest, held.model_id, number), policy_now)
            self._resolved[held.model_id, number] = at
            for one in held.unclaimed():
                if at - self._resolved.get((held.model_id, one.round), at) > UNCLAIMED:
                    held.claim(one.round)
            self._sweep(held, "payout" if held.take_profit else "release", f"resolve/{held.model_id}/{number}")

    def _settlement(self, contest: Contest, model_id: str, number: int) -> Settlement | None:
        risk = self._risks[model_id, number]
        if not risk.earning and not risk.pending:
            return None
        policy = contest.standings.policy(number)
        scores = contest.standings.final_scores(number, model_id)
        churn = contest.churn(number, model_id) if policy.churn_penalty is not None else None
        return settle(policy, risk.earning, scores, ZERO if churn is None else Decimal(repr(churn)))

    def _of(self, contest: Contest) -> list[Holding]:
        models = self._records.models
        return [held for held in self.holdings.values() if models[held.model_id].tournament == contest.number]

    def _sweep(self, held: Holding, kind: str, identifier: str) -> None:
        freed = held.swept()
        if freed:
            username = self._records.models[held.model_id].username
            self.wallets.move(OUTSIDE, _wallet(username), freed, kind)
            self.movements[username].append(Movement(self._time(), kind, freed, held.model_id, identifier))

    def _pay_in(self, order: Order, amount: Decimal) -> None:
        username = self._records.models[order.facts["model"]].username
        taken = min(amount, self.wallets.balance(_wallet(username)))
        self.wallets.move(_wallet(username), OUTSIDE, taken, "stake")
        self.movements[username].append(Movement(order.at, "stake", -taken, order.facts["model"], order.facts["id"]))

    def _time(self) -> datetime:
        return self._at or self._now()

    # Orders

    def _account_created(self, order: Order) -> None:
        self.wallets.move(OUTSIDE, _wallet(order.facts["username"]), order.facts["balance"], "opening balance")

    def _model_created(self, order: Order) -> None:
        held = self.holdings[order.facts["id"]] = Holding(order.facts["id"])
        held.increase(order.facts["stake"], self._kind(held.model_id, order.at))

    def _stake_changed(self, order: Order) -> None:
        held, value = self.holdings[order.facts["model"]], Decimal(order.facts["value"])
        kind = self._kind(held.model_id, order.at)
        self._at = max(self._time(), order.at)
        if order.facts["kind"] == "increase":
            self._pay_in(order, value)
            held.increase(value, kind)
        else:
            held.release(value, kind)
            self._sweep(held, "release", order.facts["id"])

    def _release_cancelled(self, order: Order) -> None:
        self.holdings[order.facts["model"]].cancel()

    def _payout_selected(self, order: Order) -> None:
        self.holdings[order.facts["model"]].take_profit = order.facts["take_profit"]

    def _position_staked(self, order: Order) -> None:
        held, value = self.holdings[order.facts["model"]], Decimal(order.facts["value"])
        self._pay_in(order, value)
        held.stake_by_hand(order.facts["round"], value)

    def _position_claimed(self, order: Order) -> None:
        held = self.holdings[order.facts["model"]]
        held.claim(order.facts["round"])
        self._at = max(self._time(), order.at)
        self._sweep(held, "claim", order.facts["id"])

    def _position_restaked(self, order: Order) -> None:
        held, facts = self.holdings[order.facts["model"]], order.facts
        value = None if facts["value"] is None else Decimal(facts["value"])
        held.restake_by_hand(facts["round"], facts["into"], value)
        self._at = max(self._time(), order.at)
        self._sweep(held, "claim", facts["id"])

    def _kind(self, model_id: str, at: datetime) -> str | None:
        """How the tournament stakes at that moment."""
        rounds = self._contests[self._records.models[model_id].tournament].rounds
        return rounds.policy(max(FIRST_ROUND, rounds.current_number(at))).staking


def _wallet(username: str) -> str:
    return f"wallet/{username}"
