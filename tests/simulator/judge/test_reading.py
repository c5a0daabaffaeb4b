"""Reading the log of a simulator, also while it runs."""

from pathlib import Path

import pytest
import requests

from eraforge.core.errors import DataError, UserError
from eraforge.simulator.judge.checks import judge
from eraforge.simulator.judge.reading import JOURNAL, read_log
from eraforge.simulator.server.inprocess import LocalTournament
from eraforge.simulator.verbs.history import merged


def test_the_log_of_a_running_simulator(sim: LocalTournament) -> None:
    requests.post(sim.url, json={"query": "{ listDatasets }"}, timeout=30)
    sim.tournament.add_account("one")
    requests.post(sim.url, json={"query": "{ nonsense }"}, timeout=30)
    folder = sim.tournament.journal.path.parent
    lines, asked = read_log(folder)
    assert lines == sim.tournament.journal.lines
    assert [line["outcome"] for line in asked] == ["answered", "errors"]
    assert (lines, asked) == read_log(folder / JOURNAL)
    rows = [row["operation"] for row in merged(lines, asked)]
    assert rows == ["started", "listDatasets", "account-created", "key-created", "nonsense"]
    with (folder / JOURNAL).open("ab") as file:
        file.write(b'{"sequence": 4, "cut sho')
    assert read_log(folder)[0] == lines
    assert judge(lines, asked).clean


def test_what_is_no_log_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UserError) as missing:
        read_log(tmp_path)
    assert missing.value.code == "no-log-there"
    for text in (b"nonsense\n", b"[1]\n", b'{"sequence": 1}\n'):
        (tmp_path / JOURNAL).write_bytes(text)
        with pytest.raises(DataError) as damaged:
            read_log(tmp_path)
        assert damaged.value.code == "log-damaged"
