"""`payout reconcile`: forecasts against settled payouts, and settled payouts against the published scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from eraforge.core.errors import EraforgeError
from eraforge.pipeline.steps.follow_up import settled_payouts
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.turn import follow
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import chosen_entries, open_workspace

WRONG = 3


def payout_reconcile(visit: Visit, entry: str, last: int) -> Facts:
    """Judge the recorded forecasts, and recompute what was settled.

    `exit_code` is 3 when a settled payout is off by more than the tolerance.

    Raises:
        UserError: `no-entries`, `unknown-entry`.
    """
    with open_workspace(visit) as tools:
        rows: list[Facts] = []
        names: dict[str, str] = {}
        for one in chosen_entries(tools.configuration, entry):
            try:
                follow(one, lambda work, *given: work(tools, *given))
                model_id = tools.model_id(one)
                if model_id in names:
                    continue
                names[model_id] = one.name
                rows.append(
                    {"entry": one.name, "model": one.model, "settled": settled_payouts(tools, one, model_id, last)}
                )
            except EraforgeError as error:
                rows.append({"entry": one.name, "error": error.as_dict()})
        judged = _judge(tools, names)
        codes = [row["error"]["exit_code"] for row in rows if "error" in row]
        off = any(paid["adds_up"] is False for row in rows for paid in row.get("settled", []))
        return {
            "sample": "live",
            "entries": rows,
            "forecasts": judged,
            "exit_code": codes[0] if codes else WRONG if off else 0,
        }


def _judge(tools: Tools, names: Mapping[str, str]) -> list[Facts]:
    """Per arena the forecasts of these models beside the settled payouts."""
    import polars as pl

    from eraforge.pipeline.steps import forecast_record
    from eraforge.portfolio.reconcile import reconcile

    shown = []
    for arena, forecasts in forecast_record.recorded(tools).items():
        models = forecasts.filter(pl.col("model") != "")["model"].unique().to_list()
        if not set(models) & set(names):
            continue
        paid = [payout for model_id in models for payout in tools.ledger.payouts(model_id)]
        rows = [
            {"round": one.round, "model": one.model_id, "payout": str(one.settled)}
            for one in paid
            if one.settled is not None
        ]
        settled = pl.DataFrame(rows, schema={"round": pl.Int64, "model": pl.String, "payout": pl.String})
        found = reconcile(forecasts, settled)
        shown.append(
            {
                "arena": arena,
                "sample": "live",
                "sentence": found.sentence,
                "rows": _rows(found.rows, names),
                "calibration": found.calibration.to_dicts(),
                "open": found.open,
                "waiting": _waiting(forecasts, rows, names),
            }
        )
    return shown


def _rows(judged: Any, names: Mapping[str, str]) -> list[Facts]:
    """Judged forecasts of the chosen entries (and of the portfolio), amounts as texts."""
    from eraforge.portfolio.amounts import text

    money = ("stake", "mean", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "settled", "off")
    kept = ("scope", "period", "round", "policy", "known_until", "made", "off_stake")
    inside = ("inside_50", "inside_80", "inside_90")
    return [
        {
            "entry": names[row["model"]] if row["model"] else "portfolio",
            **{name: row[name] for name in (*kept, *inside)},
            **{name: text(Decimal(repr(row[name]))) for name in money},
        }
        for row in judged.to_dicts()
        if not row["model"] or row["model"] in names
    ]


def _waiting(forecasts: Any, settled: Sequence[Facts], names: Mapping[str, str]) -> list[Facts]:
    """The forecast rounds of the chosen entries that are not settled yet."""
    done = {(row["round"], row["model"]) for row in settled}
    told = {
        (row["model"], row["round"], row["period"])
        for row in forecasts.to_dicts()
        if row["scope"] == "round" and row["model"] in names and (row["round"], row["model"]) not in done
    }
    return [{"entry": names[model], "round": number, "resolves": month} for model, number, month in sorted(told)]
