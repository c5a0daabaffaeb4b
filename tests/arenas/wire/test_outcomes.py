"""What the server's words mean for an answer on its way: told before anything is carried out, it may be sent again."""

from __future__ import annotations

import httpx
import pytest

from eraforge.arenas.wire.outcomes import Failure, judge_answer
from eraforge.core.clock import SystemClock
from eraforge.core.errors import Ambiguous, Refused, Transient, UserError


@pytest.mark.parametrize(
    ("message", "kind", "code"),
    [
        ("Uploaded file not found: a.csv", Transient, "upload-not-seen"),
        ("Cannot query field 'id' on type 'Submission'.", Transient, "api-changed"),
        ("Unknown argument 'modelId' on field 'createSubmission'.", Transient, "api-changed"),
        ("Too many requests", Transient, "rate-limited"),
        ("Internal server error", Ambiguous, "server-trouble"),
        ("Round is not currently open", Refused, "round-not-open"),
        ("invalid_submission_ids: 3 ids are unknown", Refused, "server-said-no"),
        ("Your session is invalid or has expired", UserError, "keys-refused"),
    ],
)
def test_words_of_a_failed_write(message: str, kind: type, code: str) -> None:
    answer = httpx.Response(200, json={"errors": [{"message": message}]})
    failure = judge_answer(answer, "creation of the submission", True, str, SystemClock())
    assert isinstance(failure, Failure)
    assert (type(failure.error), failure.error.code) == (kind, code)
    assert message.rstrip(".") in failure.error.sentence or code in ("rate-limited", "keys-refused")


def test_a_file_that_is_not_there_is_no_upload_when_reading() -> None:
    answer = httpx.Response(200, json={"errors": [{"message": "File not found: v9/train.parquet"}]})
    failure = judge_answer(answer, "address of a dataset file", False, str, SystemClock())
    assert isinstance(failure, Failure)
    assert failure.error.code == "server-said-no"
