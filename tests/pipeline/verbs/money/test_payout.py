"""`payout forecast` and `payout reconcile`: the money adds up, and forecasts are kept to be judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import open_day, score_day, window
from eraforge.core.ports import ScoreRow
from eraforge.evaluation.uncertainty import DAILY_60
from eraforge.portfolio.history import rounds_needed
from eraforge.store.ledger import Ledger

PAST = range(1303, 1343)
AT = datetime(2026, 9, 1, tzinfo=UTC)


@contextmanager
def ledger_of(workspace: Any) -> Iterator[Ledger]:
    folder = workspace.folder / ".eraforge"
    folder.mkdir(exist_ok=True)
    with Ledger.open(f"sqlite:///{folder / 'ledger.sqlite'}") as ledger:
        yield ledger


def plant_history(workspace: Any, places: tuple[int, ...], rounds: range = PAST) -> None:
    """Final scores of rounds before the local tournament's first one, as a longer career would have left them."""
    generator = np.random.default_rng(3)
    models = [workspace.tournament.models[sorted(workspace.tournament.models)[place]] for place in places]
    rows = [
        ScoreRow(model_id, number, name, 60, float(generator.normal(0.01, 0.01)), 0.5, True)
        for model_id in models
        for number in rounds
        for name in ("corr60", "mmc60")
    ]
    with ledger_of(workspace) as ledger:
        ledger.remember_scores(rows, AT)


def play(workspace: Any, entries: tuple[str, ...], *rounds: int) -> None:
    file = workspace.folder / "eraforge.toml"
    file.write_text(file.read_text().replace("folds = 2", "folds = 0"))
    for number in rounds:
        workspace.move_to_round(number)
        for entry in entries:
            assert workspace.perform("submit", entry=entry)["exit_code"] == 0
    close(workspace, rounds[-1])


def close(workspace: Any, number: int) -> None:
    workspace.advance_to(window(CLASSIC.calendar, open_day(CLASSIC.calendar, number))[1])


def resolve(workspace: Any, number: int) -> None:
    day = score_day(CLASSIC.calendar, open_day(CLASSIC.calendar, number), 60)
    workspace.advance_to(datetime(day.year, day.month, day.day, 23, tzinfo=UTC))


def forecast_events(workspace: Any, kind: str = "payout.forecast") -> list[Any]:
    with ledger_of(workspace) as ledger:
        return list(ledger.events(kind=kind))


def test_forecasts_are_kept_once_and_judged_when_the_money_is_settled(workspace: Any) -> None:
    plant_history(workspace, (0, 1))
    play(workspace, ("linear", "boosted"), 1345, 1346)
    facts = workspace.perform("payout forecast")
    assert [row["entry"] for row in facts["entries"]] == ["blend"]  # it never played: nothing at risk, no failure
    assert facts["entries"][0]["error"]["code"] == "forecast-nothing-coming" and facts["exit_code"] == 0
    (arena,) = facts["arenas"]
    assert (arena["sample"], arena["known_until"]) == ("live", 1342)
    assert arena["history"] == {"linear": 40, "boosted": 40}
    assert arena["overlap"] == {"horizon": 60, "spacing": 1.0}
    check_distribution(arena)

    events = forecast_events(workspace)
    assert Counter((event.subject, event.facts["round"]) for event in events).most_common(1)[0][1] == 1
    assert len(events) == 4 and arena["recorded"] == 4 + len(forecast_events(workspace, "payout.forecast.sum"))
    again = workspace.perform("payout forecast")["arenas"][0]
    assert again["recorded"] == 0 and again["rounds"] == arena["rounds"]
    assert len(forecast_events(workspace)) == 4

    early = workspace.perform("payout reconcile")
    assert early["forecasts"][0]["rows"] == [] and early["exit_code"] == 0
    assert [(row["entry"], row["round"]) for row in early["forecasts"][0]["waiting"]] == [
        (name, number) for name in by_model(workspace) for number in (1345, 1346)
    ]

    resolve(workspace, 1345)
    half = workspace.perform("payout reconcile")["forecasts"][0]
    assert {(row["entry"], row["round"]) for row in half["rows"]} == {
        (name, 1345) for name in ("linear", "boosted", "portfolio")
    }
    assert {row["round"] for row in half["waiting"]} == {1346}
    resolve(workspace, 1346)
    check_reconciled(workspace, arena)


def by_model(workspace: Any) -> list[str]:
    """The two entries that played, in the order of their models' ids."""
    models = sorted(workspace.tournament.models)
    ids = {"linear": workspace.tournament.models[models[0]], "boosted": workspace.tournament.models[models[1]]}
    return sorted(ids, key=lambda name: ids[name])


def check_distribution(arena: dict[str, Any]) -> None:
    """Quantiles in order, amounts as texts, the portfolio's stake the sum of its models', the round's own policy."""
    assert {(row["entry"], row["round"]) for row in arena["rounds"]} == {
        (name, number) for name in ("linear", "boosted", "portfolio") for number in (1345, 1346)
    }
    for row in (*arena["rounds"], *arena["months"], *arena["pending"]):
        told = [Decimal(row[name]) for name in ("q05", "q10", "q25", "q50", "q75", "q90", "q95")]
        assert told == sorted(told) and told[0] < told[-1] and all(isinstance(row[key], str) for key in ("mean", "q50"))
    assert arena["policies"] == ["as round 1345 itself tells", "as round 1346 itself tells"]
    stakes = {row["entry"]: Decimal(row["stake"]) for row in arena["rounds"] if row["round"] == 1345}
    assert abs(stakes["portfolio"] - stakes["linear"] - stakes["boosted"]) < Decimal("1e-12")
    whole = next(row for row in arena["pending"] if row["entry"] == "linear")
    assert abs(Decimal(whole["stake"]) - 2 * stakes["linear"]) < Decimal("1e-9")
    assert {row["period"] for row in arena["months"]} == {"2026-11"} and arena["months"][0]["complete"] is True


def check_reconciled(workspace: Any, arena: dict[str, Any]) -> None:
    """What was recorded is what is judged, against what the tournament settled; each payout is recomputed exactly."""
    facts = workspace.perform("payout reconcile")
    assert facts["exit_code"] == 0
    for row in facts["entries"]:
        for paid in row["settled"]:
            assert paid["gap"] == "0.000000000000000000" and paid["adds_up"] and Decimal(paid["settled"]) != 0
    settled = {(row["entry"], paid["round"]): paid["settled"] for row in facts["entries"] for paid in row["settled"]}
    assert len(settled) == 4
    risks = [paid["at_risk"] for row in facts["entries"] for paid in row["settled"]]
    assert any(Decimal(amount) < Decimal(risk) for amount, risk in zip(settled.values(), risks, strict=True))  # no cap
    told = {(row["entry"], row["round"]): row for row in arena["rounds"]}
    (judged,) = facts["forecasts"]
    assert judged["open"] == 0 and judged["waiting"] == []
    for row in judged["rows"]:
        if row["scope"] == "round" and row["entry"] != "portfolio":
            key = row["entry"], row["round"]
            assert Decimal(row["settled"]) == pytest.approx(Decimal(settled[key]), abs=Decimal("1e-12"))
            assert (row["q10"], row["q90"]) == (told[key]["q10"], told[key]["q90"])
            within = Decimal(row["q10"]) <= Decimal(row["settled"]) <= Decimal(row["q90"])
            assert row["inside_80"] is within
    counted = {(row["scope"], row["of"]): row["count"] for row in judged["calibration"]}
    assert counted == {
        ("round", "model"): 4,
        ("round", "portfolio"): 2,
        ("period", "model"): 2,
        ("period", "portfolio"): 1,
    }


def test_too_little_history_is_refused_with_the_day_to_ask_again(workspace: Any) -> None:
    needed = rounds_needed(DAILY_60)
    plant_history(workspace, (0,), range(1343 - needed + 2, 1343))
    play(workspace, ("linear",), 1345)
    facts = workspace.perform("payout forecast", entry="linear")
    (row,) = facts["entries"]
    assert facts["arenas"] == [] and facts["exit_code"] == 3
    assert row["error"]["code"] == "history-too-short"
    assert (
        f"has {needed - 2} resolved live rounds" in row["error"]["sentence"] and str(needed) in row["error"]["sentence"]
    )
    assert row["error"]["next_step"].startswith("Keep submitting: 2 more rounds must resolve; 1 are on their way")
    assert not forecast_events(workspace)
    plant_history(workspace, (0,), range(1343 - needed + 1, 1343))
    (row,) = workspace.perform("payout forecast", entry="linear")["entries"]
    assert row["error"]["next_step"] == "Ask again after 2026-11-27, when round 1345 resolves."


def test_a_settled_payout_that_does_not_add_up_is_shown_and_told_by_the_exit_code(workspace: Any) -> None:
    from eraforge.pipeline.steps import live_history

    play(workspace, ("linear",), 1345)
    resolve(workspace, 1345)
    honest = workspace.perform("payout reconcile", entry="linear")
    assert honest["exit_code"] == 0 and honest["forecasts"] == []
    real = live_history.final_scores

    def shifted(tools: Any, model_id: str, rounds: Any) -> Any:
        return {
            number: {**scores, "mmc60": scores["mmc60"] / 2} for number, scores in real(tools, model_id, rounds).items()
        }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_history, "final_scores", shifted)
        facts = workspace.perform("payout reconcile", entry="linear")
    (paid,) = facts["entries"][0]["settled"]
    assert facts["exit_code"] == 3 and paid["adds_up"] is False
    assert Decimal(paid["gap"]) == Decimal(paid["settled"]) - Decimal(paid["recomputed"]) != 0


def test_needs_are_told_before_the_first_round() -> None:
    assert rounds_needed(DAILY_60) == 37
