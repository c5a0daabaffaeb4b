"""Asks the control of a running simulator, for the verbs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eraforge.core.errors import SEVEN, Transient, UserError

CALL_SECONDS = 120.0


def ask(server: str, what: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What `/control/...` of that server answers.

    Args:
        server: its address.
        what: the part after `/control/`.
        body: posted where given; read otherwise.

    Raises:
        Transient: `simulator-does-not-answer`.
        UserError: `no-simulator-there` when something else answers.
        EraforgeError: what the simulator refused with.
    """
    import httpx

    from eraforge.data.trust import trusted

    url = f"{server.rstrip('/')}/control/{what}"
    try:
        with httpx.Client(timeout=CALL_SECONDS, verify=trusted()) as client:
            answer = client.get(url) if body is None else client.post(url, json=dict(body))
        facts = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Transient(
            "simulator-does-not-answer",
            f"No simulator answers at {server} ({type(error).__name__}).",
            "Start one with `eraforge simulator serve`, or name its address with --server.",
        ) from error
    except ValueError as error:
        raise _not_there(server) from error
    kinds = {one.__name__: one for one in SEVEN}
    if not isinstance(facts, dict):
        raise _not_there(server)
    if answer.status_code >= 400:
        if facts.get("kind") not in kinds:
            raise _not_there(server)
        raise kinds[facts["kind"]](facts["code"], facts["sentence"], facts["next_step"])
    return facts


def _not_there(server: str) -> UserError:
    return UserError("no-simulator-there", f"What answers at {server} is no simulator.", "Name another --server.")
