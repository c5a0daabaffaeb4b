"""Keys are found whole or not at all, and show nowhere."""

import os
import pickle
from pathlib import Path

import pytest

from eraforge.arenas.credentials import credentials
from eraforge.core.errors import UserError

BOTH = {"NUMERAI_PUBLIC_ID": "PUBLICCANARY", "NUMERAI_SECRET_KEY": "SECRET/CANARY"}


def secret_file(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "keys"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_keys_come_from_the_environment_first(tmp_path: Path) -> None:
    path = secret_file(tmp_path, "NUMERAI_PUBLIC_ID=other\nNUMERAI_SECRET_KEY=other\n")
    assert credentials(BOTH, path).header() == "Token PUBLICCANARY$SECRET/CANARY"


def test_keys_come_from_a_secret_file(tmp_path: Path) -> None:
    text = "# numerai\nexport NUMERAI_PUBLIC_ID = 'PUBLICCANARY'\n\nNUMERAI_SECRET_KEY=\"SECRET/CANARY\"\nOTHER=1\n"
    assert credentials({}, secret_file(tmp_path, text)).header() == "Token PUBLICCANARY$SECRET/CANARY"


def test_another_account_has_another_prefix() -> None:
    environment = BOTH | {"CLUB_PUBLIC_ID": "a", "CLUB_SECRET_KEY": "b"}
    assert credentials(environment, prefix="CLUB_").header() == "Token a$b"


@pytest.mark.parametrize(
    ("environment", "code", "named"),
    [
        ({}, "no-keys", "NUMERAI_PUBLIC_ID"),
        ({"NUMERAI_PUBLIC_ID": "", "NUMERAI_SECRET_KEY": " "}, "no-keys", "NUMERAI_SECRET_KEY"),
        ({"NUMERAI_PUBLIC_ID": "CANARY"}, "half-a-key", "NUMERAI_SECRET_KEY is not"),
        ({"NUMERAI_SECRET_KEY": "CANARY"}, "half-a-key", "NUMERAI_PUBLIC_ID is not"),
    ],
)
def test_missing_keys_are_named_with_the_next_step(environment: dict[str, str], code: str, named: str) -> None:
    with pytest.raises(UserError) as caught:
        credentials(environment)
    assert caught.value.code == code
    assert named in caught.value.sentence
    assert caught.value.next_step
    assert "CANARY" not in repr(caught.value.as_dict())


def test_half_a_key_in_the_environment_is_not_completed_from_a_file(tmp_path: Path) -> None:
    path = secret_file(tmp_path, "NUMERAI_PUBLIC_ID=a\nNUMERAI_SECRET_KEY=b\n")
    with pytest.raises(UserError, match="environment"):
        credentials({"NUMERAI_PUBLIC_ID": "c"}, path)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_secret_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = secret_file(tmp_path, "NUMERAI_PUBLIC_ID=a\nNUMERAI_SECRET_KEY=b\n", mode)
    with pytest.raises(UserError) as caught:
        credentials({}, path)
    assert caught.value.code == "secret-file-open-to-others"
    assert "chmod 600" in caught.value.next_step


def test_an_unreadable_secret_file_is_named_without_its_content(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(b"CANARY\xff\xfe")
    path.chmod(0o600)
    for place in (path, tmp_path / "absent", tmp_path):
        with pytest.raises(UserError) as caught:
            credentials({}, place)
        assert caught.value.code == "secret-file-unreadable"
        assert "CANARY" not in repr(caught.value.as_dict()) + repr(caught.value.__cause__)


def test_keys_show_in_no_repr_and_no_pickle() -> None:
    keys = credentials(BOTH)
    assert "CANARY" not in f"{keys} {keys!r} {keys.public_id} {keys.secret_key!r}"
    with pytest.raises(TypeError):
        pickle.dumps(keys)


def test_redaction_knows_the_shapes_a_key_takes() -> None:
    keys = credentials(BOTH)
    text = "Token PUBLICCANARY$SECRET/CANARY SECRET%2FCANARY " + b"SECRET/CANARY".hex()
    assert "CANARY" not in keys.redact(text)
    assert b"SECRET".hex() not in keys.redact(text)


@pytest.mark.parametrize(
    ("owner", "mode", "we", "taken"),
    [
        (
            0,
            0o440,
            10001,
            True,
        ),  # lent by root to our group or access list
        (0, 0o400, 10001, True),
        (0, 0o444, 10001, False),
        (0, 0o460, 10001, False),
        (10001, 0o440, 10001, False),
        (10002, 0o440, 10001, False),
        (0, 0o440, 0, False),
    ],
)
def test_a_file_that_root_lends_to_us_alone_is_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: int, mode: int, we: int, taken: bool
) -> None:
    path = secret_file(tmp_path, "NUMERAI_PUBLIC_ID=a\nNUMERAI_SECRET_KEY=b\n")
    real = Path.stat

    def stat(self: Path, **given: bool) -> os.stat_result:
        told = list(real(self, **given))
        if self == path:
            told[0], told[4] = 0o100000 | mode, owner
        return os.stat_result(told)

    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr(os, "geteuid", lambda: we)
    if taken:
        assert credentials({}, path).header() == "Token a$b"
    else:
        with pytest.raises(UserError) as caught:
            credentials({}, path)
        assert caught.value.code == "secret-file-open-to-others"
