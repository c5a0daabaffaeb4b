"""The seven errors, told apart by what must happen next.

    EraforgeError
    ├── UserError    fix the request                        exit 2   HTTP 400
    ├── DataError    stop this entry, keep the others       exit 3   HTTP 422
    ├── Transient    nothing happened, try again            exit 4   HTTP 503
    ├── Ambiguous    it may have happened: read back        exit 5   HTTP 409
    ├── Refused      the other side said no, finally        exit 6   HTTP 403
    ├── Held         a person must decide                   exit 7   HTTP 423
    └── Broken       our own invariant failed: stop         exit 70  HTTP 500

Every instance has a stable `code` (kebab-case, unique to one situation), one sentence, and the next step.
"""

from __future__ import annotations

from typing import ClassVar


class EraforgeError(Exception):
    """Base of all errors that eraforge raises on purpose.

    Args:
        code: stable kebab-case name of the situation, for machines and the documentation.
        sentence: one clear sentence that names the thing that is wrong.
        next_step: what the reader should do now.
    """

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, code: str, sentence: str, next_step: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.next_step = next_step

    def __reduce__(self) -> tuple[type[EraforgeError], tuple[str, str, str]]:
        return type(self), (self.code, self.sentence, self.next_step)

    def as_dict(self) -> dict[str, str | int]:
        """The same facts for machines: kind, code, sentence, next_step, exit_code."""
        return {
            "kind": type(self).__name__,
            "code": self.code,
            "sentence": self.sentence,
            "next_step": self.next_step,
            "exit_code": self.exit_code,
        }


class UserError(EraforgeError):
    """The request is wrong; fix it."""

    exit_code = 2
    http_status = 400


class DataError(EraforgeError):
    """The data are wrong; this entry stops, the others go on."""

    exit_code = 3
    http_status = 422


class Transient(EraforgeError):
    """Nothing happened; the same call may be tried again."""

    exit_code = 4
    http_status = 503


class Ambiguous(EraforgeError):
    """Something may have happened; read back, never resend blindly."""

    exit_code = 5
    http_status = 409


class Refused(EraforgeError):
    """The other side said no, and will say no again."""

    exit_code = 6
    http_status = 403


class Held(EraforgeError):
    """Only a person can decide how this goes on."""

    exit_code = 7
    http_status = 423


class Broken(EraforgeError):
    """Our own invariant failed; stop and report it."""

    exit_code = 70
    http_status = 500


SEVEN: tuple[type[EraforgeError], ...] = (UserError, DataError, Transient, Ambiguous, Refused, Held, Broken)
