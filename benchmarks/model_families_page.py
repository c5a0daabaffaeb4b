"""The page of the model benchmark, from what was measured: printed as it came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eraforge.core.panel import Sample
from eraforge.evaluation.comparison import Comparison, compare
from eraforge.evaluation.uncertainty import WEEKLY_60, mean_interval

LEVEL = 0.9
TUTORIAL = "tutorial"
CUDA = " on cuda"
ELSEWHERE = (
    "the sequence models (`lstm`, `gru`, `tcn`, `transformer`, `nhits`, `tft`, `patchtst`), which read windows of "
    "prices that these data do not have; `flaml`, whose budget is its own; `columns` and `multi_target`, which are "
    "their inner model on one feature set and one target."
)
Found = Mapping[str, Any]
Family = tuple[str, dict[str, Any]]


def page(
    known: Mapping[str, Found], families: Mapping[str, Family], ensembles: Sequence[str], sample: Mapping[str, Any]
) -> str:
    """The whole page as Markdown.

    Args:
        known: per family what was measured, the tutorial configuration among them.
        families: per family its learner and the settings that differ from the learner's defaults.
        ensembles: which of the families are ensembles.
        sample: what of the made-up world was used, and how it was cut.
    """
    yardstick = _series(known[TUTORIAL], "CORR")
    against = {
        name: compare(_series(found, "CORR"), yardstick, WEEKLY_60, Sample.VALIDATION, level=LEVEL)
        for name, found in known.items()
        if name != TUTORIAL
    }
    order = sorted(known, key=lambda name: -np.mean(list(_series(known[name], "CORR").values())))
    lines = [*_head(known, sample), "", *_table(known, order, against, ensembles), "", "## What it says", ""]
    for what, names in (
        ("single model", [name for name in order if name in against and name not in ensembles]),
        ("ensemble", [name for name in order if name in against and name in ensembles]),
    ):
        if names:
            told = against[names[0]].sentence
            lines.append(f"- Best {what} of {len(names)}, against `tutorial`: `{names[0]}`, {told}.")
    clear = [name for name in order if name in against and against[name].difference.low > 0]
    told = ", ".join(f"`{name}`" for name in clear) or "none"
    lines.append(f"- Better than `tutorial` with an interval that leaves out zero: {told}.")
    lines.append("- The best was chosen on the eras it is shown on, so its own figure flatters it a little.")
    missing = [name for name in families if name not in known]
    for why, names in (
        ("for want of processor time", [name for name in missing if not name.endswith(CUDA)]),
        ("for want of a CUDA device (`--cuda`)", [name for name in missing if name.endswith(CUDA)]),
    ):
        if names:
            lines.append(f"- Not measured on this sample, {why}: {', '.join(f'`{name}`' for name in names)}.")
    lines.append(f"- Not in this table: {ELSEWHERE}")
    return "\n".join([*lines, "", *_settings(families, known)]) + "\n"


def _series(found: Found, score: str) -> dict[str, float]:
    return {era: value for era, value in found["scores"][score].items() if value is not None}


def _head(known: Mapping[str, Found], sample: Mapping[str, Any]) -> list[str]:
    eras = f"the last {sample['eras']} labelled eras" if sample["eras"] else "all labelled eras"
    rows = f"the first {sample['rows']} rows of each" if sample["rows"] else "all rows"
    machines = ", ".join(sorted({found["machine"] for found in known.values()}))
    scored, mmc = (len(_series(known[TUTORIAL], score)) for score in ("CORR", "MMC"))
    options = "".join(f" --{name} {sample[name]}" for name in ("eras", "rows") if sample[name])
    return f"""# Model families side by side

Every family on the same data, the same splits and one budget, beside the LightGBM configuration of the
tournament's tutorial. Made by one command, which keeps what it found (`benchmarks/model_families.json`) and can be run
in pieces; delete a family there to have it measured again:

```
python benchmarks/model_families.py FOLDER{options} --folds {sample["folds"]}
```

- **Data**: made up. The local tournament's `small` Classic world, seed {sample["seed"]}, written to files and read as
  the tournament's: {eras}, {rows}, feature set `all`, main target (60 weekdays). Orders
  of merit on made-up data say little about real ones; run it on your own before you believe it.
- **Splits**: purged walk-forward, {sample["folds"]} folds. Every figure is out of fold (sample: validation): CORR on
  {scored} eras, MMC on the {mmc} of them that the meta model covers.
- **Intervals** ({LEVEL:.0%}) know that the labels of neighbouring eras overlap ([uncertainty](uncertainty.md)).
- **Budget**: each learner's default settings (where not, told below), no search. Seconds are the processor's, of all
  threads, for all folds; memory is the peak of a process that did nothing else.{_together(known)}
- **Measured** on {machines}, shared with other work: {_commits(known)}.""".splitlines()


def _together(known: Mapping[str, Found]) -> str:
    """Which families came out of one process, and what their seconds and memory then are."""
    names = [f"`{name}`" for name, found in known.items() if found.get("together")]
    if not names:
        return ""
    return f""" Of
  {", ".join(names)} the members were trained once in
  one process: seconds are what each would have taken alone, memory is the peak of that process."""


def _commits(known: Mapping[str, Found]) -> str:
    """At which commit and on which day each family was measured; the commit of most of them comes first, nameless."""
    by_commit: dict[tuple[str, str], list[str]] = {}
    for name, found in known.items():
        by_commit.setdefault((found["commit"], found["at"]), []).append(name)
    (first, *others) = sorted(by_commit, key=lambda one: -len(by_commit[one]))
    told = [f"at commit {first[0]} on {first[1]}"]
    for commit, day in others:
        told.append(f"{', '.join(f'`{name}`' for name in by_commit[commit, day])} at {commit} on {day}")
    return ";\n  ".join(told)


def _table(
    known: Mapping[str, Found], order: Sequence[str], against: Mapping[str, Comparison], ensembles: Sequence[str]
) -> list[str]:
    lines = [
        "| family | CORR | interval | Sharpe | MMC | CORR less tutorial's | interval | seconds | memory, GB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in order:
        found = known[name]
        corr = np.array(list(_series(found, "CORR").values()))
        whole = mean_interval(corr, WEEKLY_60, Sample.VALIDATION, LEVEL)
        mmc = list(_series(found, "MMC").values())
        told = f"{name} (ensemble)" if name in ensembles else name
        difference = ["", ""]
        if name in against:
            one = against[name].difference
            difference = [f"{one.mean:+.4f}", f"{one.low:+.4f}..{one.high:+.4f}"]
            difference = [f"**{cell}**" for cell in difference] if one.excludes_zero else difference
        cells = [
            told,
            f"{whole.mean:.4f}",
            f"{whole.low:.4f}..{whole.high:.4f}",
            f"{corr.mean() / corr.std(ddof=1):.2f}",
            f"{np.mean(mmc):.4f}" if mmc else "–",
            *difference,
            f"{found['processor_seconds']:.0f}",
            f"{found['peak_memory_bytes'] / 1e9:.2f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _settings(families: Mapping[str, Family], known: Mapping[str, Found]) -> list[str]:
    lines = ["## Settings that differ from the defaults", ""]
    for name in known:
        learner, settings = families[name]
        members = settings.get("members")
        if members is not None:
            told = ", ".join(f"{part} = `{one['learner']}`{_changed(one)}" for part, one in members.items())
            lines.append(f"- `{name}`: members {told}")
        elif settings:
            told = ", ".join(f"`{key} = {value}`" for key, value in settings.items())
            lines.append(f"- `{name}`: learner `{learner}`, {told}")
    return lines


def _changed(member: Mapping[str, Any]) -> str:
    told = ", ".join(f"`{key} = {value}`" for key, value in member.get("settings", {}).items())
    return f" ({told})" if told else ""
