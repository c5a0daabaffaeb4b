"""The process in which a model upload runs: `python child.py PICKLE LIVE BENCHMARKS ANSWER MEMORY SECONDS`.

It limits itself before it unpickles anything: processor time, memory and file size by the kernel, no child processes,
and no network where Python lets an audit hook refuse it. Source of the checks: the live service's own runner
(`numerai-predict`). This file imports nothing of the product, so that an upload finds nothing of it in memory.
"""

from __future__ import annotations

import inspect
import resource
import sys
from pathlib import Path
from typing import Any

REFUSED_EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty")
LARGEST_ANSWER = 1 << 28


def limit(memory: int, seconds: int) -> None:
    """Let the kernel end what uses more, and refuse the network."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_ANSWER, LARGEST_ANSWER))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_refuse)


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event.startswith(REFUSED_EVENTS):
        raise PermissionError(f"A model upload may not use {event}.")


def predict(pickle: Path, live: Path, benchmarks: Path | None) -> Any:
    """Unpickle the function, call it as its signature asks, and check what it returns: a pandas DataFrame.

    Raises:
        ValueError: with the sentence for the user.
    """
    import pandas as pd

    model = pd.read_pickle(pickle)
    count = len(inspect.signature(model).parameters)
    if count not in (1, 2):
        raise ValueError(f"Invalid pickle function - {model} must have 1 or 2 arguments")
    arguments = [pd.read_parquet(live)]
    if count == 2:
        if benchmarks is None:
            raise ValueError("There are no benchmark models to pass as second argument")
        arguments.append(pd.read_parquet(benchmarks))
    predictions = model(*arguments)
    if predictions is None:
        raise ValueError("Pickle function is invalid - returned None")
    if not isinstance(predictions, pd.DataFrame):
        raise ValueError("Pickle function is invalid - returned a type other than DataFrame")
    if len(predictions) == 0:
        raise ValueError("Pickle function returned 0 predictions")
    if predictions.isna().any().any():
        raise ValueError("Pickle function returned at least 1 NaN prediction")
    if not predictions.iloc[:, 0].between(0, 1).all():
        raise ValueError("Pickle function returned invalid predictions. Ensure values are between 0 and 1.")
    return predictions


def main(words: list[str]) -> None:
    """Run one upload and write its answer; what its function raises ends the process with a traceback."""
    pickle, live, benchmarks, answer, memory, seconds = words
    limit(int(memory), int(seconds))
    predictions = predict(Path(pickle), Path(live), Path(benchmarks) if benchmarks else None)
    frame = predictions.iloc[:, :1].set_axis(["prediction"], axis=1)
    frame.rename_axis("id").reset_index().to_csv(answer, index=False)


if __name__ == "__main__":
    main(sys.argv[1:])
