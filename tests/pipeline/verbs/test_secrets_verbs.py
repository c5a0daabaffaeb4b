"""Secrets are stored, found and forgotten, in the encrypted file and in the keyring, and never shown."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eraforge.core.errors import UserError
from eraforge.core.secret import Secret
from eraforge.pipeline.gateways import account_keys
from eraforge.pipeline.secrets import encrypted_file
from eraforge.pipeline.secrets.places import SecretPlaces, SecretVariables
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.verbs.secrets import forget, listed, store
from eraforge.pipeline.workspace import read_configuration

pytest.importorskip("cryptography")
keyring = pytest.importorskip("keyring")
FILE = '[secrets]\nencrypted_file = "secrets.enc"\n'
KEYRING = '[secrets]\nkeyring = "eraforge-test"\n'
TYPED = {
    "NUMERAI_PUBLIC_ID": "PUBLIC-CANARY",
    "NUMERAI_SECRET_KEY": "SECRET/CANARY",
    "CHAT_WEBHOOK": "https://chat.example/CANARY",
    "Passphrase of secrets.enc": "four CANARY words",
    "The same passphrase of secrets.enc": "four CANARY words",
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encrypted_file, "COST", {"n": 16, "r": 8, "p": 1})


@pytest.fixture(autouse=True)
def ring() -> Iterator[dict[tuple[str, str], str]]:
    """A keyring in memory in the place of the system's."""
    from keyring.backend import KeyringBackend
    from keyring.errors import PasswordDeleteError

    held: dict[tuple[str, str], str] = {}

    class InMemory(KeyringBackend):
        priority = 1

        def get_password(self, service: str, name: str) -> str | None:
            return held.get((service, name))

        def set_password(self, service: str, name: str, value: str) -> None:
            held[service, name] = value

        def delete_password(self, service: str, name: str) -> None:
            if held.pop((service, name), None) is None:
                raise PasswordDeleteError

    before = keyring.get_keyring()
    keyring.set_keyring(InMemory())
    yield held
    keyring.set_keyring(before)


def visit(folder: Path, toml: str, answers: dict[str, str] | None = None, **variables: str) -> Visit:
    (folder / "eraforge.toml").write_text(toml)
    typed = {**TYPED, **(answers or {})}
    return Visit(folder, variables, ask=lambda question: Secret(typed[question]))


def keys(asker: Visit) -> str:
    configuration = read_configuration(asker).tree
    return account_keys(asker, configuration, "main", SecretPlaces(asker, configuration.secrets)).header()


@pytest.mark.parametrize("toml", [FILE, KEYRING])
def test_both_halves_are_stored_and_found_again(tmp_path: Path, toml: str) -> None:
    facts = store(visit(tmp_path, toml), "", "")
    assert facts["stored"] == ["NUMERAI_PUBLIC_ID", "NUMERAI_SECRET_KEY"]
    assert keys(visit(tmp_path, toml)) == "Token PUBLIC-CANARY$SECRET/CANARY"
    seen = listed(visit(tmp_path, toml))
    assert [row["found_in"] for row in seen["secrets"]] == [[facts["place"]]] * 2 and not seen["troubles"]
    gone = forget(visit(tmp_path, toml), "NUMERAI_SECRET_KEY", "")
    assert "CANARY" not in repr((facts, seen, gone))
    with pytest.raises(UserError) as caught:
        keys(visit(tmp_path, toml))
    assert caught.value.code == "half-a-key"
    with pytest.raises(UserError) as caught:
        forget(visit(tmp_path, toml), "NUMERAI_SECRET_KEY", "")
    assert caught.value.code == "no-such-secret"


def test_a_second_secret_joins_the_first_and_channels_find_theirs(tmp_path: Path) -> None:
    toml = FILE + '[notify.c]\nkind = "chat"\nsettings = { address_variable = "CHAT_WEBHOOK" }\n'
    store(visit(tmp_path, toml), "", "")
    store(visit(tmp_path, toml), "CHAT_WEBHOOK", "")
    asker = visit(tmp_path, toml)
    found = SecretVariables(asker, SecretPlaces(asker, read_configuration(asker).tree.secrets))
    assert found["CHAT_WEBHOOK"].endswith("CANARY") and found.get("OTHER") is None
    assert keys(asker).endswith("$SECRET/CANARY")


def test_the_environment_comes_first_and_the_list_says_so(tmp_path: Path) -> None:
    store(visit(tmp_path, FILE), "", "")
    asker = visit(tmp_path, FILE, NUMERAI_PUBLIC_ID="aa", NUMERAI_SECRET_KEY="bb")
    assert keys(asker) == "Token aa$bb"
    found = listed(asker)["secrets"][0]["found_in"]
    assert found == ["the environment", "the encrypted file secrets.enc"]


def test_a_process_without_a_person_needs_the_variable(tmp_path: Path) -> None:
    store(visit(tmp_path, FILE), "", "")
    with pytest.raises(UserError) as caught:
        keys(Visit(tmp_path, {}))
    assert caught.value.code == "no-passphrase" and "ERAFORGE_PASSPHRASE" in caught.value.next_step
    assert keys(Visit(tmp_path, {"ERAFORGE_PASSPHRASE": "four CANARY words"})).startswith("Token PUBLIC")


def test_a_wrong_passphrase_is_a_trouble_of_the_list_not_its_end(tmp_path: Path) -> None:
    store(visit(tmp_path, FILE), "", "")
    seen = listed(Visit(tmp_path, {"ERAFORGE_PASSPHRASE": "CANARY", "NUMERAI_PUBLIC_ID": "aa"}))
    assert seen["exit_code"] == 2 and seen["troubles"][0]["code"] == "wrong-passphrase"
    assert seen["secrets"][0]["found_in"] == ["the environment"] and "CANARY" not in repr(seen)


def test_the_process_of_a_model_asks_no_place(tmp_path: Path) -> None:
    store(visit(tmp_path, FILE), "", "")
    told = {"ERAFORGE_PASSPHRASE": "four CANARY words"}
    with pytest.raises(UserError) as caught:
        keys(Visit(tmp_path, told, keyless=True))
    assert caught.value.code == "no-keys"


REFUSED: dict[str, tuple[str, dict[str, str], str]] = {
    "no place": ("", {}, "no-place-for-secrets"),
    "two passphrases": (FILE, {"The same passphrase of secrets.enc": "others"}, "passphrases-differ"),
    "an empty passphrase": (
        FILE,
        {"Passphrase of secrets.enc": "", "The same passphrase of secrets.enc": ""},
        "empty-secret",
    ),
    "an empty key": (FILE, {"NUMERAI_SECRET_KEY": " "}, "empty-secret"),
}


@pytest.mark.parametrize(("toml", "answers", "code"), REFUSED.values(), ids=REFUSED)
def test_what_would_protect_nothing_is_refused(tmp_path: Path, toml: str, answers: dict[str, str], code: str) -> None:
    with pytest.raises(UserError) as caught:
        store(visit(tmp_path, toml, answers), "", "")
    assert caught.value.code == code and not (tmp_path / "secrets.enc").exists()


def test_a_closed_and_a_missing_keyring_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends.fail import Keyring
    from keyring.errors import KeyringLocked

    keyring.set_keyring(Keyring())
    with pytest.raises(UserError) as caught:
        store(visit(tmp_path, KEYRING), "", "")
    assert caught.value.code == "keyring-missing"

    def locked(*given: Any) -> None:
        raise KeyringLocked("CANARY")

    monkeypatch.setattr(keyring, "get_password", locked)
    with pytest.raises(UserError) as caught:
        keys(visit(tmp_path, KEYRING))
    assert caught.value.code == "keyring-closed" and "CANARY" not in repr(caught.value.as_dict())


def test_the_commands_take_lines_and_show_no_secret(tmp_path: Path) -> None:
    """As a script would: the values on standard input, the passphrase in its variable."""
    (tmp_path / "eraforge.toml").write_text(FILE)
    outputs = ""
    for words, lines in (
        (["secrets", "store"], "PUBLIC-CANARY\nSECRET/CANARY\n"),
        (["secrets", "list"], ""),
    ):
        run = subprocess.run(
            [sys.executable, "-m", "eraforge", *words, "-w", str(tmp_path)],
            input=lines,
            env={**os.environ, "ERAFORGE_PASSPHRASE": "four CANARY words"},
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr
        outputs += run.stdout + run.stderr
    assert "CANARY" not in outputs and "NUMERAI_SECRET_KEY" in outputs
    assert b"CANARY" not in (tmp_path / "secrets.enc").read_bytes()
