"""Models and stages that misbehave, for the tests of the limits. Imported by worker processes too."""

from __future__ import annotations

import os
import time
from typing import Any

import polars as pl


class Honest:
    """The first feature as it is; stands for a model that works."""

    def fit(self, panel: Any) -> Honest:
        return self

    def predict(self, panel: Any) -> pl.DataFrame:
        first = panel.features[0]
        return panel.collect().select("era", "id", pl.col(first).cast(float).alias("prediction"))

    def save(self) -> bytes:
        return b"honest"

    def load(self, data: bytes) -> Honest:
        return self


class Hangs(Honest):
    def fit(self, panel: Any) -> Honest:
        time.sleep(600)
        return self


class EatsMemory(Honest):
    def fit(self, panel: Any) -> Honest:
        hoard(None)
        return self


def hoard(tools: Any, *given: Any) -> None:
    kept = []
    while True:
        kept.append(bytearray(b"x" * (32 << 20)))
        time.sleep(0.01)


def raises(tools: Any, *given: Any) -> None:
    raise RuntimeError("this model was never any good")


def hangs(tools: Any, *given: Any) -> None:
    time.sleep(600)


def dies(tools: Any, *given: Any) -> None:
    os._exit(9)


def prints(tools: Any, *given: Any) -> dict[str, Any]:
    print("models may print what they like")
    return {"names": sorted(os.environ), "keys": bool(tools.configuration.accounts), "process": os.getpid()}


def refuses(tools: Any, *given: Any) -> None:
    from eraforge.core.errors import DataError

    raise DataError("planted", "The data are planted to be wrong.", "Nothing.")


def prefers_its_own_account(tools: Any, *given: Any) -> str:
    from eraforge.core.errors import UserError

    try:
        tools.effects("main")
    except UserError as error:
        return error.code
    return "it holds the keys"
