"""The engine as a whole: deterministic keys, replay, threads, and speed over many days."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from eraforge.core.clock import SystemClock
from eraforge.core.errors import Broken, Refused, UserError
from eraforge.simulator.tournament.engine import Session, Tournament
from eraforge.simulator.world import World


def opened(world: World, folder: Path, seed: int = 7) -> Tournament:
    return Tournament(world, seed, folder, SystemClock())


def test_keys_follow_from_the_seed(tmp_path: Path, tiny_world: World) -> None:
    made = [opened(tiny_world, tmp_path / name, seed) for name, seed in (("a", 7), ("b", 7), ("c", 8))]
    keys = [next(iter(engine.records.tokens.values())) for engine in made]
    assert keys[0] == keys[1] != keys[2]
    assert set(keys[0].public) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    assert set(made[0].records.models) & set(made[2].records.models) == {one.model_id for one in tiny_world.competitors}
    for engine in made:
        engine.close()


def test_ninety_days_pass_in_no_time(tmp_path: Path, tiny_world: World) -> None:
    engine = opened(tiny_world, tmp_path)
    started = time.process_time()
    events = engine.advance(engine.now() + timedelta(days=90))
    assert time.process_time() - started < 5, "nothing is computed before it is asked for"
    assert sum(event["event"] == "round-opened" for event in events) == 65
    reputations = engine.standings.reputations()
    assert len(reputations) >= 25
    assert np.isfinite([value for scores in reputations.values() for value in scores.values()]).all()
    engine.close()


def test_scores_do_not_depend_on_the_order_of_asking(tmp_path: Path, tiny_world: World) -> None:
    daily, once = opened(tiny_world, tmp_path / "a"), opened(tiny_world, tmp_path / "b")
    for _ in range(12):
        daily.advance(daily.now() + timedelta(days=1))
        daily.standings.reputations()
        for number in daily.standings.round_numbers():
            daily.scores.table(number, [daily.rounds.published(number, daily.now())])
    once.advance(daily.now())
    for number in once.standings.round_numbers():
        published = once.rounds.published(number, once.now())
        left, right = daily.scores.table(number, [published]), once.scores.table(number, range(1, published + 1))
        for day in left.days:
            np.testing.assert_array_equal(left.days[day], right.days[day])
    daily.close()
    once.close()


def test_many_threads_write_one_history(tmp_path: Path, tiny_world: World) -> None:
    engine = Tournament(tiny_world, 7, tmp_path, SystemClock(), speed=50.0)
    account = engine.records.accounts["practice"]
    session = Session(account.tokens[0])

    def upload(place: int) -> str:
        name = engine.authorise_upload(session, f"mine{place}.csv", account.models[place % 3], 8)
        engine.store_object(name, f"id,prediction\nx,{place}\n".encode())
        return engine.create_submission(session, name, account.models[place % 3], 8)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(upload, range(16)))
    assert len(set(made)) == 16
    engine.close()
    again = opened(tiny_world, tmp_path)
    assert again.records.submissions == engine.records.submissions
    assert again.records.uploads == engine.records.uploads
    assert [line["sequence"] for line in again.journal.lines] == list(range(1, len(again.journal.lines) + 1))
    again.close()


def test_a_change_of_a_later_version_is_refused(tmp_path: Path, tiny_world: World) -> None:
    opened(tiny_world, tmp_path).close()
    line = json.loads((tmp_path / "journal.jsonl").read_text())
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write(json.dumps({**line, "sequence": 2, "change": "model-sold"}) + "\n")
    with pytest.raises(Broken, match="model-sold"):
        opened(tiny_world, tmp_path)


def test_names_accounts_and_keys_are_checked(tmp_path: Path, tiny_world: World) -> None:
    engine = opened(tiny_world, tmp_path)
    engine.add_model("practice", "practice_d")
    for name in ("practice_d", "Upper", "", "x" * 21):
        with pytest.raises(Refused, match="not available"):
            engine.add_model("practice", name)
    for refused in (
        lambda: engine.add_account("practice"),
        lambda: engine.add_key("nobody", []),
        lambda: engine.add_key("practice", ["fly"]),
    ):
        with pytest.raises(UserError):
            refused()
    session = Session(engine.records.accounts["practice"].tokens[0])
    model = engine.records.accounts["practice"].models[0]
    for kind, value in (("increase", "-1"), ("increase", "NaN"), ("sideways", "1"), ("increase", "much")):
        with pytest.raises(Refused):
            engine.stakes.change(session, model, kind, value)
    assert engine.stake(model) == 64
    engine.close()
