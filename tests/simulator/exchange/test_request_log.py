"""The file of requests: numbered over restarts, whole after a cut."""

from datetime import UTC, datetime
from pathlib import Path

from eraforge.simulator.exchange.calls import Call, Kind
from eraforge.simulator.exchange.replies import errors, silence, text
from eraforge.simulator.exchange.request_log import NAME, RequestLog, read_requests

NOW = datetime(2026, 9, 1, tzinfo=UTC)
CALL = Call(Kind.QUERY, ("rounds", "account"), model="m")


def test_lines_are_numbered_over_restarts_and_a_cut_end_is_dropped(tmp_path: Path) -> None:
    log = RequestLog(tmp_path)
    for number, reply in enumerate((text(200, "x"), silence()), start=1):
        log.write(number, CALL, reply, "hanging" if number == 2 else None, (0,), NOW, NOW, 5, number)
    log.close()
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"request": 3, "cut sho')
    again = RequestLog(tmp_path)
    assert again.count == 2
    assert [line["request"] for line in again.recent] == [1, 2]
    again.write(3, CALL, errors(["no"]), None, (), NOW, NOW, 7, 0)
    again.close()
    lines = list(read_requests(tmp_path / NAME))
    assert [(one["request"], one["outcome"], one["fault"], one["made"]) for one in lines] == [
        (1, "answered", None, 1),
        (2, "unanswered", "hanging", 2),
        (3, "errors", None, 0),
    ]
    assert lines[0]["operation"] == "rounds+account"
    assert lines[2]["messages"] == ["no"]
    assert list(read_requests(tmp_path / "none")) == []


def test_outcomes() -> None:
    assert [text(status, "x").outcome for status in (200, 206, 403, 503)] == [
        "answered", "answered", "refused", "failed"
    ]  # fmt: skip
