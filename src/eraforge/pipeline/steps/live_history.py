"""What is known of models' live rounds: final scores in the ledger, and the rules of the rounds themselves."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from eraforge.arenas.policies import policy_for
from eraforge.core.errors import Held
from eraforge.core.words import Arena, Entry, PayoutPolicy, Round
from eraforge.evaluation.uncertainty import Overlap
from eraforge.pipeline.tools import Tools

Finals = dict[int, dict[str, float]]
SLACK = 8


def final_scores(tools: Tools, model_id: str, rounds: tuple[int, int] | None = None) -> Finals:
    """Round to display name to value, of scores that are final; rounds in order, from the first to the last given."""
    found: Finals = {}
    rows = tools.ledger.scores(model_id, rounds=rounds, resolved=True)
    for row in sorted(rows, key=lambda one: (one.round, one.day)):
        if row.value is not None:
            found.setdefault(row.round, {})[row.display_name] = row.value
    return found


def complete_rounds(finals: Finals, names: Iterable[str]) -> dict[int, dict[str, float]]:
    """The rounds in which every one of these scores is final, with those scores alone."""
    wanted = tuple(names)
    return {
        number: {name: scores[name] for name in wanted}
        for number, scores in finals.items()
        if all(name in scores for name in wanted)
    }


def told_rounds(tools: Tools, entry: Entry, numbers: Iterable[int]) -> dict[int, Round]:
    """These rounds as the tournament tells them, in one question where its list reaches far enough.

    Raises:
        UserError: `unknown-round`.
    """
    wanted = sorted(set(numbers))
    if all((entry.arena, number) in tools.resolved for number in wanted):
        return {number: tools.round(entry, number) for number in wanted}
    listed = tools.reader(entry).rounds(tools.arena(entry), limit=wanted[-1] - wanted[0] + SLACK)
    found = {one.number: one for one in listed if one.number in wanted}
    return {number: found[number] if number in found else tools.round(entry, number) for number in wanted}


def policy_of(arena: Arena, played: Round) -> PayoutPolicy:
    """The payout policy of a round: its own configurations win over the arena's table.

    Raises:
        UserError, Held: as `arenas.policies.policy_for`.
    """
    return policy_for(arena.policies, played)


def paying(policy: PayoutPolicy) -> tuple[str, ...]:
    """Names of the scores that move the payout, in the policy's order."""
    return tuple(name for name, weight in policy.weights.items() if weight is None or weight != Decimal(0))


def round_overlap(arena: Arena, score_days: int) -> Overlap:
    """How much of their score days neighbouring rounds share.

    Raises:
        Held: `score-days-unknown`.
    """
    if score_days <= 0:
        raise Held(
            "score-days-unknown",
            f"It is not known for how many days rounds of {arena.name} are scored.",
            "Wait until a round tells it.",
        )
    return Overlap(score_days, len(arena.calendar.score_weekdays) / len(arena.calendar.open_weekdays))
