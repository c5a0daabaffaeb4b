"""The control of the simulator: its clock, its faults, its accounts and keys, its history. Loopback only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from eraforge.core.errors import UserError
from eraforge.simulator.faults.plan import FAULTS, plan_of
from eraforge.simulator.server.context import iso
from eraforge.simulator.server.operations.staking.chain import send
from eraforge.simulator.server.routes import Site
from eraforge.simulator.tournament.engine import Tournament
from eraforge.simulator.tournament.records import Token


def read(site: Site, path: str) -> Any:
    """Answer GET /control/...

    Raises:
        UserError: `no-such-control`.
    """
    tournament = site.tournament
    if path == "/control/clock":
        return _clock(tournament)
    if path == "/control/books":
        totals = tournament.books()
        return {name: f"{value:.18f}" for name, value in asdict(totals).items()}
    if path == "/control/journal":
        return {"lines": list(tournament.journal.lines)}
    if path == "/control/faults":
        return _faults(site)
    raise _unknown(path)


def change(site: Site, path: str, body: Mapping[str, Any]) -> Any:
    """Answer POST /control/...

    Raises:
        UserError: `no-such-control`, `advance-not-understood`, `clock-goes-back`, `speed-is-not-positive`,
            `account-exists`, `no-such-account`, `unknown-scope`, `field-missing`, and those of a fault plan.
    """
    tournament = site.tournament
    if path == "/control/advance":
        return _advance(site, body)
    if path == "/control/clock":
        site.run(_speed(body))
        return _clock(tournament)
    if path == "/control/faults":
        return _set_faults(site, body)
    if path == "/control/chain":
        return send(tournament, body)
    if path == "/control/accounts":
        balance = _amount(body.get("balance", "0"))
        token = tournament.add_account(_text(body, "username"), balance)
        number = body.get("tournament")
        models = {
            name: tournament.add_model(token.username, name, _amount(stake), number) for name, stake in _models(body)
        }
        return {**_key(token), "models": models}
    if path == "/control/keys":
        return _key(tournament.add_key(_text(body, "username"), body.get("scopes") or ()))
    raise _unknown(path)


def _clock(tournament: Tournament) -> dict[str, Any]:
    return {"now": iso(tournament.now()), "speed": tournament.clock.speed}


def _speed(body: Mapping[str, Any]) -> float | None:
    speed = body.get("speed", math.nan)
    if speed is None or speed == 0:
        return None
    if isinstance(speed, bool) or not isinstance(speed, int | float) or math.isnan(speed):
        raise UserError("field-missing", "The field 'speed' is no number.", 'Send {"speed": 60}, or 0 to stand still.')
    return float(speed)


def _advance(site: Site, body: Mapping[str, Any]) -> dict[str, Any]:
    """Move the clock; whatever faults befall the rounds on the way are decided before it moves."""
    tournament = site.tournament
    with tournament.lock:
        to = _moment(tournament, body)
        site.board.pass_time(to)
    events = tournament.advance(to)
    return {"now": iso(tournament.now()), "events": [{**event, "at": iso(event["at"])} for event in events]}


def _faults(site: Site) -> dict[str, Any]:
    board = site.board
    rules = [
        {**rule.as_dict(), "matched": matched, "struck": struck}
        for rule, matched, struck in zip(board.plan.rules, board.counts, board.struck, strict=True)
    ]
    known = [{"name": name, "text": kind.text(), "settings": kind.settings()} for name, kind in FAULTS.items()]
    return {"seed": board.plan.seed, "fault": rules, "known": known}


def _set_faults(site: Site, body: Mapping[str, Any]) -> dict[str, Any]:
    """Put `fault` (a list of rules) in the place of the plan, or `add` rules to it."""
    tournament = site.tournament
    with tournament.lock:
        facts = {name: body[name] for name in body if name != "add"}
        if "add" in body:
            added = body["add"] if isinstance(body["add"], list) else [body["add"]]
            facts = {**site.board.plan.as_dict(), **facts}
            facts["fault"] = [*facts["fault"], *added]
        site.disturb(plan_of(facts, tournament.seed))
        return _faults(site)


def _moment(tournament: Tournament, body: Mapping[str, Any]) -> datetime:
    now = tournament.now()
    try:
        if isinstance(body.get("to"), str):
            to = datetime.fromisoformat(body["to"])
            return to.replace(tzinfo=UTC) if to.tzinfo is None else to.astimezone(UTC)
        if isinstance(body.get("seconds"), int | float):
            return now + timedelta(seconds=body["seconds"])
    except (ValueError, OverflowError) as error:
        raise _not_understood() from error
    if body.get("event") == "next":
        return tournament.next_event()
    raise _not_understood()


def _key(token: Token) -> dict[str, Any]:
    return {
        "username": token.username,
        "public_id": token.public,
        "secret_key": token.secret.reveal(),
        "scopes": list(token.scopes),
    }


def _models(body: Mapping[str, Any]) -> list[tuple[str, Any]]:
    models = body.get("models") or {}
    return list(models.items()) if isinstance(models, Mapping) else [(str(name), "0") for name in models]


def _amount(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise UserError("field-missing", f"{value!r} is not an amount of NMR.", "Send a number as text.") from error


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise UserError("field-missing", f"The field {name!r} is missing.", f"Send {name} as text.")
    return value


def _not_understood() -> UserError:
    return UserError(
        "advance-not-understood",
        "The request does not say how far to advance.",
        'Send {"to": "2026-09-02T12:00:00Z"}, {"seconds": 60} or {"event": "next"}.',
    )


def _unknown(path: str) -> UserError:
    return UserError(
        "no-such-control",
        f"There is no {path}.",
        "Use /control/clock, books, advance, faults, situation, accounts, keys, chain or journal.",
    )
