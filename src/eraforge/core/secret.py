"""Secret: a text that does not show itself."""

from __future__ import annotations

import hmac


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
