"""What a caller asked, told apart as the log and the faults tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The kinds of request that belong to a tournament; pages and control calls are none of them."""

    QUERY = "query"
    MUTATION = "mutation"
    UPLOAD = "upload"
    FILE = "file"
    SUBMISSION = "submission"
    STORED = "stored"
    PRICES = "prices"


GRAPHQL = frozenset({Kind.QUERY, Kind.MUTATION})
DOWNLOADS = frozenset({Kind.FILE, Kind.SUBMISSION, Kind.STORED, Kind.PRICES})


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Args:
        kind: of request.
        operations: root fields of a GraphQL request; for the others the kind alone.
        path: of the request; `/` for GraphQL.
        query: the part of the address after the question mark.
        model: identifier of the model it speaks of, where it names one.
        filename: of the file it speaks of, where it names one.
        authorization: the caller's header.
        username: whose key that is; empty for none.
        range, if_range: the caller's `Range` and `If-Range` headers.
        origin: scheme and host under which the caller reached the server.
        body: of a GraphQL request, as read.
        data: of an upload.
        head: whether only the headers of the answer are wanted.
        fields: the fields a GraphQL request selects, each as (type, field).
        stale: answer from a cache that lags behind: set by a fault.
    """

    kind: Kind
    operations: tuple[str, ...]
    path: str = "/"
    query: str = ""
    model: str = ""
    filename: str = ""
    authorization: str | None = None
    username: str = ""
    range: str | None = None
    if_range: str | None = None
    origin: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    data: bytes = b""
    head: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    stale: bool = False

    @property
    def operation(self) -> str:
        """Its name in the log."""
        return "+".join(self.operations)
