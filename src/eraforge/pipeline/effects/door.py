"""The door outward of one account. No other module builds a gateway that writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from eraforge.arenas.addresses import is_real_tournament
from eraforge.arenas.credentials import Credentials
from eraforge.arenas.gateway_write import NumeraiWriter
from eraforge.arenas.policies import policy_for
from eraforge.arenas.wire.transport import Patience
from eraforge.arenas.wire.wallet import PracticeWallet
from eraforge.core import plugins
from eraforge.core.clock import Clock
from eraforge.core.configuration import SubmitTable
from eraforge.core.digest import digest_bytes, digest_value
from eraforge.core.errors import Broken, Refused, UserError
from eraforge.core.ports import Authorisation, Claim, Reader, Ticket, Wallet, Writer
from eraforge.core.words import Arena, Effect, EffectKind, Phase, Predictions, Round, Slot
from eraforge.pipeline.effects.conduct import Conduct, Facts
from eraforge.pipeline.effects.driver import Driver
from eraforge.pipeline.effects.keyed import KeyedConduct, KeyedWriter
from eraforge.pipeline.effects.money.approvals import Approvals
from eraforge.pipeline.effects.money.claim import ClaimConduct
from eraforge.pipeline.effects.money.round_stake import RoundStakeConduct
from eraforge.pipeline.effects.money.stake import StakeConduct
from eraforge.pipeline.effects.sender import alone
from eraforge.pipeline.effects.settling import Settling
from eraforge.pipeline.effects.submission import Receipt, SubmissionConduct, Timing
from eraforge.pipeline.effects.webhook import WebhookConduct
from eraforge.portfolio.stake_plan import ClaimPlan, StakePlan, plan_of
from eraforge.store.ledger import Ledger
from eraforge.store.records import EffectRecord


class Effects:
    """Sends effects and finds out what became of them.

    Args:
        server: address of the tournament; made-up data never goes to the real one.
        ledger: where intents and phases are kept.
        reader, writer: the gateway, reading and writing apart.
        clock: the server's clock; deadlines go by it.
        settings: margins and settle time.
        money: the writer that may move stakes (another key), or None where stakes are off.
        wallet: sends stakes that a round takes by itself, or None where there is none.
    """

    def __init__(
        self,
        server: str,
        ledger: Ledger,
        reader: Reader,
        writer: Writer,
        clock: Clock,
        settings: SubmitTable,
        money: Callable[[], Writer] | None = None,
        wallet: Callable[[], Wallet] | None = None,
    ) -> None:
        self._server = server
        self._ledger = ledger
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._settings = settings
        self._money = money
        self._wallet = wallet
        self.settling = Settling(ledger, server, settings)
        self._driver = Driver(ledger, clock, settings, self.settling)

    def submit(
        self,
        predictions: Predictions,
        arena: Arena,
        round: Round,
        model_id: str,
        supersedes: str = "",
        timing: Timing = Timing.WINDOW,
    ) -> Receipt:
        """Make the server hold these predictions for their slot, once.

        Args:
            predictions: checked predictions of the slot.
            supersedes: key of the confirmed effect that a person asked to replace.
            timing: whether a person asked for it to be sent outside the window.

        Raises:
            Refused: `synthetic-to-real`, `window-closed`, `window-not-open`, or the server's own no.
            Held: `server-holds-another-answer`, `effect-held`.
            Transient: `effect-not-through`, or what kept the server from being asked.
            UserError: `already-submitted` when another answer was confirmed for the slot, or may still be on its way.
        """
        if predictions.synthetic is not None and is_real_tournament(self._server):
            raise Refused(
                "synthetic-to-real",
                f"These predictions come from made-up data ({predictions.synthetic}).",
                "The real tournament never gets them: predict on real data, or play in the local tournament.",
            )
        data = predictions.csv(arena.id_column, arena.prediction_column)
        replaced = self._ledger.effect(supersedes) if supersedes else None
        if replaced is not None and replaced.phase is Phase.CONFIRMED and replaced.effect.payload == digest_bytes(data):
            supersedes = replaced.effect.supersedes  # the same answer is already there: nothing to replace
        with alone(predictions.slot.key):
            wished = Effect(EffectKind.SUBMIT, predictions.slot, digest_bytes(data), supersedes)
            effect = self._intended(wished, {"model_id": model_id, "timing": str(timing)}, arena, round)
            facts = self._driver.drive(self._submission(effect, arena, round, model_id, data, timing))
        return Receipt(str(facts["submission_id"]), str(facts["filename"]), effect.payload, effect.key)

    def move_stake(self, plan: StakePlan, arena: Arena, model_id: str, played: Round | None = None) -> Facts:
        """Carry out an approved plan, once.

        Args:
            played: the plan's round; where its rule is that each round takes a stake of its own, an increase is locked
                for it by the wallet. None: the stake is one for all rounds.

        Raises:
            UserError: `stakes-are-off`, `no-wallet`. Refused: `plan-not-approved`, `approval-expired`, `plan-void`,
                `window-closed`, `nothing-to-stake-on`, the other side's no.
            Held: it may have happened and a person must look.
        """
        writer, approvals = self._stakes(), Approvals(self._ledger)
        slot = Slot(plan.account, plan.model, plan.arena, plan.round)
        with alone(f"stake {slot.key}"):
            effect = self._own(EffectKind.STAKE, slot, plan.digest)
            self._require_nothing_under_way(effect)
            conduct = self._stake(effect, plan, arena, model_id, played, writer, approvals)
            return self._approved(conduct, {"plan": plan.as_dict(), "model_id": model_id})

    def _stake(
        self,
        effect: Effect,
        plan: StakePlan,
        arena: Arena,
        model_id: str,
        played: Round | None,
        writer: Writer,
        approvals: Approvals,
    ) -> StakeConduct:
        """How the plan is carried out, by the rule of its round."""
        every = (effect, plan, arena, model_id, self._reader, writer, approvals)
        if played is None or plan.change <= 0 or not policy_for(arena.policies, played).staked_per_round:
            return StakeConduct(*every)
        staker, wallet = self._sender(played.number)
        margin = self._settings.margin_seconds
        return RoundStakeConduct(*every, round=played, margin=margin, staker=staker, wallet=wallet)

    def claims(self, arena: Arena) -> list[Claim]:
        """What the account's wallet has left to claim in the arena; oldest round first.

        Raises:
            UserError: `stakes-are-off`, or what is wrong with the key that may stake.
        """
        staker = self._reader.wallet()
        return self._stakes().claims(arena, staker) if staker else []

    def claim(self, plan: ClaimPlan, arena: Arena, model_id: str) -> Facts:
        """Carry out an approved claim, once.

        Raises:
            UserError: `stakes-are-off`, `no-wallet`. Refused: `plan-not-approved`, `approval-expired`, `plan-void`,
                the other side's no. Held: it may have happened and a person must look.
        """
        slot = Slot(plan.account, plan.model, plan.arena, plan.round)
        with alone(f"claim {slot.key}"):
            effect = self._own(EffectKind.CLAIM, slot, plan.digest)
            conduct = self._claim(effect, plan, arena, model_id, *self._sender(plan.round))
            return self._approved(conduct, {"plan": plan.as_dict(), "model_id": model_id})

    def _claim(
        self, effect: Effect, plan: ClaimPlan, arena: Arena, model_id: str, staker: str, wallet: Wallet
    ) -> ClaimConduct:
        approvals = Approvals(self._ledger)
        return ClaimConduct(effect, plan, arena, model_id, self._stakes(), staker, approvals, wallet)

    def _stakes(self) -> Writer:
        """The writer whose key may stake."""
        if self._money is None:
            raise UserError("stakes-are-off", "Stakes are never moved here.", "Set `stake.enabled = true` to allow it.")
        return self._money()

    def _sender(self, number: int) -> tuple[str, Wallet]:
        """Address of the account's wallet, and what sends for it."""
        staker = self._reader.wallet()
        if self._wallet is None or not staker:
            raise UserError(
                "no-wallet",
                f"Round {number} takes its stake from a wallet, and there is none.",
                "Stake and claim on the tournament's site, or name a wallet of your own in `stake.wallet`.",
            )
        return staker, self._wallet()

    def _approved(self, conduct: Conduct, facts: Facts) -> Facts:
        """Drive what a person approved; nothing is written down for what was never allowed."""
        if self._ledger.effect(conduct.effect.key) is None:
            objection = conduct.objection(self._clock.now())
            if objection is not None:
                raise objection.error
            self._ledger.intend(conduct.effect, facts, self._clock.now())
        return self._driver.drive(conduct)

    def set_webhook(self, slot: Slot, model_id: str, address: str) -> Facts:
        """Have the tournament call this address for the model; "" takes an earlier one away.

        The ledger keeps its digest alone: who knows the address may call it. Asked for again it is set again, because
        nobody can be asked whether it still stands.

        Raises:
            UserError: `effect-under-way`. Refused, Transient: it is not known to be set; asking again is harmless.
        """
        with alone(f"webhook {slot.key}"):
            effect = self._next_webhook(slot, digest_value(address))
            self._ledger.intend(effect, {"model_id": model_id}, self._clock.now())
            return self._driver.drive(WebhookConduct(effect, model_id, address, self._writer))

    def _next_webhook(self, slot: Slot, payload: str) -> Effect:
        """What is still open of that address, or a new effect at the end of the slot's chain."""
        effect = Effect(EffectKind.WEBHOOK, slot, payload)
        while (record := self._ledger.effect(effect.key)) is not None:
            closed = record.phase in (Phase.CONFIRMED, Phase.REFUSED, Phase.HELD)
            if not closed and record.effect.payload == payload:
                return record.effect
            if record.phase in (Phase.SENT, Phase.UNKNOWN):
                raise _under_way(effect, record)
            if not closed:
                self._ledger.advance(record.key, Phase.REFUSED, {"reason": "superseded"}, self._clock.now())
            effect = Effect(EffectKind.WEBHOOK, slot, payload, record.key)
        return effect

    def request(
        self, kind: EffectKind, slot: Slot, request: Mapping[str, Any], expires: datetime, writer: KeyedWriter
    ) -> Facts:
        """Place an order under our own key, once."""
        with alone(f"{kind} {slot.key}"):
            effect = self._own(kind, slot, digest_value(request))
            if self._ledger.effect(effect.key) is None:
                self._ledger.intend(effect, {"request": dict(request)}, self._clock.now())
            return self._driver.drive(KeyedConduct(effect, request, expires, writer, what=str(kind)))

    def trace(self, record: EffectRecord, arena: Arena, round: Round) -> Conduct | None:
        """The conduct of an effect found open in the ledger, to find out what became of it; None for a stranger's."""
        facts, effect = record.facts, record.effect
        model_id = str(facts.get("model_id", ""))
        if effect.kind is EffectKind.SUBMIT:
            timing = Timing(str(facts.get("timing", Timing.WINDOW)))
            return self._submission(effect, arena, round, model_id, None, timing)
        if effect.kind in (EffectKind.STAKE, EffectKind.CLAIM) and "plan" in facts:
            plan = plan_of(dict(facts["plan"]))
            if isinstance(plan, ClaimPlan):
                return self._claim(effect, plan, arena, model_id, self._reader.wallet(), _Mute())
            return StakeConduct(effect, plan, arena, model_id, self._reader, _Mute(), Approvals(self._ledger))
        if effect.kind is EffectKind.WEBHOOK:
            return WebhookConduct(effect, model_id, "", _Mute())
        return None

    def resolve(self, conduct: Conduct) -> None:
        """Find out what became of a sent effect; nothing is sent.

        Raises:
            Held: a person must look. Transient: the server could not be asked.
        """
        record = self._driver.record(conduct)
        if record.phase in (Phase.SENT, Phase.UNKNOWN):
            self._driver.resolve(conduct)
        objection = conduct.objection(self._clock.now())
        if objection is not None and objection.given_up and self._driver.record(conduct).phase is Phase.INTENDED:
            self._driver.advance(conduct, Phase.REFUSED, reason=objection.given_up)

    def _submission(
        self, effect: Effect, arena: Arena, round: Round, model_id: str, data: bytes | None, timing: Timing
    ) -> SubmissionConduct:
        return SubmissionConduct(
            effect, arena, round, model_id, data, timing, self._settings, self._reader, self._writer, self._ledger
        )

    def _intended(self, effect: Effect, facts: Facts, arena: Arena, round: Round) -> Effect:
        """The effect to drive, written down: this one, or its successor where an earlier payload never got there."""
        while True:
            effect = self._choose(effect, arena, round)
            try:
                self._ledger.intend(effect, facts, self._clock.now())
                return effect
            except Broken as error:
                if error.code != "effect-payload-changed":
                    raise  # another process was faster with another answer: look again

    def _choose(self, effect: Effect, arena: Arena, round: Round) -> Effect:
        record = self._ledger.effect(effect.key)
        while record is not None and record.effect.payload != effect.payload:
            conduct = self.trace(record, arena, round)
            if record.phase in (Phase.SENT, Phase.UNKNOWN) and conduct is not None:
                self.resolve(conduct)  # an earlier answer whose outcome nobody knows: what became of it comes first
                record = self._driver.record(conduct)
            if record.phase not in (Phase.INTENDED, Phase.REFUSED):
                raise UserError(
                    "already-submitted",
                    f"{effect.slot.key} already holds another answer ({record.effect.payload[:12]}, {record.phase}).",
                    "Ask for a replacement (`eraforge submit --replace`) if this one should take its place.",
                )
            if record.phase is Phase.INTENDED:
                self._ledger.advance(record.key, Phase.REFUSED, {"reason": "superseded"}, self._clock.now())
            effect = replace(effect, supersedes=record.key)
            record = self._ledger.effect(effect.key)
        return effect

    def _own(self, kind: EffectKind, slot: Slot, payload: str) -> Effect:
        """The effect of that payload, or the next in the slot's chain; each payload has one effect, for ever."""
        effect = Effect(kind, slot, payload)
        while (record := self._ledger.effect(effect.key)) is not None:
            if record.effect.payload == payload:
                return record.effect
            if record.phase in (Phase.INTENDED, Phase.SENT, Phase.UNKNOWN):
                raise _under_way(effect, record)
            effect = Effect(kind, slot, payload, record.key)
        return effect

    def _require_nothing_under_way(self, effect: Effect) -> None:
        """While it is not known what became of one stake change, no other of that model is begun, in any round."""
        for record in self._ledger.open_effects():
            other, own = record.effect.slot, effect.slot
            same = (other.account, other.model, other.arena) == (own.account, own.model, own.arena)
            moving = record.phase in (Phase.SENT, Phase.UNKNOWN) and record.effect.kind is effect.kind
            if same and moving and record.key != effect.key:
                raise _under_way(effect, record)


def _under_way(effect: Effect, record: EffectRecord) -> UserError:
    return UserError(
        "effect-under-way",
        f"Another {effect.kind} of {record.effect.slot.key} is still {record.phase}.",
        "Wait until it is settled; `eraforge doctor` shows it.",
    )


class _Mute:
    """A writer that writes nothing: what is only traced can never be sent."""

    def authorise(self, arena: Arena, model_id: str, filename: str) -> Ticket:
        raise self._broken()

    def put(self, ticket: Ticket, data: bytes) -> None:
        raise self._broken()

    def create(self, arena: Arena, model_id: str, ticket: Ticket) -> str:
        raise self._broken()

    def change_stake(self, arena: Arena, model_id: str, change: Decimal) -> None:
        raise self._broken()

    def authorise_stake(self, submission_id: str, staker: str, most: Decimal) -> Authorisation:
        raise self._broken()

    def claims(self, arena: Arena, staker: str) -> list[Claim]:
        raise self._broken()

    def claim(self, *given: Any) -> Any:
        raise self._broken()

    def stake(self, *given: Any) -> Any:
        raise self._broken()

    def set_webhook(self, model_id: str, address: str) -> None:
        raise self._broken()

    def _broken(self) -> Broken:
        return Broken("trace-that-sends", "An effect that is only traced was to be sent.", "Stop and report it.")


@contextmanager
def open_effects(
    server: str,
    keys: Credentials,
    ledger: Ledger,
    reader: Reader,
    clock: Clock,
    settings: SubmitTable,
    patience: Patience,
    money_keys: Callable[[], Credentials] | None = None,
    wallet: str = "",
) -> Iterator[Effects]:
    """The door outward for one account, closed afterwards.

    Args:
        money_keys: the keys that may stake, asked for when a stake is moved; None where stakes are off.
        wallet: registered gateway that sends stakes to the contract; "" for the local tournament's own.
    """
    writer = NumeraiWriter(server, keys, clock, patience)
    opened: list[NumeraiWriter] = [writer]
    closing: list[PracticeWallet] = []

    def money() -> Writer:
        if len(opened) == 1 and money_keys is not None:
            opened.append(NumeraiWriter(server, money_keys(), clock, patience))
        return opened[-1]

    def sender() -> Wallet:
        if wallet:
            found: Wallet = plugins.find("gateway", wallet)()
            return found
        closing.append(PracticeWallet(server, patience))
        return closing[-1]

    try:
        off = money_keys is None
        yield Effects(server, ledger, reader, writer, clock, settings, None if off else money, None if off else sender)
    finally:
        for writing in opened:
            writing.close()
        for sending in closing:
            sending.close()
