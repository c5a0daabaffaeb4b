"""The documentation is true: links lead somewhere, commands run, code works, help is the program's own."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import httpx
import pytest

from eraforge.core.configuration import load
from eraforge.pipeline.catalogue import VERBS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"^\$ (eraforge [^#\n]*)", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_files_exist(page: Path) -> None:
    for name in re.findall(r"`((?:src|tests|docs|benchmarks|tools)/[\w/.]+)`", page.read_text()):
        assert (ROOT / name).exists(), f"{page.name} names {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_exist(page: Path) -> None:
    for line in COMMAND.findall(page.read_text()):
        words = shlex.split(line)[1:]
        if words[0].startswith("-"):
            continue
        found = [verb for verb in VERBS if words[: len(verb.name.split())] == verb.name.split()]
        assert found, f"{page.name}: {line}"
        known = {f"--{option.name.replace('_', '-')}" for option in found[-1].options} | {"--json", "--workspace", "-w"}
        for word in words:
            if word.startswith("-"):
                assert word in known, f"{page.name}: {line}"


def test_the_command_page_is_the_programs_own_help() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "help_pages.py"), "--check"], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr


def test_the_table_of_models_is_generated_from_the_models() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "model_pages.py"), "--check"], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr


def test_every_verb_stands_on_the_command_page() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    assert [verb.name for verb in VERBS if f"## `eraforge {verb.name}`" not in text] == []


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)


def test_the_configuration_of_the_first_round_is_valid() -> None:
    tree = load(blocks("first_round.md", "toml")[0]).tree
    assert tree.entry("steady").settings["members"]["linear"] == {"learner": "ridge"}


def test_the_commands_of_the_first_round_work_in_order(tournament: Any, tmp_path: Path) -> None:
    """Run what the page says, with the address and the keys of a tournament that is running."""
    folder = tmp_path / "reader"
    folder.mkdir()
    text = (ROOT / "docs" / "first_round.md").read_text().split("## For real")[0].split("## Practise")[1]
    environment = {"NUMERAI_PUBLIC_ID": tournament.public_id, "NUMERAI_SECRET_KEY": tournament.secret_key}
    ran = []
    for line in re.findall(r"^\$ (.*)$", text, re.MULTILINE):
        line = line.replace("http://127.0.0.1:8765", tournament.url).split("#")[0].strip()
        if line.startswith("curl"):
            httpx.post(re.search(r"http\S+", line)[0], content=re.search(r"'(.*)'", line)[1]).raise_for_status()  # type: ignore[index]
        elif line.startswith("eraforge") and "simulator serve" not in line:
            words = [sys.executable, "-m", *shlex.split(line)]
            run = subprocess.run(
                words,
                cwd=folder,
                env={**environment, "PATH": "", "HOME": str(tmp_path)},
                capture_output=True,
                text=True,
            )
            assert run.returncode == 0, f"{line}: {run.stdout[-800:]}{run.stderr[-800:]}"
            ran.append(line)
    assert len(ran) >= 10


def test_the_source_of_the_prices_page_brings_bars(tmp_path: Path) -> None:
    from eraforge.core.clock import SystemClock
    from eraforge.data.lake import update
    from eraforge.data.lake.lake import Lake
    from eraforge.data.sources.source import Wanted
    from eraforge.store.objects import Objects

    space: dict[str, Any] = {}
    exec(compile(blocks("prices.md", "python")[0], "prices.md", "exec"), space)
    lake = Lake(tmp_path, "flat", Objects(tmp_path / "objects"), 86_400)
    for added in (3, 2):
        done = update.pull(space["Constant"](Wanted("flat")), lake, SystemClock(), tmp_path, lambda *_: None)
        assert done.added == added
    assert lake.bars().symbols == ("FLAT",)


def test_the_configuration_of_the_prices_page_is_valid() -> None:
    assert load(blocks("prices.md", "toml")[0]).tree.prices["daily"].repairs == ("drop-not-positive", "drop-spikes")


def test_what_the_prices_page_puts_beside_prices_is_pulled_and_checked(tmp_path: Path) -> None:
    from eraforge.pipeline.desk import find_verb, perform
    from eraforge.pipeline.verb import Visit

    bars = "date,open,high,low,close,volume\n" + "".join(
        f"2022-01-{day},{day},{day},{day},{day},5\n" for day in range(25, 32)
    )
    (tmp_path / "shares").mkdir()
    for name in ("FB", "META"):
        (tmp_path / "shares" / f"{name}.csv").write_text(bars)
    (tmp_path / "tickers.csv").write_text(blocks("prices.md", "csv")[0])
    (tmp_path / "sectors.csv").write_text("symbol,sector\nMETA US,Media\nMETV US,Funds\n")
    (tmp_path / "rates.csv").write_text("date,rate\n2022-01-03,1.5\n")
    (tmp_path / "inflation.csv").write_text("date,value,released\n2021-12-01,7,2022-01-12\n")
    (tmp_path / "eraforge.toml").write_text(blocks("prices.md", "toml")[1])
    for line in COMMAND.findall((ROOT / "docs" / "prices.md").read_text().split("## Beside prices")[1]):
        verb = find_verb(" ".join(shlex.split(line)[1:3]))
        facts = perform(verb.name, Visit(tmp_path, {}), {one.name: one.default for one in verb.options})
        assert facts["exit_code"] == 0, facts
        if "faults" in facts["prices"][0]:
            told = {one["code"]: one["bars"] for one in facts["prices"][0]["faults"]}
            assert facts["prices"][0]["figures"]["symbols"] == 2 and told["bars-without-id"] == 3
    assert [one["series"] for one in facts["prices"][0]["series"]] == ["rates", "inflation"]


def test_the_model_of_the_plugin_page_keeps_the_contract() -> None:
    from eraforge.evaluation.checks.model_checks import check_made

    module = types.ModuleType("my_models")
    sys.modules["my_models"] = module  # dataclasses look their module up
    exec(compile(blocks("plugins.md", "python")[0], "plugins.md", "exec"), module.__dict__)
    failed = [result for result in check_made(module.FirstFeature) if not result.passed]
    # It learns nothing, as its docstring says; everything else of the contract it keeps.
    assert {result.check for result in failed} <= {"learns a planted signal"}, failed
