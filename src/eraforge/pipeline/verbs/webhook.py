"""`webhook set|remove`: whom the tournament calls for a model. A person asks; the machine never does by itself."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from eraforge.arenas.addresses import host_of, is_real_tournament
from eraforge.core.errors import UserError
from eraforge.core.secret import Secret, guard
from eraforge.core.words import Slot
from eraforge.pipeline.secrets.places import SecretPlaces, SecretVariables
from eraforge.pipeline.steps.ahead.reconcile import reconcile
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import chosen_entries, open_workspace

NO_ROUND = 0  # a webhook belongs to a model, not to a round of it


def register(visit: Visit, entry: str, address: str, variable: str) -> Facts:
    """Have the tournament call an address for the model of one entry.

    Raises:
        UserError: `name-the-entry`, `name-the-address`, `bad-address`, `webhook-not-reachable`, `webhook-not-safe`.
        Refused: the tournament's no. Transient: `effect-not-through`, nothing is known to have changed.
    """
    with open_workspace(visit) as tools:
        known = SecretVariables(visit, SecretPlaces(visit, tools.configuration.secrets))
        if bool(address) == bool(variable) or (variable and variable not in known):
            raise UserError(
                "name-the-address",
                f"The variable {variable!r} is not set." if variable and not address else "Which address?",
                "Give it (`eraforge webhook set https://… --entry NAME`), or the variable that holds it (--variable).",
            )
        wanted = guard(Secret(known[variable])).reveal() if variable else address
        _require_callable(wanted, is_real_tournament(tools.configuration.server.url))
        return _set(tools, entry, wanted)


def remove(visit: Visit, entry: str) -> Facts:
    """Have the tournament call nobody for the model of one entry.

    Raises:
        UserError: `name-the-entry`. Refused, Transient: as `register`.
    """
    with open_workspace(visit) as tools:
        return _set(tools, entry, "")


def _set(tools: Tools, name: str, address: str) -> Facts:
    chosen = chosen_entries(tools.configuration, name)
    if len(chosen) != 1:
        known = ", ".join(one.name for one in chosen)
        raise UserError("name-the-entry", f"{len(chosen)} entries are meant.", f"Add --entry with one of: {known}.")
    (one,) = chosen
    reconcile(tools)  # what an earlier crash left open is known before it is set again
    slot = Slot(one.account, one.model, one.arena, NO_ROUND)
    tools.effects(one.account).set_webhook(slot, tools.model_id(one), address)
    host = host_of(address) if address else ""
    return {"entry": one.name, "model": one.model, "arena": one.arena, "host": host}


def _require_callable(address: str, by_the_real_one: bool) -> None:
    """The tournament calls from outside: not this machine or a house's own net, and not without encryption."""
    host = host_of(address)
    if not by_the_real_one:
        return
    try:
        private = not ip_address(host).is_global
    except ValueError:
        private = host == "localhost" or "." not in host
    if private:
        raise UserError(
            "webhook-not-reachable", f"The tournament cannot reach {host} from outside.", "Give a public address."
        )
    if urlsplit(address).scheme != "https":
        raise UserError(
            "webhook-not-safe",
            "The tournament would call the address without encryption, and whoever listens could call it too.",
            "Give an https address.",
        )
