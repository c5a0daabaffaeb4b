"""Parts of an answer, taken strictly: a value of another form than expected is an error, never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from eraforge.arenas.wire.outcomes import missing_field


class Answer:
    """One object of an answer, with the operation's name for its errors.

    Args:
        operation: what was asked.
        value: the object.
        path: where in the answer it stands.

    Raises:
        DataError: `answer-incomplete`, from every method, naming the path.
    """

    def __init__(self, operation: str, value: Any, path: str) -> None:
        if not isinstance(value, Mapping):
            raise missing_field(operation, path)
        self.operation = operation
        self.path = path
        self._value = value

    def _raw(self, name: str) -> Any:
        if name not in self._value:
            raise missing_field(self.operation, f"{self.path}.{name}")
        return self._value[name]

    def _typed(self, name: str, kind: type | tuple[type, ...]) -> Any:
        value = self._raw(name)
        wrong_bool = isinstance(value, bool) and kind is not bool
        if not isinstance(value, kind) or wrong_bool:
            raise missing_field(self.operation, f"{self.path}.{name}")
        return value

    def text(self, name: str) -> str:
        """A text."""
        return str(self._typed(name, str))

    def optional(self, name: str) -> str:
        """A text, "" for null."""
        return "" if self._raw(name) is None else self.text(name)

    def integer(self, name: str) -> int:
        """A whole number."""
        return int(self._typed(name, int))

    def flag(self, name: str) -> bool:
        """True or false; null counts as false, as the API leaves flags unset."""
        return self._raw(name) is not None and bool(self._typed(name, bool))

    def number(self, name: str) -> float | None:
        """A finite number, or None for null."""
        if self._raw(name) is None:
            return None
        return float(self._typed(name, (int, float)))

    def decimal(self, name: str) -> Decimal | None:
        """A number or a numeric text as Decimal, or None for null."""
        value = self._raw(name)
        if value is None:
            return None
        try:
            number = Decimal(str(self._typed(name, (int, float, str))))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise missing_field(self.operation, f"{self.path}.{name}")
        return number

    def moment(self, name: str) -> datetime | None:
        """A moment with its zone, in UTC, or None for null."""
        if self._raw(name) is None:
            return None
        try:
            moment = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise missing_field(self.operation, f"{self.path}.{name}") from None
        if moment.tzinfo is None:
            raise missing_field(self.operation, f"{self.path}.{name} with a time zone")
        return moment.astimezone(UTC)

    def part(self, name: str) -> Answer:
        """An object inside this one."""
        return Answer(self.operation, self._raw(name), f"{self.path}.{name}")

    def parts(self, name: str, absent: bool = False) -> list[Answer]:
        """The objects of a list inside this one; with `absent`, null counts as an empty list."""
        if absent and self._raw(name) is None:
            return []
        items = self._typed(name, list)
        return [Answer(self.operation, item, f"{self.path}.{name}[{place}]") for place, item in enumerate(items)]

    def texts(self, name: str) -> list[str]:
        """A list of texts."""
        items = self._typed(name, list)
        if not all(isinstance(item, str) for item in items):
            raise missing_field(self.operation, f"{self.path}.{name}")
        return list(items)
