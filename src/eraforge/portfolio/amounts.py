"""NMR amounts: exact decimals inside, text at the doors.

One NMR has 18 decimal places; the smallest amount is one wei. Settled payouts of the real tournament are rounded to
the nearest wei (seen on stakes of a few thousand wei), so ours are too.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from eraforge.core.errors import UserError

WEI = Decimal(1).scaleb(-18)
ZERO = Decimal(0)
EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)


def amount(value: str | int | Decimal) -> Decimal:
    """An exact figure from text ("5.746875150000000000", "0E-18"), a whole number or a Decimal.

    Raises:
        UserError: `amount-not-exact` for a float, `amount-unreadable` for text that is no finite number.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise UserError(
            "amount-not-exact",
            f"The amount {value!r} is a {type(value).__name__}, which cannot hold NMR exactly.",
            "Give it as text or as a Decimal.",
        )
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise UserError("amount-unreadable", f"{value!r} is no amount.", 'Write it like "12.5".')
    return number


def nmr(value: str | int | Decimal) -> Decimal:
    """An amount of NMR, rounded to the nearest wei.

    Raises:
        UserError: as `amount`.
    """
    return amount(value).quantize(WEI, context=EXACT)


def stake_amount(value: str | int | Decimal) -> Decimal:
    """An amount of NMR that cannot be negative.

    Raises:
        UserError: as `amount`; `amount-negative`.
    """
    found = nmr(value)
    if found < 0:
        raise UserError("amount-negative", f"{value} NMR is less than nothing.", "Give zero or more.")
    return abs(found)


def text(value: Decimal) -> str:
    """The canonical text of an NMR amount: 18 decimal places, no exponent, no negative zero."""
    rounded = nmr(value)
    return format(rounded if rounded else abs(rounded), "f")
