"""The walls of the house: import directions, sizes, names, and no branch on an arena's name."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "eraforge"
MODULES = sorted(SOURCE.rglob("*.py"))
BANNED_WORDS = {
    "utils", "util", "helpers", "helper", "misc", "common", "base", "manager", "v2", "new", "old", "fixed", "final",
    "enhanced", "production",
}  # fmt: skip
ROOMS = [folder for folder in SOURCE.iterdir() if (folder / "__init__.py").exists()]


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def test_import_contracts_hold() -> None:
    run = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]


def test_only_the_effects_import_the_gateway_that_writes() -> None:
    importers = {
        path.relative_to(SOURCE).as_posix()
        for path in MODULES
        if re.search(r"gateway_write\b", path.read_text()) and path.name != "gateway_write.py"
    }
    assert importers == {"pipeline/effects/door.py"}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_says_what_it_knows_and_refuses(room: Path) -> None:
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or ""
    assert "Knows:" in text and "Refuses:" in text, f"{room.name}: {text!r}"


def test_files_stay_under_500_lines() -> None:
    long = {path.name: lines for path in MODULES if (lines := len(path.read_text().splitlines())) > 500}
    assert not long


def test_functions_stay_under_60_lines() -> None:
    long = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                length = node.end_lineno - node.lineno + 1
                if length > 60:
                    long.append(f"{path.relative_to(ROOT)}:{node.name} {length}")
    assert not long


def test_a_folder_holds_at_most_twelve_files() -> None:
    folders = {path.parent for path in MODULES}
    crowded = {str(folder.relative_to(ROOT)): n for folder in folders if (n := len(list(folder.glob("*.py")))) > 12}
    assert not crowded


def test_no_path_holds_a_word_that_says_nothing() -> None:
    bad = []
    for path in tracked_files():
        words = re.split(r"[^a-z0-9]+", path.relative_to(ROOT).as_posix().lower())
        bad += [f"{path}: {word}" for word in words if word in BANNED_WORDS]
    assert not bad


def test_nothing_branches_on_an_arena_name() -> None:
    """What differs between arenas is data: outside the arenas' own values no code compares with their names."""
    names = {"classic", "signals", "crypto", "numerai"}
    branches = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Compare | ast.Match):
                continue
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.lower() in names:
                    branches.append(f"{path.relative_to(ROOT)}:{node.lineno} {part.value!r}")
    assert not branches


def test_rooms_without_effects_touch_no_file_and_no_socket() -> None:
    """`core, features, models, evaluation, portfolio` compute; they open nothing."""
    opened = []
    for room in ("core", "features", "models", "evaluation", "portfolio"):
        for path in sorted((SOURCE / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    name = ast.unparse(node.func)
                    if name == "open" or name.endswith((".read_text", ".write_text", ".read_bytes", ".write_bytes")):
                        opened.append(f"{path.relative_to(ROOT)}:{node.lineno} {name}")
    assert not opened


def test_no_broad_except() -> None:
    broad = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                names = ast.unparse(node.type) if node.type else "bare"
                if node.type is None or re.search(r"\b(Exception|BaseException)\b", names):
                    broad.append(f"{path.relative_to(ROOT)}:{node.lineno} {names}")
    assert not broad


def test_the_repository_names_no_registry_and_no_machine() -> None:
    marks = re.compile(r"pypi\.org|pythonhosted|files\.python|registry\.npmjs|deb\.debian|/work/|/root/|/home/\w+/")
    found = []
    for path in tracked_files():
        if path == Path(__file__).resolve() or path.suffix in {".png", ".svg", ".parquet"}:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if marks.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number} {line.strip()[:80]}")
    assert not found


def test_test_files_mirror_the_source() -> None:
    """A test file stands where the module it tests stands."""
    rooms = {room.name for room in ROOMS}
    strays = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        room = path.relative_to(ROOT / "tests").parts[0]
        if room not in rooms | {"house", "proof"}:
            strays.append(str(path.relative_to(ROOT)))
    assert not strays


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
