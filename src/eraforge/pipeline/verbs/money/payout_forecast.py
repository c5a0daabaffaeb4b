"""`payout forecast`: what the pending rounds will pay, from the entries' own live scores, written down to be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from eraforge.arenas.policies import row_of
from eraforge.core.calendar import DAY, is_open_day, open_day, score_day, window
from eraforge.core.digest import digest_value
from eraforge.core.errors import DataError, EraforgeError, UserError
from eraforge.core.words import Arena, Entry, PayoutPolicy, Round
from eraforge.pipeline.steps import live_history
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.turn import follow
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import chosen_entries, open_workspace
from eraforge.store.records import Payout

if TYPE_CHECKING:
    import polars as pl

    from eraforge.portfolio.forecast import Staked

DRAWS, SEED = 2000, 0
PENDING = "pending"
NOTHING_COMING = "forecast-nothing-coming"


@dataclass(frozen=True)
class Player:
    """One entry with what the ledger knows of its model: final scores, and rounds that are not settled."""

    entry: Entry
    model_id: str
    finals: live_history.Finals
    running: tuple[Payout, ...]

    @property
    def staked(self) -> list[Payout]:
        """The running rounds in which NMR is at risk."""
        return [one for one in self.running if one.at_risk]


@dataclass(frozen=True)
class Rules:
    """How the pending rounds of an arena pay: per round its policy and the month in which it resolves."""

    arena: Arena
    policies: Mapping[int, PayoutPolicy]
    months: Mapping[int, str]
    days: Mapping[int, date]

    @property
    def scores(self) -> tuple[str, ...]:
        """Every score that pays in any of them."""
        return tuple(dict.fromkeys(name for one in self.policies.values() for name in live_history.paying(one)))

    @property
    def score_days(self) -> int:
        """The longest time a round of them is scored."""
        return max(policy.score_days for policy in self.policies.values())


def payout_forecast(visit: Visit, entry: str) -> Facts:
    """The payout distribution of pending rounds, per entry and for all of them, by month of resolution.

    An entry without enough resolved rounds (`history-too-short`), or with nothing at risk (`forecast-nothing-coming`),
    is reported with its error beside the others' forecasts.

    Raises:
        UserError: `no-entries`, `unknown-entry`.
    """
    with open_workspace(visit) as tools:
        players, failed = _gather(tools, chosen_entries(tools.configuration, entry))
        arenas: dict[str, list[Player]] = {}
        for player in players:
            arenas.setdefault(player.entry.arena, []).append(player)
        shown = [found for group in arenas.values() if (found := _forecast_arena(tools, group, failed)) is not None]
        # An entry that stakes nothing is no failure as long as others are forecast.
        grave = [row["error"] for row in failed if not shown or row["error"]["code"] != NOTHING_COMING]
        return {
            "sample": "live",
            "arenas": shown,
            "entries": failed,
            "exit_code": grave[0]["exit_code"] if grave else 0,
        }


def _gather(tools: Tools, chosen: Sequence[Entry]) -> tuple[list[Player], list[Facts]]:
    """What each model has behind and before it; two entries of one model are one player."""
    players: dict[str, Player] = {}
    failed: list[Facts] = []
    for place, entry in enumerate(chosen):
        tools.progress("fetch scores and stakes", place, len(chosen))
        try:
            follow(entry, lambda work, *given: work(tools, *given))
            model_id = tools.model_id(entry)
        except EraforgeError as error:
            failed.append({"entry": entry.name, "error": error.as_dict()})
            continue
        arena, now = tools.arena(entry), tools.clock.now()
        unsettled = [one for one in tools.ledger.payouts(model_id) if one.settled is None]
        running = tuple(one for one in unsettled if _unresolved(arena, one.round, now))
        players.setdefault(model_id, Player(entry, model_id, live_history.final_scores(tools, model_id), running))
    tools.progress("fetch scores and stakes", len(chosen), len(chosen))
    return list(players.values()), failed


def _unresolved(arena: Arena, number: int, now: datetime) -> bool:
    """Whether the round may still be running by the calendar, with a week of patience; the tournament decides later."""
    day = open_day(arena.calendar, number)
    days = row_of(arena.policies, number, day).score_days or arena.main_horizon
    return score_day(arena.calendar, day, days) + 7 * DAY >= now.date()


def _not_staked(player: Player) -> UserError:
    return UserError(
        "forecast-nothing-coming",
        f"Entry {player.entry.name!r} has nothing at risk in a pending round.",
        "Stake on its model and submit; a round's stake is told once its window has closed.",
    )


def _forecast_arena(tools: Tools, group: Sequence[Player], failed: list[Facts]) -> Facts | None:
    staked = [player for player in group if player.staked]
    failed += [_failed(one, _not_staked(one)) for one in group if not one.staked]
    if not staked:
        return None
    rules = _rules(tools, staked)
    if not rules.policies:
        failed += [_failed(one, _not_staked(one)) for one in staked]
        return None
    overlap = live_history.round_overlap(rules.arena, rules.score_days)
    ready = _with_history(staked, rules, overlap, failed)
    if not ready:
        return None
    frame = _frame(ready, rules)
    last = int(frame["round"].max())  # type: ignore[arg-type]
    coming = [one for player in ready for one in _stakes(player, rules) if one.round > last]
    if not coming:
        failed += [_failed(one, _not_staked(one)) for one in ready]
        return None
    return _told(tools, ready, rules, _Question(frame, coming, overlap, last))


@dataclass(frozen=True)
class _Question:
    """What is asked of the forecast: history, coming stakes, overlap, and the last known round."""

    history: pl.DataFrame
    coming: list[Staked]
    overlap: Any
    last: int


def _failed(player: Player, error: EraforgeError) -> Facts:
    return {"entry": player.entry.name, "error": error.as_dict()}


def _rules(tools: Tools, group: Sequence[Player]) -> Rules:
    entry = group[0].entry
    arena = tools.arena(entry)
    listed = live_history.told_rounds(tools, entry, [one.round for player in group for one in player.running])
    rounds = {number: one for number, one in listed.items() if not one.resolved}
    policies = {number: live_history.policy_of(arena, one) for number, one in rounds.items()}
    days = {number: _resolves(arena, one, policies[number]) for number, one in rounds.items()}
    return Rules(arena, policies, {number: f"{day:%Y-%m}" for number, day in days.items()}, days)


def _resolves(arena: Arena, played: Round, policy: PayoutPolicy) -> date:
    if played.resolves is not None:
        return played.resolves.date()
    return score_day(arena.calendar, open_day(arena.calendar, played.number), policy.score_days)


def _with_history(group: Sequence[Player], rules: Rules, overlap: Any, failed: list[Facts]) -> list[Player]:
    """The players with resolved rounds enough; the others are told how many they lack, and until when."""
    from eraforge.portfolio.history import rounds_needed

    needed, ready = rounds_needed(overlap), []
    for player in group:
        count = len(live_history.complete_rounds(player.finals, rules.scores))
        if count >= needed:
            ready.append(player)
            continue
        running = sorted(one.round for one in player.running if one.round in rules.policies)
        lacking = needed - count
        if len(running) >= lacking:
            number = running[lacking - 1]
            step = f"Ask again after {rules.days[number]}, when round {number} resolves."
        else:
            step = f"Keep submitting: {lacking} more rounds must resolve; {len(running)} are on their way."
        sentence = (
            f"Entry {player.entry.name!r} has {count} resolved live rounds; a forecast from its own scores "
            f"({', '.join(rules.scores)}, {rules.score_days} days each) needs {needed}."
        )
        failed.append(_failed(player, DataError("history-too-short", sentence, step)))
    return ready


def _frame(group: Sequence[Player], rules: Rules) -> pl.DataFrame:
    import polars as pl

    rows = [
        {"round": number, "model": player.model_id, **scores}
        for player in group
        for number, scores in live_history.complete_rounds(player.finals, rules.scores).items()
    ]
    return pl.DataFrame(rows, schema={"round": pl.Int64, "model": pl.String} | dict.fromkeys(rules.scores, pl.Float64))


def _stakes(player: Player, rules: Rules) -> list[Staked]:
    from eraforge.portfolio.forecast import Staked

    return [
        Staked(
            one.round, player.model_id, one.at_risk or Decimal(0), rules.policies[one.round], rules.months[one.round]
        )
        for one in player.staked
        if one.round in rules.policies
    ]


def _told(tools: Tools, ready: Sequence[Player], rules: Rules, asked: _Question) -> Facts:
    """The forecast as facts, written down on the way."""
    from dataclasses import replace

    from eraforge.pipeline.steps import forecast_record
    from eraforge.portfolio.forecast import forecast
    from eraforge.portfolio.history import read_history

    models = [player.model_id for player in ready]
    history = read_history(asked.history, models, rules.scores, asked.overlap)
    tools.progress("draw payouts", 0, 2)
    dated = forecast(history, asked.coming, draws=DRAWS, seed=SEED)
    tools.progress("draw payouts", 1, 2)
    whole = forecast(history, [replace(one, period=PENDING) for one in asked.coming], draws=DRAWS, seed=SEED)
    tools.progress("draw payouts", 2, 2)
    shown = [forecast_record.as_facts(row) for row in _several(dated.to_dicts(), models)]
    totals = [row for row in whole.to_dicts() if row["scope"] == "period"]
    stakes = [(one.round, one.model, str(one.stake), one.policy.name, one.period) for one in asked.coming]
    run = digest_value(rules.arena.name, asked.last, sorted(models), stakes, DRAWS, SEED)
    written = forecast_record.remember(tools, rules.arena.name, run, shown)
    names = {player.model_id: player.entry.name for player in ready}
    complete = _complete_until(tools, rules)
    months = [row for row in shown if row["scope"] == "period"]
    return {
        "arena": rules.arena.name,
        "run": run,
        "recorded": written,
        "known_until": asked.last,
        "sample": "live",
        "history": {names[one]: asked.history.filter(asked.history["model"] == one).height for one in models},
        "scores": list(rules.scores),
        "overlap": {"horizon": asked.overlap.horizon, "spacing": asked.overlap.spacing},
        "policies": sorted({row["policy"] for row in shown if row["scope"] == "round"}),
        "rounds": [_named(row, names) for row in shown if row["scope"] == "round"],
        "months": [{**_named(row, names), "complete": row["period"] < complete} for row in months],
        "pending": [_named(forecast_record.as_facts(row), names) for row in _several(totals, models)],
    }


def _several(rows: Sequence[dict[str, Any]], models: Sequence[str]) -> list[dict[str, Any]]:
    """Without the rows of the whole where the whole is one model."""
    return [row for row in rows if row["model"] or len(models) > 1]


def _named(row: Facts, names: Mapping[str, str]) -> Facts:
    return {"entry": names.get(row["model"], "portfolio"), **row}


def _complete_until(tools: Tools, rules: Rules) -> str:
    """The month in which the first round that has not closed resolves: earlier months can gain no more rounds."""
    calendar, now = rules.arena.calendar, tools.clock.now()
    day = now.date() - DAY
    while not is_open_day(calendar, day) or window(calendar, day)[1] <= now:
        day += DAY
    return f"{score_day(calendar, day, rules.score_days):%Y-%m}"
