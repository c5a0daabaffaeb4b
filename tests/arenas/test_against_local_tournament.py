"""Gateways, clock, download and panels against the local tournament: one round from dataset to read-back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.clock import ServerClock
from eraforge.arenas.credentials import Credentials
from eraforge.arenas.gateway_read import NumeraiReader
from eraforge.arenas.gateway_write import NumeraiWriter
from eraforge.arenas.rules import check_predictions
from eraforge.arenas.submission_file import parse_name, submission_file
from eraforge.core.calendar import data_date, round_number
from eraforge.core.clock import SystemClock
from eraforge.core.digest import digest_bytes
from eraforge.core.errors import EraforgeError, Transient
from eraforge.core.panel import Sample
from eraforge.core.ports import Ticket
from eraforge.core.secret import Secret
from eraforge.core.words import Predictions, Slot
from eraforge.data.checks import check_panel
from eraforge.data.download import download
from eraforge.data.feature_sets import feature_sets
from eraforge.data.panels import read_live, read_panel
from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.tournament.engine import START
from eraforge.store.objects import Objects


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalTournament]:
    with local_tournament(tmp_path_factory.mktemp("state")) as running:
        yield running


def keys(place: LocalTournament) -> Credentials:
    return Credentials(Secret(place.public_id), Secret(place.secret_key))


@pytest.fixture
def reader(place: LocalTournament) -> Iterator[NumeraiReader]:
    made = NumeraiReader(place.url, keys(place))
    yield made
    made.close()


@pytest.fixture
def writer(place: LocalTournament) -> Iterator[NumeraiWriter]:
    made = NumeraiWriter(place.url, keys(place))
    yield made
    made.close()


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(tmp_path / "objects")


def fetch(reader: NumeraiReader, objects: Objects, tmp_path: Path, name: str, number: int | None = None) -> Path:
    def address() -> str:
        return reader.dataset_url(CLASSIC, name, number)

    arrival = download(name, address, tmp_path / "part", objects.put_file, SystemClock())
    return objects.path(arrival.digest)


def test_what_the_server_tells_is_understood(place: LocalTournament, reader: NumeraiReader) -> None:
    account = reader.account()
    assert account.models[8] == place.models
    assert account.scopes
    assert CLASSIC.files.live.format(version=CLASSIC.version) in reader.datasets(CLASSIC)
    assert reader.leaderboard(CLASSIC, limit=3)
    played = reader.rounds(CLASSIC, limit=2)
    assert [one.number for one in played] == sorted((one.number for one in played), reverse=True)
    assert {config.display_name for config in played[0].score_configs if config.is_payout} == {"corr60", "mmc60"}
    clock = ServerClock(place.url)
    assert clock.now().year == 2026
    assert abs(clock.skew()) > timedelta(0)
    clock.close()


def test_files_become_trustworthy_panels(
    place: LocalTournament, reader: NumeraiReader, objects: Objects, tmp_path: Path
) -> None:
    names = CLASSIC.files
    sets = feature_sets(fetch(reader, objects, tmp_path, str(names.features).format(version=CLASSIC.version)))
    train = fetch(reader, objects, tmp_path, names.train.format(version=CLASSIC.version))
    panel = read_panel([train], CLASSIC, sets.features("small"), ["target"], Sample.TRAIN)
    assert panel.synthetic
    report = check_panel(panel, today=START.date())
    report.refuse()
    assert report.findings == ()


def test_a_submission_goes_out_and_is_read_back_byte_for_byte(
    place: LocalTournament, reader: NumeraiReader, writer: NumeraiWriter, objects: Objects, tmp_path: Path
) -> None:
    place.tournament.advance(START + timedelta(minutes=45))
    current = reader.current_round(CLASSIC)
    clock = ServerClock(place.url)
    assert current.is_open(clock.now())
    clock.close()
    live_file = fetch(reader, objects, tmp_path, CLASSIC.files.live.format(version=CLASSIC.version), current.number)
    assert round_number(CLASSIC.calendar, current.opens.date()) == current.number
    live = read_live(live_file, CLASSIC, (), data_date(current.opens.date()))
    ids = live.collect().get_column("id")
    frame = pl.DataFrame({"id": ids, "prediction": np.linspace(0.01, 0.99, len(ids))}).sort("id")
    model, model_id = next(iter(place.models.items()))
    predictions = Predictions(Slot("main", model, "classic", current.number), frame, live.synthetic)
    assert check_predictions(predictions, CLASSIC, ids).rows == len(ids)
    data = predictions.csv("id", "prediction")
    file = submission_file(model, current.number, digest_bytes(data))
    ticket = writer.authorise(CLASSIC, model_id, file.name())
    assert parse_name(ticket.filename) == file
    writer.put(ticket, data)
    created = writer.create(CLASSIC, model_id, ticket)
    (held,) = [one for one in reader.submissions(model_id) if one.id == created]
    assert (held.filename, held.tournament) == (ticket.filename, 8)
    assert reader.submission_bytes(created) == data


def test_a_file_the_server_does_not_see_changes_nothing_and_may_be_sent_again(
    place: LocalTournament, writer: NumeraiWriter
) -> None:
    model_id = next(iter(place.models.values()))
    with pytest.raises(Transient, match="Uploaded file not found") as caught:
        writer.create(CLASSIC, model_id, Ticket("never-put.csv", place.url))
    assert caught.value.code == "upload-not-seen"


def test_wrong_keys_are_named(place: LocalTournament) -> None:
    reader = NumeraiReader(place.url, Credentials(Secret("nobody"), Secret("nothing")))
    with pytest.raises(EraforgeError) as caught:
        reader.account()
    assert caught.value.code in ("keys-refused", "permission-missing")
    reader.close()
