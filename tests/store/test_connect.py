"""Databases that cannot be reached, written or trusted are named clearly, and passwords never are."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from eraforge.core.errors import Ambiguous, Broken, DataError, EraforgeError, Transient, UserError
from eraforge.store import chain
from eraforge.store.ledger import Ledger

AT = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
CANARY = "k4narienv0gel"


def full_text(error: BaseException) -> str:
    """Everything a log could show: the traceback and every cause and context with what it carries."""
    shown = "".join(traceback.TracebackException.from_exception(error).format())
    links: list[BaseException | None] = [error]
    while links:
        if (link := links.pop()) is not None:
            shown += f"{link!r} {vars(link)} {vars(getattr(link, 'orig', None) or link)}"
            links += [link.__cause__, link.__context__]
    return shown


@pytest.mark.parametrize(
    ("address", "code", "named"),
    [
        (f"postgresql://me:{CANARY}@localhost:1/tournament", "ledger-unreachable", "localhost:1"),
        (f"postgres://me:{CANARY}@127.0.0.1:1/tournament", "ledger-unreachable", "127.0.0.1:1"),
        (f"postgresql://me@localhost:1/tournament?password={CANARY}", "ledger-unreachable", "localhost:1"),
        (f"postgresql:///x?host=/nowhere&password={CANARY}", "ledger-unreachable", "/nowhere"),
        (f"postgresql://me:{CANARY}@localhost:port/tournament", "ledger-address", "URL"),
        (f"postgresql://me:x/{CANARY}@localhost:1/tournament", "ledger-unreachable", "localhost:1"),
        (f"postgresql://me:{CANARY}@localhost:99999999/x", "ledger-unreachable", "localhost"),
        (f"mysql://me:{CANARY}@localhost/x", "ledger-address", "mysql"),
        (f"postgresql+nonsense://me:{CANARY}@localhost/x", "ledger-address", "PostgreSQL"),
        (f"nonsense://{CANARY}", "ledger-address", "ledger"),
        ("sqlite://", "ledger-in-memory", "memory"),
        ("sqlite:///file:x?mode=memory&uri=true", "ledger-in-memory", "memory"),
    ],
)
def test_a_bad_address_is_named_without_its_password(address: str, code: str, named: str) -> None:
    with pytest.raises(EraforgeError) as caught:
        Ledger.open(address)
    assert caught.value.code == code and named in caught.value.sentence
    assert isinstance(caught.value, Transient if code == "ledger-unreachable" else UserError)
    assert CANARY not in full_text(caught.value) + str(caught.value.as_dict())


def test_a_ledger_does_not_show_its_password(address: str) -> None:
    with Ledger.open(address) as ledger:
        assert "ledger" in repr(ledger) and "@" not in repr(ledger)


def test_a_path_a_file_name_and_a_url_are_the_same_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for address in (tmp_path / "l.sqlite", "l.sqlite", "sqlite:///l.sqlite", f"sqlite:///{tmp_path}/l.sqlite"):
        with Ledger.open(address) as ledger:
            ledger.record("k", "s", {}, AT)
    with sqlite3.connect(tmp_path / "l.sqlite") as anybody:
        assert anybody.execute("SELECT count(*), max(at) FROM events").fetchone() == (4, "2026-09-01T12:00:00.000000Z")
    anybody.close()


def test_the_databases_lose_nothing_they_acknowledge(ledger: Ledger, address: str) -> None:
    with ledger._write() as connection:
        if address.startswith("sqlite"):
            found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
            assert found == ["wal", 2]
        else:
            assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"


def test_a_server_that_acknowledges_early_is_overruled(postgresql: str) -> None:
    separator = "&" if "?" in postgresql else "?"
    with (
        Ledger.open(f"{postgresql}{separator}options=-csynchronous_commit%3Doff") as ledger,
        ledger._read() as connection,
    ):
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"


def test_a_locked_ledger_is_transient(address: str, execute: Callable[[str], None]) -> None:
    Ledger.open(address).close()
    with Ledger.open(address) as holder, Ledger.open(address, patience=0.1) as waiting:
        with holder._write(), pytest.raises(Transient) as caught:
            waiting.record("k", "s", {}, AT)
        assert caught.value.code == "ledger-locked" and "0.1 seconds" in caught.value.sentence
        assert waiting.record("k", "s", {}, AT) == 1


def test_readers_do_not_wait_for_the_writer(ledger: Ledger) -> None:
    ledger.record("k", "s", {}, AT)
    with ledger._write() as connection:
        chain.append(connection, "k", "s", {}, AT)
        assert ledger.verify_chain() == 1 and len(list(ledger.events())) == 1
    assert ledger.verify_chain() == 2


def test_an_error_in_a_change_undoes_all_of_it(ledger: Ledger) -> None:
    with pytest.raises(KeyboardInterrupt), ledger._write() as connection:
        chain.append(connection, "k", "s", {}, AT)
        raise KeyboardInterrupt
    assert ledger.head()[0] == 0


def test_a_read_only_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    Ledger.open(file).close()
    with Ledger.open(f"sqlite:///file:{file}?mode=ro&uri=true") as ledger, pytest.raises(DataError) as caught:
        ledger.record("k", "s", {}, AT)
    assert caught.value.code == "ledger-not-writable" and str(file) in caught.value.sentence


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path.write_bytes(b"no database at all" * 100), "ledger-rotten"),
        (lambda path: path.mkdir(), "ledger-not-opened"),
        (
            lambda path: path.parent.joinpath("ledger").mkdir() or path.symlink_to("/nowhere/at/all"),
            "ledger-not-opened",
        ),
    ],
)
def test_a_file_that_is_no_ledger_is_named(tmp_path: Path, make: Callable[[Path], None], code: str) -> None:
    make(tmp_path / "ledger.sqlite")
    with pytest.raises(DataError) as caught:
        Ledger.open(tmp_path / "ledger.sqlite")
    assert caught.value.code == code and "ledger.sqlite" in caught.value.sentence


def test_a_full_disk_is_transient_and_leaves_the_chain_whole(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.record("k", "s", {}, AT)
        with ledger._read() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=40")
        with pytest.raises(Transient) as caught:
            for _ in range(40):
                ledger.record("k", "s", {"ballast": "x" * 9000}, AT)
        assert caught.value.code == "disk-full"
        count = ledger.head()[0]
        assert 1 < count < 40 and ledger.verify_chain() == count


def test_a_rotten_ledger_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with Ledger.open(file) as ledger:
        for _ in range(50):
            ledger.record("k", "s", {"ballast": "x" * 3000}, AT)
    data = bytearray(file.read_bytes())
    for page in range(30, len(data) // 4096):
        data[page * 4096 : page * 4096 + 100] = b"\xff" * 100
    file.write_bytes(data)
    with Ledger.open(file) as ledger, pytest.raises(DataError) as caught:
        ledger.verify_chain()
    assert caught.value.code == "ledger-rotten"


def disconnect(postgresql: str, own: int) -> None:
    """End every other connection to this database, but leave its server running."""
    from sqlalchemy import create_engine

    engine = create_engine(postgresql)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
    engine.dispose()


def backend(ledger: Ledger) -> int:
    with ledger._read() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_connection_lost_while_idle_is_replaced(postgresql: str) -> None:
    with Ledger.open(postgresql) as ledger:
        before = ledger.head()[0]
        disconnect(postgresql, backend(ledger))
        assert ledger.record("k", "s", {}, AT) == before + 1


def test_a_connection_lost_before_the_commit_means_nothing_happened(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger.open(postgresql) as ledger:
        before = ledger.head()[0]

        def cut(*arguments: object) -> tuple[int, str]:
            disconnect(postgresql, int(arguments[0].execute(text("SELECT pg_backend_pid()")).scalar_one()))  # type: ignore[attr-defined]
            return before, "x"

        monkeypatch.setattr(chain, "head", cut)
        with pytest.raises(Transient) as caught:
            ledger.record("k", "s", {}, AT)
        monkeypatch.undo()
        assert caught.value.code == "ledger-unreachable"
        assert ledger.head()[0] == before


def test_a_connection_lost_while_committing_is_ambiguous(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger.open(postgresql) as ledger:
        true = chain.append

        def cut(connection: object, *arguments: object) -> int:
            sequence = true(connection, *arguments)  # type: ignore[arg-type]
            disconnect(postgresql, int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one()))  # type: ignore[attr-defined]
            return sequence

        monkeypatch.setattr(chain, "append", cut)
        with pytest.raises(Ambiguous) as caught:
            ledger.record("k", "s", {}, AT)
        assert caught.value.code == "ledger-commit-unknown"


def test_a_ledger_does_not_cross_a_fork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        monkeypatch.setattr("eraforge.store.ledger.os.getpid", lambda: -1)
        with pytest.raises(Broken) as caught:
            ledger.head()
        assert caught.value.code == "ledger-crossed-fork"
