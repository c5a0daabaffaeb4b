"""The server's verdict on an upload is that of numerai-tools, word for word."""

import io

import numpy as np
import pandas as pd
import pytest
from numerai_tools.submissions import (
    validate_submission_crypto,
    validate_submission_numerai,
    validate_submission_signals,
)

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.crypto import CRYPTO
from eraforge.arenas.signals import SIGNALS
from eraforge.core.errors import Refused
from eraforge.core.words import Arena
from eraforge.simulator.tournament.rules.score_rules import rulebook
from eraforge.simulator.tournament.validation import read_submission, validate

IDS = np.array([f"n{number:015x}" for number in range(40)])
GOOD = pd.DataFrame({"id": IDS, "prediction": np.linspace(0.01, 0.99, 40)})


def with_value(place: int, value: float) -> pd.DataFrame:
    frame = GOOD.copy()
    frame.loc[place, "prediction"] = value
    return frame


CASES = {
    "good": GOOD,
    "probability": GOOD.rename(columns={"prediction": "probability"}),
    "shuffled": GOOD.sample(frac=1, random_state=1),
    "unknown ids ignored": pd.concat([GOOD, pd.DataFrame({"id": ["nnnn"], "prediction": [7.0]})]),
    "exact bounds": with_value(0, 0.0).assign(prediction=lambda frame: frame["prediction"].replace(0.99, 1.0)),
    "nearly zero": with_value(0, -1e-9),
    "nearly one": with_value(39, 1 + 1e-9),
    "reversed columns": GOOD[["prediction", "id"]],
    "third column": GOOD.assign(era="1"),
    "wrong id name": GOOD.rename(columns={"id": "ticker"}),
    "wrong value name": GOOD.rename(columns={"prediction": "signal"}),
    "missing id": GOOD.assign(id=[None, *IDS[1:]]),
    "duplicate id": pd.concat([GOOD, GOOD.iloc[:1]]),
    "duplicate unknown id": pd.concat([GOOD, pd.DataFrame({"id": ["x", "x"], "prediction": [0.1, 0.2]})]),
    "one row short": GOOD.iloc[1:],
    "no rows": GOOD.iloc[:0],
    "missing value": with_value(3, np.nan),
    "missing value of an unknown id": pd.concat([GOOD, pd.DataFrame({"id": ["x"], "prediction": [np.nan]})]),
    "above one": with_value(3, 1.01),
    "below zero": with_value(3, -0.01),
    "constant": GOOD.assign(prediction=0.5),
    "nearly constant": GOOD.assign(prediction=0.5 + np.arange(40) * 1e-10),
    "barely varying": GOOD.assign(prediction=0.5 + np.arange(40) * 1e-8),
    "whole numbers": GOOD.assign(prediction=[0, 1] * 20),
}


def official(frame: pd.DataFrame) -> str | None:
    try:
        validate_submission_numerai(pd.Series(IDS), frame)
    except AssertionError as error:
        return str(error)
    return None


def ours(data: bytes, filename: str) -> str | None:
    try:
        validate(read_submission(data, filename, CLASSIC), IDS, CLASSIC)
    except Refused as error:
        return error.sentence
    return None


@pytest.mark.parametrize("name", CASES)
def test_csv_verdict(name: str) -> None:
    data = CASES[name].to_csv(index=False).encode()
    assert ours(data, "a.csv") == official(pd.read_csv(io.BytesIO(data)))


@pytest.mark.parametrize("name", CASES)
def test_parquet_verdict(name: str) -> None:
    file = io.BytesIO()
    CASES[name].to_parquet(file, index=False)
    assert ours(file.getvalue(), "a.parquet") == official(pd.read_parquet(file))


def test_both_verdicts_occur_with_every_message() -> None:
    messages = {official(frame.copy()) for frame in CASES.values()}
    assert None in messages
    assert len(messages) == 8


def test_values_are_aligned_with_the_live_ids() -> None:
    shuffled = CASES["shuffled"].to_csv(index=False).encode()
    np.testing.assert_array_equal(
        validate(read_submission(shuffled, "a.csv", CLASSIC), IDS, CLASSIC), GOOD["prediction"].to_numpy()
    )


@pytest.mark.parametrize(("data", "filename"), [(b"", "a.csv"), (b"\x00\xff\x00", "a.parquet"), (b"PAR1", "a.parquet")])
def test_what_does_not_read_is_refused(data: bytes, filename: str) -> None:
    with pytest.raises(Refused, match="does not read"):
        read_submission(data, filename, CLASSIC)


def test_text_where_numbers_belong_is_refused() -> None:
    frame = GOOD.assign(prediction="high").to_csv(index=False).encode()
    with pytest.raises(Refused, match="values must be between 0 and 1"):
        validate(read_submission(frame, "a.csv", CLASSIC), IDS, CLASSIC)


TICKERS = np.array([f"T{number:03d} US" for number in range(130)])
SIGNAL = pd.DataFrame({"numerai_ticker": TICKERS[:110], "signal": np.linspace(0.01, 0.99, 110)})
MARKET_CASES = {
    "good": SIGNAL,
    "prediction": SIGNAL.rename(columns={"signal": "prediction"}),
    "with a date": SIGNAL.assign(date="2026-09-01"),
    "with two dates": SIGNAL.assign(date="2026-09-01", friday_date="2026-09-04"),
    "with a type": SIGNAL.assign(data_type="live"),
    "ninety-nine": SIGNAL.iloc[:99],
    "unknown ones": pd.concat([SIGNAL.iloc[:99], pd.DataFrame({"numerai_ticker": ["NO US"], "signal": [0.5]})]),
    "twice": pd.concat([SIGNAL, SIGNAL.iloc[:1]]),
    "too large": SIGNAL.assign(signal=SIGNAL["signal"] + 1),
    "constant": SIGNAL.assign(signal=0.5),
    "cusip": SIGNAL.rename(columns={"numerai_ticker": "cusip"}),
}


@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.parametrize("name", MARKET_CASES)
@pytest.mark.parametrize("arena", [SIGNALS, CRYPTO], ids=lambda arena: arena.name)
def test_market_verdicts_are_the_official_ones(arena: Arena, name: str) -> None:
    frame = MARKET_CASES[name].rename(columns={"numerai_ticker": arena.id_column})
    universe = pd.DataFrame({arena.id_column: TICKERS})
    check = {"numerai_ticker": validate_submission_signals, "symbol": validate_submission_crypto}[arena.id_column]
    try:
        check(universe, frame.copy())
        expected = None
    except AssertionError as error:
        expected = str(error)
    try:
        table = read_submission(frame.to_csv(index=False).encode(), "a.csv", arena)
        values = validate(table, TICKERS, arena, dated=rulebook(arena.tournament).dated)
        assert np.isnan(values).sum() == len(TICKERS) - len(frame)
        found = None
    except Refused as refused:
        found = refused.sentence
    assert found == expected
