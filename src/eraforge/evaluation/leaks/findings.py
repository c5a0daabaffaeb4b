"""What the laboratory found: a sentence and its evidence per leak, a result per probe, a report per subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eraforge.core.errors import DataError

TOO_SHORT = "too-few-eras"
"""How the codes of errors begin that a longer history mends."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One leak, and where it shows.

    Args:
        probe: which probe saw it.
        sentence: what happened, in words.
        cut: the moment after which only the future was changed, or "".
        column: the column that gave it away, or "".
        moment, row: whose value changed, or "".
        gap: relative size of the change, or the score where none may be; None where there is no size.
    """

    probe: str
    sentence: str
    cut: str = ""
    column: str = ""
    moment: str = ""
    row: str = ""
    gap: float | None = None


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """How one probe ended.

    Args:
        probe: its name.
        sentence: what was done and seen.
        looked: how many values, folds or scores were compared; a probe that could compare none has not passed.
        findings: what it found, the plainest first.
        code: of the error with which the subject refused an untouched history, or "".
    """

    probe: str
    sentence: str
    looked: int
    findings: tuple[Finding, ...] = ()
    code: str = ""

    @property
    def passed(self) -> bool:
        """Whether it looked at something and found nothing."""
        return self.looked > 0 and not self.findings

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "probe": self.probe,
            "passed": self.passed,
            "looked": self.looked,
            "sentence": self.sentence,
            "code": self.code,
            "findings": [asdict(finding) for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class LeakReport:
    """All probes of one subject.

    Args:
        subject: its name.
        kind: feature, label, transform, decision, pipeline, model, splitter or entry.
        depth: how much was tried: quick, thorough, or off (then nothing was, and the report says so).
        seed: of everything drawn at random.
        history: in words, what it was tried on; made-up data is named as such.
        probes: how each ended, in order.
    """

    subject: str
    kind: str
    depth: str
    seed: int
    history: str
    probes: tuple[ProbeResult, ...]

    @property
    def passed(self) -> bool:
        """Whether every probe passed."""
        return all(probe.passed for probe in self.probes)

    @property
    def too_short(self) -> bool:
        """Whether the history had too few eras for the subject to learn anything, which says nothing of it."""
        return any(probe.code.startswith(TOO_SHORT) for probe in self.probes)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the probes."""
        return tuple(finding for probe in self.probes for finding in probe.findings)

    @property
    def sentence(self) -> str:
        """The whole report in one sentence."""
        if not self.probes:
            return f"No probe was run on {self.subject}: leak probes are {self.depth}."
        failed = [probe for probe in self.probes if not probe.passed]
        if failed:
            return failed[0].findings[0].sentence if failed[0].findings else failed[0].sentence
        return f"{self.subject} passed {len(self.probes)} probes: {', '.join(one.probe for one in self.probes)}."

    def refuse(self) -> None:
        """Stop what would use the subject.

        Raises:
            DataError: `leak-found`, or `leak-not-examined` when a probe had nothing to compare.
        """
        if self.passed:
            return
        if self.findings:
            raise DataError(
                "leak-found",
                f"{self.subject} looks ahead: {self.sentence}",
                "Let it use only what was known at its moment; docs/leaks.md tells what each probe means.",
            )
        raise DataError(
            "leak-not-examined",
            f"{self.subject} could not be examined for leaks: {self.sentence}",
            "Give it a longer history or a shorter lookback.",
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "subject": self.subject,
            "kind": self.kind,
            "depth": self.depth,
            "seed": self.seed,
            "history": self.history,
            "passed": self.passed,
            "sentence": self.sentence,
            "probes": [probe.as_dict() for probe in self.probes],
        }


def share_of(reports: Sequence[LeakReport]) -> Mapping[str, int]:
    """How many reports passed, and how many there are."""
    return {"passed": sum(report.passed for report in reports), "examined": len(reports)}
