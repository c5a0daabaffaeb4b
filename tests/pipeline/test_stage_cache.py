"""A stage is computed once for its code, settings and inputs; again when one of them changes or its output is lost."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from eraforge.core import calendar, digest
from eraforge.core.clock import StandingClock
from eraforge.core.digest import digest_bytes
from eraforge.core.errors import DataError
from eraforge.pipeline.stage_cache import StageCache, as_json, code_digest
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
INPUTS = {"train": "digest of a file", "settings": {"trees": 10, "rate": 0.1}}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(tmp_path / "objects")


@pytest.fixture
def cache(objects: Objects, ledger: Ledger) -> StageCache:
    return StageCache(objects, ledger, StandingClock(NOON))


class Work:
    """A computation that counts how often it is done."""

    def __init__(self, answer: bytes = b"a model") -> None:
        self.answer = answer
        self.times = 0

    def __call__(self) -> bytes:
        self.times += 1
        return self.answer


def never() -> bytes:
    raise AssertionError("this was to be remembered")


def test_the_same_stage_is_computed_once(cache: StageCache, objects: Objects) -> None:
    work = Work()
    first = cache.output("train", "code", INPUTS, work)
    assert cache.output("train", "code", INPUTS, work) == first == digest_bytes(b"a model")
    assert objects.get(first) == b"a model"
    assert (work.times, cache.computed) == (1, ["train"])


def test_the_order_of_settings_does_not_count(cache: StageCache) -> None:
    cache.output("train", "code", INPUTS, Work())
    turned = {"settings": {"rate": 0.1, "trees": 10}, "train": "digest of a file"}
    cache.output("train", "code", turned, never)


@pytest.mark.parametrize(
    ("name", "code", "inputs"),
    [
        ("predict", "code", INPUTS),
        ("train", "other code", INPUTS),
        ("train", "code", {**INPUTS, "train": "digest of another file"}),
        ("train", "code", {**INPUTS, "settings": {"trees": 10, "rate": 0.2}}),
        ("train", "code", {**INPUTS, "settings": {"trees": 10.0, "rate": 0.1}}),
        ("train", "code", {**INPUTS, "more": None}),
    ],
    ids=["name", "code", "input", "setting", "kind of a setting", "one more"],
)
def test_any_change_computes_anew(cache: StageCache, name: str, code: str, inputs: dict[str, object]) -> None:
    cache.output("train", "code", INPUTS, Work())
    work = Work(b"another model")
    assert cache.output(name, code, inputs, work) == digest_bytes(b"another model")
    assert work.times == 1


def test_another_process_finds_what_was_computed(cache: StageCache, objects: Objects, tmp_path: Path) -> None:
    made = cache.output("train", "code", INPUTS, Work())
    with Ledger.open(tmp_path / "ledger.sqlite") as again:
        later = StageCache(Objects(objects.root), again, StandingClock(NOON))
        assert later.output("train", "code", INPUTS, never) == made
        assert later.computed == []


def test_a_lost_output_is_computed_again(cache: StageCache, objects: Objects) -> None:
    made = cache.output("train", "code", INPUTS, Work())
    objects.path(made).unlink()
    work = Work()
    assert cache.output("train", "code", INPUTS, work) == made
    assert (work.times, objects.get(made)) == (1, b"a model")


def test_a_failed_computation_leaves_nothing_behind(cache: StageCache) -> None:
    def fails() -> bytes:
        raise DataError("some-code", "The data are wrong.", "Mend them.")

    with pytest.raises(DataError):
        cache.output("train", "code", INPUTS, fails)
    assert cache.computed == []
    work = Work()
    cache.output("train", "code", INPUTS, work)
    assert work.times == 1


def test_a_later_output_of_the_same_key_takes_the_place(cache: StageCache, objects: Objects) -> None:
    """What is computed again after a loss may differ (a clock in a file's header); the last one counts."""
    objects.path(cache.output("train", "code", INPUTS, Work(b"one"))).unlink()
    second = cache.output("train", "code", INPUTS, Work(b"two"))
    assert cache.output("train", "code", INPUTS, never) == second == digest_bytes(b"two")


def test_what_came_from_outside_is_remembered_while_it_is_there(cache: StageCache, objects: Objects) -> None:
    asked = {"file": "v5.3/live.parquet", "round": 1345}
    assert cache.known("fetch", asked) is None
    arrived = objects.put(b"rows")
    cache.remember("fetch", asked, arrived)
    assert cache.known("fetch", asked) == arrived
    assert cache.known("fetch", {**asked, "round": 1346}) is None
    assert cache.known("check", asked) is None
    assert cache.computed == []
    objects.path(arrived).unlink()
    assert cache.known("fetch", asked) is None


def test_facts_go_in_and_come_out_as_json(cache: StageCache) -> None:
    facts = {"b": [1, None, 0.1], "a": {"é": "…"}}
    assert as_json(facts) == '{"a":{"é":"…"},"b":[1,null,0.1]}'.encode()
    assert as_json(dict(reversed(facts.items()))) == as_json(facts)
    assert (
        cache.read_json(cache.output("report", "code", {}, lambda: as_json(facts)))
        == facts
        == json.loads(as_json(facts))
    )


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Writes and imports modules of a stranger."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made: list[str] = []

    def write(source: str) -> ModuleType:
        made.append(f"strangers_module_{len(made)}")
        (tmp_path / f"{made[-1]}.py").write_text(source)
        return importlib.import_module(made[-1])

    yield write
    for name in made:
        del sys.modules[name]


def test_code_is_named_by_the_files_it_stands_in(module: Callable[[str], ModuleType]) -> None:
    plain = module("class Model:\n    x = 1\n\ndef other():\n    pass\n")
    twin = module("class Model:\n    x = 1\n\ndef other():\n    pass\n")
    changed = module("class Model:\n    x = 2\n\ndef other():\n    pass\n")
    assert code_digest(plain.Model) == code_digest(plain.other) == code_digest(plain) == code_digest(twin.Model)
    assert code_digest(plain.Model) != code_digest(changed.Model)
    assert code_digest(plain.Model, digest) != code_digest(plain.Model)


def test_the_order_of_the_code_does_not_count() -> None:
    assert code_digest(calendar, digest) == code_digest(digest, calendar, digest)


def test_the_code_of_a_package_is_that_of_all_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model's file alone does not decide how it is trained: the loop it shares with others does too."""
    for name, text in (("one", "a = 1"), ("two", "a = 2")):
        folder = tmp_path / name / "inner"
        folder.mkdir(parents=True)
        (tmp_path / name / "__init__.py").write_text("")
        (folder / "loop.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    one, two = importlib.import_module("one"), importlib.import_module("two")
    assert code_digest(one) == code_digest(one)
    assert code_digest(one) != code_digest(two)
