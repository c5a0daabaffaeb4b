"""A secret never shows itself, whatever shows it."""

from __future__ import annotations

import base64
import copy
import io
import json
import logging
import pickle
import pprint
import traceback
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

import pytest

from eraforge.core.secret import Secret, guard, redact, shapes

TEXT = "kq7-hidden-4x"


@dataclass(frozen=True)
class Keys:
    name: str
    secret: Secret


@pytest.fixture
def secret() -> Secret:
    return Secret(TEXT)


SHOWN: dict[str, Any] = {
    "repr": repr,
    "str": str,
    "f-string": lambda secret: f"{secret} {secret!r} {secret!s} {secret!a}",
    "format": lambda secret: "{:}".format(secret),  # noqa: UP032
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
    "dataclass": lambda secret: repr(Keys("main", secret)),
    "containers": lambda secret: f"{[secret]} {(secret,)} { ({'key': secret}) } { ({secret}) }",
    "exception": lambda secret: repr(ValueError("wrong key", secret)) + str(ValueError(secret)),
    "pprint": lambda secret: pprint.pformat({"keys": Keys("main", secret)}),
    "json default": lambda secret: json.dumps({"key": secret}, default=str),
    "dir": lambda secret: str(dir(secret)) + str(Secret.__dict__),
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_no_text_of_it_holds_the_secret(show: Any, secret: Secret) -> None:
    assert TEXT not in show(secret)


REFUSING: dict[str, Any] = {
    **{f"pickle {protocol}": lambda secret, p=protocol: pickle.dumps(secret, p) for protocol in range(6)},
    "pickle in a dataclass": lambda secret: pickle.dumps(Keys("main", secret)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "asdict": lambda secret: asdict(Keys("main", secret)),
    "json": lambda secret: json.dumps({"key": secret}),
    "vars": vars,
    "format with a width": lambda secret: format(secret, ">40"),
    "concatenation": lambda secret: "key " + secret,
    "iteration": list,
    "bytes": bytes,
}


@pytest.mark.parametrize("carry", REFUSING.values(), ids=REFUSING)
def test_what_would_carry_it_away_is_refused_without_naming_it(carry: Any, secret: Secret) -> None:
    with pytest.raises(TypeError) as caught:
        carry(secret)
    assert TEXT not in "".join(traceback.format_exception(caught.value))


def test_logs_do_not_hold_it(secret: Secret) -> None:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    log = logging.getLogger("tests.secret")
    log.addHandler(handler)
    log.warning("keys %s and %r", secret, Keys("main", secret))
    log.removeHandler(handler)
    event = {"event": "keys read", "secret": secret, "keys": Keys("main", secret), "nested": {"secret": secret}}
    lines.write(json.dumps(event, default=str))
    lines.write(" ".join(f"{name}={value!r}" for name, value in event.items()))
    assert "Secret(…)" in lines.getvalue()
    assert TEXT not in lines.getvalue()


def test_reveal_is_the_only_way_to_it(secret: Secret) -> None:
    assert secret.reveal() == TEXT


def test_equality_is_by_value_and_only_among_secrets(secret: Secret) -> None:
    assert secret == Secret(TEXT)
    assert hash(secret) == hash(Secret(TEXT))
    assert secret != Secret(TEXT + "x")
    assert secret != TEXT
    assert Secret("ключ") != Secret("Ключ")


def test_the_hash_tells_nothing(secret: Secret) -> None:
    assert hash(secret) == hash(Secret("another"))


def test_a_text_that_is_no_utf8_compares_without_an_error_that_carries_it() -> None:
    """Variables of the environment hold any bytes; Python hands the odd ones on as lone surrogates."""
    odd = b"kq7-\xff".decode("utf-8", "surrogateescape")
    assert Secret(odd) == Secret(odd)
    assert Secret(odd) != Secret("kq7-")


def test_a_guarded_secret_is_taken_out_of_any_text() -> None:
    text = "kq8/hidden+4x~ÿ&"
    data = text.encode()
    assert guard(Secret(text)) == Secret(text)
    shown = [text, quote(text, safe=""), data.hex(), data.hex().upper(), json.dumps({"key": text})]
    for before in (b"", b"a", b"ab", b"user:"):
        for after in (b"", b"x", b"xy", b"xyz"):
            shown += [base64.b64encode(before + data + after).decode()]
            shown += [base64.urlsafe_b64encode(before + data + after).decode()]
    for line in shown:
        clean = redact(f"before {line} after")
        assert "…" in clean and clean.startswith("before ") and clean.endswith(" after"), line
        assert redact(clean) == clean


def test_a_short_secret_does_not_tear_words_apart() -> None:
    guard(Secret("the"))
    assert redact("the other") == "the other"
    assert "" not in shapes("a") and "a" in shapes("a")
