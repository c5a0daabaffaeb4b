"""Secret: a text that does not show itself; and the second wall, that takes guarded secrets out of any text."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64encode, urlsafe_b64encode
from threading import Lock
from urllib.parse import quote, quote_plus

SHORTEST_GUARDED = 8  # a shorter text stands in innocent words too


class Secret:
    """Holds a secret text; `reveal()` is the only way to it: no log line, repr or pickle ever carries it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself. Call it where the header is built, nowhere else."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(_bytes(self._text), _bytes(other._text))

    def __hash__(self) -> int:
        return hash(Secret)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is never pickled")


def _bytes(text: str) -> bytes:
    """Any text, even what a variable with bytes that are no UTF-8 gives: an encoding error would carry the text."""
    return text.encode("utf-8", "surrogatepass")


class _Guarded:
    """What this process takes out of its own words: every shape of every secret it was told to guard."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._shapes: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, text: str) -> None:
        with self._lock:
            if text not in self._shapes:
                self._shapes |= shapes(text)
                longest_first = sorted(self._shapes, key=len, reverse=True)
                self._pattern = re.compile("|".join(re.escape(shape) for shape in longest_first))

    def clean(self, text: str) -> str:
        pattern = self._pattern
        return text if pattern is None else pattern.sub("…", text)


_GUARDED = _Guarded()


def guard(secret: Secret) -> Secret:
    """The secret itself; from now on `redact` takes it out of every text. Shorter than 8 signs it is left alone."""
    if len(secret.reveal()) >= SHORTEST_GUARDED:
        _GUARDED.add(secret.reveal())
    return secret


def redact(text: str) -> str:
    """`text` without any shape of a guarded secret: the wall behind the one that never writes a secret at all."""
    return _GUARDED.clean(text)


def shapes(text: str) -> frozenset[str]:
    """How a text may stand in another: as it is, as a URL, JSON, hexadecimal or base64 (RFC 4648) would carry it.

    Within base64 a text looks different at each of three alignments; signs that it shares with others are left out.
    """
    data = _bytes(text)
    found = {text, quote(data, safe=""), quote_plus(data), data.hex(), data.hex().upper()}
    found |= {json.dumps(text, ensure_ascii=ascii)[1:-1] for ascii in (True, False)}
    for before, shared in ((0, 0), (1, 2), (2, 3)):
        padded = b"\0" * before + data
        cut = (0, 3, 2)[len(padded) % 3]
        for encode in (b64encode, urlsafe_b64encode):
            whole = encode(padded).decode()
            found.add(whole[shared : len(whole) - cut])
    return frozenset(shape for shape in found if shape and len(shape) >= len(text))
