"""A submission's file name carries model, round and digest, with or without the server's suffix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eraforge.arenas.submission_file import parse_name, submission_file
from eraforge.core.digest import digest_bytes
from eraforge.core.errors import UserError

DIGEST = digest_bytes(b"id,prediction\n")


def test_the_name_carries_model_round_and_digest() -> None:
    assert submission_file("spring", 1345, DIGEST).name() == f"spring-1345-{DIGEST[:12]}.csv"
    assert submission_file("spring rain-2", 1345, DIGEST).name() == f"spring_rain_2-1345-{DIGEST[:12]}.csv"


@given(st.text(min_size=1).filter(lambda text: any(sign.isascii() and sign.isalnum() for sign in text)), st.integers(1))
def test_a_name_is_read_back_with_and_without_the_server_s_suffix(model: str, number: int) -> None:
    file = submission_file(model, number, DIGEST)
    assert parse_name(file.name()) == file
    assert parse_name(file.name().replace(".csv", "-TqMFjDc_B8CX.csv")) == file
    assert file.is_of(DIGEST)
    assert not file.is_of(digest_bytes(b"another"))


@pytest.mark.parametrize(
    "name", ["predictions-TqMFjDcNB8CX.csv", "spring-1345.csv", "spring-1345-abc.csv", "", "a.parquet"]
)
def test_a_name_of_another_make_is_no_name(name: str) -> None:
    assert parse_name(name) is None


@pytest.mark.parametrize(("model", "digest"), [("", DIGEST), ("///", DIGEST), ("spring", DIGEST[:12]), ("spring", "")])
def test_no_file_is_named_for_nothing(model: str, digest: str) -> None:
    with pytest.raises(UserError) as caught:
        submission_file(model, 1345, digest)
    assert caught.value.code == "bad-file-name"
