"""From a request to its answer: the fault it meets, what is done, the line in the log. Values in, a value out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from eraforge.core.errors import EraforgeError
from eraforge.simulator.exchange.calls import GRAPHQL, Call, Kind
from eraforge.simulator.exchange.replies import Reply, text
from eraforge.simulator.exchange.request_log import RequestLog
from eraforge.simulator.faults.board import FaultBoard
from eraforge.simulator.faults.plan import Plan
from eraforge.simulator.server.context import Context, iso
from eraforge.simulator.server.files import DatasetFiles, entity_tag, part_of
from eraforge.simulator.server.links import Links
from eraforge.simulator.server.prices import PRICES, PriceFiles
from eraforge.simulator.server.webhooks import Automation
from eraforge.simulator.tournament.engine import Tournament

FILES, UPLOADS, SUBMISSIONS, STORED = "/files/", "/s3/", "/submissions/", "/uploads/"
MADE = frozenset({Kind.FILE, Kind.PRICES})
RECEIVED = re.compile(rb'"(insertedAt|inserted_at|timestamp)": ?"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"')


@dataclass(frozen=True, slots=True)
class Site:
    """What the requests are answered from."""

    tournament: Tournament
    links: Links
    datasets: DatasetFiles
    prices: PriceFiles
    board: FaultBoard
    log: RequestLog
    automation: Automation

    def close(self) -> None:
        """Let the state folder go."""
        self.log.close()
        self.tournament.close()

    def disturb(self, plan: Plan) -> None:
        """Put a fault plan in force for every request from now on."""
        with self.tournament.lock:
            self.board.set(plan, self.log.count)

    def run(self, speed: float | None) -> None:
        """Let the clock run at that many virtual seconds a real second; None stands still.

        Raises:
            UserError: `speed-is-not-positive`.
        """
        with self.tournament.lock:
            self.tournament.clock.run(speed)
        if speed is not None:
            self.automation.watch()

    def answer(self, call: Call) -> Reply:
        """Answer one request of the tournament, unless a fault has it otherwise, and write it down.

        Requests are taken up one after the other, so that the same requests in the same order have the same answers.
        """
        tournament = self.tournament
        if call.kind in MADE and self._problem(call) is None:
            self._path_of(call)  # made before it is anybody's turn: a large file takes minutes
        with tournament.lock:
            self.log.count += 1
            self.board.pass_time(tournament.now())
            number, changes = self.log.count, len(tournament.journal.lines)
            strike = self.board.strike(call, number)
            met = call if strike.fault is None else strike.fault.before(call, strike.draw)
            reply = met if isinstance(met, Reply) else self._do(met)
            made = tournament.journal.lines[changes:]
            if strike.fault is not None and not isinstance(met, Reply):
                strike.fault.touch(self.board.ground, made)
                reply = strike.fault.after(met, reply)
            name = None if strike.fault is None else strike.fault.name
            moments = tournament.now(), tournament.real.now()
            self.log.write(
                number, call, reply, name, strike.matched, *moments, changes, len(tournament.journal.lines) - changes
            )
        return _skewed(reply)

    def _do(self, call: Call) -> Reply:
        if call.kind in GRAPHQL:
            return self._graphql(call)
        problem = self._problem(call)
        if problem is not None:
            return text(403, problem)
        if call.kind is Kind.UPLOAD:
            return self._store(call)
        return self._file(call, self._path_of(call))

    def _problem(self, call: Call) -> str | None:
        """Why the link may not be used; prices need none."""
        if call.kind is Kind.PRICES:
            return None
        return self.links.problem("PUT" if call.kind is Kind.UPLOAD else "GET", call.path, call.query)

    def _graphql(self, call: Call) -> Reply:
        from eraforge.simulator.server.schema import answer

        obstacle = self.board.obstacle(call)
        if obstacle is not None:
            return obstacle
        self.board.hide()
        context = Context(self.tournament, self.links, self.datasets, call.origin, call.authorization)
        reply = answer(call.body, context)
        self.board.seen()
        return reply

    def _store(self, call: Call) -> Reply:
        try:
            digest = self.tournament.store_object(call.filename, call.data)
        except EraforgeError as error:
            return text(error.http_status, error.sentence)
        return Reply(200, headers={"ETag": f'"{digest[:32]}"'})

    def _path_of(self, call: Call) -> Path | None:
        if call.kind is Kind.FILE:
            _, _, stamp, filename = call.path.split("/", 3) if call.path.count("/") >= 3 else ("", "", "", "")
            return self.datasets.path(stamp, filename, stale=call.stale)
        if call.kind is Kind.PRICES:
            return self.prices.path(call.filename, self.tournament.now())
        if call.kind is Kind.STORED:
            upload = self.tournament.records.uploads.get(call.filename)
            digest = None if upload is None else upload.digest
        else:
            found = self.tournament.submission(call.path.split("/")[2])
            digest = None if found is None else found.digest
        return None if digest is None else self.tournament.objects.path(digest)

    def _file(self, call: Call, path: Path | None) -> Reply:
        if path is None:
            return text(404, "NoSuchKey")
        tag = entity_tag(path, self.log.path.parent)
        part = part_of(path.stat().st_size, call.range if call.if_range in (None, tag) else None)
        headers = {"ETag": tag, **part.headers()}
        return Reply(
            part.status, b"", "application/octet-stream", headers, file=path, first=part.first, length=part.length
        )


def call_of_file(path: str, query: str, headers: Mapping[str, str], head: bool) -> Call | None:
    """The request for a file: of a dataset, a submission, an upload as stored, or prices; None for any other path."""
    if path.startswith(FILES):
        kind, operation, filename = Kind.FILE, "file", path.split("/", 3)[3] if path.count("/") >= 3 else ""
    elif path.startswith(SUBMISSIONS):
        kind, operation, filename = Kind.SUBMISSION, "submission-file", path.rpartition("/")[2]
    elif path.startswith(STORED):
        kind, operation, filename = Kind.STORED, "stored-file", path.removeprefix(STORED)
    elif path.startswith(PRICES):
        kind, operation, filename = Kind.PRICES, "price-file", path.removeprefix(PRICES)
    else:
        return None
    part, tag = headers.get("Range"), headers.get("If-Range")
    return Call(kind, (operation,), path, query, filename=filename, range=part, if_range=tag, head=head)


def call_of_upload(path: str, query: str, data: bytes) -> Call:
    """The request that stores an upload."""
    return Call(Kind.UPLOAD, ("upload",), path, query, filename=path.removeprefix(UPLOADS), data=data)


def call_of_query(site: Site, body: Mapping[str, Any], origin: str, authorization: str | None) -> Call:
    """The GraphQL request of that body."""
    from eraforge.simulator.server.schema import parsed

    found = parsed(body.get("query"))
    variables = body.get("variables")
    values = variables if isinstance(variables, dict) else {}
    given = {**found.arguments, **{argument: values.get(name) for argument, name in found.bound.items()}}
    token = site.tournament.records.tokens.get((authorization or "").removeprefix("Token ").partition("$")[0])
    return Call(
        Kind.MUTATION if found.mutation else Kind.QUERY,
        found.roots or ("?",),
        model=_text(given.get("modelId") or given.get("modelName")),
        filename=_text(given.get("filename")),
        authorization=authorization,
        username="" if token is None else token.username,
        origin=origin,
        body=body,
        fields=found.fields,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _skewed(reply: Reply) -> Reply:
    """The answer of a server whose clock is off: what it says it received is told by that clock."""
    if not reply.skew or not reply.body:
        return reply

    def shift(found: re.Match[bytes]) -> bytes:
        told = iso(datetime.fromisoformat(found[2].decode()) + reply.skew) or ""
        return b'"%b":"%b"' % (found[1], told.encode())

    return replace(reply, body=RECEIVED.sub(shift, reply.body))
