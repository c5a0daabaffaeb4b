"""Default Crypto and Signals entries on real prices, walk-forward, beside baselines and the null; as measured.

    python benchmarks/real_prices.py DATA --write docs/real_prices.md

DATA holds the folders `crypto_daily` and `us_equities_daily`. One plot per market is written beside the document.
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from time import process_time

import numpy as np
from line_chart import line_chart
from price_entries import (
    BASELINES,
    DEFAULT,
    MARKETS,
    Market,
    Measured,
    Prices,
    entries,
    examine_rows,
    measure,
    part_of,
    probe,
    read_prices,
    rows_of,
)

from eraforge import __version__
from eraforge.core.clock import monotonic
from eraforge.core.panel import Sample
from eraforge.evaluation.comparison import compare
from eraforge.evaluation.leaks.findings import LeakReport
from eraforge.evaluation.uncertainty import SHORTEST, Overlap, mean_interval

PAGE = Path(__file__).with_name("real_prices_page.md")
LEVEL = 0.95
DEALINGS = 3
APART = Overlap(1, 1)
"""Labels dealt anew in each era share nothing, so that eras of the null are independent."""


@dataclass(frozen=True)
class Told:
    """Everything the page says of one market."""

    measured: Measured
    prices: Prices
    features: int
    eras: tuple[str, str]
    whole: LeakReport
    entry: LeakReport
    seconds: float


def tell(market: Market, data: Path) -> Told:
    """Read, measure and probe one market."""
    begun = monotonic()
    with tempfile.TemporaryDirectory() as folder:
        prices = read_prices(market, data, Path(folder))
    whole = probe(prices.bars, market, entries()[DEFAULT])
    rows = rows_of(prices.bars, market, prices.priced)
    entry = examine_rows(rows, market, entries()[DEFAULT])
    measured = measure(rows, market, entries(), market.block, DEALINGS)
    eras = rows.panel.eras
    spent = monotonic() - begun
    return Told(measured, prices, len(rows.panel.features), (eras[0], eras[-1]), whole, entry, spent)


def interval_text(scores: Mapping[str, float] | Sequence[float], overlap: Overlap) -> str:
    """The mean and its interval; the mean alone where there are too few eras for one."""
    values = np.array(list(scores.values() if isinstance(scores, Mapping) else scores))
    if values.size < SHORTEST:
        return f"{values.mean():+.3f} (too few eras for an interval)" if values.size else "no era"
    found = mean_interval(values, overlap, Sample.VALIDATION, LEVEL)
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def by_year(scores: Mapping[str, Mapping[str, float]], overlap: Overlap) -> Iterator[str]:
    """Lines of a table: a year each and all of them, a column per entry."""
    names = list(scores)
    eras = sorted(set().union(*scores.values()))
    yield f"| year (validation) | eras | {' | '.join(names)} |"
    yield f"| --- | ---: |{' --- |' * len(names)}"
    years = [*sorted({era[:4] for era in eras}), ""]
    for year in years:
        cells = [
            interval_text({era: value for era, value in scores[name].items() if era.startswith(year)}, overlap)
            for name in names
        ]
        count = sum(era.startswith(year) for era in eras)
        head = year or "**all**"
        yield f"| {head} | {count} | {' | '.join(cells)} |"


def best_baseline(measured: Measured) -> str:
    """The baseline of the highest mean over all eras: picked in hindsight."""
    return max(BASELINES, key=lambda name: float(np.mean(list(measured.corr[name].values()))))


def paired(measured: Measured) -> str:
    """The default entry less the best baseline, in a sentence."""
    best, overlap = best_baseline(measured), measured.market.overlap
    found = compare(measured.corr[DEFAULT], measured.corr[best], overlap, Sample.VALIDATION, level=LEVEL)
    return f"Against the best baseline, {best}, the {DEFAULT} is {found.sentence}."


def null_lines(measured: Measured) -> Iterator[str]:
    """Lines of the table of shuffled labels."""
    yield "| labels shuffled (validation) | dealings | mean CORR | of each dealing |"
    yield "| --- | ---: | --- | --- |"
    for name, dealings in measured.null.items():
        eras = [np.mean([scores[era] for scores in dealings]) for era in dealings[0]]
        each = ", ".join(f"{np.mean(list(scores.values())):+.4f}" for scores in dealings)
        yield f"| {name} | {len(dealings)} | {interval_text(eras, APART)} | {each} |"


def probe_line(what: str, report: LeakReport) -> str:
    """What was looked at, and whether it passed."""
    looked = sum(one.looked for one in report.probes)
    said = " ".join(one.sentence for one in report.probes)
    ended = "passed" if report.passed else "FAILED"
    return f"- {what}: **{ended}**, {looked:,} values compared. {said} ({report.history})"


def chart(measured: Measured) -> str:
    """Cumulative CORR of every entry, as SVG."""
    lines = {
        name: ([date.fromisoformat(era) for era in scores], np.cumsum(list(scores.values())).tolist())
        for name, scores in measured.corr.items()
    }
    return line_chart(
        f"{measured.market.name}: cumulative CORR, validation, weekly eras, {measured.market.label.name}", lines
    )


def section(told: Told, picture: str) -> list[str]:
    """Everything about one market."""
    measured, market, report = told.measured, told.measured.market, told.prices.report
    repairs = ", ".join(f"{one.rule} ({one.bars} bars)" for one in report.repairs) or "none needed"
    faults = ", ".join(one.finding.code for one in report.faults) or "none"
    spans = [f"- trained {a} to {b}, predicted {c} to {d}" for a, b, c, d in measured.folds]
    figures = report.figures
    label = f"`{market.label.name}`"
    if market.label_repairs:
        label += f" (bars after {', '.join(market.label_repairs)}: returns with dividends, which no feature sees)"
    return [
        f"## {market.title}",
        "",
        f"{figures['symbols']} symbols, {told.prices.bars.times[0].astype('datetime64[D]')} to "
        f"{told.prices.bars.times[-1].astype('datetime64[D]')}, {figures['bars']:,} bars. Repairs: {repairs}. "
        f"Told by the gates: {faults}. {told.features} features; label {label}; eras {told.eras[0]} to {told.eras[1]}; "
        f"{measured.rows:,} rows predicted.",
        "",
        *spans,
        "",
        f"Mean CORR, {LEVEL:.0%} interval:",
        "",
        *by_year(measured.corr, market.overlap),
        "",
        f"![Cumulative CORR on {market.name}]({picture})",
        "",
        "CORR past the three factors (volatility, momentum and size taken out):",
        "",
        *by_year(measured.past, market.overlap),
        "",
        paired(measured),
        "",
        *null_lines(measured),
        "",
        "Leak probes:",
        "",
        probe_line(
            f"from bars to predictions, on {len(part_of(told.prices.bars).symbols)} of these symbols and their newest "
            f"{len(part_of(told.prices.bars).times)} days",
            told.whole,
        ),
        probe_line("the entry's own, as in every turn", told.entry),
        "",
        measured_with(told.seconds),
        "",
    ]


def measured_with(seconds: float) -> str:
    """The code, the versions, and what it took."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=PAGE.parent, capture_output=True, text=True, check=False
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "polars", "lightgbm"))
    return (
        f"Measured with eraforge {__version__} (commit {commit.stdout.strip() or 'unknown'}), Python "
        f"{platform.python_version()}, {libraries}, in {seconds:.0f} s ({process_time():.0f} s of processor time), on "
        f"two cores shared with other work; {peak:.1f} GiB at the peak."
    )


def sections_of(page: str) -> dict[str, str]:
    """Title -> section of every market on a page that was written before."""
    parts = page.split("\n## ")[1:]
    return {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in parts}


def main() -> int:
    """Measure, and print or write the document and its plots."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="the folder that holds crypto_daily and us_equities_daily")
    parser.add_argument("--write", type=Path, help="write the document to this file, and its plots beside it")
    parser.add_argument("--market", choices=[market.name for market in MARKETS], help="only this one; others stay")
    options = parser.parse_args()
    sections = sections_of(options.write.read_text()) if options.write and options.write.exists() else {}
    for market in MARKETS:
        if options.market in (None, market.name):
            told = tell(market, options.data)
            picture = f"real_prices_{market.name}.svg"
            sections[market.title] = "\n".join(section(told, picture))
            print(sections[market.title], flush=True)
            if options.write:
                options.write.with_name(picture).write_text(chart(told.measured))
    if options.write:
        found = [sections[market.title] for market in MARKETS if market.title in sections]
        options.write.write_text(PAGE.read_text() + "\n".join(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
