"""Files of predictions that the tournament would not take: each is refused here, in a sentence, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

VALUE = pl.col("prediction")
FIRST = pl.int_range(pl.len()) < 3


def among_first(column: str, value: object) -> Callable[[Path, pl.DataFrame], None]:
    """The file with this value in the first three rows of a column."""
    changed = pl.when(FIRST).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
    return rewritten(lambda frame: frame.with_columns(changed))


def rewritten(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[[Path, pl.DataFrame], None]:
    return lambda path, frame: change(frame).write_csv(path)


def last_value(word: str) -> Callable[[Path, pl.DataFrame], None]:
    def write(path: Path, frame: pl.DataFrame) -> None:
        lines = frame.write_csv().splitlines()
        path.write_text("\n".join([*lines[:-1], lines[-1].split(",")[0] + "," + word]) + "\n")

    return write


def json_text(path: Path, frame: pl.DataFrame) -> None:
    path.write_text(frame.write_json())


def half_a_parquet(path: Path, frame: pl.DataFrame) -> None:
    frame.write_parquet(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


BAD: dict[str, tuple[Callable[[Path, pl.DataFrame], None], str]] = {
    "nan": (among_first("prediction", float("nan")), "values-missing"),
    "empty values": (among_first("prediction", None), "values-missing"),
    "nan as a word": (last_value("NaN"), "values-missing"),
    "constant": (rewritten(lambda frame: frame.with_columns(pl.lit(0.5).alias("prediction"))), "values-constant"),
    "out of range": (rewritten(lambda frame: frame.with_columns(VALUE * 2)), "values-range"),
    "infinite": (last_value("inf"), "values-range"),
    "words": (rewritten(lambda frame: frame.with_columns(pl.lit("high").alias("prediction"))), "values-no-numbers"),
    "one word at the end": (last_value("high"), "values-no-numbers"),
    "duplicates": (rewritten(lambda frame: pl.concat([frame, frame.head(2)])), "ids-duplicate"),
    "unknown ids only": (rewritten(lambda frame: frame.with_columns(pl.col("id").str.to_uppercase())), "ids-too-few"),
    "missing rows": (rewritten(lambda frame: frame.head(frame.height - 5)), "ids-too-few"),
    "no rows": (rewritten(lambda frame: frame.head(0)), "ids-too-few"),
    "missing ids": (among_first("id", None), "ids-missing"),
    "wrong header": (rewritten(lambda frame: frame.rename({"prediction": "score"})), "headers"),
    "columns swapped": (rewritten(lambda frame: frame.select("prediction", "id")), "headers"),
    "a column too many": (rewritten(lambda frame: frame.with_columns(era=pl.lit("0001"))), "headers"),
    "JSON": (json_text, "headers"),
}  # fmt: skip

UNREADABLE: dict[str, tuple[str, Callable[[Path, pl.DataFrame], Any]]] = {
    "not text": ("p.csv", lambda path, _: path.write_bytes(bytes(range(256)) * 9)),
    "empty": ("p.csv", lambda path, _: path.write_text("")),
    "ragged": ("p.csv", lambda path, _: path.write_text("id,prediction\na,0.1,0.3\nb\n")),
    "half a parquet": ("p.parquet", half_a_parquet),
    "a folder": ("p.csv", lambda path, _: path.mkdir()),
    "absent": ("p.csv", lambda path, _: None),
}


@pytest.fixture(scope="module")
def answered(played: Any) -> tuple[Path, pl.DataFrame]:
    """A workspace that has confirmed its own answer, and that answer."""
    folder = played.folder()
    assert played.cli("predict", "-w", str(folder), "--output", str(folder / "answer.csv")).code == 0
    assert played.cli("submit", "-w", str(folder)).code == 0
    return folder, pl.read_csv(folder / "answer.csv")


@pytest.mark.parametrize("name", BAD)
def test_predictions_that_would_be_refused_are_not_sent(played: Any, answered: Any, tmp_path: Path, name: str) -> None:
    folder, frame = answered
    write, code = BAD[name]
    write(tmp_path / "p.csv", frame)
    words = ["submit", "--replace", "--file", str(tmp_path / "p.csv"), "-w", str(folder)]
    fails = played.cli.fails if name == "nan" else played.cli.fails_for_a_machine
    error = fails(*words, code=f"invalid-submission-{code}")
    assert error["exit_code"] == 3
    assert len(played.cli.confirmed(folder)) == 1


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_is_no_table_is_named(played: Any, answered: Any, tmp_path: Path, name: str) -> None:
    folder, frame = answered
    path, write = UNREADABLE[name]
    write(tmp_path / path, frame)
    words = ["submit", "--replace", "--file", str(tmp_path / path), "-w", str(folder)]
    fails = played.cli.fails if name in ("ragged", "absent") else played.cli.fails_for_a_machine
    error = fails(*words, code="predictions-file-unreadable")
    assert error["exit_code"] == 2 and str(tmp_path / path) in error["sentence"]
    assert len(played.cli.confirmed(folder)) == 1


def test_another_answer_is_not_sent_unless_a_replacement_is_asked_for(
    played: Any, answered: Any, tmp_path: Path
) -> None:
    folder, frame = answered
    other = tmp_path / "other.csv"
    frame.with_columns((1 - VALUE).alias("prediction")).write_csv(other)
    error = played.cli.fails("submit", "--file", str(other), "-w", str(folder), code="already-submitted")
    assert "--replace" in error["next_step"] and len(played.cli.confirmed(folder)) == 1


def test_ids_that_are_not_live_are_left_out_and_the_rest_is_taken(played: Any, tmp_path: Path) -> None:
    """The server ignores them too; they are no fault of the answer."""
    model = sorted(played.tournament.models)[1]
    folder = played.folder(played.toml().replace(sorted(played.tournament.models)[0], model))
    assert played.cli("predict", "-w", str(folder), "--output", str(tmp_path / "p.csv")).code == 0
    frame = pl.read_csv(tmp_path / "p.csv")
    pl.concat([frame, pl.DataFrame({"id": ["unknown"], "prediction": [0.4]})]).write_csv(tmp_path / "more.csv")
    answer = played.cli("submit", "--file", str(tmp_path / "more.csv"), "-w", str(folder))
    assert answer.code == 0, answer.stderr
    assert len(played.cli.confirmed(folder)) == 1


@pytest.mark.parametrize("output", ["no/such/folder/p.csv", "."])
def test_an_output_that_cannot_be_written_is_named(played: Any, answered: Any, tmp_path: Path, output: str) -> None:
    folder, _ = answered
    answer = played.cli("predict", "-w", str(folder), "--output", str(tmp_path / output))
    assert answer.code == 3 and str(tmp_path) in answer.stderr and "Traceback" not in answer.stderr
