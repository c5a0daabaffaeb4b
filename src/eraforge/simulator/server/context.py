"""What an operation is given: the tournament, the caller's header, and the way to make links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from eraforge.simulator.server.files import DatasetFiles
from eraforge.simulator.server.links import Links
from eraforge.simulator.tournament.accounts.host import Session
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.engine import Tournament

if TYPE_CHECKING:
    from graphql import GraphQLResolveInfo

    Info: TypeAlias = GraphQLResolveInfo[Any]
else:
    Info = Any


@dataclass
class Context:
    """One request.

    Args:
        tournament: the rule engine.
        links: makes and checks presigned addresses.
        datasets: the dataset files.
        origin: scheme and host the caller reached us under.
        authorization: the caller's Authorization header.
    """

    tournament: Tournament
    links: Links
    datasets: DatasetFiles
    origin: str
    authorization: str | None

    def open_file(self, contest: Contest) -> Callable[[str], Path | None]:
        """Opens the dataset files of a tournament as they are now."""
        number = max(contest.rounds.first, contest.rounds.current_number(self.tournament.now()))
        stamp = str(contest.rounds.datestamp(number))
        return lambda name: self.datasets.path(stamp, name)

    @cached_property
    def session(self) -> Session:
        """Who is asking.

        Raises:
            Refused: `session-invalid`.
        """
        return self.tournament.session(self.authorization)


@lru_cache(maxsize=1 << 14)
def iso(moment: datetime | None) -> str | None:
    """`YYYY-MM-DDTHH:MM:SSZ`, the only form in which a moment leaves the server."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(amount: Decimal | None) -> str | None:
    """NMR as the API writes it: a text with 18 digits."""
    return None if amount is None else f"{amount:.18f}"
