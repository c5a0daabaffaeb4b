"""Channels: the ways to a person. Each takes its settings as arguments and knows one method, `notify`."""

from __future__ import annotations

import json
import shutil
import smtplib
import subprocess
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx

from eraforge.core.errors import Transient, UserError
from eraforge.core.ports import Notice
from eraforge.core.secret import Secret
from eraforge.data.trust import trusted

CALL_SECONDS = 10.0


def text_of(notice: Notice) -> str:
    """The notice in two lines at most: what happened to what, and what to do."""
    step = f"\n→ {notice.next_step}" if notice.next_step else ""
    return f"[{notice.severity}] {notice.subject}: {notice.sentence}{step}"


def facts_of(notice: Notice) -> dict[str, str]:
    """The notice as plain facts."""
    return {
        "code": notice.code,
        "severity": notice.severity,
        "subject": notice.subject,
        "sentence": notice.sentence,
        "next_step": notice.next_step,
        "at": notice.at.isoformat(),
    }


class LogFile:
    """One JSON line per notice at the end of a file.

    Args:
        path: the file.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def notify(self, notice: Notice) -> None:
        """Append it."""
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(facts_of(notice), ensure_ascii=False) + "\n")
        except OSError as error:
            reason = error.strerror or str(error)
            raise Transient("log-not-written", f"{self._path} cannot be written: {reason}.", "Check it.") from error


class Desktop:
    """A message on the screen of the machine it runs on.

    Args:
        program: what shows it; called with a title and a text.
    """

    def __init__(self, program: str = "notify-send") -> None:
        self._program = program

    def notify(self, notice: Notice) -> None:
        """Show it.

        Raises:
            UserError: `no-desktop`; Transient: `desktop-silent`.
        """
        found = shutil.which(self._program)
        if found is None:
            raise UserError("no-desktop", f"There is no {self._program} on this machine.", "Choose another channel.")
        try:
            run = subprocess.run(
                [found, f"eraforge: {notice.code}", text_of(notice)], capture_output=True, timeout=CALL_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Transient("desktop-silent", f"{self._program} did not run.", "Check the desktop.") from error
        if run.returncode:
            raise Transient("desktop-silent", f"{self._program} ended with {run.returncode}.", "Check the desktop.")


class Mail:
    """A mail over SMTP.

    Args:
        host, port: the mail server.
        sender, recipient: addresses.
        user, password: where the server asks for them; TLS is then required.
        starttls: whether the connection is encrypted before anything is said.
    """

    def __init__(
        self,
        host: str,
        sender: str,
        recipient: str,
        port: int = 587,
        user: str = "",
        password: Secret | None = None,
        starttls: bool = True,
    ) -> None:
        if password is not None and not starttls:
            raise UserError("mail-in-the-clear", "A password is never sent without TLS.", "Set starttls = true.")
        self._server, self._addresses = (host, port), (sender, recipient)
        self._user, self._password, self._starttls = user, password, starttls

    def notify(self, notice: Notice) -> None:
        """Send it.

        Raises:
            Transient: `mail-not-sent`.
        """
        message = EmailMessage()
        message["Subject"] = f"eraforge {notice.severity}: {notice.code} ({notice.subject})"
        message["From"], message["To"] = self._addresses
        message.set_content(text_of(notice) + f"\n\n{notice.at:%Y-%m-%d %H:%M:%S} UTC\n")
        try:
            with smtplib.SMTP(*self._server, timeout=CALL_SECONDS) as server:
                if self._starttls:
                    from ssl import create_default_context

                    server.starttls(context=create_default_context())
                if self._password is not None:
                    server.login(self._user, self._password.reveal())
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            kind = type(error).__name__
            raise Transient("mail-not-sent", f"The mail server did not take it ({kind}).", "Check it.") from error


class Chat:
    """A line in a chat, by the webhook that the chat gives out.

    Args:
        address: the webhook; whoever has it may write there, so it stands in a variable.
        field: name of the text in what is posted ("text" for Slack, Mattermost and Teams, "content" for Discord).
    """

    def __init__(self, address: Secret, field: str = "text") -> None:
        self._address, self._field = address, field

    def notify(self, notice: Notice) -> None:
        """Post it."""
        post(self._address, {self._field: text_of(notice)})


class Webhook:
    """All facts of a notice as JSON, posted to an address.

    Args:
        address: where to; in a variable, since addresses of this kind often hold a secret.
    """

    def __init__(self, address: Secret) -> None:
        self._address = address

    def notify(self, notice: Notice) -> None:
        """Post it."""
        post(self._address, facts_of(notice))


def post(address: Secret, body: dict[str, Any]) -> None:
    """Post JSON once. The address never stands in an error.

    Raises:
        Transient: `webhook-not-reached`; UserError: `webhook-refused`.
    """
    try:
        answer = httpx.post(address.reveal(), json=body, timeout=CALL_SECONDS, verify=trusted())
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        kind = type(error).__name__
        raise Transient("webhook-not-reached", f"The webhook was not reached ({kind}).", "Check it.") from None
    if answer.status_code >= 500 or answer.status_code in (408, 425, 429):
        raise Transient("webhook-not-reached", f"The webhook answered {answer.status_code}.", "It is tried again.")
    if not answer.is_success:
        raise UserError("webhook-refused", f"The webhook answered {answer.status_code}.", "Check its address.")
