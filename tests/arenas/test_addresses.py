"""The real tournament is recognised by its host, whatever else the address holds."""

import pytest

from eraforge.arenas.addresses import TOURNAMENT_URL, is_real_tournament, require_safe_for_keys
from eraforge.core.errors import UserError


@pytest.mark.parametrize(
    "url",
    [
        TOURNAMENT_URL,
        "https://API-Tournament.Numer.AI/",
        "https://numer.ai",
        "https://api-tournament.numer.ai.:443/x?y",
        "http://user:pw@api-tournament.numer.ai",
        " https://api-tournament.numer.ai ",
    ],
)
def test_the_real_tournament_is_recognised(url: str) -> None:
    assert is_real_tournament(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8765",
        "http://localhost/numer.ai",
        "https://numer.ai.example.org",
        "https://notnumer.ai",
        "https://numer.ai@example.org",
    ],
)
def test_another_host_is_not_the_real_tournament(url: str) -> None:
    assert not is_real_tournament(url)


@pytest.mark.parametrize("url", ["", "numer.ai", "ftp://numer.ai", "https://", "https://[numer.ai"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UserError) as caught:
        is_real_tournament(url)
    assert caught.value.code == "bad-address"


def test_keys_go_to_the_real_tournament_encrypted_only() -> None:
    require_safe_for_keys(TOURNAMENT_URL)
    require_safe_for_keys("http://127.0.0.1:8765")
    with pytest.raises(UserError) as caught:
        require_safe_for_keys("http://api-tournament.numer.ai")
    assert caught.value.code == "keys-over-plain-http"
