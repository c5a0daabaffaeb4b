"""The page of `experiment report`: figures first, then regimes, benchmarks, exposures and importances, as plots."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import accumulate
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

INK, QUIET, GOOD, BAD = "#2563eb", "#94a3b8", "#16a34a", "#dc2626"
LAYOUT = {
    "template": "plotly_white",
    "margin": {"l": 56, "r": 16, "t": 24, "b": 40},
    "height": 320,
    "font": {"family": "system-ui, sans-serif", "size": 13},
    "legend": {"orientation": "h", "y": 1.12},
    "hovermode": "x unified",
    "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": QUIET, "activecolor": INK},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
}
STYLE = """
:root { color-scheme: light dark; --ink: #0f172a; --quiet: #64748b; --line: #e2e8f0; --paper: #fff; --card: #f8fafc }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e2e8f0; --quiet: #94a3b8; --line: #334155; --paper: #0f172a; --card: #1e293b }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  max-width: 60rem; padding: 1.5rem 1rem 4rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem } p { margin: .4rem 0 }
.quiet { color: var(--quiet) }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1.25rem 0 }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .7rem .9rem }
.card b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums } .card span { color: var(--quiet) }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums } .wide { overflow-x: auto }
th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; white-space: normal }
th { color: var(--quiet); font-weight: 500 }
"""


def page(facts: dict[str, Any]) -> str:
    """One HTML document that needs no network."""
    parts = [_head(facts), _cards(facts), _curve(facts), _eras(facts), _regimes(facts), _benchmarks(facts)]
    parts += [_members(facts), _exposures(facts), _importances(facts), _inputs(facts)]
    title = escape(facts["name"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style>'
        f"<script>{get_plotlyjs()}</script><body>{''.join(parts)}</body></html>"
    )


def _head(facts: dict[str, Any]) -> str:
    synthetic = " · made-up data" if facts["synthetic"] else ""
    note = f"<p>{escape(facts['note'])}</p>" if facts["note"] else ""
    return (
        f"<h1>{escape(facts['name'])}</h1><p class=quiet>{escape(facts['learner'])} on {escape(facts['arena'])}, "
        f"{escape(facts['target'])} · {facts['eras']} eras out of fold (sample: {facts['sample']}) · "
        f"{escape(facts['id'][:12])} · {escape(facts['at'][:16].replace('T', ' '))} UTC{synthetic}</p>{note}"
    )


def _cards(facts: dict[str, Any]) -> str:
    figures = {(row["score"], row["name"]): row["value"] for row in facts["report"]["figures"]}
    cards = []
    for row in facts["intervals"]:
        cards.append(
            (f"{row['mean']:+.4f}", f"{row['score']}, {row['level']:.0%}: {row['low']:+.4f}..{row['high']:+.4f}")
        )
    for score, name, text in (
        ("CORR", "sharpe", "Sharpe per era"),
        ("CORR", "maximum_drawdown", "maximum drawdown"),
        ("CORR", "consistency", "eras above zero"),
    ):
        value = figures.get((score, name))
        if value is not None:
            cards.append((f"{value:.0%}" if name == "consistency" else f"{value:.3f}", text))
    luck = facts["luck"]
    if luck:
        cards.append((f"{luck['probability']:.0%}", f"chance to be above luck, of {luck['tries']} tries"))
    drawn = "".join(f"<div class=card><b>{one}</b><span>{text}</span></div>" for one, text in cards)
    return f"<div class=cards>{drawn}</div>"


def _curve(facts: dict[str, Any]) -> str:
    figure = go.Figure()
    for row, colour in zip(facts["report"]["scores"], (INK, GOOD), strict=False):
        known = {era: value for era, value in row["eras"].items() if value is not None}
        figure.add_scatter(x=list(known), y=list(accumulate(known.values())), name=row["score"], line={"color": colour})
    mine = {era: value for era, value in facts["report"]["scores"][0]["eras"].items() if value is not None}
    for row in facts["benchmarks"]:
        shared = {era: row["eras"][era] for era in mine if era in row["eras"]}
        name = f"CORR of {row['benchmark']}"
        dotted = {"color": QUIET, "dash": "dot"}
        figure.add_scatter(x=list(shared), y=list(accumulate(shared.values())), name=name, line=dotted)
    return _section(
        "Cumulative scores", figure, "Sums over eras, out of fold. Benchmarks begin where they cover an era."
    )


def _eras(facts: dict[str, Any]) -> str:
    known = {era: value for era, value in facts["report"]["scores"][0]["eras"].items() if value is not None}
    colours = [INK if value >= 0 else BAD for value in known.values()]
    figure = go.Figure(go.Bar(x=list(known), y=list(known.values()), marker_color=colours, name="CORR"))
    curve = list(accumulate(known.values()))
    peaks = list(accumulate(curve, max))
    drawdown = [value - peak for value, peak in zip(curve, peaks, strict=True)]
    figure.add_scatter(x=list(known), y=drawdown, name="drawdown from the peak of the sum", line={"color": QUIET})
    return _section("Era by era", figure, "CORR of each era, and how far its running sum lies below its peak.")


def _regimes(facts: dict[str, Any]) -> str:
    rows = [
        (row["kind"], row["regime"], str(row["eras"]), f"{row['mean']:+.4f}", _span(row), f"{row['positive']:.0%}")
        for row in facts["regimes"]
    ]
    return _table("Regimes", ("told apart by", "regime", "eras", "CORR", "90% interval", "above zero"), rows)


def _benchmarks(facts: dict[str, Any]) -> str:
    rows = []
    for row in facts["benchmarks"]:
        told = row["difference"]
        span = f"{told['low']:+.4f}..{told['high']:+.4f}" if told else "–"
        cells = (f"{row['mean']:+.4f}", f"{told['mean']:+.4f}" if told else "–", span)
        rows.append((row["benchmark"], row["sentence"], *cells))
    names = ("benchmark", "in words", "its CORR", "difference", "90% interval")
    return _table("Against the tournament's own models", names, rows)


def _members(facts: dict[str, Any]) -> str:
    """The members of a blend, and how alike they are; nothing for other models."""
    found = facts["members"]
    if not found:
        return ""
    rows = []
    for row in found["ablations"]:
        loss = row["loss"]
        told = (f"{loss['mean']:+.4f}", f"{loss['low']:+.4f}..{loss['high']:+.4f}") if loss else ("–", "–")
        scores = tuple("–" if row[name] is None else f"{row[name]:+.4f}" for name in ("alone", "without"))
        rows.append((row["member"], f"{row['share']:.0%}", *scores, *told))
    names = ("member", "share", "CORR alone", "blend without it", "loss without it", "90% interval")
    pairs = [
        (*row["members"], f"{row['mean']:.2f}", f"{row['low']:.2f}", f"{row['high']:.2f}")
        for row in found["likenesses"][:20]
    ]
    alike = _table("How alike the members are", ("first", "second", "correlation", "least", "most"), pairs)
    return _table("Members of the blend", names, rows) + alike


def _exposures(facts: dict[str, Any]) -> str:
    found = facts["exposures"]
    figure = go.Figure()
    figure.add_scatter(x=found["eras"], y=found["largest"], name="largest of any feature", line={"color": INK})
    figure.add_scatter(x=found["eras"], y=found["mean_square"], name="root mean square", line={"color": QUIET})
    return _section("Exposure to features", figure, "Absolute correlation of the predictions with features, per era.")


def _importances(facts: dict[str, Any]) -> str:
    rows = facts["importances"][:20][::-1]
    figure = go.Figure(
        go.Bar(
            y=[row["feature"] for row in rows],
            x=[row["loss"] for row in rows],
            error_x={"array": [row["error"] for row in rows], "color": QUIET},
            orientation="h",
            marker_color=INK,
            name="loss of CORR",
            customdata=[", ".join(f"{value:+.4f}" for value in row["by_fold"]) for row in rows],
            hovertemplate="%{y}: %{x:.5f}<br>by fold: %{customdata}<extra></extra>",
        )
    )
    figure.update_layout(hovermode="closest")
    figure.update_yaxes(automargin=True)
    text = (
        "What CORR loses per era when a feature is dealt out anew within each era; hover for the folds in time order."
    )
    return _section("Importance", figure, text, height=max(320, 22 * len(rows) + 80))


def _inputs(facts: dict[str, Any]) -> str:
    reads = facts["reads"]
    rows = [("file", name, digest[:16]) for name, digest in reads["files"].items()]
    rows += [("library", name, number) for name, number in reads["libraries"].items()]
    rows += [
        ("code", f"eraforge {reads['version']}", reads["code"][:16]),
        ("machine", reads["machine"], reads["python"]),
    ]
    return _table("What it was made from", ("kind", "name", "digest or version"), rows)


def _span(row: dict[str, Any]) -> str:
    return "–" if row["low"] is None else f"{row['low']:+.4f}..{row['high']:+.4f}"


def _section(title: str, figure: go.Figure, text: str, height: int = 320) -> str:
    figure.update_layout(**{**LAYOUT, "height": height})
    figure.update_xaxes(nticks=12, tickangle=0, gridcolor="rgba(148,163,184,.25)", zerolinecolor=QUIET)
    figure.update_yaxes(gridcolor="rgba(148,163,184,.25)", zerolinecolor=QUIET)
    figure.update_layout(font_color=QUIET)
    drawn: str = figure.to_html(
        full_html=False, include_plotlyjs=False, config={"displaylogo": False, "responsive": True}
    )
    return f"<h2>{title}</h2><p class=quiet>{text}</p>{drawn}"


def _table(title: str, names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{title}</h2><div class=wide><table><tr>{head}</tr>{body}</table></div>"
