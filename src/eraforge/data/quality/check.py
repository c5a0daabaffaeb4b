"""All gates over one set of prices: a report that a person reads and a machine judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eraforge.core.bars import Bars
from eraforge.core.errors import DataError
from eraforge.data.finding import Severity
from eraforge.data.quality.fault import Fault, PriceLimits, View
from eraforge.data.quality.keys import key_faults
from eraforge.data.quality.levels import Jumps, find_jumps, level_faults
from eraforge.data.quality.presence import presence_faults
from eraforge.data.quality.repairs import Repair, repaired
from eraforge.data.quality.stillness import still_faults
from eraforge.data.quality.vendors import vendor_faults


@dataclass(frozen=True)
class PriceReport:
    """What the gates found.

    Args:
        name: of the prices.
        figures: counts by name.
        faults: what is wrong, refusals first.
        repairs: what the configured rules changed before the gates looked.
    """

    name: str
    figures: Mapping[str, int]
    faults: tuple[Fault, ...]
    repairs: tuple[Repair, ...] = ()

    @property
    def trustworthy(self) -> bool:
        """Whether nothing found forbids using the prices."""
        return not any(one.finding.severity is Severity.REFUSE for one in self.faults)

    def fault(self, code: str) -> Fault | None:
        """The fault of that code, where there is one."""
        return next((one for one in self.faults if one.finding.code == code), None)

    def refuse(self) -> None:
        """Stop whatever wants to use prices that must not be used.

        Raises:
            DataError: with code, sentence and next step of the first fault that forbids it.
        """
        for one in self.faults:
            if one.finding.severity is Severity.REFUSE:
                where = f", {one.examples[0]} among them" if one.examples else ""
                sentence = f"In the prices {self.name!r} {one.finding.sentence.removesuffix('.')}{where}."
                raise DataError(one.finding.code, sentence, one.finding.next_step)


def check_prices(
    name: str,
    view: View,
    rules: Sequence[str] = (),
    limits: PriceLimits | None = None,
    against: Mapping[str, Bars] | None = None,
) -> tuple[Bars, PriceReport]:
    """Apply the named repairs, then look at what remains.

    Args:
        against: other vendors' prices of the same symbols, by name.

    Returns:
        The repaired bars and the report; whoever uses the bars calls `report.refuse()` first.

    Raises:
        UserError: `unknown-repair`, `nothing-to-adjust-by`.
    """
    bounds = limits or PriceLimits()
    fixed, repairs = repaired(view, rules, bounds)
    jumps = find_jumps(fixed.bars, bounds)
    faults = sorted(
        _faults(fixed, bounds, jumps, against or {}), key=lambda one: one.finding.severity is not Severity.REFUSE
    )
    return fixed.bars, PriceReport(name, _figures(fixed, jumps), tuple(faults), repairs)


def _faults(view: View, limits: PriceLimits, jumps: Jumps, against: Mapping[str, Bars]) -> Iterator[Fault]:
    with np.errstate(invalid="ignore"):
        yield from key_faults(view)
        yield from level_faults(view, limits, jumps)
        yield from presence_faults(view, limits)
        yield from still_faults(view, limits)
        for name, theirs in against.items():
            yield from vendor_faults(view.bars, theirs, name, limits)


def _figures(view: View, jumps: Jumps) -> dict[str, int]:
    return {
        "symbols": len(view.bars.symbols),
        "moments": int(view.bars.times.size),
        "bars": int(view.known.sum()),
        "jumps": jumps.count,
        "symbols that jump": jumps.symbols,
        "symbols that jump, zeros counted as prices": jumps.with_zero,
    }
