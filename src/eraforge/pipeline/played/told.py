"""What the tournament told a turn beside its files: the round, and the model's last answers. One stored object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from eraforge.core.words import Round, ScoreConfig
from eraforge.pipeline.stage_cache import as_json
from eraforge.store.objects import Objects

AMOUNTS = ("multiplier", "clip", "payout_factor")
MOMENTS = ("opens", "closes", "scores", "resolves")


@dataclass(frozen=True, slots=True)
class Told:
    """A round as it was told, and the digests of the model's answers to the rounds before it, by round."""

    round: Round
    answers: Mapping[int, str]


def keep(objects: Objects, told: Told) -> str:
    """Store it; its digest."""
    facts = asdict(told.round)
    facts |= {name: facts[name] and facts[name].isoformat() for name in MOMENTS}
    facts["score_configs"] = [_texts(one) for one in facts["score_configs"]]
    return objects.put(as_json({"round": facts, "answers": {str(key): told.answers[key] for key in told.answers}}))


def read(objects: Objects, digest: str) -> Told:
    """What was stored under that digest."""
    found = json.loads(objects.get(digest))
    facts = found["round"]
    facts |= {name: facts[name] and datetime.fromisoformat(facts[name]) for name in MOMENTS}
    facts["score_configs"] = tuple(ScoreConfig(**_amounts(one)) for one in facts["score_configs"])
    return Told(Round(**facts), {int(key): str(value) for key, value in found["answers"].items()})


def _texts(config: Mapping[str, Any]) -> dict[str, Any]:
    return {**config, **{name: None if config[name] is None else str(config[name]) for name in AMOUNTS}}


def _amounts(config: Mapping[str, Any]) -> dict[str, Any]:
    return {**config, **{name: None if config[name] is None else Decimal(config[name]) for name in AMOUNTS}}
