"""Whether the keys may do what playing needs: looked at when the daemon starts, and once a day, before any window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from eraforge.core.errors import EraforgeError, Transient
from eraforge.pipeline.notices.office import Office
from eraforge.pipeline.secrets.scopes import judge
from eraforge.pipeline.tools import Tools


def check_keys(tools: Tools, accounts: list[str], office: Office, say: Callable[[str], None], now: datetime) -> bool:
    """Tell of every key that may do too little, say it of one that may do too much; whether all could be asked."""
    asked = True
    for account in accounts:
        try:
            found = judge(account, tools.readers(account).account())
        except EraforgeError as error:
            asked = asked and not isinstance(error, Transient)
            say(error.sentence)
            continue
        if found.lacking:
            office.tell("key-cannot-submit", f"{account}/{now:%Y-%m-%d}", found.sentence, now, found.next_step)
        elif found.needless:
            say(f"{found.sentence} {found.next_step}")
    return asked
