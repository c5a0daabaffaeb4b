"""The text format of Prometheus, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[tuple[str, str], ...]


@dataclass
class Family:
    """One metric: its name, type and meaning, and its samples.

    Args:
        name: without a suffix; of a summary the samples are named `_sum` and `_count`.
        kind: `gauge`, `counter` or `summary`.
        text: one line for people.
    """

    name: str
    kind: str
    text: str
    samples: list[tuple[str, Labels, float]] = field(default_factory=list)

    def add(self, value: float, suffix: str = "", **labels: str) -> Family:
        """One more sample; the family itself."""
        self.samples.append((self.name + suffix, tuple(labels.items()), value))
        return self

    def add_each(self, counts: Mapping[str, float], label: str) -> Family:
        """A sample for each value of one label, in order; the family itself."""
        for name in sorted(counts):
            self.add(counts[name], **{label: name})
        return self


def exposition(families: Iterable[Family]) -> str:
    """The page that Prometheus reads; families without samples are left out."""
    lines = []
    for family in families:
        if family.samples:
            lines.append(f"# HELP {family.name} {_escaped(family.text)}")
            lines.append(f"# TYPE {family.name} {family.kind}")
            lines += [f"{name}{_labels(labels)} {_number(value)}" for name, labels, value in family.samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    told = (f'{name}="{_escaped(value).replace(chr(34), chr(92) + chr(34))}"' for name, value in labels)
    return "{" + ",".join(told) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
