"""The encrypted file opens with its passphrase, unchanged, and not otherwise."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.core.errors import UserError
from eraforge.core.secret import Secret
from eraforge.pipeline.secrets import encrypted_file
from eraforge.pipeline.secrets.encrypted_file import read, seal, unseal, write

pytest.importorskip("cryptography")
VALUES = {"NUMERAI_PUBLIC_ID": "PUBLIC-CANARY", "NUMERAI_SECRET_KEY": "SECRET/CANARY"}
WORDS = Secret("four words of mine")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less work for scrypt; one test leaves the real cost."""
    monkeypatch.setattr(encrypted_file, "COST", {"n": 16, "r": 8, "p": 1})


@settings(max_examples=10, deadline=None)
@given(st.dictionaries(st.text(max_size=20), st.text(max_size=60), max_size=4), st.text(min_size=1, max_size=30))
def test_what_goes_in_comes_out(values: dict[str, str], passphrase: str) -> None:
    try:
        passphrase.encode()
    except UnicodeEncodeError:
        return
    assert unseal(seal(values, Secret(passphrase)), Secret(passphrase), "f") == values


def test_the_file_is_private_shows_nothing_and_is_never_the_same_twice(tmp_path: Path) -> None:
    path = tmp_path / "secrets.enc"
    write(path, VALUES, WORDS)
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"CANARY" not in path.read_bytes() and b"NUMERAI" not in path.read_bytes()
    assert seal(VALUES, WORDS) != seal(VALUES, WORDS)
    assert read(path, WORDS) == VALUES


def test_the_real_cost_is_what_the_format_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    text = seal(VALUES, WORDS)
    assert json.loads(text)["scrypt"]["n"] == 1 << 15
    assert unseal(text, WORDS, "f") == VALUES


def test_the_format_is_the_documented_one() -> None:
    """Opened by nothing but the two primitives, as the module's docstring describes them."""
    import hashlib

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    file = json.loads(seal(VALUES, WORDS))
    data = b64decode(file.pop("data"))
    cost = dict(file["scrypt"])
    key = hashlib.scrypt(WORDS.reveal().encode(), salt=b64decode(cost.pop("salt")), dklen=32, **cost)
    head = json.dumps(file, sort_keys=True, separators=(",", ":")).encode()
    assert json.loads(AESGCM(key).decrypt(b64decode(file["nonce"]), data, head)) == VALUES


def changed(member: str) -> bytes:
    file = json.loads(seal(VALUES, WORDS))
    if member in ("data", "nonce"):
        whole = bytearray(b64decode(file[member]))
        whole[0] ^= 1
        file[member] = b64encode(bytes(whole)).decode()
    elif member == "added":
        file["added"] = 1
    else:
        file["scrypt"][member] = 32 if member == "n" else b64encode(b"0" * 16).decode()
    return json.dumps(file).encode()


@pytest.mark.parametrize("member", ["data", "nonce", "n", "salt", "added"])
def test_a_changed_file_does_not_open(member: str) -> None:
    with pytest.raises(UserError) as caught:
        unseal(changed(member), WORDS, "f")
    assert caught.value.code == "wrong-passphrase"


def test_a_wrong_passphrase_is_refused_without_a_trace() -> None:
    with pytest.raises(UserError) as caught:
        unseal(seal(VALUES, WORDS), Secret("other words"), "f")
    assert caught.value.code == "wrong-passphrase" and "words" not in repr(caught.value.as_dict())


GREEDY = {"n": 1 << 40, "r": 8, "p": 1, "salt": ""}
SHORT = {"n": 16, "r": 8, "p": 1, "salt": ""}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"\xff",
        b"{}",
        b'{"data": 1}',
        json.dumps({"format": "other", "nonce": "", "data": "", "scrypt": SHORT}).encode(),
        json.dumps({"format": encrypted_file.FORMAT, "nonce": "A" * 16, "data": "", "scrypt": GREEDY}).encode(),
    ],
)
def test_what_is_no_such_file_is_told_as_that(text: bytes, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        unseal(text, WORDS, "f")
    assert caught.value.code == "encrypted-file-unreadable"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path / "absent", WORDS)
    assert caught.value.code == "encrypted-file-unreadable"
