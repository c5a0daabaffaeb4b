"""Views of `scores`, `compare` and `payout`: they fit sixty columns and lose no figure; the commands parse."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from eraforge.interfaces.cli.main import build
from eraforge.interfaces.cli.views import look, money
from eraforge.interfaces.cli.views.laboratory import compare

WIDTH = 60
QUANTILES = {
    "q05": "-1.5",
    "q10": "-1.2214",
    "q25": "-0.5",
    "q50": "0.4229",
    "q75": "0.9",
    "q90": "12.4888",
    "q95": "3",
}


def drawn(view: Any, facts: dict[str, Any]) -> str:
    page = StringIO()
    view(facts, Console(width=WIDTH, file=page, highlight=False, color_system=None))
    text = page.getvalue()
    assert max(len(line.rstrip()) for line in text.splitlines()) <= WIDTH
    return text


def amounts(entry: str, period: str, number: int | None = None) -> dict[str, Any]:
    return {
        "entry": entry,
        "period": period,
        "round": number,
        "stake": "6.000000000000000000",
        "mean": "0.3",
        **QUANTILES,
    }


def forecast_facts() -> dict[str, Any]:
    arena = {
        "arena": "classic",
        "sample": "live",
        "known_until": 1342,
        "rounds": [amounts(name, "2026-11", number) for name in ("linear", "portfolio") for number in (1345, 1346)],
        "months": [
            amounts(name, month) | {"complete": month == "2026-11"}
            for name in ("portfolio", "linear")
            for month in ("2026-11", "2026-12")
        ],
        "pending": [amounts(name, "pending") for name in ("portfolio", "linear")],
        "history": {"linear": 40},
        "scores": ["corr60", "mmc60"],
        "policies": ["as round 1345 itself tells", "as round 1346 itself tells"],
        "recorded": 8,
    }
    error = {"kind": "DataError", "code": "history-too-short", "sentence": "It has [2] rounds.", "next_step": "Wait."}
    return {"arenas": [arena], "entries": [{"entry": "blend", "error": error}]}


def test_a_forecast_names_sample_policy_months_and_who_is_left_out() -> None:
    text = drawn(money.forecast, forecast_facts())
    for words in (
        "1345–1346",
        "sample: live",
        "as round 1345",
        "2026-12 *",
        "-1.221..+12.5",
    ):
        assert words in text, words
    assert "…" not in text.replace("tells … as", "")


def reconcile_facts() -> dict[str, Any]:
    paid = {"round": 1345, "at_risk": "2.0", "settled": "1.5", "recomputed": "1.5", "gap": "0.000000000000000000"}
    off = paid | {"round": 1346, "recomputed": "1.4", "gap": "0.100000000000000000", "adds_up": False, "why": ""}
    unknown = {"round": 1347, "settled": "1", "recomputed": None, "gap": None, "adds_up": None, "why": "No factor."}
    judged = amounts("linear", "2026-11", 1345) | {
        "scope": "round",
        "known_until": 1342,
        "settled": "1.5",
        "inside_80": True,
    }
    share = {"inside_50": 0.5, "inside_80": 0.75, "inside_90": 1.0, "bias": 0.01, "error": None, "count": 4}
    forecasts = {
        "arena": "classic",
        "sentence": "3 of 4 settled live payouts lie inside their 80% intervals; 2 forecasts wait for their payouts.",
        "rows": [judged, judged | {"known_until": 1350, "q50": "9"}],
        "calibration": [{"scope": "period", "of": "portfolio", **share}],
        "waiting": [{"entry": "linear", "round": number, "resolves": "2026-12"} for number in (1346, 1349)],
    }
    settled = [paid | {"adds_up": True, "why": ""}, off, unknown]
    return {"entries": [{"entry": "linear", "model": "a", "settled": settled}], "forecasts": [forecasts]}


def test_a_reconciliation_shows_the_gap_the_calibration_and_what_is_open() -> None:
    text = drawn(money.reconcile, reconcile_facts())
    for words in (
        "0 ✓",
        "+1.0e-01",
        "round 1347: No factor.",
        "1 of 3 settled payouts add up",
        "75%",
        "linear, 2 rounds 1346–1349",
    ):
        assert words in text, words
    assert "+9.000" not in text  # of two forecasts of one round the first is shown
    assert "…" not in text
    empty = drawn(money.reconcile, {"entries": [{"entry": "e", "model": "m", "settled": []}], "forecasts": []})
    assert "no round is settled yet" in empty and "eraforge payout forecast" in empty


def comparison(sample: str, differences: dict[str, float]) -> dict[str, Any]:
    told = {"mean": -0.0449, "low": -0.0813, "high": -0.0085, "level": 0.9, "error": 0.01}
    sentence = f"worse by 0.0449 CORR, 90% interval -0.0813..-0.0085, 3 eras of the {sample} sample: distinguishable"
    row = {"sample": sample, "score": "CORR", "unit": "eras", "count": 3, "sentence": sentence, "distinguishable": True}
    return {**row, "difference": told, "differences": differences}


def test_a_comparison_has_its_sentence_its_table_and_one_plot() -> None:
    rows = [comparison("validation", {"1": 0.1, "2": -0.2, "3": 0.1}), comparison("live", {"1": 0.1})]
    rows.append({"sample": "live", "score": "mmc60", "count": 3, "difference": None, "sentence": "no comparison: why"})
    text = drawn(compare.compare, {"first": "blend", "second": "linear", "comparisons": rows})
    assert "-0.0813..-0.0085" in text and "blend is worse by 0.0449 CORR" in text and "no comparison: why." in text
    assert text.count("cumulative difference") == 1 and "-0.100 ┤" in text and "…" not in text


def scores_facts(count: int) -> dict[str, Any]:
    rounds = [
        {
            "round": 1345 + place,
            "day": 60,
            "resolved": place < count - 1,
            "scores": {
                name: {"value": 0.01 * place, "percentile": 0.5, "day": 60} for name in ("corr60", "mmc60", "v2_corr20")
            },
        }
        for place in range(count)
    ]
    means = [{"score": name, "mean": None, "sentence": "few have resolved"} for name in ("corr60", "mmc60")]
    return {"entries": [{"entry": "linear", "model": "practice_a", "rounds": rounds, "means": means}]}


@pytest.mark.parametrize(("count", "plots"), [(5, 0), (8, 1)])
def test_scores_are_drawn_where_there_are_more_than_a_few_rounds(count: int, plots: int) -> None:
    text = drawn(look.scores, scores_facts(count))
    assert text.count("as it stands now") == plots and "corr60: few have resolved" in text
    assert "+0.0100 p50" in text and "…" not in text


def test_entries_to_compare_are_given_by_place(tmp_path: Path) -> None:
    toml = '[server]\nurl = "http://127.0.0.1:9"\n[entries.one]\nmodel = "a"\nlearner = "ridge"\n'
    (tmp_path / "eraforge.toml").write_text(toml)
    run = CliRunner().invoke(build(), ["compare", "one", "nobody", "--json", "--workspace", str(tmp_path)])
    assert run.exit_code == 2
    assert json.loads(run.stdout)["error"]["code"] == "unknown-entry"


@pytest.mark.parametrize("words", [["payout", "forecast"], ["payout", "reconcile", "--last", "3"]])
def test_payout_commands_ask_for_an_entry(words: list[str], tmp_path: Path) -> None:
    run = CliRunner().invoke(build(), [*words, "--json", "--workspace", str(tmp_path)])
    assert run.exit_code == 2
    assert json.loads(run.stdout)["error"]["code"] == "no-entries"
