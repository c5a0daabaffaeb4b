"""Changes a tournament over its API, in explicit phases: authorise, put, create. Nothing is ever sent twice here.

Only `create` changes a round. A failure before it has changed nothing; a doubt about it is `Ambiguous`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from eraforge.arenas.credentials import Credentials
from eraforge.arenas.wire import operations
from eraforge.arenas.wire.answers import Answer
from eraforge.arenas.wire.operations import UPLOADS, Upload
from eraforge.arenas.wire.transport import Patience, Transport
from eraforge.core.clock import Clock
from eraforge.core.errors import Ambiguous, DataError, Refused, Transient, UserError
from eraforge.core.ports import Authorisation, Claim, Ticket
from eraforge.core.words import Arena

ADDRESS_REFUSED = (401, 403, 410)


class NumeraiWriter:
    """`core.ports.Writer` over the tournament's API.

    Args:
        url: address of the API.
        keys: API keys with the scope to upload submissions.
        clock: needed only to read the server's wishes for a pause.
        patience: time limits of every call.
    """

    def __init__(
        self, url: str, keys: Credentials, clock: Clock | None = None, patience: Patience | None = None
    ) -> None:
        self._transport = Transport(url, keys, clock, patience)

    def __repr__(self) -> str:
        return f"NumeraiWriter({self._transport.host})"

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def authorise(self, arena: Arena, model_id: str, filename: str) -> Ticket:
        """Leave to upload one file, under the name the server gives it.

        Raises:
            Transient: no answer, nothing changed; Refused, UserError: the server said no.
        """
        upload = _upload(arena)
        variables = {"filename": filename, "tournament": arena.tournament, "modelId": model_id}
        data = self._transport.read_once("leave to upload", upload.leave_query, variables, authorised=True)
        leave = Answer("leave to upload", data, "data").part(upload.leave)
        return Ticket(leave.text("filename"), leave.text("url"))

    def put(self, ticket: Ticket, data: bytes) -> None:
        """Lay the file where the ticket says. The round does not change.

        Raises:
            DataError: `nothing-to-upload`; Transient: no answer, a server in trouble, or an address that is not taken
                any more; Refused: `upload-refused`.
        """
        if not data:
            raise DataError("nothing-to-upload", "The file to upload is empty.", "Predict first.")
        answer = self._transport.put("upload of the file", ticket.url, data)
        sent = answer.request.headers.get("content-length")
        if sent != str(len(data)):
            raise Transient("upload-cut", f"Of {len(data)} bytes {sent} were announced.", "Ask for leave again.")
        if answer.status_code in (408, 425, 429) or answer.status_code >= 500:
            raise Transient(
                "upload-failed",
                f"The file server answered {answer.status_code} to the upload; no submission was created.",
                "Ask for leave again and repeat it.",
            )
        if answer.status_code in ADDRESS_REFUSED:
            raise Transient(
                "upload-address-refused",
                f"The file server refused the upload with status {answer.status_code}; no submission was created.",
                "Ask for leave again: an address holds for minutes; if it goes on, check the key's scopes.",
            )
        if not 200 <= answer.status_code < 300:
            raise Refused(
                "upload-refused",
                f"The file server refused the upload with status {answer.status_code}; no submission was created.",
                "Ask for leave again; if it keeps happening, check the key's scopes.",
            )

    def create(self, arena: Arena, model_id: str, ticket: Ticket) -> str:
        """Make the uploaded file the model's submission, and return its identifier. This changes the round.

        Raises:
            Ambiguous: it may have happened; Refused, UserError: it did not, the server said no; Transient: it did not.
        """
        upload = _upload(arena)
        values = {"filename": ticket.filename, "tournament": arena.tournament, "modelId": model_id}
        variables = {name: values[name] for name in upload.create_variables}
        data = self._transport.write("creation of the submission", upload.create_query, variables)
        created = data.get(upload.create)
        identifier = created.get("id") if isinstance(created, dict) else None
        if not isinstance(identifier, str) or not identifier:
            raise Ambiguous(
                "answer-without-id",
                "creation of the submission: the answer names no submission; it may have happened.",
                "Read back before anything is sent again.",
            )
        return identifier

    def change_stake(self, arena: Arena, model_id: str, change: Decimal) -> None:
        """Increase (positive) or decrease (negative) a model's stake by that many NMR. This moves money.

        Raises:
            Ambiguous: it may have happened; Refused, UserError: it did not, the server said no; Transient: it did not.
        """
        variables = {
            "value": format(abs(change), "f"),
            "type": "increase" if change > 0 else "decrease",
            "tournamentNumber": arena.tournament,
            "modelId": model_id,
        }
        data = self._transport.write("change of the stake", operations.CHANGE_STAKE, variables)
        if not isinstance(data.get("v2ChangeStake"), dict):
            raise _no_answer("change of the stake")

    def authorise_stake(self, submission_id: str, staker: str, most: Decimal) -> Authorisation:
        """Leave to lock NMR on a selected submission of an open round. Nothing is moved by it.

        Args:
            staker: address of the wallet that will send the stake.
            most: the largest amount, in NMR.

        Raises:
            Transient: no answer, nothing changed; Refused, UserError: the server said no; DataError: another form.
        """
        variables = {"submissionId": submission_id, "staker": staker, "maxAmount": format(most, "f")}
        data = self._transport.read_once("leave to stake", operations.STAKE_LEAVE, variables, authorised=True)
        leave = Answer("leave to stake", data, "data").part("v3StakeAuth")
        fields = data["v3StakeAuth"]
        return Authorisation(
            leave.text("submissionId"),
            int(str(fields["roundId"])),
            leave.text("staker"),
            leave.decimal("maxAmount") or Decimal(0),
            str(fields["nonce"]),
            datetime.fromtimestamp(int(str(fields["deadline"])), UTC),
            fields,
        )

    def claims(self, arena: Arena, staker: str) -> list[Claim]:
        """Every claim of the staker in the arena that is still to be made; oldest round first. Nothing is moved by it.

        Raises:
            Transient, Refused, UserError, DataError: as every read; this one needs the scope `web3_staking`.
        """
        variables = {"staker": staker, "tournamentId": arena.tournament}
        data = self._transport.read("claims", operations.CLAIMS, variables, authorised=True)
        told = Answer("claims", data, "data").parts("v3StakeClaims")
        found = [_claim(one, fields) for one, fields in zip(told, data["v3StakeClaims"], strict=True)]
        return sorted(found, key=lambda one: (one.round, one.model_id))

    def claim(self, model_id: str, round: int, staker: str) -> Claim | None:
        """The claim of one model's position, made or not; None where the round has not resolved or held none.

        Raises:
            As `claims`.
        """
        variables = {"roundId": str(round), "modelId": model_id, "staker": staker}
        data = self._transport.read("claim", operations.CLAIM, variables, authorised=True)
        if data.get("v3StakeClaim") is None:
            return None
        return _claim(Answer("claim", data, "data").part("v3StakeClaim"), data["v3StakeClaim"])

    def set_webhook(self, model_id: str, address: str) -> None:
        """Have the tournament call this address for the model; "" takes an earlier one away.

        Raises:
            Ambiguous: it may have happened; Refused, UserError: it did not, the server said no; Transient: it did not.
        """
        variables = {"modelId": model_id, "newSubmissionWebhook": address or None}
        data = self._transport.write("change of the webhook", operations.SET_WEBHOOK, variables)
        if data.get("setSubmissionWebhook") != "true":
            raise _no_answer("change of the webhook")


def _claim(told: Answer, fields: dict[str, Any]) -> Claim:
    payout, burn = ((told.decimal(name) or Decimal(0)).scaleb(-18) for name in ("payoutAmountWei", "burnAmountWei"))
    return Claim(told.text("modelId"), int(told.decimal("roundId") or 0), payout, burn, fields)


def _no_answer(operation: str) -> Ambiguous:
    return Ambiguous(
        "answer-without-result",
        f"{operation}: the answer does not say what became of it; it may have happened.",
        "Read back before anything is sent again.",
    )


def _upload(arena: Arena) -> Upload:
    upload = UPLOADS.get(arena.tournament)
    if upload is None:
        raise UserError("no-upload", f"There is no way to submit to {arena.name}.", "Choose another arena.")
    return upload
